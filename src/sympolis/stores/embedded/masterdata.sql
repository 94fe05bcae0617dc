-- The statements of the book of master data. Values reach them as parameters only.

-- name: schema
-- Decisions are only ever added. `body` is JSON.
CREATE TABLE IF NOT EXISTS decision (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unknown (
  kind TEXT NOT NULL,
  words TEXT NOT NULL,
  source TEXT NOT NULL,
  seen TEXT NOT NULL,
  times INTEGER NOT NULL,
  PRIMARY KEY (kind, words, source)
) WITHOUT ROWID;

-- name: decide
-- Append a decision; its number.
INSERT INTO decision (body) VALUES (:body) RETURNING number;

-- name: decisions
-- Every decision, in order.
SELECT number, body FROM decision ORDER BY number;

-- name: note
-- Remember an unknown name, or count it once more.
INSERT INTO unknown (kind, words, source, seen, times) VALUES (:kind, :words, :source, :seen, :times)
ON CONFLICT DO UPDATE SET seen = excluded.seen, times = times + excluded.times;

-- name: unknowns
-- Every unknown name, the most frequent first.
SELECT kind, words, source, seen, times FROM unknown ORDER BY times DESC, kind, words, source;
