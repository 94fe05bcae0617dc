-- The statements of the embedded store's history. Values reach them as parameters only.

-- name: typings
SELECT types, key FROM typing

-- name: add_typing
INSERT INTO typing (types) VALUES (?) RETURNING key

-- name: lines
-- All lines, once at start.
SELECT name.iri, line.dataset, line.time, line.key FROM line JOIN name ON name.key = line.name

-- name: add_line
INSERT INTO line (name, dataset, time) VALUES (?, ?, ?) RETURNING key

-- name: line
SELECT name.iri, line.dataset, line.time FROM line JOIN name ON name.key = line.name WHERE line.key = ?

-- name: last_subject
SELECT count FROM tally WHERE what = 'subjects'

-- name: keep_last_subject
UPDATE tally SET count = ? WHERE what = 'subjects'

-- name: subject
SELECT key, typing FROM subject WHERE id = ?

-- name: subjects_by_id
-- Those of these ids, looked up together.
SELECT subject.id, subject.key, subject.typing
FROM json_each(?) AS wanted CROSS JOIN subject ON subject.id = wanted.value

-- name: add_subject
INSERT INTO subject (id, key, typing) VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: change_subject
UPDATE subject SET typing = ? WHERE id = ?

-- name: drop_subject
DELETE FROM subject WHERE id = :id AND NOT EXISTS (SELECT 1 FROM point WHERE subject = :subject)
  AND NOT EXISTS (SELECT 1 FROM archived WHERE subject = :subject)

-- name: subjects
-- Everyone with a history, in order of id.
SELECT subject.id, subject.key, typing.types FROM subject JOIN typing ON typing.key = subject.typing ORDER BY subject.id

-- name: subjects_typed
-- Those of some kinds of types.
SELECT subject.id, subject.key, typing.types FROM subject CROSS JOIN typing ON typing.key = subject.typing
WHERE subject.typing IN (SELECT value FROM json_each(:typings)) ORDER BY subject.id

-- name: subject_of
SELECT subject.id, subject.key, typing.types FROM subject JOIN typing ON typing.key = subject.typing
WHERE subject.id = ?

-- name: subject_now
-- Whose history it is, the newest line, and whether any of it is archived.
SELECT subject.key, typing.types, (SELECT max(key) FROM line),
       EXISTS (SELECT 1 FROM archived WHERE archived.subject = subject.key)
FROM subject JOIN typing ON typing.key = subject.typing WHERE subject.id = ?

-- name: observed_lines
SELECT line.key FROM name CROSS JOIN line ON line.name = name.key WHERE name.iri = ? AND line.time = 0 LIMIT ?

-- name: subjects_of
SELECT subject.id, subject.key, typing.types
FROM (SELECT DISTINCT value AS id FROM json_each(:ids)) AS wanted
CROSS JOIN subject ON subject.id = wanted.id JOIN typing ON typing.key = subject.typing
ORDER BY subject.id

-- name: count_up_to
SELECT count(*) FROM (SELECT 1 FROM point WHERE subject = ? LIMIT ?)

-- name: all_points
SELECT line, at, value, unit, kind, created, modified, more FROM point WHERE subject = ? ORDER BY line, at

-- name: lines_of
-- The lines of a subject: one step in the tree for each, however many points they have.
WITH RECURSIVE found (line) AS (
    SELECT min(line) FROM point WHERE subject = :subject
    UNION ALL
    SELECT (SELECT min(line) FROM point WHERE subject = :subject AND line > found.line) FROM found
    WHERE found.line IS NOT NULL
)
SELECT line FROM found WHERE line IS NOT NULL

-- name: add_point
INSERT INTO point (subject, line, at, value, unit, kind, created, modified, more) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING

-- name: put_point
INSERT OR REPLACE INTO point (subject, line, at, value, unit, kind, created, modified, more)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: point_at
SELECT at, value, unit, kind, created, modified, more FROM point WHERE subject = ? AND line = ? AND at = ?

-- name: drop_points
DELETE FROM point WHERE subject = :subject AND line = :line AND (:at IS NULL OR at = :at)

-- name: points
SELECT at, value, unit, kind, created, modified, more FROM point
WHERE subject = ? AND line = ? AND at >= ? AND at < ? AND kind >= 0 ORDER BY at LIMIT ?

-- name: latest_points
SELECT at, value, unit, kind, created, modified, more FROM point
WHERE subject = ? AND line = ? AND at >= ? AND at < ? AND kind >= 0 ORDER BY at DESC LIMIT ?

-- name: points_there
SELECT at, kind FROM point WHERE subject = ? AND line = ?

-- name: has_points
SELECT EXISTS (SELECT 1 FROM point WHERE subject = ? AND line = ? AND at >= ? AND at < ? AND kind >= 0)

-- name: values
-- What aggregates are made of.
SELECT at, value FROM point WHERE subject = ? AND line = ? AND at >= ? AND at < ? AND kind >= 0 ORDER BY at

-- name: kinds_of_values
-- Whether all are numbers of one kind, and how to take the kind of attribute: from the newest point.
SELECT min(typeof(value)), max(typeof(value)), min(kind), max(kind) FROM point
WHERE subject = ? AND line = ? AND at >= ? AND at < ? AND kind >= 0

-- name: kind_of_latest
SELECT kind FROM point WHERE subject = ? AND line = ? AND at >= ? AND at < ? AND kind >= 0 ORDER BY at DESC LIMIT 1

-- name: add_to_tally
UPDATE tally SET count = count + ? WHERE what = 'observations'
