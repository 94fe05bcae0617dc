-- The statements of the books of registrations. Values reach them as parameters only.

-- name: schema
-- Registrations of context sources with how requests to them fared, and which subscriptions they have copies of.
CREATE TABLE IF NOT EXISTS registration (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  fared TEXT,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS relay (
  key TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  subscription TEXT NOT NULL,
  registration TEXT NOT NULL,
  remote TEXT NOT NULL
) WITHOUT ROWID;

-- name: tenants
SELECT DISTINCT tenant FROM registration ORDER BY tenant

-- name: registrations
SELECT body, fared FROM registration WHERE tenant = :tenant ORDER BY id

-- name: keep
-- A changed registration keeps its record.
INSERT INTO registration (tenant, id, body) VALUES (:tenant, :id, :body)
ON CONFLICT (tenant, id) DO UPDATE SET body = excluded.body

-- name: drop_registration
DELETE FROM registration WHERE tenant = :tenant AND id = :id

-- name: set_fared
UPDATE registration SET fared = ? WHERE tenant = ? AND id = ?

-- name: relays
SELECT key, tenant, subscription, registration, remote FROM relay ORDER BY key

-- name: keep_relay
INSERT INTO relay (key, tenant, subscription, registration, remote)
VALUES (:key, :tenant, :subscription, :registration, :remote)
ON CONFLICT (key) DO UPDATE SET remote = excluded.remote

-- name: drop_relay
DELETE FROM relay WHERE key = :key
