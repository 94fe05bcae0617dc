-- Registrations of context sources, the subscriptions passed on to these, and who this broker is to them (sources.py).
-- $1 is the tenant's name where there is one.

-- name: tenants
SELECT name FROM tenant t WHERE EXISTS (SELECT 1 FROM registration r WHERE r.tenant = t.key) ORDER BY name

-- name: registrations
SELECT r.* FROM registration r JOIN tenant t ON t.key = r.tenant WHERE t.name = $1 ORDER BY r.id

-- name: standing
-- How often the tenant's registrations have been changed, and how many there are.
SELECT g.version, (SELECT count(*) FROM registration r WHERE r.tenant = g.tenant)
FROM registry g JOIN tenant t ON t.key = g.tenant WHERE t.name = $1

-- name: changed
SELECT r.* FROM registration r JOIN tenant t ON t.key = r.tenant WHERE t.name = $1 AND r.changed > $2 ORDER BY r.id

-- name: ids
SELECT r.id FROM registration r JOIN tenant t ON t.key = r.tenant WHERE t.name = $1

-- name: begin
INSERT INTO registry (tenant) SELECT key FROM tenant WHERE name = $1 ON CONFLICT DO NOTHING

-- name: turn
-- The registrations change, if they are what they were at $2 (NULL: whatever they are).
UPDATE registry SET version = version + 1
WHERE tenant = (SELECT key FROM tenant WHERE name = $1) AND ($2::bigint IS NULL OR version = $2) RETURNING version

-- name: keep
-- A changed registration keeps its record.
INSERT INTO registration (tenant, id, body, changed) SELECT key, $2, $3, $4 FROM tenant WHERE name = $1
ON CONFLICT (tenant, id) DO UPDATE SET body = excluded.body, changed = excluded.changed

-- name: drop
DELETE FROM registration WHERE tenant = (SELECT key FROM tenant WHERE name = $1) AND id = $2

-- name: add_fared
-- What requests came to since they were last kept; every process adds its own.
UPDATE registration r SET
    times_sent = r.times_sent + n.sent, times_failed = r.times_failed + n.failures,
    last_success = greatest(r.last_success, n.success), last_failure = greatest(r.last_failure, n.failure), failed = n.failed
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::boolean[])
     AS n (tenant, id, sent, failures, success, failure, failed) JOIN tenant t ON t.name = n.tenant
WHERE r.tenant = t.key AND r.id = n.id

-- name: relays
SELECT key, tenant, subscription, registration, remote FROM relay ORDER BY key

-- name: relay
SELECT key, tenant, subscription, registration, remote FROM relay WHERE key = $1

-- name: keep_relay
INSERT INTO relay (key, tenant, subscription, registration, remote) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (key) DO UPDATE SET remote = excluded.remote

-- name: drop_relay
DELETE FROM relay WHERE key = $1

-- name: add_identity
INSERT INTO source_identity (identity) VALUES ($1) ON CONFLICT DO NOTHING

-- name: put_identity
INSERT INTO source_identity (identity) VALUES ($1) ON CONFLICT (one) DO UPDATE SET identity = excluded.identity

-- name: identity
SELECT identity FROM source_identity
