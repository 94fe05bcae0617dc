-- The statements of trimming. `:before`: microseconds since 1970 UTC.

-- name: has_older
SELECT EXISTS (SELECT 1 FROM point WHERE subject = :subject AND line = :line AND at < :before) OR EXISTS (
    SELECT 1 FROM archived JOIN archive ON archive.file = archived.file
    WHERE archived.subject = :subject AND archived.line = :line AND archive.state = 1 AND archived.first < :before)

-- name: edge
-- Where to stop, so that no more than so many points of the table go at once.
SELECT at FROM point WHERE subject = :subject AND line = :line AND at < :before ORDER BY at LIMIT 1 OFFSET :most

-- name: older
SELECT at, kind FROM point WHERE subject = :subject AND line = :line AND at < :before

-- name: drop_older
DELETE FROM point WHERE subject = :subject AND line = :line AND at < :before

-- name: make_stale
UPDATE archive SET stale = 1 WHERE file = ?

-- name: unlist_older
DELETE FROM archived WHERE subject = :subject AND line = :line AND last < :before

-- name: shorten
-- The first rows of a series in a file are not its any more.
UPDATE archived SET start = start + :gone, count = count - :gone, first = :first
WHERE subject = :subject AND line = :line AND month = :month AND file = :file

-- name: spoil_until
-- What is being written of these months has become wrong.
UPDATE archive SET state = 3 WHERE state = 0 AND month <= ?

-- name: replace_empty
-- Files of which nothing is left need not be written anew.
UPDATE archive SET state = 2 WHERE state = 1 AND NOT EXISTS (SELECT 1 FROM archived WHERE archived.file = archive.file)
