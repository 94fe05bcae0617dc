-- The statements of the audit log. Values reach them as parameters only; nothing here changes or deletes an entry.

-- name: schema
-- Entries as canonical JSON with their hash; `sealed` says that the log goes on in the next file.
CREATE TABLE IF NOT EXISTS entry (
  number INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  act TEXT NOT NULL,
  body TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sealed (one INTEGER PRIMARY KEY CHECK (one = 1));
CREATE TRIGGER IF NOT EXISTS entry_stays BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER IF NOT EXISTS entry_remains BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries stay'); END

-- name: last
SELECT number, hash, (SELECT count(*) FROM sealed) FROM entry ORDER BY number DESC LIMIT 1

-- name: first
SELECT min(number) FROM entry

-- name: append
INSERT INTO entry (number, subject, act, body, hash) VALUES (:number, :subject, :act, :body, :hash)

-- name: seal
INSERT OR IGNORE INTO sealed VALUES (1)

-- name: page
SELECT number, body, hash FROM entry
WHERE number < :before AND (:subject IS NULL OR subject = :subject) AND (:act IS NULL OR act = :act)
ORDER BY number DESC LIMIT :limit

-- name: after
SELECT number, body, hash FROM entry WHERE number > :number ORDER BY number LIMIT :limit
