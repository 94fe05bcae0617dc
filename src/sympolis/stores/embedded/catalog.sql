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
SELECT asked.key, asked.type, name.iri, asked.slot, asked.beside, asked.upto
FROM asked JOIN name ON name.key = asked.name

-- name: all_asked
SELECT type, name, slot, beside FROM asked

-- name: ask
INSERT INTO asked (type, name, slot, beside, upto) VALUES (?, ?, ?, ?, '')

-- name: unfilled
SELECT asked.key, asked.type, name.iri, asked.slot, asked.beside, asked.upto
FROM asked JOIN name ON name.key = asked.name
WHERE asked.upto IS NOT NULL ORDER BY asked.key

-- name: to_fill
-- The next entities of a type to fill in, some megabytes of them, as one JSON text: for every row that a statement gives
-- the thread would wait for its turn.
SELECT '[' || group_concat(CAST(entity.body AS TEXT)) || ']', max(piece.id) FROM (
    SELECT listing.id, listing.entity, sum(length(body)) OVER (ORDER BY listing.id) - length(body) AS before
    FROM listing JOIN entity ON entity.key = listing.entity
    WHERE listing.type = ? AND listing.id > ? ORDER BY listing.id LIMIT ?
) AS piece CROSS JOIN entity ON entity.key = piece.entity WHERE piece.before < 4000000

-- name: names_of
-- The number of a name, and the name of a number.
SELECT (SELECT key FROM name WHERE iri = ?), (SELECT iri FROM name WHERE key = ?)

-- name: first_place
-- The first geo-property after this one that has points.
SELECT min(name) FROM spot WHERE name > ?

-- name: last_spot
-- Where a piece of points ends.
SELECT cell, id, nr FROM spot WHERE name = ? AND type = ? AND (cell, id, nr) > (?, ?, ?)
ORDER BY cell, id, nr LIMIT 1 OFFSET ?

-- name: filled
UPDATE asked SET upto = ? WHERE key = ?

-- name: add_fact
INSERT INTO fact (asked, value, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: drop_fact
DELETE FROM fact WHERE asked = ? AND value = ? AND id = ?
