-- The statements of the PostgreSQL store. Values reach them as parameters only.

-- name: server_facts
-- What has to be right before anything else: version, encoding, whether this server may write.
SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
       current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby,
       current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages

-- name: extensions
-- The extensions needed: the schema of each that is installed, and whether each can be had at all.
SELECT a.name, e.extnamespace::regnamespace::text AS schema, e.extversion AS version
FROM pg_available_extensions a LEFT JOIN pg_extension e ON e.extname = a.name
WHERE a.name IN ('postgis', 'btree_gist')

-- name: has_schema
SELECT to_regnamespace($1) IS NOT NULL

-- name: notice_the_end
-- A migration whose process was killed ends soon, and with it the lock that others wait for.
SELECT set_config('client_connection_check_interval', '1s', false)

-- name: lock_schema
-- One process at a time looks after the schema and the partitions; freed with the transaction.
SELECT pg_advisory_xact_lock(hashtext('sympolis schema'), hashtext(current_schema()))

-- name: create_schema_version
CREATE TABLE IF NOT EXISTS schema_version (
    phase text NOT NULL CHECK (phase IN ('pre', 'post')),
    number integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (phase, number)
)

-- name: applied_migrations
SELECT phase, number FROM schema_version

-- name: add_migration
INSERT INTO schema_version (phase, number) VALUES ($1, $2)

-- name: tenant_key
SELECT key FROM tenant WHERE name = $1

-- name: add_tenant
INSERT INTO tenant (name) VALUES ($1) ON CONFLICT DO NOTHING

-- name: name_keys
SELECT iri, key FROM name WHERE iri = ANY($1::text[])

-- name: add_names
INSERT INTO name (iri) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING

-- name: months_present
-- The monthly partitions that exist.
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent IN ('observation'::regclass, 'step'::regclass)

-- name: take_statistics
ANALYZE entity, entity_type, fact, shape, series, subject

-- name: begin_group
-- Take the tenant's turn: change numbers follow the order of commits because one writer at a time holds this row.
SELECT position, series_version, CASE WHEN subscribed THEN subscriptions END FROM tenant WHERE key = $1 FOR UPDATE

-- name: entities_by_id
-- The present states for decisions. The tenant's row is locked, so nothing changes them meanwhile.
SELECT id, key, body FROM entity WHERE tenant = $1 AND id = ANY($2::text[]) FOR UPDATE

-- name: body_by_id
SELECT body FROM entity WHERE tenant = $1 AND id = $2

-- name: add_entities
INSERT INTO entity (tenant, id, body) SELECT $1, n.id, n.body FROM unnest($2::text[], $3::bytea[]) AS n (id, body)
RETURNING id, key

-- name: change_entities
UPDATE entity SET body = n.body FROM unnest($1::bigint[], $2::bytea[]) AS n (key, body) WHERE entity.key = n.key

-- name: drop_entities
DELETE FROM entity WHERE key = ANY($1::bigint[])

-- name: add_types
INSERT INTO entity_type (tenant, type, id, entity)
SELECT $1, n.type, n.id, n.entity FROM unnest($2::int[], $3::text[], $4::bigint[]) AS n (type, id, entity)

-- name: drop_types
DELETE FROM entity_type USING unnest($2::int[], $3::text[]) AS n (type, id)
WHERE entity_type.tenant = $1 AND entity_type.type = n.type AND entity_type.id = n.id

-- name: add_facts
INSERT INTO fact (tenant, name, value, entity)
SELECT $1, n.name, n.value, n.entity FROM unnest($2::int[], $3::bytea[], $4::bigint[]) AS n (name, value, entity)

-- name: drop_facts
DELETE FROM fact USING unnest($2::int[], $3::bytea[], $4::bigint[]) AS n (name, value, entity)
WHERE fact.tenant = $1 AND fact.name = n.name AND fact.value = n.value AND fact.entity = n.entity

-- name: profiles
SELECT outline, count FROM profile WHERE tenant = $1

-- name: add_to_profiles
INSERT INTO profile (tenant, hash, outline, count)
SELECT $1, sha256(convert_to(n.outline, 'UTF8')), n.outline, n.count
FROM unnest($2::text[], $3::bigint[]) AS n (outline, count)
ON CONFLICT (tenant, hash) DO UPDATE SET count = profile.count + excluded.count

-- name: drop_empty_profiles
DELETE FROM profile WHERE tenant = $1 AND count = 0

-- name: add_shapes
INSERT INTO shape (tenant, name, entity, geometry)
SELECT $1, n.name, n.entity, ST_GeomFromWKB(n.wkb, 4326)
FROM unnest($2::int[], $3::bigint[], $4::bytea[]) AS n (name, entity, wkb)

-- name: drop_shapes
DELETE FROM shape USING unnest($1::int[], $2::bigint[]) AS n (name, entity)
WHERE shape.entity = n.entity AND shape.name = n.name

-- name: shapes_near
-- Candidates of a geo-query: shapes whose box touches the search box.
SELECT entity, ST_AsBinary(geometry) AS wkb FROM shape
WHERE tenant = $1 AND name = $2 AND geometry && ST_MakeEnvelope($3, $4, $5, $6, 4326)

-- name: some_shapes_near
-- The same, up to where a page ($7: where it ends) is sooner found by walking, which passes `$7 * entities / candidates` of
-- them at twice the cost. The bound comes with every row.
WITH bound AS (SELECT greatest(1000, 2 * sqrt(entities * $7::float8))::bigint AS most FROM tenant WHERE key = $1)
SELECT entity, ST_AsBinary(geometry) AS wkb, (SELECT most FROM bound) AS most FROM shape
WHERE tenant = $1 AND name = $2 AND geometry && ST_MakeEnvelope($3, $4, $5, $6, 4326)
LIMIT (SELECT most FROM bound)

-- name: shapes_anywhere
SELECT entity, ST_AsBinary(geometry) AS wkb FROM shape WHERE tenant = $1 AND name = $2

-- name: before_looking
-- Which of these attributes hold values that `fact` does not (see facts.py). With $3, the statements that follow in this
-- transaction are planned for their values: where all that fits is counted, it decides which index to start from.
SELECT ARRAY(
    SELECT n.name FROM unnest($2::int[]) AS n (name)
    WHERE EXISTS (SELECT 1 FROM fact WHERE fact.tenant = $1 AND fact.name = n.name AND fact.value = '\xff')
) AS not_indexed, CASE WHEN $3 THEN set_config('plan_cache_mode', 'force_custom_plan', true) END

-- name: add_changes
INSERT INTO change (tenant, number, at, kind, entity, types, attributes, cause)
SELECT $1, n.number, n.at, n.kind, n.entity, n.types::json, n.attributes::json, n.cause
FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
     AS n (number, at, kind, entity, types, attributes, cause)

-- name: end_group
-- Move the tenant on and wake the followers of every process, once the transaction is durable.
WITH moved AS (
    UPDATE tenant SET position = $2, entities = entities + $3, observations = observations + $4,
                      series_version = series_version + $5
    WHERE key = $1 RETURNING key
)
SELECT pg_notify($6, key::text) FROM moved

-- name: changes_after
SELECT number, at, kind, entity, types::text, attributes::text, cause FROM change
WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3

-- name: keep_states
-- The entity before and after each change that somebody waits for.
INSERT INTO change_state (tenant, number, before, after)
SELECT $1, n.number, n.before, n.after
FROM unnest($2::bigint[], $3::bytea[], $4::bytea[]) AS n (number, before, after)

-- name: changes_with_states
SELECT c.number, c.at, c.kind, c.entity, c.types::text, c.attributes::text, c.cause, s.before, s.after
FROM change c LEFT JOIN change_state s ON s.tenant = c.tenant AND s.number = c.number
WHERE c.tenant = $1 AND c.number > $2 ORDER BY c.number LIMIT $3

-- name: forget_states
DELETE FROM change_state WHERE tenant = $1 AND number <= $2

-- name: tenant_status
SELECT position, entities, observations FROM tenant WHERE key = $1

-- name: position
SELECT position FROM tenant WHERE key = $1

-- name: find_series
SELECT s.entity, s.name, s.dataset, s.key, s.kind, s.since, s.until
FROM unnest($2::text[], $3::int[], $4::text[]) AS n (entity, name, dataset)
JOIN series s ON s.tenant = $1 AND s.entity = n.entity AND s.name = n.name AND s.dataset = n.dataset

-- name: keep_series
-- Make a series, or widen the bounds of its months.
INSERT INTO series (tenant, entity, name, dataset, kind, types, since, until)
SELECT $1, n.entity, n.name, n.dataset, n.kind, ARRAY(SELECT json_array_elements_text(n.types::json)), n.since, n.until
FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
     AS n (entity, name, dataset, kind, types, since, until)
ON CONFLICT (tenant, entity, name, dataset) DO UPDATE SET since = excluded.since, until = excluded.until
RETURNING entity, name, dataset, key

-- name: lines
-- The series of entities ($2), of certain names ($3: NULL = all), with months that touch a time.
SELECT s.key, s.entity, j.types, n.iri, s.dataset, s.kind, s.since, s.until
FROM (SELECT entity, types FROM subject WHERE tenant = $1 AND entity = ANY($2::text[]) OFFSET 0) AS j
CROSS JOIN LATERAL (
    SELECT * FROM series
    WHERE tenant = $1 AND entity = j.entity AND ($3::int[] IS NULL OR name = ANY($3)) AND until > $4 AND since < $5 OFFSET 0
) AS s
JOIN name n ON n.key = s.name
ORDER BY s.entity, n.iri, s.dataset

-- name: find_subjects
SELECT entity, types FROM subject WHERE tenant = $1 AND entity = ANY($2::text[])

-- name: keep_subjects
INSERT INTO subject (tenant, entity, types)
SELECT $1, n.entity, ARRAY(SELECT json_array_elements_text(n.types::json)) FROM unnest($2::text[], $3::text[]) AS n (entity, types)
ON CONFLICT (tenant, entity) DO UPDATE SET types = excluded.types

-- name: add_points
-- Most points are new, so this is tried first.
INSERT INTO observation (series, at, number, form, word, unit, kind, more, created_at, modified_at)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::float8[], $4::smallint[], $5::text[], $6::text[], $7::smallint[],
                     $8::text[], $9::timestamptz[], $10::timestamptz[])
ON CONFLICT DO NOTHING
RETURNING series, at

-- name: known_points
SELECT o.series, o.at, o.number, o.form, o.word, o.unit, o.kind, o.more, o.created_at, o.modified_at
FROM unnest($1::bigint[], $2::timestamptz[]) AS n (series, at) JOIN observation o ON o.series = n.series AND o.at = n.at
WHERE o.at >= $3 AND o.at <= $4

-- name: change_points
-- The newest statement about a time wins.
UPDATE observation o SET number = n.number, form = n.form, word = n.word, unit = n.unit, kind = n.kind, more = n.more,
                         created_at = n.created_at, modified_at = n.modified_at
FROM unnest($1::bigint[], $2::timestamptz[], $3::float8[], $4::smallint[], $5::text[], $6::text[], $7::smallint[],
            $8::text[], $9::timestamptz[], $10::timestamptz[])
     AS n (series, at, number, form, word, unit, kind, more, created_at, modified_at)
WHERE o.series = n.series AND o.at = n.at AND o.at >= $11 AND o.at <= $12

-- name: retract_points
-- Delete points of an entity ($2): of all attributes or of $3, of all datasets ($4) or of $5, of all times or of $6.
WITH chosen AS (
    SELECT s.key, n.iri FROM series s JOIN name n ON n.key = s.name
    WHERE s.tenant = $1 AND s.entity = $2 AND ($3::text IS NULL OR n.iri = $3) AND ($4 OR s.dataset = $5)
), gone AS (
    DELETE FROM observation o USING chosen WHERE o.series = chosen.key AND ($6::timestamptz IS NULL OR o.at = $6)
    RETURNING o.series
)
SELECT chosen.key, chosen.iri, count(gone.series) AS points
FROM chosen LEFT JOIN gone ON gone.series = chosen.key GROUP BY 1, 2 ORDER BY 2

-- name: drop_empty_series
DELETE FROM series
WHERE key = ANY($1::bigint[]) AND NOT EXISTS (SELECT 1 FROM observation o WHERE o.series = series.key)

-- name: drop_empty_subject
-- An entity ($2) without any instance left has no history.
DELETE FROM subject j WHERE j.tenant = $1 AND j.entity = $2
    AND NOT EXISTS (SELECT 1 FROM series s WHERE s.tenant = $1 AND s.entity = $2)
    AND NOT EXISTS (SELECT 1 FROM step p WHERE p.tenant = $1 AND p.entity = $2)

-- name: add_steps
-- The arrays of a step's names come as JSON: there are no arrays of arrays of different lengths.
INSERT INTO step (tenant, entity, at, recorded, deleted, body)
SELECT $1, n.entity, n.at, ARRAY(SELECT json_array_elements_text(n.recorded::json)::int),
       ARRAY(SELECT json_array_elements_text(n.deleted::json)::int), n.body
FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::bytea[]) AS n (entity, at, recorded, deleted, body)
ON CONFLICT DO NOTHING
RETURNING entity, at

-- name: known_steps
SELECT s.entity, s.at, s.body FROM unnest($2::text[], $3::timestamptz[]) AS n (entity, at)
JOIN step s ON s.tenant = $1 AND s.entity = n.entity AND s.at = n.at
WHERE s.at >= $4 AND s.at <= $5

-- name: change_steps
UPDATE step s SET body = n.body, recorded = ARRAY(SELECT json_array_elements_text(n.recorded::json)::int),
                  deleted = ARRAY(SELECT json_array_elements_text(n.deleted::json)::int)
FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::bytea[]) AS n (entity, at, recorded, deleted, body)
WHERE s.tenant = $1 AND s.entity = n.entity AND s.at = n.at

-- name: drop_steps
DELETE FROM step s USING unnest($2::text[], $3::timestamptz[]) AS n (entity, at)
WHERE s.tenant = $1 AND s.entity = n.entity AND s.at = n.at

-- name: steps_of_entity
-- The steps of an entity ($2), of all times or of one ($3).
SELECT at, body FROM step WHERE tenant = $1 AND entity = $2 AND ($3::timestamptz IS NULL OR at = $3) ORDER BY at

-- name: steps
-- The steps of entities within a time, with or without ($5: NULL) certain names; of each the newest $6.
SELECT j.entity, j.types, p.at, p.body FROM (SELECT entity, types FROM subject WHERE tenant = $1 AND entity = ANY($2::text[]) OFFSET 0) AS j CROSS JOIN LATERAL (
    SELECT at, body FROM step p
    WHERE p.tenant = $1 AND p.entity = j.entity AND p.at >= $3 AND p.at < $4
          AND ($5::int[] IS NULL OR p.recorded && $5 OR p.deleted && $5)
    ORDER BY p.at DESC LIMIT $6
) AS p

-- name: older_steps
-- The steps of an entity before a time that have other names than these.
SELECT at, body FROM step
WHERE tenant = $1 AND entity = $2 AND at >= $3 AND at < $4 AND NOT (recorded <@ $5::int[] AND deleted <@ $5::int[])
ORDER BY at DESC

-- name: points_by_creation
-- Points of several series by when they came.
SELECT l.place, o.at, o.number, o.form, o.word, o.unit, o.kind, o.more, o.created_at, o.modified_at
FROM unnest($1::bigint[]) WITH ORDINALITY AS l (series, place) JOIN observation o ON o.series = l.series
WHERE o.created_at >= $2 AND o.created_at < $3

-- name: points_by_modification
-- Points of several series by when they last changed.
SELECT l.place, o.at, o.number, o.form, o.word, o.unit, o.kind, o.more, o.created_at, o.modified_at
FROM unnest($1::bigint[]) WITH ORDINALITY AS l (series, place) JOIN observation o ON o.series = l.series
WHERE coalesce(o.modified_at, o.created_at) >= $2 AND coalesce(o.modified_at, o.created_at) < $3

-- name: history_at_once
-- Of entities ($2), within a time: the newest $8 steps of each, then the points of each series, the newest $6 of each, $7 in all.
(SELECT j.entity, j.types, NULL::text, NULL::text, NULL::text, p.at, NULL::float8, NULL::smallint, NULL::text, NULL::text,
        NULL::smallint, NULL::text, NULL::timestamptz, NULL::timestamptz, p.body
 FROM subject j CROSS JOIN LATERAL (
     SELECT at, body FROM step p
     WHERE p.tenant = $1 AND p.entity = j.entity AND p.at >= $4 AND p.at < $5
           AND ($3::int[] IS NULL OR p.recorded && $3 OR p.deleted && $3)
     ORDER BY p.at DESC LIMIT $8
 ) AS p
 WHERE j.tenant = $1 AND j.entity = ANY($2::text[]))
UNION ALL
(SELECT s.entity, j.types, n.iri, s.dataset, s.kind, o.at, o.number, o.form, o.word, o.unit,
        o.kind, o.more, o.created_at, o.modified_at, NULL::bytea
 FROM (SELECT entity, types FROM subject WHERE tenant = $1 AND entity = ANY($2::text[]) OFFSET 0) AS j
 CROSS JOIN LATERAL (
     SELECT * FROM series WHERE tenant = $1 AND entity = j.entity AND ($3::int[] IS NULL OR name = ANY($3)) OFFSET 0
 ) AS s
 JOIN name n ON n.key = s.name
 CROSS JOIN LATERAL (
     SELECT * FROM observation o
     WHERE o.series = s.key AND o.at >= $4 AND o.at < $5 AND o.at >= s.since AND o.at < s.until
     ORDER BY o.at DESC LIMIT $6
 ) AS o
 ORDER BY s.entity, n.iri, s.dataset, o.at LIMIT $7)

-- name: points
-- Points of several series, in the order of the series, then of time.
SELECT l.place, o.at, o.number, o.form, o.word, o.unit, o.kind, o.more, o.created_at, o.modified_at
FROM unnest($1::bigint[]) WITH ORDINALITY AS l (series, place) JOIN observation o ON o.series = l.series
WHERE o.at >= $2 AND o.at < $3
ORDER BY l.place, o.at LIMIT $4

-- name: latest_points
-- The same, of each series the newest $5.
SELECT l.place, o.at, o.number, o.form, o.word, o.unit, o.kind, o.more, o.created_at, o.modified_at
FROM unnest($1::bigint[]) WITH ORDINALITY AS l (series, place)
CROSS JOIN LATERAL (
    SELECT * FROM observation
    WHERE series = l.series AND at >= $2 AND at < $3 ORDER BY at DESC LIMIT $5
) AS o
ORDER BY l.place, o.at LIMIT $4

-- name: buckets
-- Aggregates by period of $5 seconds (0: one bucket) from $4, or, without it, from each series' first point. What is
-- aggregated stands in for the last line of the list: some of the figures below.
WITH line AS MATERIALIZED (
    SELECT l.series, l.place, coalesce($4::timestamptz, (
        SELECT o.at FROM observation o WHERE o.series = l.series AND o.at >= $2 AND o.at < $3 ORDER BY o.at LIMIT 1
    )) AS start, (
        SELECT o.kind FROM observation o WHERE o.series = l.series AND o.at >= $2 AND o.at < $3 ORDER BY o.at DESC LIMIT 1
    ) AS kind
    FROM unnest($1::bigint[]) WITH ORDINALITY AS l (series, place)
)
SELECT line.place, line.kind, b.* FROM line CROSS JOIN LATERAL (
    SELECT CASE WHEN $5::float8 = 0 THEN line.start
                ELSE date_bin(make_interval(secs => $5::float8), o.at, line.start) END AS opened,
           /* figures */
    FROM observation o WHERE o.series = line.series AND o.at >= $2 AND o.at < $3
    GROUP BY 1
) AS b
ORDER BY line.place, b.opened

-- name: figure_last
max(o.at)

-- name: figure_total
count(*)

-- name: figure_different
count(DISTINCT o.number) + count(DISTINCT (o.form, o.word)) FILTER (WHERE o.form >= 2)

-- name: figure_sum
sum(o.number)

-- name: figure_avg
avg(o.number)

-- name: figure_low
min(o.number)

-- name: figure_high
max(o.number)

-- name: figure_whole
bool_and(o.form = 1) FILTER (WHERE o.form < 2)

-- name: figure_first_word
min(o.word) FILTER (WHERE o.form = 2)

-- name: figure_last_word
max(o.word) FILTER (WHERE o.form = 2)

-- name: figure_stddev
stddev_pop(o.number)

-- name: figure_sumsq
-- The server takes it for an error when a square is too small to tell from nothing.
sum(CASE WHEN abs(o.number) < 1e-150 THEN 0 ELSE o.number * o.number END)
