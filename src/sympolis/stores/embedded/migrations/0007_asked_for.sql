-- Indexes for what is asked for (decision 0009): the types' lists carry the values of attributes that queries name,
-- facts are kept only for those of them where a list is too long to walk through, and points leave the R*Tree.

-- Which entities have a type, in the order in which they are listed. v0 … v15: the plain values of the attributes that
-- were asked for (see `asked` and facts.py); null where the entity has none, or nobody has asked.
CREATE TABLE listing (
    type INTEGER NOT NULL,
    id TEXT NOT NULL,
    entity INTEGER NOT NULL,
    v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15,
    PRIMARY KEY (type, id)
) WITHOUT ROWID;
INSERT INTO listing (type, id, entity) SELECT type, id, entity FROM entity_type ORDER BY type, id;
DROP TABLE entity_type;

-- The attributes that queries have asked for, by type: with a slot, they have that column of `listing`; without one,
-- rows in `fact`. `upto`: the last id that is filled in, null when all are.
CREATE TABLE asked (
    key INTEGER PRIMARY KEY,
    type INTEGER NOT NULL,
    name INTEGER NOT NULL,
    slot INTEGER,
    upto TEXT
) STRICT;

-- Every plain value of such an attribute.
-- Numbers and texts as they are; truth, "no plain value" and "not indexed" as blobs.
DROP TABLE fact;
CREATE TABLE fact (
    asked INTEGER NOT NULL,
    value NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (asked, value, id)
) WITHOUT ROWID;

-- Points, nearly all geometries there are, by cell of a grid (see grid.py) and in each cell in the order of ids, so
-- that a page is found without sorting. Other geometries stay in `shape` and its R*Tree `place`.
CREATE TABLE spot (
    name INTEGER NOT NULL,
    cell INTEGER NOT NULL,
    id TEXT NOT NULL,
    nr INTEGER NOT NULL,
    longitude REAL NOT NULL,
    latitude REAL NOT NULL,
    PRIMARY KEY (name, cell, id, nr)
) STRICT, WITHOUT ROWID;
