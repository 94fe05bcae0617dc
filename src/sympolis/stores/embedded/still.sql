-- Reading a tenant's file whole, by one connection that stands still. Values reach the statements as parameters only.

-- name: entities_after
SELECT body FROM entity WHERE id > :after ORDER BY id LIMIT :most

-- name: subjects_after
SELECT id FROM subject WHERE id > :after ORDER BY id LIMIT :most
