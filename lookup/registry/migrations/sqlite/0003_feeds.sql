-- Who may push tickets over HTTP, and what was answered to pushes that may be repeated.

CREATE TABLE api_key (
  id TEXT PRIMARY KEY,            -- part of the key that may be told: logs name it
  feed TEXT NOT NULL,             -- the source_system that it writes as
  digest TEXT NOT NULL,           -- SHA-256 of the whole key, in hex: the key itself is not kept
  scope TEXT NOT NULL,            -- JSON object: bodies, subtree, kinds, rights, networks
  created_us INTEGER NOT NULL,
  expires_us INTEGER NOT NULL,
  revoked_us INTEGER,
  used_us INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX api_key_feed ON api_key (feed);

-- Written in the transaction of the tickets, so that a repeat finds both or neither.
CREATE TABLE api_idem (
  id INTEGER PRIMARY KEY,
  feed TEXT NOT NULL,             -- not the key: a repeat may come with the feed's next one
  k TEXT NOT NULL,                -- Idempotency-Key
  part INTEGER NOT NULL,          -- of a batch: which group of its lines, from 0
  digest TEXT NOT NULL,           -- SHA-256 of the request, in hex
  status INTEGER NOT NULL,
  answer BLOB NOT NULL,           -- deflated
  expires_us INTEGER NOT NULL,
  UNIQUE (feed, k, part)
) STRICT;

CREATE INDEX api_idem_expires ON api_idem (expires_us);
