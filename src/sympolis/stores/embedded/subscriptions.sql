-- The statements of the subscriptions' books. Values reach them as parameters only.

-- name: schema
-- Subscriptions with how they fared, how far each tenant's log is read, the queue, and what was given up.
CREATE TABLE IF NOT EXISTS subscription (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  record TEXT,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (
  tenant TEXT PRIMARY KEY,
  number INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (
  number INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  subscription TEXT NOT NULL,
  entity TEXT NOT NULL,
  at TEXT NOT NULL,
  element BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS dead_letter (
  key INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  subscription TEXT NOT NULL,
  number INTEGER NOT NULL,
  uri TEXT NOT NULL,
  at TEXT NOT NULL,
  reason TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  elements TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS dead_letter_order ON dead_letter (tenant, key);

-- name: tenants
SELECT DISTINCT tenant FROM subscription ORDER BY tenant

-- name: subscriptions
SELECT body, record FROM subscription WHERE tenant = :tenant ORDER BY id

-- name: keep
-- A changed subscription keeps its record.
INSERT INTO subscription (tenant, id, body) VALUES (:tenant, :id, :body)
ON CONFLICT (tenant, id) DO UPDATE SET body = excluded.body

-- name: drop_subscription
DELETE FROM subscription WHERE tenant = :tenant AND id = :id

-- name: drop_pending
DELETE FROM pending WHERE tenant = :tenant AND subscription = :id

-- name: drop_dead_letters
DELETE FROM dead_letter WHERE tenant = :tenant AND subscription = :id

-- name: position
SELECT number FROM position WHERE tenant = :tenant

-- name: move
INSERT INTO position (tenant, number) VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET number = excluded.number

-- name: pending
SELECT number, tenant, subscription, entity, at, element FROM pending WHERE tenant = :tenant ORDER BY number

-- name: add_pending
INSERT INTO pending (number, tenant, subscription, entity, at, element) VALUES (?, ?, ?, ?, ?, ?)

-- name: remove_pending
DELETE FROM pending WHERE number = ?

-- name: set_record
UPDATE subscription SET record = ? WHERE tenant = ? AND id = ?

-- name: add_dead_letter
INSERT INTO dead_letter (tenant, subscription, number, uri, at, reason, attempts, elements)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: trim_dead_letters
-- Older ones make room.
DELETE FROM dead_letter WHERE tenant = :tenant AND key <=
  (SELECT key FROM dead_letter WHERE tenant = :tenant ORDER BY key DESC LIMIT 1 OFFSET :most)

-- name: last_number
SELECT max(coalesce((SELECT max(number) FROM pending), 0), coalesce((SELECT max(number) FROM dead_letter), 0))

-- name: count_dead_letters
SELECT count(*) FROM dead_letter
WHERE tenant = :tenant AND (:subscription IS NULL OR subscription = :subscription)

-- name: dead_letters
-- Newest first.
SELECT number, tenant, subscription, uri, at, reason, attempts, elements FROM dead_letter
WHERE tenant = :tenant AND (:subscription IS NULL OR subscription = :subscription)
ORDER BY key DESC LIMIT :limit OFFSET :offset
