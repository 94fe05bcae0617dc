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

-- name: series_keys
SELECT series.key, name.iri, series.dataset, series.types, series.kind
FROM series JOIN name ON name.key = series.name WHERE series.entity = ?

-- name: add_series
INSERT INTO series (entity, name, dataset, kind, types) VALUES (?, ?, ?, ?, ?) RETURNING key

-- name: change_series
UPDATE series SET types = ?, kind = ? WHERE key = ?

-- name: add_observation
INSERT INTO observation (series, at, value, unit) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: change_observation
-- The newest statement about a time wins; one that says the same changes nothing.
INSERT INTO observation (series, at, value, unit) VALUES (?, ?, ?, ?)
ON CONFLICT (series, at) DO UPDATE SET value = excluded.value, unit = excluded.unit
WHERE observation.value IS NOT excluded.value OR observation.unit IS NOT excluded.unit

-- name: series_to_retract
SELECT series.key, series.types, name.iri FROM series JOIN name ON name.key = series.name
WHERE series.entity = :entity AND (:name IS NULL OR name.iri = :name)
  AND (:every OR series.dataset = :dataset)

-- name: retract_points
DELETE FROM observation WHERE series = :series AND (:at IS NULL OR at = :at)

-- name: drop_empty_series
DELETE FROM series WHERE key = :series AND NOT EXISTS (SELECT 1 FROM observation WHERE series = :series)

-- name: all_series
-- All series in the order in which they are given.
SELECT series.key, series.entity, series.types, name.iri, series.dataset, series.kind
FROM series JOIN name ON name.key = series.name
WHERE :names IS NULL OR name.iri IN (SELECT value FROM json_each(:names))
ORDER BY series.entity, name.iri, series.dataset

-- name: series_of
-- The same for some entities: the index over `series` is entered once for each.
SELECT series.key, series.entity, series.types, name.iri, series.dataset, series.kind
FROM json_each(:ids) AS wanted CROSS JOIN series ON series.entity = wanted.value JOIN name ON name.key = series.name
WHERE :names IS NULL OR name.iri IN (SELECT value FROM json_each(:names))
ORDER BY series.entity, name.iri, series.dataset

-- name: has_points
SELECT EXISTS (SELECT 1 FROM observation WHERE series = :series AND at >= :low AND at < :high)

-- name: points
SELECT at, value, unit FROM observation
WHERE series = :series AND at >= :low AND at < :high ORDER BY at LIMIT :most

-- name: latest_points
SELECT at, value, unit FROM observation
WHERE series = :series AND at >= :low AND at < :high ORDER BY at DESC LIMIT :most

-- name: ends
-- Two looks into the index; min and max in one SELECT would read everything between them.
SELECT (SELECT min(at) FROM observation WHERE series = :series AND at >= :low AND at < :high),
       (SELECT max(at) FROM observation WHERE series = :series AND at >= :low AND at < :high)

-- name: buckets
-- Aggregates by period. `lift` is subtracted before squaring, so that deviations keep their digits.
WITH chosen AS (
    SELECT (at - :start) / :period AS place, value,
           CASE WHEN typeof(value) IN ('integer', 'real') THEN value END AS number,
           CASE WHEN typeof(value) = 'text' THEN value END AS word
    FROM observation WHERE series = :series AND at >= :low AND at < :high
), lift AS (SELECT coalesce(avg(number), 0.0) AS by FROM chosen)
SELECT place, count(*), count(DISTINCT value), sum(number), avg(number),
       coalesce(min(number), min(word)), coalesce(max(number), max(word)),
       avg((number - lift.by) * (number - lift.by)) - avg(number - lift.by) * avg(number - lift.by),
       sum(CAST(number AS REAL) * number)
FROM chosen, lift GROUP BY place ORDER BY place

-- name: means
-- Counts, sums and means alone: one pass in the order of the points, a tenth of the cost of all figures.
SELECT (at - :start) / :period AS place, count(*),
       sum(CASE WHEN typeof(value) IN ('integer', 'real') THEN value END),
       avg(CASE WHEN typeof(value) IN ('integer', 'real') THEN value END)
FROM observation WHERE series = :series AND at >= :low AND at < :high
GROUP BY place

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
