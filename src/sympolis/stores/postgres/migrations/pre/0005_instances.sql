-- What a history tells beside observed values: when each instance came and changed, its sub-attributes, and, in `step`, what
-- was written without a time of its own and what was deleted.

-- NULL in `kind`: that of the series. `more`: sub-attributes and further members as JSON.
ALTER TABLE observation ADD COLUMN kind smallint, ADD COLUMN more text COLLATE "C",
                        ADD COLUMN created_at timestamptz, ADD COLUMN modified_at timestamptz;

-- The types that an entity with a history had when it was last written. (`series.types` are those of its first point.)
CREATE TABLE subject (
    tenant integer NOT NULL,
    entity text COLLATE "C" NOT NULL,
    types text[] COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, entity)
);
INSERT INTO subject (tenant, entity, types)
SELECT DISTINCT ON (tenant, entity) tenant, entity, types FROM series ORDER BY tenant, entity, key DESC;

-- One write of an entity: all instances of that moment, as JSON (see steps.py), and the numbers of the names of those that were
-- written and of those that were deleted (0: one is not of the default dataset, -1: one was modified). A partition per month, as of `observation`.
CREATE TABLE step (
    tenant integer NOT NULL,
    entity text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    recorded integer[] NOT NULL,
    deleted integer[] NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (tenant, entity, at)
) PARTITION BY RANGE (at);
CREATE TABLE step_before_1970 PARTITION OF step FOR VALUES FROM (MINVALUE) TO ('1970-01-01Z');
CREATE TABLE step_from_2100 PARTITION OF step FOR VALUES FROM ('2100-01-01Z') TO (MAXVALUE);
