-- The statements of the books of registrations. Values reach them as parameters only.

-- name: schema
-- Registrations of context sources, with how requests to them fared.
CREATE TABLE IF NOT EXISTS registration (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  fared TEXT,
  PRIMARY KEY (tenant, id)
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
