-- The statements of the acquisition ledger. Values reach them as parameters only.

-- name: schema
-- Runs, what was last accepted of each row, the quarantine, and the figures of quality over time. `body` is JSON.
CREATE TABLE IF NOT EXISTS run (
  source TEXT NOT NULL,
  started TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL,
  PRIMARY KEY (source, started, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fingerprint (
  source TEXT NOT NULL,
  key INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (
  source TEXT NOT NULL,
  row_number INTEGER NOT NULL,
  id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('held', 'replayed', 'dismissed')),
  run TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (source, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS evaluation (
  source TEXT NOT NULL,
  at TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL,
  PRIMARY KEY (source, at, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS quarantine_order ON quarantine (source, row_number, id);

-- name: record_run
INSERT INTO run (source, started, id, body) VALUES (:source, :started, :id, :body)
ON CONFLICT (id) DO UPDATE SET body = excluded.body

-- name: runs
-- Newest first.
SELECT body FROM run WHERE source = :source ORDER BY started DESC, id DESC LIMIT :limit

-- name: record_evaluation
INSERT INTO evaluation (source, at, id, body) VALUES (:source, :at, :id, :body)
ON CONFLICT (id) DO UPDATE SET body = excluded.body

-- name: evaluations
-- Newest first.
SELECT body FROM evaluation WHERE source = :source ORDER BY at DESC, id DESC LIMIT :limit

-- name: fingerprints
SELECT key, digest FROM fingerprint WHERE source = :source

-- name: record_fingerprint
INSERT INTO fingerprint (source, key, digest) VALUES (?, ?, ?)
ON CONFLICT (source, key) DO UPDATE SET digest = excluded.digest

-- name: hold
-- A row that a person has replayed stays replayed; any other is held anew.
INSERT INTO quarantine (source, row_number, id, state, run, body)
VALUES (:source, :row_number, :id, :state, :run, :body)
ON CONFLICT (source, id) DO UPDATE
SET row_number = excluded.row_number, state = excluded.state, run = excluded.run, body = excluded.body
WHERE quarantine.state <> 'replayed'

-- name: row
SELECT state, body FROM quarantine WHERE source = :source AND id = :id

-- name: count_rows
SELECT count(*) FROM quarantine WHERE source = :source AND (:state IS NULL OR state = :state)

-- name: rows
SELECT state, body FROM quarantine WHERE source = :source AND (:state IS NULL OR state = :state)
ORDER BY row_number, id LIMIT :limit OFFSET :offset

-- name: states
SELECT id, state, run FROM quarantine WHERE source = :source

-- name: settle
UPDATE quarantine SET state = :state, body = :body WHERE source = :source AND id = :id

-- name: forget_row
DELETE FROM quarantine WHERE source = ? AND id = ?

-- name: forget_all_rows
DELETE FROM quarantine WHERE source = :source
