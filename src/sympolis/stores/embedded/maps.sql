-- Entity maps, kept through a restart (maps.py). Times are microseconds since 1970.

-- name: schema
CREATE TABLE IF NOT EXISTS entity_map (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  entities INTEGER NOT NULL,
  revision INTEGER NOT NULL DEFAULT 1,
  body BLOB NOT NULL,
  PRIMARY KEY (tenant, id)
)

-- name: read
SELECT body, revision FROM entity_map WHERE tenant = :tenant AND id = :id

-- name: revision
SELECT revision FROM entity_map WHERE tenant = :tenant AND id = :id

-- name: keep
INSERT INTO entity_map (tenant, id, expires_at, entities, body) VALUES (:tenant, :id, :expires_at, :entities, :body)
ON CONFLICT (tenant, id) DO UPDATE SET expires_at = excluded.expires_at, entities = excluded.entities,
  revision = revision + 1, body = excluded.body
RETURNING revision

-- name: drop_map
DELETE FROM entity_map WHERE tenant = :tenant AND id = :id

-- name: forget
DELETE FROM entity_map WHERE tenant = :tenant

-- name: trim
-- What has expired, then what would expire first, until there are no more maps and entities than that.
DELETE FROM entity_map WHERE (tenant, id) NOT IN (
  SELECT tenant, id FROM (
    SELECT tenant, id, row_number() OVER latest AS place, sum(entities) OVER latest AS together
    FROM entity_map WHERE expires_at > :now
    WINDOW latest AS (ORDER BY expires_at DESC, tenant, id ROWS UNBOUNDED PRECEDING)
  ) WHERE place <= :maps AND together <= :entities
)
