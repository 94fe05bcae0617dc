-- The facts by entity, too: a page of many fitting entities is read in the order of ids, looking at each one's facts.
CREATE INDEX IF NOT EXISTS fact_entity ON fact (entity, name, value);
