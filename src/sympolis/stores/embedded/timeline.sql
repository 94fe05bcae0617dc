-- The statements of the embedded store's history. Values reach them as parameters only.

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

-- name: add_to_tally
UPDATE tally SET count = count + ? WHERE what = 'observations'
