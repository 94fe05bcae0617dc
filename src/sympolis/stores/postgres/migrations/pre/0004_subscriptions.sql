-- Subscriptions, for all processes of a twin: who wants to be told, how far the log has been told on, what waits.

-- `subscriptions` moves whenever a subscription of the tenant is kept or dropped: a process that knows an older number keeps
-- the states around every change. `subscribed`: whether there is any.
ALTER TABLE tenant ADD COLUMN subscriptions bigint NOT NULL DEFAULT 0, ADD COLUMN subscribed boolean NOT NULL DEFAULT false;

CREATE TABLE subscription (
    tenant integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    body text NOT NULL,    -- JSON
    record text,           -- JSON: how its notifications have fared
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 70);

-- How far a tenant's change log has been told on.
CREATE TABLE told (
    tenant integer PRIMARY KEY,
    number bigint NOT NULL
) WITH (fillfactor = 50);

-- What waits to be delivered.
CREATE TABLE pending (
    number bigint PRIMARY KEY,
    tenant integer NOT NULL,
    subscription text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    element bytea NOT NULL
);
CREATE INDEX pending_subscription ON pending (tenant, subscription);

-- What was given up.
CREATE TABLE dead_letter (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant integer NOT NULL,
    subscription text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    uri text NOT NULL,
    at timestamptz NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    elements bytea NOT NULL
);
CREATE INDEX dead_letter_order ON dead_letter (tenant, key);
