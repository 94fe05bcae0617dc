-- The statements of the subscriptions' books (books.py). $1 is the tenant's name where there is one; {of} is nothing for subscriptions
-- to entities, `source_` for those to context sources, which have tables of their own of the same form.

-- name: try_to_lead
-- One process at a time delivers; the lock is freed with its connection.
SELECT pg_try_advisory_lock(hashtext('sympolis {of}subscriptions'), hashtext(current_schema()))

-- name: tenants
SELECT name FROM tenant t WHERE {of}subscribed ORDER BY name

-- name: version
-- How often the tenant's subscriptions have been changed.
SELECT {of}subscriptions FROM tenant WHERE name = $1

-- name: subscriptions
SELECT s.body, s.record FROM {of}subscription s JOIN tenant t ON t.key = s.tenant WHERE t.name = $1 ORDER BY s.id

-- name: standing
-- How often the tenant's subscriptions have been changed, and how many there are.
SELECT t.{of}subscriptions, (SELECT count(*) FROM {of}subscription s WHERE s.tenant = t.key) FROM tenant t WHERE t.name = $1

-- name: changed
SELECT s.body, s.record FROM {of}subscription s JOIN tenant t ON t.key = s.tenant WHERE t.name = $1 AND s.changed > $2 ORDER BY s.id

-- name: ids
SELECT s.id FROM {of}subscription s JOIN tenant t ON t.key = s.tenant WHERE t.name = $1

-- name: keep
-- A changed subscription keeps its record.
INSERT INTO {of}subscription (tenant, id, body, changed) SELECT key, $2, $3, {of}subscriptions FROM tenant WHERE name = $1
ON CONFLICT (tenant, id) DO UPDATE SET body = excluded.body, changed = excluded.changed

-- name: drop_subscription
DELETE FROM {of}subscription WHERE tenant = (SELECT key FROM tenant WHERE name = $1) AND id = $2

-- name: drop_pending
DELETE FROM {of}pending WHERE tenant = (SELECT key FROM tenant WHERE name = $1) AND subscription = $2

-- name: drop_dead_letters
DELETE FROM {of}dead_letter WHERE tenant = (SELECT key FROM tenant WHERE name = $1) AND subscription = $2

-- name: turn
-- The tenant's subscriptions change. This waits for the tenant's turn: what is accepted afterwards is accepted by a process
-- that knows of it.
UPDATE tenant SET {of}subscriptions = {of}subscriptions + 1 WHERE name = $1 RETURNING {of}subscriptions

-- name: turned
-- They have changed: whether there is any, and to everyone that it is so.
WITH said AS (
    UPDATE tenant SET {of}subscribed = EXISTS (SELECT 1 FROM {of}subscription s WHERE s.tenant = tenant.key) WHERE name = $1
    RETURNING key
)
SELECT pg_notify($2, $1) FROM said

-- name: position
SELECT number FROM {of}told WHERE tenant = (SELECT key FROM tenant WHERE name = $1)

-- name: move
INSERT INTO {of}told (tenant, number) SELECT t.key, n.number
FROM unnest($1::text[], $2::bigint[]) AS n (tenant, number) JOIN tenant t ON t.name = n.tenant
ON CONFLICT (tenant) DO UPDATE SET number = excluded.number

-- name: pending
SELECT p.number, t.name, p.subscription, p.entity, p.at, p.element
FROM {of}pending p JOIN tenant t ON t.key = p.tenant WHERE t.name = $1 ORDER BY p.number

-- name: records
SELECT s.id, s.record FROM {of}subscription s JOIN tenant t ON t.key = s.tenant WHERE t.name = $1 AND s.id = ANY($2::text[])

-- name: add_pending
-- A step that was kept without our hearing of it comes twice.
INSERT INTO {of}pending (number, tenant, subscription, entity, at, element)
SELECT n.number, t.key, n.subscription, n.entity, n.at, n.element
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[])
     AS n (number, tenant, subscription, entity, at, element) JOIN tenant t ON t.name = n.tenant
ON CONFLICT DO NOTHING

-- name: remove_pending
DELETE FROM {of}pending WHERE number = ANY($1::bigint[])

-- name: set_records
UPDATE {of}subscription s SET record = n.record
FROM unnest($1::text[], $2::text[], $3::text[]) AS n (tenant, id, record) JOIN tenant t ON t.name = n.tenant
WHERE s.tenant = t.key AND s.id = n.id

-- name: add_dead_letters
INSERT INTO {of}dead_letter (tenant, subscription, number, uri, at, reason, attempts, elements)
SELECT t.key, n.subscription, n.number, n.uri, n.at, n.reason, n.attempts, n.elements
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::int[], $8::bytea[])
     WITH ORDINALITY AS n (tenant, subscription, number, uri, at, reason, attempts, elements, place)
     JOIN tenant t ON t.name = n.tenant ORDER BY n.place

-- name: trim_dead_letters
-- Older ones make room.
DELETE FROM {of}dead_letter d USING tenant t
WHERE t.name = $1 AND d.tenant = t.key AND d.key <=
    (SELECT key FROM {of}dead_letter WHERE tenant = t.key ORDER BY key DESC OFFSET $2 LIMIT 1)

-- name: last_number
SELECT greatest((SELECT max(number) FROM {of}pending), (SELECT max(number) FROM {of}dead_letter), 0)

-- name: count_dead_letters
SELECT count(*) FROM {of}dead_letter d JOIN tenant t ON t.key = d.tenant
WHERE t.name = $1 AND ($2::text IS NULL OR d.subscription = $2)

-- name: dead_letters
-- Newest first.
SELECT d.number, t.name, d.subscription, d.uri, d.at, d.reason, d.attempts, d.elements
FROM {of}dead_letter d JOIN tenant t ON t.key = d.tenant
WHERE t.name = $1 AND ($2::text IS NULL OR d.subscription = $2)
ORDER BY d.key DESC LIMIT $3 OFFSET $4

-- name: take_in
-- What was kept in files of before, with its record; what is there already stays as it is. Gives the ids that were not.
INSERT INTO {of}subscription (tenant, id, body, record, changed)
SELECT t.key, n.id, n.body, n.record, t.{of}subscriptions
FROM unnest($2::text[], $3::text[], $4::text[]) AS n (id, body, record), tenant t WHERE t.name = $1
ON CONFLICT DO NOTHING RETURNING id

-- name: lowest_number
-- One process at a time takes in, until its transaction ends.
SELECT least((SELECT min(number) FROM {of}pending), 0)
FROM pg_advisory_xact_lock(hashtext('sympolis {of}pending'), hashtext(current_schema()))
