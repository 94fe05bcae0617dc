-- The states around the changes that subscriptions wait for, until their notifications are on their way.
CREATE TABLE change_state (
    number INTEGER PRIMARY KEY,
    before BLOB,
    after BLOB
) STRICT;
