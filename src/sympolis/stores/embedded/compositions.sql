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
