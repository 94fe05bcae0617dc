-- The @contexts that the broker serves (shelf.py).

-- name: load
SELECT body FROM hosted_context ORDER BY local_id

-- name: find
SELECT body FROM hosted_context WHERE local_id = $1

-- name: keep
INSERT INTO hosted_context (local_id, body) VALUES ($1, $2) ON CONFLICT (local_id) DO UPDATE SET body = excluded.body

-- name: drop
DELETE FROM hosted_context WHERE local_id = $1
