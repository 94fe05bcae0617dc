-- What queries have selected, for a while (context/entity_maps.py). `revision` grows with every change.
CREATE TABLE entity_map (
    tenant text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    entities integer NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    body bytea NOT NULL,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 70);
