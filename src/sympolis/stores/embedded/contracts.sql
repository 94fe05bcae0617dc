-- The statements of contracts with other twins. Values reach them as parameters only.

-- name: schema
-- Negotiations, transfers and agreements, `body` is JSON; a partner's own id for one (`peer`) is known once at most.
CREATE TABLE IF NOT EXISTS contract (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  partner TEXT NOT NULL,
  peer TEXT,
  tie TEXT NOT NULL,
  begun TEXT NOT NULL,
  waiting INTEGER NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS contract_peer ON contract (kind, partner, peer) WHERE peer IS NOT NULL;
CREATE INDEX IF NOT EXISTS contract_begun ON contract (kind, begun);
CREATE INDEX IF NOT EXISTS contract_tie ON contract (kind, tie, begun) WHERE tie <> '';
CREATE INDEX IF NOT EXISTS contract_partner ON contract (kind, partner, begun);
CREATE INDEX IF NOT EXISTS contract_waiting ON contract (kind) WHERE waiting = 1;
CREATE INDEX IF NOT EXISTS contract_open ON contract (kind, partner) WHERE waiting < 2;
CREATE TABLE IF NOT EXISTS data_use (
  number INTEGER PRIMARY KEY,
  transfer TEXT NOT NULL,
  agreement TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS data_use_transfer ON data_use (transfer, number);
CREATE INDEX IF NOT EXISTS data_use_agreement ON data_use (agreement, number);
CREATE TABLE IF NOT EXISTS rule_count (rule TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID

-- name: add
INSERT INTO contract (kind, id, partner, peer, tie, begun, waiting, version, body)
VALUES (:kind, :id, :partner, :peer, :tie, :begun, :waiting, :version, :body)
ON CONFLICT DO NOTHING RETURNING id

-- name: replace
UPDATE contract SET partner = :partner, peer = :peer, tie = :tie, waiting = :waiting, version = :version, body = :body
WHERE kind = :kind AND id = :id AND version = :version - 1 RETURNING id

-- name: find
SELECT body FROM contract WHERE kind = :kind AND id = :id

-- name: find_peer
SELECT body FROM contract WHERE kind = :kind AND partner = :partner AND peer = :peer

-- name: page
SELECT body FROM contract
WHERE kind = :kind AND begun < :before AND (:partner = '' OR partner = :partner) AND (:tie = '' OR tie = :tie)
ORDER BY begun DESC LIMIT :limit

-- name: waiting
SELECT body FROM contract WHERE kind = :kind AND waiting = 1

-- name: open
SELECT kind, partner, count(*) FROM contract WHERE waiting < 2 GROUP BY kind, partner

-- name: ended
-- Whoever ended before an instant has begun before it: the index bounds what is read.
SELECT id, version FROM contract
WHERE kind = :kind AND waiting = 2 AND begun < :before AND json_extract(body, '$.changed') < :before
ORDER BY begun LIMIT :limit

-- name: many
SELECT partner FROM contract WHERE kind = :kind GROUP BY partner HAVING count(*) > :most

-- name: beyond
SELECT id, version FROM contract WHERE kind = :kind AND partner = :partner AND waiting = 2
ORDER BY begun DESC LIMIT :limit OFFSET :most

-- name: forget
DELETE FROM contract WHERE kind = :kind AND id = :id AND version = :version

-- name: use
INSERT INTO data_use (number, transfer, agreement, body) VALUES (:number, :transfer, :agreement, :body)
ON CONFLICT (number) DO UPDATE SET body = excluded.body

-- name: last_use
SELECT coalesce(max(number), 0) FROM data_use

-- name: uses
SELECT number, body FROM data_use
WHERE number > :after AND (:transfer = '' OR transfer = :transfer) AND (:agreement = '' OR agreement = :agreement)
ORDER BY number LIMIT :limit

-- name: latest_uses
SELECT number, body FROM data_use
WHERE number > :after AND (:transfer = '' OR transfer = :transfer) AND (:agreement = '' OR agreement = :agreement)
ORDER BY number DESC LIMIT :limit

-- name: count
INSERT INTO rule_count (rule, number) VALUES (:rule, :number)
ON CONFLICT (rule) DO UPDATE SET number = excluded.number

-- name: counted
SELECT number FROM rule_count WHERE rule = :rule
