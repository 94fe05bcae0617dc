-- The statements of the archive: which file holds which month, and where in it a series is.

-- name: any
-- Whether there is an archive at all.
SELECT EXISTS (SELECT 1 FROM archive WHERE state = 1)

-- name: pieces
-- Where the points of a line of a subject are, in order of time.
SELECT archived.month, archived.file, archived.start, archived.count, archived.first, archived.last
FROM archived JOIN archive ON archive.file = archived.file
WHERE archived.subject = ? AND archived.line = ? AND archive.state = 1 AND archived.last >= ? AND archived.first < ?
ORDER BY archived.month

-- name: has_subject
SELECT EXISTS (SELECT 1 FROM archived WHERE subject = ?)

-- name: lines_of
SELECT DISTINCT archived.line FROM archived JOIN archive ON archive.file = archived.file
WHERE archived.subject = ? AND archive.state = 1

-- name: overlay
-- Points that came after their month was archived, and what hides archived ones.
SELECT at, value, unit, kind, created, modified, more FROM point
WHERE subject = ? AND line = ? AND at >= ? AND at < ? ORDER BY at

-- name: newest_month
SELECT max(month) FROM archive WHERE state = 1

-- name: hot_months
SELECT month FROM hot_month ORDER BY month

-- name: add_hot_month
INSERT INTO hot_month (month) VALUES (?) ON CONFLICT DO NOTHING

-- name: drop_hot_month
DELETE FROM hot_month WHERE month = ?

-- name: spoil
-- What is being written has become wrong.
UPDATE archive SET state = 3 WHERE state = 0

-- name: forget_line
DELETE FROM archived WHERE subject = ? AND line = ?

-- name: make_stale
-- These files hold points that are to be forgotten.
UPDATE archive SET stale = 1 WHERE file IN (SELECT file FROM archived WHERE subject = ? AND line = ?)

-- name: make_month_stale
UPDATE archive SET stale = 1 WHERE month = ? AND state = 1

-- name: stale_months
SELECT month FROM archive WHERE state = 1 AND stale

-- name: begin_file
INSERT INTO archive (month, state) VALUES (?, 0) RETURNING file

-- name: list_series
INSERT INTO archived (subject, line, month, file, start, count, first, last) VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: state
SELECT state FROM archive WHERE file = ?

-- name: replace_file
UPDATE archive SET state = 2 WHERE month = ? AND state = 1

-- name: adopt_file
UPDATE archive SET state = 1, points = ? WHERE file = ?

-- name: valid_file
SELECT file FROM archive WHERE month = ? AND state = 1

-- name: unpurged
SELECT file, month FROM archive WHERE state = 1 AND NOT purged

-- name: unfinished
-- Files that nobody needs (any more).
SELECT file, month, state FROM archive WHERE state <> 1

-- name: files
SELECT file, month FROM archive

-- name: purged
UPDATE archive SET purged = 1 WHERE file = ?

-- name: unlist
-- Some of the entries of a file.
DELETE FROM archived WHERE file = :file AND (subject, line, month) IN
  (SELECT subject, line, month FROM archived WHERE file = :file LIMIT :most)

-- name: drop_file
DELETE FROM archive WHERE file = ?

-- name: month_points
-- All points of a month that are in the table, series by series.
SELECT subject.id, subject.key, point.line, point.at, point.value, point.unit, point.kind, point.created,
       point.modified, point.more
FROM subject CROSS JOIN point ON point.subject = subject.key
WHERE point.at >= :low AND point.at < :high
ORDER BY subject.id, point.line, point.at

-- name: hidden
SELECT subject, line, at FROM point WHERE at >= :low AND at < :high AND kind = -1

-- name: month_series
-- The series that a file lists.
SELECT subject.id, subject.key, archived.line FROM archived JOIN subject ON subject.key = archived.subject
WHERE archived.file = ?

-- name: listed
-- What a file holds of which series, in its order.
SELECT subject, line, start, count FROM archived WHERE file = ? AND start > ? ORDER BY start LIMIT ?

-- name: purge_point
-- A point that the archive has, if it is still the same.
DELETE FROM point WHERE subject = ? AND line = ? AND at = ? AND value IS ? AND unit IS ? AND kind = ?
  AND created IS ? AND modified IS ? AND more IS ?

-- name: purge_gone
DELETE FROM point WHERE subject = ? AND line = ? AND at = ? AND kind = -1

-- name: archived_points
SELECT coalesce(sum(points), 0) FROM archive WHERE state = 1
