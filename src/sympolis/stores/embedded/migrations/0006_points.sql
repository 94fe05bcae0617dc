-- History without a row per series: a point is found by three small numbers, so that appending one costs one entry in
-- one tree. `subject` outlives its entity. What was in `series` and `observation` moves over.

-- Lists of types, as JSON.
CREATE TABLE typing (
    key INTEGER PRIMARY KEY,
    types TEXT NOT NULL UNIQUE
) STRICT;

-- Whose history there is, with the types at the last write of it.
CREATE TABLE subject (
    id TEXT PRIMARY KEY,
    key INTEGER NOT NULL,
    typing INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a series is about: an attribute, a dataset ('' is the default one), and which time its points stand under
-- (0: observedAt, 1: createdAt, 2: deletedAt). Rows are never changed.
CREATE TABLE line (
    key INTEGER PRIMARY KEY,
    name INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    time INTEGER NOT NULL,
    UNIQUE (name, dataset, time)
) STRICT;

-- The points (see points.py). `at`: microseconds since 1970 UTC; `created`: microseconds from `at`, `modified`: from
-- `created`. Numbers and texts as they are, other values as JSON in a blob. `kind` -1: taken back, though an archived
-- month has it.
CREATE TABLE point (
    subject INTEGER NOT NULL,
    line INTEGER NOT NULL,
    at INTEGER NOT NULL,
    value,
    unit TEXT,
    kind INTEGER NOT NULL,
    created INTEGER,
    modified INTEGER,
    more BLOB,
    PRIMARY KEY (subject, line, at)
) WITHOUT ROWID;

INSERT INTO typing (types) SELECT DISTINCT types FROM series;
INSERT INTO line (name, dataset, time) SELECT DISTINCT name, dataset, 0 FROM series;
INSERT INTO subject (id, key, typing)
SELECT entity, row_number() OVER (ORDER BY entity), (SELECT typing.key FROM typing WHERE typing.types = newest.types)
FROM (SELECT entity, types, max(key) FROM series GROUP BY entity) AS newest;
INSERT INTO point (subject, line, at, value, unit, kind)
SELECT subject.key, line.key, observation.at, observation.value, observation.unit, CASE series.kind
    WHEN 'Relationship' THEN 1 WHEN 'GeoProperty' THEN 2 WHEN 'LanguageProperty' THEN 3 WHEN 'JsonProperty' THEN 4
    WHEN 'VocabProperty' THEN 5 WHEN 'ListProperty' THEN 6 WHEN 'ListRelationship' THEN 7 ELSE 0 END
FROM series
JOIN subject ON subject.id = series.entity
JOIN line ON line.name = series.name AND line.dataset = series.dataset AND line.time = 0
JOIN observation ON observation.series = series.key
ORDER BY subject.key, line.key, observation.at;
INSERT INTO tally SELECT 'subjects', count(*) FROM subject;
DROP TABLE observation;
DROP TABLE series;
