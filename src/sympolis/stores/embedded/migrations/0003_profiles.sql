-- How many entities have the same types and attributes of the same kinds (see context/profiles.py). Filled from the
-- entities that are there when a file of an earlier schema is opened (recorder.py).
CREATE TABLE profile (
    outline TEXT NOT NULL UNIQUE,
    count INTEGER NOT NULL
) STRICT;
