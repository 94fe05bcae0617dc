-- The statements of the help desk. Values reach them as parameters only; `body` is JSON.

-- name: schema
CREATE TABLE IF NOT EXISTS question (
  id TEXT PRIMARY KEY,
  asker TEXT NOT NULL,
  asked_at TEXT NOT NULL,
  due TEXT NOT NULL,
  answered INTEGER NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS question_asker ON question (asker, asked_at);
CREATE INDEX IF NOT EXISTS question_open ON question (due) WHERE answered = 0;
CREATE TABLE IF NOT EXISTS progress (
  person TEXT NOT NULL,
  tutorial TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (person, tutorial)
) WITHOUT ROWID

-- name: question
SELECT body FROM question WHERE id = :id

-- name: unanswered
SELECT body FROM question WHERE answered = 0 ORDER BY due, id

-- name: everybodys
SELECT body FROM question ORDER BY asked_at DESC, id LIMIT :limit

-- name: somebodys
SELECT body FROM question WHERE asker = :asker ORDER BY asked_at DESC, id LIMIT :limit

-- name: count
SELECT count(*) FROM question

-- name: askers
SELECT DISTINCT asker FROM question UNION SELECT DISTINCT person FROM progress

-- name: keep
INSERT INTO question (id, asker, asked_at, due, answered, body) VALUES (:id, :asker, :asked_at, :due, :answered, :body)
ON CONFLICT (id) DO UPDATE SET due = excluded.due, answered = excluded.answered, body = excluded.body

-- name: drop
DELETE FROM question WHERE id = :id RETURNING id

-- name: forget
DELETE FROM question WHERE asker = :person RETURNING id

-- name: progress
SELECT body FROM progress WHERE person = :person AND tutorial = :tutorial

-- name: progress_of
SELECT body FROM progress WHERE person = :person ORDER BY tutorial

-- name: keep_progress
INSERT INTO progress (person, tutorial, body) VALUES (:person, :tutorial, :body)
ON CONFLICT (person, tutorial) DO UPDATE SET body = excluded.body

-- name: drop_progress
DELETE FROM progress WHERE person = :person AND (:tutorial = '' OR tutorial = :tutorial) RETURNING tutorial
