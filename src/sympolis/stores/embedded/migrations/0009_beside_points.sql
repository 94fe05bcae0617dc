-- Points carry what queries around a place ask for: they stand by type, with the entity's key and the same columns as
-- the type's listing (filled only where `asked` says so), so that a page is found without a look elsewhere. Cells are
-- half as wide as they were.

ALTER TABLE spot RENAME TO old_spot;
CREATE TABLE spot (
    name INTEGER NOT NULL,
    type INTEGER NOT NULL,
    cell INTEGER NOT NULL,
    id TEXT NOT NULL,
    nr INTEGER NOT NULL,
    longitude REAL NOT NULL,
    latitude REAL NOT NULL,
    entity INTEGER NOT NULL,
    v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15,
    PRIMARY KEY (name, type, cell, id, nr)
) WITHOUT ROWID;
INSERT INTO spot (name, type, cell, id, nr, longitude, latitude, entity)
SELECT old.name, kind.key,
    CAST((old.latitude + 90) * 256 AS INTEGER) * (360 * 256 + 1) + CAST((old.longitude + 180) * 256 AS INTEGER), old.id,
    old.nr, old.longitude, old.latitude, entity.key
FROM old_spot AS old
CROSS JOIN entity ON entity.id = old.id
CROSS JOIN json_each(CAST(entity.body AS TEXT), '$.types') AS held
CROSS JOIN name AS kind ON kind.iri = held.value;
DROP TABLE old_spot;

-- 1: the values stand in the column `slot` of `spot`, too; `upto` is then the last point that is filled in, as JSON.
ALTER TABLE asked ADD COLUMN beside INTEGER NOT NULL DEFAULT 0;
