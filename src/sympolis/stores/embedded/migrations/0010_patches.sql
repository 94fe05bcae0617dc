-- The points of a cell as columns (see patching.py), for types of which maps are drawn (`asked.beside` is 2). Null: an
-- entity standing there has changed since; empty: there are too many for it.
CREATE TABLE patch (
    key INTEGER PRIMARY KEY,
    name INTEGER NOT NULL,
    type INTEGER NOT NULL,
    cell INTEGER NOT NULL,
    body BLOB,
    UNIQUE (name, type, cell)
) STRICT;
