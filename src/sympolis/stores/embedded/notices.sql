-- The statements of rules, notices and deliveries. Values reach them as parameters only; `body` is JSON.

-- name: schema
CREATE TABLE IF NOT EXISTS rule (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notice (
  id TEXT PRIMARY KEY,
  rule TEXT NOT NULL,
  state TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS notice_standing ON notice (rule) WHERE state <> 'over';
CREATE INDEX IF NOT EXISTS notice_raised ON notice (raised_at);
CREATE TABLE IF NOT EXISTS delivery (
  id TEXT PRIMARY KEY,
  notice TEXT NOT NULL,
  state TEXT NOT NULL,
  due TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_waiting ON delivery (due) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS delivery_notice ON delivery (notice)

-- name: rules
SELECT body FROM rule ORDER BY id

-- name: keep_rule
INSERT INTO rule (id, body) VALUES (:id, :body) ON CONFLICT (id) DO UPDATE SET body = excluded.body

-- name: drop_rule
DELETE FROM rule WHERE id = :id RETURNING id

-- name: notices
SELECT body FROM notice WHERE :state = '' OR state = :state ORDER BY raised_at DESC, id DESC LIMIT :limit

-- name: notice
SELECT body FROM notice WHERE id = :id

-- name: standing
SELECT body FROM notice WHERE rule = :rule AND state <> 'over'

-- name: keep_notice
INSERT INTO notice (id, rule, state, raised_at, body) VALUES (:id, :rule, :state, :raised_at, :body)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body

-- name: keep_delivery
INSERT INTO delivery (id, notice, state, due, body) VALUES (:id, :notice, :state, :due, :body)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, due = excluded.due, body = excluded.body

-- name: waiting
SELECT body FROM delivery WHERE state = 'waiting' AND due <= :until ORDER BY due, id LIMIT :limit

-- name: deliveries
SELECT body FROM delivery WHERE notice = :notice ORDER BY id

-- name: given_up
SELECT body FROM delivery WHERE state = 'given up' ORDER BY due DESC, id LIMIT :limit
