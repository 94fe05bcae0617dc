-- The statements of trimming.

-- name: older_series
-- Series of entities that have one of the types ($2), which may have points before a time ($3); $5 of them from key $4 on.
SELECT s.key, s.since, s.until FROM series s JOIN subject j ON j.tenant = s.tenant AND j.entity = s.entity
WHERE s.tenant = $1 AND j.types && $2::text[] AND s.since < $3 AND s.key > $4 ORDER BY s.key LIMIT $5

-- name: trim_points
-- Delete points of series ($1) within a time, at most $4.
WITH chosen AS (
    SELECT series, at FROM observation WHERE series = ANY($1::bigint[]) AND at >= $2 AND at < $3 LIMIT $4
), gone AS (
    DELETE FROM observation o USING chosen
    WHERE o.series = chosen.series AND o.at = chosen.at AND o.at >= $2 AND o.at < $3
    RETURNING o.series
)
SELECT s.key, s.entity, n.iri, j.types, count(*) AS points
FROM gone JOIN series s ON s.key = gone.series JOIN name n ON n.key = s.name
JOIN subject j ON j.tenant = s.tenant AND j.entity = s.entity
GROUP BY s.key, s.entity, n.iri, j.types ORDER BY s.entity, n.iri

-- name: drop_trimmed_series
DELETE FROM series
WHERE key = ANY($1::bigint[]) AND NOT EXISTS (SELECT 1 FROM observation o WHERE o.series = series.key)
RETURNING entity

-- name: drop_trimmed_subjects
-- Entities ($2) without any instance left have no history.
DELETE FROM subject j WHERE j.tenant = $1 AND j.entity = ANY($2::text[])
    AND NOT EXISTS (SELECT 1 FROM series s WHERE s.tenant = $1 AND s.entity = j.entity)
    AND NOT EXISTS (SELECT 1 FROM step p WHERE p.tenant = $1 AND p.entity = j.entity)
