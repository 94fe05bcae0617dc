-- The figures of dense series, period by period.

-- name: probe
-- The time of the first point, and that of the one so many points later.
SELECT at, (SELECT at FROM point WHERE subject = ?1 AND line = ?2 AND at >= ?3 AND at < ?4 AND kind >= 0
            ORDER BY at LIMIT 1 OFFSET ?5)
FROM point WHERE subject = ?1 AND line = ?2 AND at >= ?3 AND at < ?4 AND kind >= 0 ORDER BY at LIMIT 1

-- name: last
SELECT at, kind FROM point WHERE subject = ? AND line = ? AND at >= ? AND at < ? AND kind >= 0
ORDER BY at DESC LIMIT 1

-- name: walk
-- One figure for each period from the one that begins at ?3 to that of the last point (?4), each as long as ?5, with
-- no points from ?6 on. NULL where a period has no numbers. FIGURE is one of the next.
WITH RECURSIVE period (opened) AS (
    VALUES (?3)
    UNION ALL
    SELECT opened + ?5 FROM period WHERE opened + ?5 <= ?4
)
SELECT (SELECT FIGURE FROM point WHERE subject = ?1 AND line = ?2 AND at >= period.opened
        AND at < min(period.opened + ?5, ?6) AND kind >= 0)
FROM period

-- name: avg
-- Every number is less than every text: a text as the figure tells of a value that is none.
CASE WHEN max(value) < '' THEN avg(value) WHEN max(value) IS NOT NULL THEN 'no number' END

-- name: sum
CASE WHEN max(value) < '' THEN total(value) WHEN max(value) IS NOT NULL THEN 'no number' END

-- name: min
CASE WHEN max(value) < '' THEN min(value) WHEN max(value) IS NOT NULL THEN 'no number' END

-- name: max
CASE WHEN max(value) < '' THEN max(value) WHEN max(value) IS NOT NULL THEN 'no number' END

-- name: totalCount
nullif(count(*), 0)
