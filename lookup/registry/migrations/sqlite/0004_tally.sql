-- depends: 0003_feeds
-- How many tickets there are, kept in the transaction of each batch: to count millions takes
-- minutes. Tickets that are there already are counted when the file is opened
-- (lookup/registry/moving.py). It also tells which systems know a kind, as kind_system did; and
-- since that is gone, an older release that still runs cannot store what would not be counted.

CREATE TABLE tally (
  kind TEXT NOT NULL,
  source_system TEXT NOT NULL,
  status TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  tickets INTEGER NOT NULL,       -- 0 where all have gone on to another status
  PRIMARY KEY (kind, source_system, status, deleted)
) STRICT, WITHOUT ROWID;

DROP TABLE kind_system;

ALTER TABLE revision ADD COLUMN events INTEGER NOT NULL DEFAULT 0;  -- steps of all tickets

ALTER TABLE revision ADD COLUMN counted_id INTEGER DEFAULT -1;  -- up to this one; null: all are

-- A ticket joined to another is not looked for behind that one, and thousands may be.
UPDATE ticket SET parent_place = NULL WHERE parent_place IS NOT NULL AND status = 'joined';
