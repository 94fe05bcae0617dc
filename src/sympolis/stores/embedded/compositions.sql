-- The statements of composed dashboards. Values reach them as parameters only; `body` is JSON.

-- name: schema
CREATE TABLE IF NOT EXISTS composition (
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  modified_at TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (id, version)
) WITHOUT ROWID

-- name: newest
SELECT body FROM composition AS one
WHERE version = (SELECT max(version) FROM composition WHERE id = one.id)
ORDER BY modified_at DESC, id

-- name: get
SELECT body FROM composition WHERE id = :id AND (:version IS NULL OR version = :version) ORDER BY version DESC LIMIT 1

-- name: versions
SELECT body FROM composition WHERE id = :id ORDER BY version DESC

-- name: keep
INSERT INTO composition (id, version, modified_at, body) VALUES (:id, :version, :modified_at, :body)
ON CONFLICT (id, version) DO NOTHING RETURNING version

-- name: thin
DELETE FROM composition WHERE id = :id AND version <= :version - :most

-- name: drop
DELETE FROM composition WHERE id = :id RETURNING version

-- name: people
SELECT json_extract(body, '$.owner') FROM composition WHERE json_extract(body, '$.owner') <> ''
UNION SELECT json_extract(body, '$.modified_by') FROM composition WHERE json_extract(body, '$.modified_by') <> ''

-- name: named
SELECT DISTINCT id FROM composition
WHERE :person IN (json_extract(body, '$.owner'), json_extract(body, '$.modified_by')) ORDER BY id

-- name: forget_drafts
DELETE FROM composition WHERE id IN (
  SELECT id FROM composition AS one
  WHERE version = (SELECT max(version) FROM composition WHERE id = one.id)
    AND json_extract(body, '$.owner') = :person AND json_extract(body, '$.visibility') = 'draft'
)

-- name: forget_owner
UPDATE composition SET body = json_set(body, '$.owner', '') WHERE json_extract(body, '$.owner') = :person

-- name: forget_changes
UPDATE composition SET body = json_set(body, '$.modified_by', '') WHERE json_extract(body, '$.modified_by') = :person
