-- What several servers on one database share beside what is known: registrations of context sources, the subscriptions that were
-- passed on to these, who the broker is to them, and the @contexts that it serves.
CREATE TABLE registration (
    tenant integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    body text NOT NULL,        -- JSON
    changed bigint NOT NULL,   -- which change of the tenant's registrations it is of
    times_sent bigint NOT NULL DEFAULT 0,
    times_failed bigint NOT NULL DEFAULT 0,
    last_success timestamptz,
    last_failure timestamptz,
    failed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 70);
CREATE INDEX registration_changed ON registration (tenant, changed);

-- How often a tenant's registrations have been changed. Beside `tenant`, whose rows belong to the writers of entities.
CREATE TABLE registry (
    tenant integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE relay (
    key text COLLATE "C" PRIMARY KEY,
    tenant text NOT NULL,
    subscription text NOT NULL,
    registration text NOT NULL,
    remote text NOT NULL
);

-- One row.
CREATE TABLE source_identity (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    identity text NOT NULL
);

CREATE TABLE hosted_context (
    local_id text COLLATE "C" PRIMARY KEY,
    body text NOT NULL         -- JSON
);
