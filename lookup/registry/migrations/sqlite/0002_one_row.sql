-- depends: 0001_registry
-- One row a ticket of one system, found by one search: its id follows from its number (see
-- lookup/registry/place.py). What stands in the tables of 0001 is moved batch by batch when the
-- file is opened (lookup/registry/moving.py), and they are dropped then.

ALTER TABLE ticket RENAME TO ticket_0001;

ALTER TABLE event RENAME TO event_0001;

CREATE TABLE ticket (
  id INTEGER PRIMARY KEY,         -- place of the number + slot; rows are never deleted
  number TEXT NOT NULL,           -- normal form
  kind TEXT NOT NULL,
  source_system TEXT NOT NULL,    -- '' where the feed names none
  status TEXT NOT NULL,
  status_us INTEGER,              -- UTC microseconds: a status never goes back
  version INTEGER,                -- nor does a version
  deleted INTEGER NOT NULL,       -- 1: registered by mistake, no longer told
  forward_count INTEGER NOT NULL, -- stated, or seen in its steps
  parent_place INTEGER,           -- first id of the place of the number it was opened for
  digest INTEGER NOT NULL,        -- of the line last taken; equal means nothing to do
  told TEXT NOT NULL,             -- JSON list: what a lookup tells
  kept TEXT NOT NULL,             -- JSON list: what staff see and updates need
  path TEXT                       -- JSON list of its steps, in order
) STRICT;

CREATE INDEX ticket_parent ON ticket (parent_place) WHERE parent_place IS NOT NULL;

CREATE INDEX ticket_circulating ON ticket (id, forward_count) WHERE forward_count > 1;

-- Which systems tell of which kind: only kinds of several are compared.
CREATE TABLE kind_system (
  kind TEXT NOT NULL,
  source_system TEXT NOT NULL,
  PRIMARY KEY (kind, source_system)
) STRICT, WITHOUT ROWID;

-- Tickets that their systems contradict each other about, found when they were stored.
CREATE TABLE conflict (
  number TEXT NOT NULL,
  kind TEXT NOT NULL,
  rule TEXT NOT NULL,
  systems TEXT NOT NULL,          -- JSON list
  found_us INTEGER,               -- UTC microseconds; null where no clock was given
  told_us INTEGER,                -- to whoever corrects it
  cleared_us INTEGER,             -- it no longer holds
  PRIMARY KEY (number, kind, rule)
) STRICT, WITHOUT ROWID;

ALTER TABLE revision ADD COLUMN fed_us INTEGER;  -- last fed, UTC microseconds
