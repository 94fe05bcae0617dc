-- The types by entity, too: few entities that a place or a value has found are checked and sorted without reading them.
CREATE INDEX IF NOT EXISTS type_entity ON entity_type (entity, type, id);
