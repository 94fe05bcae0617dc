-- Reading a tenant whole, inside one snapshot.

-- name: all_tenants
SELECT name FROM tenant ORDER BY name

-- name: entities_after
SELECT body FROM entity WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3

-- name: subjects_after
SELECT entity FROM subject WHERE tenant = $1 AND entity > $2 ORDER BY entity LIMIT $3

-- name: patience
-- A dump may take hours, and pauses while its files are written.
SELECT set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false)
