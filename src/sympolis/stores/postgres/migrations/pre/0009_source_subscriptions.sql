-- Subscriptions to context sources: the tables of subscriptions to entities (0004, 0006) once more, told by a process of their own.

ALTER TABLE tenant ADD COLUMN source_subscriptions bigint NOT NULL DEFAULT 0,
                   ADD COLUMN source_subscribed boolean NOT NULL DEFAULT false;

CREATE TABLE source_subscription (
    tenant integer NOT NULL,
    id text COLLATE "C" NOT NULL,
    body text NOT NULL,    -- JSON
    record text,           -- JSON: how its notifications have fared
    changed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 70);
CREATE INDEX source_subscription_changed ON source_subscription (tenant, changed);

-- How far changes of a tenant's registrations (registry.version) have been told on.
CREATE TABLE source_told (
    tenant integer PRIMARY KEY,
    number bigint NOT NULL
) WITH (fillfactor = 50);

-- Numbers below zero are of what was taken in from files of before: it comes first.
CREATE TABLE source_pending (
    number bigint PRIMARY KEY,
    tenant integer NOT NULL,
    subscription text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    element bytea NOT NULL
);
CREATE INDEX source_pending_subscription ON source_pending (tenant, subscription);

CREATE TABLE source_dead_letter (
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
CREATE INDEX source_dead_letter_order ON source_dead_letter (tenant, key);
