-- Entity maps (maps.py).

-- name: read
SELECT body, revision FROM entity_map WHERE tenant = $1 AND id = $2

-- name: revision
SELECT revision FROM entity_map WHERE tenant = $1 AND id = $2

-- name: keep
INSERT INTO entity_map (tenant, id, expires_at, entities, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant, id) DO UPDATE SET expires_at = excluded.expires_at, entities = excluded.entities,
    revision = entity_map.revision + 1, body = excluded.body
RETURNING revision

-- name: drop
DELETE FROM entity_map WHERE tenant = $1 AND id = $2

-- name: forget
DELETE FROM entity_map WHERE tenant = $1

-- name: trim
-- What has expired, then what would expire first, until there are no more maps and entities than that.
WITH ordered AS (
    SELECT tenant, id, row_number() OVER latest AS place, sum(entities) OVER latest AS together
    FROM entity_map WHERE expires_at > $1
    WINDOW latest AS (ORDER BY expires_at DESC, tenant, id ROWS UNBOUNDED PRECEDING)
)
DELETE FROM entity_map WHERE expires_at <= $1
    OR (tenant, id) IN (SELECT tenant, id FROM ordered WHERE place > $2 OR together > $3)
