-- How many entities have the same types and attributes of the same kinds (see context/profiles.py). Outlines can be longer
-- than an index takes: `hash` is their SHA-256.
CREATE TABLE profile (
    tenant integer NOT NULL,
    hash bytea NOT NULL,
    outline text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (tenant, hash)
);
