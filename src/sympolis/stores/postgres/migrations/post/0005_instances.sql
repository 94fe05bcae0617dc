-- Series that a process of before pre/0005 has begun while newer ones were at work.
INSERT INTO subject (tenant, entity, types)
SELECT DISTINCT ON (tenant, entity) tenant, entity, types FROM series ORDER BY tenant, entity, key DESC
ON CONFLICT DO NOTHING;
