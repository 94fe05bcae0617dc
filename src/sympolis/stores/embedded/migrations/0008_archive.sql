-- History in two tiers: months that are over move into Parquet files (see rolling.py).

-- The files. `month`: year * 12 + month - 1; `state` 0: being written, 1: valid, 2: replaced, 3: spoiled while it was
-- being written; `stale`: holds points that were taken back; `purged`: its points are not in `point` any more.
CREATE TABLE archive (
    file INTEGER PRIMARY KEY AUTOINCREMENT,
    month INTEGER NOT NULL,
    state INTEGER NOT NULL,
    points INTEGER NOT NULL DEFAULT 0,
    stale INTEGER NOT NULL DEFAULT 0,
    purged INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Where in a file a series is: rows [start, start + count), points at [first, last].
CREATE TABLE archived (
    subject INTEGER NOT NULL,
    line INTEGER NOT NULL,
    month INTEGER NOT NULL,
    file INTEGER NOT NULL,
    start INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (subject, line, month, file)
) STRICT, WITHOUT ROWID;
CREATE INDEX archived_file ON archived (file, start);

-- The months of which there are points in `point`.
CREATE TABLE hot_month (
    month INTEGER PRIMARY KEY
) STRICT;
INSERT INTO hot_month
SELECT DISTINCT strftime('%Y', second, 'unixepoch') * 12 + strftime('%m', second, 'unixepoch') - 1
FROM (SELECT DISTINCT (at - ((at % 86400000000) + 86400000000) % 86400000000) / 1000000 AS second FROM point);
