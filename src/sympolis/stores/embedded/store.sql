-- The statements of the embedded store. Values reach them as parameters only.

-- name: add_name
INSERT INTO name (iri, key) VALUES (?, ?)

-- name: last_name
SELECT coalesce(max(key), 0) FROM name

-- name: last_entity
SELECT coalesce(max(key), 0) FROM entity

-- name: entity_by_id
-- The present state for a decision.
SELECT key, body FROM entity WHERE id = ?

-- name: entities_by_id
-- The same for many, those that there are, by a JSON list of their ids.
SELECT entity.id, entity.key, entity.body
FROM json_each(?) AS wanted CROSS JOIN entity ON entity.id = wanted.value

-- name: add_entity
INSERT INTO entity (key, id, body) VALUES (?, ?, ?)

-- name: change_entity
UPDATE entity SET body = ? WHERE key = ?

-- name: drop_entity
DELETE FROM entity WHERE key = ?

-- name: bodies
-- The entities of a page; whoever asks has their order.
SELECT entity.key, entity.body FROM json_each(?) AS page CROSS JOIN entity ON entity.key = page.value

-- name: drop_listing
DELETE FROM listing WHERE type = ? AND id = ?

-- name: drop_spot
DELETE FROM spot WHERE name = ? AND type = ? AND cell = ? AND id = ? AND nr = ?

-- name: spots_of
-- All points of a geo-property.
SELECT id, longitude, latitude FROM spot WHERE name = ?

-- name: spots_between
-- Its points in a range of cells, as far as they are in the search box.
SELECT id, longitude, latitude FROM spot
WHERE name = :name AND type IN (SELECT value FROM json_each(:types)) AND cell BETWEEN :first AND :last
  AND longitude BETWEEN :west AND :east AND latitude BETWEEN :south AND :north

-- name: spot_after
-- The id so many points further in a cell, if there are as many.
SELECT id FROM spot WHERE type = ? AND name = ? AND cell = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?

-- name: shapes_near
-- Candidates among the other geometries: those whose box touches the search box.
SELECT entity.id, shape.wkb FROM place JOIN shape ON shape.key = place.key JOIN entity ON entity.key = shape.entity
WHERE place.east >= :west AND place.west <= :east AND place.north >= :south AND place.south <= :north
  AND shape.name = :name

-- name: shapes_of_name
SELECT entity.id, shape.wkb FROM shape JOIN entity ON entity.key = shape.entity WHERE shape.name = ?

-- name: body_by_key
SELECT body FROM entity WHERE key = ?

-- name: body_by_id
SELECT body FROM entity WHERE id = ?

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

-- name: count_entities
SELECT count FROM tally WHERE what = 'entities'

-- name: add_change
INSERT INTO change (number, at, kind, entity, types, attributes, cause) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: changes_after
-- Lists of names that are written again and again stand in `name`, and here as their number.
SELECT number, at, kind, entity,
       CASE WHEN types GLOB '[[]*' THEN types ELSE (SELECT iri FROM name WHERE key = CAST(types AS INTEGER)) END,
       CASE WHEN attributes GLOB '[[]*' THEN attributes
            ELSE (SELECT iri FROM name WHERE key = CAST(attributes AS INTEGER)) END,
       cause
FROM change WHERE number > ? ORDER BY number LIMIT ?

-- name: keep_states
-- The entity before and after a change that somebody waits for.
INSERT INTO change_state (number, before, after) VALUES (?, ?, ?)

-- name: changes_with_states
SELECT change.number, at, kind, entity,
       CASE WHEN types GLOB '[[]*' THEN types ELSE (SELECT iri FROM name WHERE key = CAST(types AS INTEGER)) END,
       CASE WHEN attributes GLOB '[[]*' THEN attributes
            ELSE (SELECT iri FROM name WHERE key = CAST(attributes AS INTEGER)) END,
       cause, change_state.before, change_state.after
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
