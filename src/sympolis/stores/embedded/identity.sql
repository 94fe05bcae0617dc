-- The statements of the directory of people, keys and policies. Values reach them as parameters only.

-- name: schema
-- Records by kind and id, `body` is JSON; how often rules of policies were made use of; a number for every change.
CREATE TABLE IF NOT EXISTS record (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rule_use (rule TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS change (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT OR IGNORE INTO change VALUES (1, 0)

-- name: find
SELECT body FROM record WHERE kind = :kind AND id = :id

-- name: all
SELECT id, body FROM record WHERE kind = :kind ORDER BY id

-- name: keep
INSERT INTO record (kind, id, body) VALUES (:kind, :id, :body)
ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body

-- name: drop
DELETE FROM record WHERE kind = :kind AND id = :id RETURNING id

-- name: changed
UPDATE change SET number = number + 1

-- name: version
SELECT number FROM change

-- name: uses
SELECT rule, number FROM rule_use

-- name: use
INSERT INTO rule_use (rule, number) VALUES (:rule, 1)
ON CONFLICT (rule) DO UPDATE SET number = number + 1 RETURNING number
