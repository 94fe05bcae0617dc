-- The statements about what a file has numbers, columns and indexes for.

-- name: names
-- All interned names and name lists, once at start.
SELECT iri, key FROM name

-- name: types
-- All types that entities have: a jump through the listing for each.
WITH RECURSIVE found (type) AS (
    SELECT min(type) FROM listing
    UNION ALL SELECT (SELECT min(listing.type) FROM listing WHERE listing.type > found.type) FROM found
    WHERE found.type IS NOT NULL
) SELECT type FROM found WHERE type IS NOT NULL

-- name: asked
SELECT asked.key, asked.type, name.iri, asked.slot, asked.upto FROM asked JOIN name ON name.key = asked.name

-- name: ask
INSERT INTO asked (type, name, slot, upto) VALUES (?, ?, ?, '')

-- name: unfilled
SELECT asked.key, asked.type, name.iri, asked.slot, asked.upto FROM asked JOIN name ON name.key = asked.name
WHERE asked.upto IS NOT NULL ORDER BY asked.key

-- name: to_fill
-- The next entities of a type to fill in.
SELECT listing.id, entity.body FROM listing JOIN entity ON entity.key = listing.entity
WHERE listing.type = ? AND listing.id > ? ORDER BY listing.id LIMIT ?

-- name: filled
UPDATE asked SET upto = ? WHERE key = ?

-- name: add_fact
INSERT INTO fact (asked, value, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: drop_fact
DELETE FROM fact WHERE asked = ? AND value = ? AND id = ?
