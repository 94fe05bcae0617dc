-- The states around the changes that subscriptions wait for, until their notifications are on their way.
CREATE TABLE change_state (
    tenant integer NOT NULL,
    number bigint NOT NULL,
    before bytea,
    after bytea,
    PRIMARY KEY (tenant, number)
);
