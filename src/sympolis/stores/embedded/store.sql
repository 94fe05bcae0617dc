-- The statements of the embedded store. Values reach them as parameters only.

-- name: names
-- All interned names, once at start.
SELECT iri, key FROM name

-- name: add_name
INSERT INTO name (iri) VALUES (?) RETURNING key

-- name: entity_by_id
-- The present state for a decision or a point read.
SELECT key, body FROM entity WHERE id = ?

-- name: body_by_id
SELECT body FROM entity WHERE id = ?

-- name: add_entity
INSERT INTO entity (id, body) VALUES (?, ?) RETURNING key

-- name: change_entity
UPDATE entity SET body = ? WHERE key = ?

-- name: drop_entity
DELETE FROM entity WHERE key = ?

-- name: add_type
INSERT INTO entity_type (type, id, entity) VALUES (?, ?, ?)

-- name: drop_type
DELETE FROM entity_type WHERE type = ? AND id = ?

-- name: add_fact
INSERT INTO fact (name, value, entity) VALUES (?, ?, ?)

-- name: drop_fact
DELETE FROM fact WHERE name = ? AND value = ? AND entity = ?

-- name: shapes_of
-- The shapes of one geo-property of an entity, to be reused in order when it moves.
SELECT key FROM shape WHERE entity = ? AND name = ? ORDER BY key

-- name: add_shape
INSERT INTO shape (entity, name, wkb) VALUES (?, ?, ?) RETURNING key

-- name: move_shape
UPDATE shape SET wkb = ? WHERE key = ?

-- name: drop_shape
DELETE FROM shape WHERE key = ?

-- name: add_place
INSERT INTO place (key, west, east, south, north) VALUES (?, ?, ?, ?, ?)

-- name: move_place
UPDATE place SET west = ?, east = ?, south = ?, north = ? WHERE key = ?

-- name: drop_place
DELETE FROM place WHERE key = ?

-- name: shapes_near
-- Candidates of a geo-query: shapes whose box touches the search box.
SELECT shape.entity, shape.wkb FROM place JOIN shape ON shape.key = place.key
WHERE place.east >= :west AND place.west <= :east AND place.north >= :south AND place.south <= :north
  AND shape.name = (SELECT key FROM name WHERE iri = :name)

-- name: shapes_anywhere
SELECT shape.entity, shape.wkb FROM shape WHERE shape.name = (SELECT key FROM name WHERE iri = :name)

-- name: count_entities
SELECT count FROM tally WHERE what = 'entities'

-- name: not_indexed
-- Which of these attributes hold values that `fact` does not (see facts.py).
SELECT iri FROM name WHERE iri IN (SELECT value FROM json_each(?))
  AND EXISTS (SELECT 1 FROM fact WHERE fact.name = name.key AND fact.value = x'ff')

-- name: add_change
INSERT INTO change (number, at, kind, entity, types, attributes, cause) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: changes_after
SELECT number, at, kind, entity, types, attributes, cause FROM change WHERE number > ? ORDER BY number LIMIT ?

-- name: keep_states
-- The entity before and after a change that somebody waits for.
INSERT INTO change_state (number, before, after) VALUES (?, ?, ?)

-- name: changes_with_states
SELECT change.number, at, kind, entity, types, attributes, cause, change_state.before, change_state.after
FROM change LEFT JOIN change_state ON change_state.number = change.number
WHERE change.number > ? ORDER BY change.number LIMIT ?

-- name: forget_states
DELETE FROM change_state WHERE number <= ?

-- name: position
SELECT coalesce(max(number), 0) FROM change

-- name: tallies
SELECT what, count FROM tally

-- name: profiles
SELECT outline, count FROM profile

-- name: add_to_profile
INSERT INTO profile (outline, count) VALUES (?, ?)
ON CONFLICT (outline) DO UPDATE SET count = profile.count + excluded.count

-- name: drop_empty_profile
DELETE FROM profile WHERE outline = ? AND count = 0

-- name: unprofiled
-- Whether the file has entities from before there were profiles.
SELECT EXISTS (SELECT 1 FROM entity) AND NOT EXISTS (SELECT 1 FROM profile)

-- name: all_bodies
SELECT body FROM entity

-- name: add_to_tally
UPDATE tally SET count = count + ? WHERE what = ?
