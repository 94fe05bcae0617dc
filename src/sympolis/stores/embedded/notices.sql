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

-- name: people
SELECT DISTINCT who FROM (
  SELECT body ->> '$.acknowledged_by' AS who FROM notice
  UNION ALL
  SELECT lower('mailto:' || (way.value ->> '$.to')) FROM rule, json_each(rule.body, '$.to') AS way
  WHERE way.value ->> '$.channel' = 'email'
  UNION ALL
  SELECT lower('mailto:' || (way.value ->> '$.to')) FROM rule, json_each(rule.body, '$.escalate_to') AS way
  WHERE way.value ->> '$.channel' = 'email'
  UNION ALL
  SELECT lower('mailto:' || (body ->> '$.way.to')) FROM delivery WHERE body ->> '$.way.channel' = 'email'
) WHERE who <> '' ORDER BY who

-- name: acknowledged
SELECT id FROM notice WHERE body ->> '$.acknowledged_by' = :person

-- name: forget_acknowledged
UPDATE notice SET body = json_set(body, '$.acknowledged_by', '')
WHERE body ->> '$.acknowledged_by' = :person RETURNING id

-- name: delivered
SELECT id FROM delivery
WHERE body ->> '$.way.channel' = 'email' AND lower('mailto:' || (body ->> '$.way.to')) = lower(:person)

-- name: forget_delivered
DELETE FROM delivery
WHERE body ->> '$.way.channel' = 'email' AND lower('mailto:' || (body ->> '$.way.to')) = lower(:person)
RETURNING id

-- name: given_up
SELECT body FROM delivery WHERE state = 'given up' ORDER BY due DESC, id LIMIT :limit
