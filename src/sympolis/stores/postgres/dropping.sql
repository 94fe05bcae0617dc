-- Letting go of a tenant ($1: its number) in one transaction, table by table.

-- name: lock_tenant
SELECT key FROM tenant WHERE name = $1 FOR UPDATE

-- name: patience
-- However much it is.
SELECT set_config('statement_timeout', '0', true)

-- name: observations
DELETE FROM observation o USING series s WHERE s.tenant = $1 AND o.series = s.key

-- name: series
DELETE FROM series WHERE tenant = $1

-- name: steps
DELETE FROM step WHERE tenant = $1

-- name: subjects
DELETE FROM subject WHERE tenant = $1

-- name: shapes
DELETE FROM shape WHERE tenant = $1

-- name: facts
DELETE FROM fact WHERE tenant = $1

-- name: types
DELETE FROM entity_type WHERE tenant = $1

-- name: entities
DELETE FROM entity WHERE tenant = $1

-- name: profiles
DELETE FROM profile WHERE tenant = $1

-- name: states
DELETE FROM change_state WHERE tenant = $1

-- name: changes
DELETE FROM change WHERE tenant = $1

-- name: subscriptions
DELETE FROM subscription WHERE tenant = $1

-- name: told
DELETE FROM told WHERE tenant = $1

-- name: pending
DELETE FROM pending WHERE tenant = $1

-- name: dead_letters
DELETE FROM dead_letter WHERE tenant = $1

-- name: source_subscriptions
DELETE FROM source_subscription WHERE tenant = $1

-- name: source_told
DELETE FROM source_told WHERE tenant = $1

-- name: source_pending
DELETE FROM source_pending WHERE tenant = $1

-- name: source_dead_letters
DELETE FROM source_dead_letter WHERE tenant = $1

-- name: registrations
DELETE FROM registration WHERE tenant = $1

-- name: registry
DELETE FROM registry WHERE tenant = $1

-- name: tenant
-- The negative number tells every process that the tenant is no more.
WITH gone AS (DELETE FROM tenant WHERE key = $1 RETURNING key) SELECT pg_notify($2, (-key)::text) FROM gone
