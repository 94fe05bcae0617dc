-- The statements of what is kept of dealings with other twins. Values reach them as parameters only.

-- name: schema
-- Records by kind and id, `body` is JSON; `number` counts within a series.
CREATE TABLE IF NOT EXISTS record (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS series (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID

-- name: find
SELECT body FROM record WHERE kind = :kind AND id = :id

-- name: all
SELECT body FROM record WHERE kind = :kind ORDER BY id

-- name: keep
INSERT INTO record (kind, id, body) VALUES (:kind, :id, :body)
ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body

-- name: drop
DELETE FROM record WHERE kind = :kind AND id = :id RETURNING id

-- name: next
INSERT INTO series (name, number) VALUES (:name, 0)
ON CONFLICT (name) DO UPDATE SET number = number + 1 RETURNING number
