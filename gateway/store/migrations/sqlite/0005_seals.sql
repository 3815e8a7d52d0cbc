-- Seals over the rows of money (gateway/core/seal.py): one for each transaction that wrote any,
-- put down in that very transaction.

-- The last entry before the latest commit: those after it are what that commit wrote. A row that
-- another hand put in between two commits is thus in no seal.
ALTER TABLE head ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;

CREATE TABLE seal (
    batch  INTEGER PRIMARY KEY,
    at_us  INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    leaves BLOB    NOT NULL,  -- 17 octets a row: its kind, its id, the head of its hash
    root   BLOB    NOT NULL,
    chain  BLOB    NOT NULL
) STRICT;

CREATE TRIGGER seal_stays BEFORE UPDATE ON seal
BEGIN
    SELECT raise(ABORT, 'a seal is never changed');
END;

CREATE TRIGGER seal_is_kept BEFORE DELETE ON seal
BEGIN
    SELECT raise(ABORT, 'a seal is never removed');
END;

-- Whose seals these are, and which rows and commits are older than sealing.
CREATE TABLE sealing (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    node         TEXT    NOT NULL,
    after_entry  INTEGER NOT NULL,
    after_record INTEGER NOT NULL,
    after_batch  INTEGER NOT NULL
) STRICT;

INSERT INTO sealing (one, node, after_entry, after_record, after_batch)
SELECT
    1, lower(hex(randomblob(8))), coalesce((SELECT max(id) FROM entry), 0),
    coalesce((SELECT max(id) FROM call_record), 0), batch
FROM head;

CREATE TRIGGER sealing_stays BEFORE UPDATE ON sealing
BEGIN
    SELECT raise(ABORT, 'the name of a chain of seals is never changed');
END;

CREATE TRIGGER sealing_is_kept BEFORE DELETE ON sealing
BEGIN
    SELECT raise(ABORT, 'the name of a chain of seals is never removed');
END;

-- Commits that the witness outside the journal has seen and the journal does not have, and who
-- decided to go on without them. Their numbers are not used again.
CREATE TABLE loss (
    id          INTEGER PRIMARY KEY,
    at_us       INTEGER NOT NULL,
    first_batch INTEGER NOT NULL,
    last_batch  INTEGER NOT NULL,
    chain       TEXT    NOT NULL,  -- hex; that of the last seal which the witness has seen
    who         TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    CHECK (first_batch <= last_batch)
) STRICT;

CREATE TRIGGER loss_stays BEFORE UPDATE ON loss
BEGIN
    SELECT raise(ABORT, 'an accepted loss is never changed');
END;

CREATE TRIGGER loss_is_kept BEFORE DELETE ON loss
BEGIN
    SELECT raise(ABORT, 'an accepted loss is never removed');
END;
