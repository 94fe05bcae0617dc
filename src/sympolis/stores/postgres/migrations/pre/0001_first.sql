-- The first schema: every tenant's present state, its indexes, its history and its change log.
-- All texts compare by code point (COLLATE "C"), as the memory store does. The hot tables have no foreign keys: each
-- row is written together with what it refers to, and a check per row would cost more than the row.

CREATE TABLE tenant (
    key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    position bigint NOT NULL DEFAULT 0,       -- number of the newest change
    entities bigint NOT NULL DEFAULT 0,       -- counts that would be slow to take
    observations bigint NOT NULL DEFAULT 0,
    series_version bigint NOT NULL DEFAULT 0  -- moves when a row of `series` is added or changed: writers' caches
) WITH (fillfactor = 50);

-- Expanded names (IRIs) of types and attributes, so that the tables below carry small numbers. Only ever grows.
CREATE TABLE name (
    key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    iri text COLLATE "C" NOT NULL UNIQUE
);

-- The present state. `body` is the entity as JSON in UTF-8; bytea, because text in PostgreSQL cannot hold what JSON can.
CREATE TABLE entity (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    UNIQUE (tenant, id)
) WITH (fillfactor = 85);

-- For people with psql.
CREATE VIEW entity_document AS
    SELECT tenant.name AS tenant, entity.id, convert_from(entity.body, 'UTF8')::json AS document
    FROM entity JOIN tenant ON tenant.key = entity.tenant;

-- Which entities have a type, in the order in which they are listed.
CREATE TABLE entity_type (
    tenant integer NOT NULL,
    type integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    entity bigint NOT NULL,
    PRIMARY KEY (tenant, type, id)
);
CREATE INDEX entity_type_entity ON entity_type (entity);

-- Every plain value of every attribute: the index behind `q` and `attrs`. `value` is encoded so that bytes compare as the
-- values do (see facts.py).
CREATE TABLE fact (
    tenant integer NOT NULL,
    name integer NOT NULL,
    value bytea NOT NULL,
    entity bigint NOT NULL,
    PRIMARY KEY (tenant, name, value, entity)
);
-- The other way round, so that a page can be read in order of id while checking entity by entity.
CREATE INDEX fact_entity ON fact (entity, name, value);
CREATE STATISTICS fact_by_name (ndistinct, mcv) ON tenant, name, value FROM fact;

-- Geometries of geo-properties.
CREATE TABLE shape (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant integer NOT NULL,
    name integer NOT NULL,
    entity bigint NOT NULL,
    geometry geometry(Geometry, 4326) NOT NULL
);
CREATE INDEX shape_place ON shape USING gist (tenant, name, geometry);
CREATE INDEX shape_entity ON shape (entity, name);

-- History: a series is one attribute (and dataset, '' = the default one) of one entity, present or gone.
-- `since` and `until` are the bounds of the months that hold its points: no other partition needs to be looked at.
CREATE TABLE series (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant integer NOT NULL,
    entity text COLLATE "C" NOT NULL,
    name integer NOT NULL,
    dataset text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    types text[] COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    UNIQUE (tenant, entity, name, dataset)
);

-- Its points, a partition per month (made when a month is first written to, see months.py).
-- `form`: 0 real number, 1 whole number, 2 text, 3 other JSON; `word`: the text, the JSON, or a number too large for `number`.
CREATE TABLE observation (
    series bigint NOT NULL,
    at timestamptz NOT NULL,
    number double precision,
    form smallint NOT NULL,
    word text COLLATE "C",
    unit text,
    PRIMARY KEY (series, at)
) PARTITION BY RANGE (at);
CREATE TABLE observation_before_1970 PARTITION OF observation FOR VALUES FROM (MINVALUE) TO ('1970-01-01Z');
CREATE TABLE observation_from_2100 PARTITION OF observation FOR VALUES FROM ('2100-01-01Z') TO (MAXVALUE);

-- The change log: numbers without gaps within a tenant, in the order of commits.
CREATE TABLE change (
    tenant integer NOT NULL,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    entity text COLLATE "C" NOT NULL,
    types json NOT NULL,
    attributes json NOT NULL,
    cause text NOT NULL,
    PRIMARY KEY (tenant, number)
);
