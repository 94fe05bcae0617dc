-- The statements of participation. Values reach them as parameters only; `body` is JSON, a photo's body its bytes.

-- name: schema
CREATE TABLE IF NOT EXISTS project (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contribution (
  id TEXT PRIMARY KEY,
  project TEXT NOT NULL,
  author TEXT NOT NULL,
  state TEXT NOT NULL,
  reports INTEGER NOT NULL,
  at TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contribution_project ON contribution (project, at);
CREATE INDEX IF NOT EXISTS contribution_published ON contribution (project, state, at);
CREATE INDEX IF NOT EXISTS contribution_author ON contribution (author, project);
CREATE TABLE IF NOT EXISTS comment (
  id TEXT PRIMARY KEY,
  project TEXT NOT NULL,
  contribution TEXT NOT NULL,
  author TEXT NOT NULL,
  state TEXT NOT NULL,
  reports INTEGER NOT NULL,
  at TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS comment_contribution ON comment (contribution, at);
CREATE INDEX IF NOT EXISTS comment_project ON comment (project, at);
CREATE INDEX IF NOT EXISTS comment_author ON comment (author, project);
CREATE TABLE IF NOT EXISTS rating (
  contribution TEXT NOT NULL,
  author TEXT NOT NULL,
  project TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (contribution, author)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rating_project ON rating (project);
CREATE TABLE IF NOT EXISTS photo (
  id TEXT PRIMARY KEY,
  contribution TEXT NOT NULL,
  project TEXT NOT NULL,
  media TEXT NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS photo_contribution ON photo (contribution);
CREATE TABLE IF NOT EXISTS answer (id TEXT PRIMARY KEY, project TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS invitation (
  project TEXT NOT NULL,
  author TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (project, author)
) WITHOUT ROWID

-- name: projects
SELECT body FROM project ORDER BY id

-- name: keep_project
INSERT INTO project (id, body) VALUES (:id, :body) ON CONFLICT (id) DO UPDATE SET body = excluded.body

-- name: drop_project
DELETE FROM project WHERE id = :id RETURNING id

-- name: contribution
SELECT body FROM contribution WHERE id = :id

-- name: contributions
SELECT body FROM contribution WHERE :project = '' OR project = :project ORDER BY at DESC, id DESC

-- name: count_published
SELECT COUNT(*) FROM contribution WHERE project = :project AND state = 'published'

-- name: count_wanted
-- How many everybody may read of a kind, of a category and with all these words ('' and [] for any).
SELECT COUNT(*) FROM contribution
WHERE project = :project AND state = 'published'
  AND (:kind = '' OR json_extract(body, '$.kind') = :kind)
  AND (:category = '' OR json_extract(body, '$.category') = :category)
  AND (:words = '[]' OR has_words(body, :words))

-- name: wanted
-- One page of the same with what each has gathered, which is counted for the page alone unless it gives the order.
SELECT body,
  (SELECT COUNT(*) FROM rating WHERE rating.contribution = page.id AND value > 0),
  (SELECT COUNT(*) FROM rating WHERE rating.contribution = page.id AND value < 0),
  (SELECT COUNT(*) FROM comment WHERE comment.contribution = page.id AND comment.state = 'published')
FROM (
  SELECT id, body, ROW_NUMBER() OVER (
    ORDER BY
      CASE :sort
        WHEN 'rated' THEN -(SELECT TOTAL(value) FROM rating WHERE rating.contribution = contribution.id)
        WHEN 'discussed' THEN
          -(SELECT COUNT(*) FROM comment WHERE comment.contribution = contribution.id AND comment.state = 'published')
      END,
      CASE WHEN :sort = 'oldest' THEN at END,
      CASE WHEN :sort = 'oldest' THEN id END,
      at DESC,
      id DESC
  ) AS place
  FROM contribution
  WHERE project = :project AND state = 'published'
    AND (:kind = '' OR json_extract(body, '$.kind') = :kind)
    AND (:category = '' OR json_extract(body, '$.category') = :category)
    AND (:words = '[]' OR has_words(body, :words))
) AS page
WHERE place > :offset AND place <= :offset + :limit
ORDER BY place

-- name: said_contributions
SELECT body FROM contribution WHERE project = :project AND author = :author

-- name: said_comments
SELECT body FROM comment WHERE project = :project AND author = :author

-- name: voices
-- Everybody who is anywhere in the book, as (project, author).
SELECT project, author FROM contribution WHERE author <> ''
UNION SELECT project, author FROM comment WHERE author <> ''
UNION SELECT project, author FROM rating
UNION SELECT project, author FROM invitation

-- name: comment
SELECT body FROM comment WHERE id = :id

-- name: comments
SELECT body FROM comment
WHERE (:project = '' OR project = :project) AND (:contribution = '' OR contribution = :contribution)
ORDER BY at, id

-- name: keep_contribution
INSERT INTO contribution (id, project, author, state, reports, at, body)
VALUES (:id, :project, :author, :state, :reports, :at, :body)
ON CONFLICT (id) DO UPDATE
SET author = excluded.author, state = excluded.state, reports = excluded.reports, body = excluded.body

-- name: keep_comment
INSERT INTO comment (id, project, contribution, author, state, reports, at, body)
VALUES (:id, :project, :contribution, :author, :state, :reports, :at, :body)
ON CONFLICT (id) DO UPDATE
SET author = excluded.author, state = excluded.state, reports = excluded.reports, body = excluded.body

-- name: unsettled_contributions
SELECT body FROM contribution
WHERE (:project = '' OR project = :project)
  AND (state IN ('waiting', 'appealed') OR (state = 'published' AND reports > 0))
ORDER BY at, id

-- name: unsettled_comments
SELECT body FROM comment
WHERE (:project = '' OR project = :project)
  AND (state IN ('waiting', 'appealed') OR (state = 'published' AND reports > 0))
ORDER BY at, id

-- name: rate
INSERT INTO rating (contribution, author, project, value) VALUES (:contribution, :author, :project, :value)
ON CONFLICT (contribution, author) DO UPDATE SET value = excluded.value

-- name: unrate
DELETE FROM rating WHERE contribution = :contribution AND author = :author

-- name: ratings
SELECT contribution, project, author, value FROM rating WHERE project = :project ORDER BY contribution, author

-- name: tallies
SELECT contribution, SUM(up), SUM(down), SUM(comments) FROM (
  SELECT contribution, value > 0 AS up, value < 0 AS down, 0 AS comments FROM rating WHERE project = :project
  UNION ALL
  SELECT contribution, 0, 0, 1 FROM comment WHERE project = :project AND state = 'published'
)
GROUP BY contribution

-- name: tally
SELECT
  (SELECT COUNT(*) FROM rating WHERE contribution = :id AND value > 0),
  (SELECT COUNT(*) FROM rating WHERE contribution = :id AND value < 0),
  (SELECT COUNT(*) FROM comment WHERE contribution = :id AND state = 'published')

-- name: photo
SELECT id, contribution, project, media, body FROM photo WHERE id = :id

-- name: keep_photo
INSERT INTO photo (id, contribution, project, media, body) VALUES (:id, :contribution, :project, :media, :body)

-- name: answers
SELECT body FROM answer WHERE :project = '' OR project = :project ORDER BY at DESC, id DESC

-- name: keep_answer
INSERT INTO answer (id, project, at, body) VALUES (:id, :project, :at, :body)
ON CONFLICT (id) DO UPDATE SET body = excluded.body

-- name: invitations
SELECT body FROM invitation WHERE project = :project ORDER BY author

-- name: invitation
SELECT body FROM invitation WHERE project = :project AND author = :author

-- name: keep_invitation
INSERT INTO invitation (project, author, body) VALUES (:project, :author, :body)
ON CONFLICT (project, author) DO UPDATE SET body = excluded.body

-- name: erase_ratings
DELETE FROM rating WHERE project = :project AND author = :author

-- name: erase_photos
DELETE FROM photo WHERE contribution IN (SELECT id FROM contribution WHERE project = :project AND author = :author)

-- name: erase_invitation
DELETE FROM invitation WHERE project = :project AND author = :author

-- name: unlink_contributions
UPDATE contribution SET author = '', body = json_set(body, '$.author', '', '$.name', '', '$.age', '', '$.home', '')
WHERE project = :project AND author <> '' RETURNING id

-- name: unlink_comments
UPDATE comment SET author = '', body = json_set(body, '$.author', '', '$.name', '')
WHERE project = :project AND author <> '' RETURNING id

-- name: unlink_ratings
UPDATE rating SET author = 'unlinked-' || lower(hex(randomblob(12)))
WHERE project = :project AND author NOT LIKE 'unlinked-%' RETURNING author

-- name: unlink_invitations
DELETE FROM invitation WHERE project = :project RETURNING author
