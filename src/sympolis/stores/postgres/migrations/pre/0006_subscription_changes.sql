-- Which change of the tenant's subscriptions a subscription is of: processes read the newest ones, not all of them.
ALTER TABLE subscription ADD COLUMN changed bigint NOT NULL DEFAULT 0;
CREATE INDEX subscription_changed ON subscription (tenant, changed);
