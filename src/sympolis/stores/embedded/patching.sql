-- The statements of patches: points as columns, by name, type and cell of the grid.

-- name: bodies_in_cell
-- The entities with a point in a cell as one JSON text, how many points, how many bytes; the text is cut where there
-- are more than so many.
SELECT '[' || coalesce(group_concat(text), '') || ']', count(*), total(length(text)) FROM (
    SELECT CAST(entity.body AS TEXT) AS text
    FROM spot CROSS JOIN entity ON entity.key = spot.entity
    WHERE spot.name = ? AND spot.type = ? AND spot.cell = ? ORDER BY spot.id LIMIT ?
)

-- name: weight
-- The bytes of the same, as far as they are counted.
SELECT count(*), total(size) FROM (
    SELECT length(entity.body) AS size FROM spot CROSS JOIN entity ON entity.key = spot.entity
    WHERE spot.name = ? AND spot.type = ? AND spot.cell = ? LIMIT ?
)

-- name: next_cell
SELECT min(cell) FROM spot WHERE name = ? AND type = ? AND cell > ?

-- name: keep
INSERT INTO patch (name, type, cell, body) VALUES (?, ?, ?, ?)
ON CONFLICT (name, type, cell) DO UPDATE SET body = excluded.body

-- name: name_of
SELECT iri FROM name WHERE key = ?

-- name: spoil
INSERT INTO patch (name, type, cell, body) VALUES (?, ?, ?, NULL)
ON CONFLICT (name, type, cell) DO UPDATE SET body = NULL WHERE body IS NOT NULL

-- name: spoiled
-- Which of these cells (JSON) are not as they were kept.
SELECT cell FROM json_each(?) AS wanted
CROSS JOIN patch ON patch.name = ? AND patch.type = ? AND patch.cell = wanted.value WHERE patch.body IS NULL

-- name: around
-- Those of the cells that begin each row (JSON) and so many behind each.
SELECT patch.cell, patch.body FROM json_each(?) AS near
CROSS JOIN patch ON patch.name = ? AND patch.type = ? AND patch.cell BETWEEN near.value AND near.value + ?
