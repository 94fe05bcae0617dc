-- The first schema: one tenant's present state, its indexes, its history and its change log.

-- Expanded names (IRIs) of types and attributes, so that the tables below carry small numbers.
CREATE TABLE name (
    key INTEGER PRIMARY KEY,
    iri TEXT NOT NULL UNIQUE
) STRICT;

-- The present state. `body` is the entity as JSON (see bodies.py).
CREATE TABLE entity (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL
) STRICT;

-- Which entities have a type, in the order in which they are listed.
CREATE TABLE entity_type (
    type INTEGER NOT NULL,
    id TEXT NOT NULL,
    entity INTEGER NOT NULL,
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;

-- Every plain value of every attribute: the index behind `q` and `attrs` (see facts.py).
-- Numbers and texts as they are; truth, "no plain value" and "not indexed" as blobs.
CREATE TABLE fact (
    name INTEGER NOT NULL,
    value NOT NULL,
    entity INTEGER NOT NULL,
    PRIMARY KEY (name, value, entity)
) WITHOUT ROWID;

-- Geometries of geo-properties, and the R*Tree over their boxes.
CREATE TABLE shape (
    key INTEGER PRIMARY KEY,
    entity INTEGER NOT NULL,
    name INTEGER NOT NULL,
    wkb BLOB NOT NULL
) STRICT;
CREATE INDEX shape_entity ON shape (entity);
CREATE VIRTUAL TABLE place USING rtree (key, west, east, south, north);

-- History: a series is one attribute (and dataset, '' = the default one) of one entity, present or gone.
CREATE TABLE series (
    key INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    name INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    kind TEXT NOT NULL,
    types TEXT NOT NULL,
    UNIQUE (entity, name, dataset)
) STRICT;

-- Its points. `at`: microseconds since 1970 UTC. Numbers and texts as they are, other values as JSON in a blob.
CREATE TABLE observation (
    series INTEGER NOT NULL,
    at INTEGER NOT NULL,
    value NOT NULL,
    unit TEXT,
    PRIMARY KEY (series, at)
) WITHOUT ROWID;

-- The change log: numbers without gaps, in the order of acceptance.
CREATE TABLE change (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    entity TEXT NOT NULL,
    types TEXT NOT NULL,
    attributes TEXT NOT NULL,
    cause TEXT NOT NULL
) STRICT;

-- Counts that would be slow to take.
CREATE TABLE tally (
    what TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO tally VALUES ('entities', 0), ('observations', 0);
