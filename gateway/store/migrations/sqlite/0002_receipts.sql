-- Receipts: ours, owed to accounts that send us questions, stand among the replies; those of
-- operators are joined by every form of id, and by the reference of a submit without response.

-- Without the reference to `question`: a receipt of ours may be for a part.
CREATE TABLE reply_new (
    id           INTEGER PRIMARY KEY,
    question_id  INTEGER NOT NULL,
    ordinal      INTEGER NOT NULL,  -- 15: a receipt of ours
    seg          INTEGER NOT NULL,
    segs         INTEGER NOT NULL,
    link         TEXT    NOT NULL,
    msisdn       TEXT,
    source       TEXT    NOT NULL,
    text         TEXT,
    text_id      TEXT    NOT NULL,
    reference    INTEGER NOT NULL,
    state        INTEGER NOT NULL CHECK (state IN (0, 1, 3, 4, 5, 6, 7, 8)),
    next_us      INTEGER NOT NULL,
    expires_us   INTEGER NOT NULL,
    receipt      INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    maybe_sent   INTEGER NOT NULL,
    message_id   TEXT,
    canonical_id TEXT,
    status       INTEGER,
    submitted_us INTEGER,
    done_us      INTEGER,
    stat         TEXT,
    error        TEXT,
    UNIQUE (question_id, ordinal, seg)
) STRICT;

INSERT INTO reply_new SELECT * FROM reply;
DROP TABLE reply;
ALTER TABLE reply_new RENAME TO reply;

CREATE INDEX reply_open ON reply (link, state, id) WHERE state IN (0, 1, 5);
CREATE INDEX reply_submitted ON reply (link, canonical_id) WHERE state = 3;
-- Replies of unknown fate, found by the user_message_reference that they were sent with.
CREATE INDEX reply_unknown ON reply (link, id & 65535) WHERE state = 5;
-- Parts of long replies that still await a receipt.
CREATE INDEX reply_parts ON reply (submitted_us) WHERE state = 3 AND segs > 1 AND receipt = 1;

-- Receipts that came before their submit's response: a row for each id that the response may
-- have. `told_as` is the id by the form that is believed in, the same in all rows of a receipt;
-- an id by another form needs the proof that `party` is that of the reply, and so does
-- `reference`, the user_message_reference.
CREATE TABLE orphan_new (
    id           INTEGER PRIMARY KEY,
    link         TEXT    NOT NULL,
    canonical_id TEXT    NOT NULL,
    told_as      TEXT    NOT NULL,
    party        TEXT    NOT NULL,
    reference    INTEGER,
    state        INTEGER,
    stat         TEXT    NOT NULL,
    error        TEXT    NOT NULL,
    charge       TEXT,
    at_us        INTEGER NOT NULL,
    UNIQUE (link, told_as, canonical_id)
) STRICT;

INSERT INTO orphan_new (
    id, link, canonical_id, told_as, party, state, stat, error, charge, at_us)
SELECT id, link, canonical_id, canonical_id, '', state, stat, error, charge, at_us FROM orphan;
DROP TABLE orphan;
ALTER TABLE orphan_new RENAME TO orphan;

CREATE INDEX orphan_id ON orphan (link, canonical_id);
CREATE INDEX orphan_reference ON orphan (link, reference) WHERE reference IS NOT NULL;
