-- The journal on SQLite: questions, replies, ledger, and what keeps a question from being
-- charged twice. Times are UTC microseconds (*_us), money whole tiyn. States are those of
-- ReplyState and QuestionState in gateway/store/journal.py.
--
-- Every index costs each message a page; those that only live rows need are partial.

-- The number of the latest commit. A question carries the number of the commit that answered it:
-- that is how a transaction tells the answers it has just taken from those given before.
CREATE TABLE head (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    batch INTEGER NOT NULL
) STRICT;

INSERT INTO head (one, batch) VALUES (1, 0);

-- How far the peer of a bind has proven to have read our responses.
CREATE TABLE session (
    id                INTEGER PRIMARY KEY,
    confirmed_through INTEGER NOT NULL
) STRICT;

-- Who holds a fingerprint: a question or a part. The primary key also proves that no two
-- different messages were given one id.
CREATE TABLE fingerprint (
    owner_id    INTEGER PRIMARY KEY,
    link        TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    session     INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    UNIQUE (link, fingerprint)
) STRICT;

-- fingerprint and text are null once the question is answered.
CREATE TABLE question (
    id          INTEGER PRIMARY KEY,
    link        TEXT    NOT NULL,
    operator    TEXT    NOT NULL,
    session     INTEGER NOT NULL,
    fingerprint TEXT,
    party       TEXT    NOT NULL,
    short_code  TEXT    NOT NULL,
    channel     TEXT    NOT NULL,
    received_us INTEGER NOT NULL,
    day         INTEGER NOT NULL,
    intent      TEXT    NOT NULL,
    text        TEXT,
    parts       INTEGER NOT NULL,
    state       INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
    language    TEXT,
    result      TEXT,
    ticket_kind TEXT,
    answered_us INTEGER,
    batch       INTEGER NOT NULL,
    duplicates  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX question_day ON question (day);
CREATE INDEX question_owed ON question (id) WHERE state IN (0, 1);
CREATE INDEX question_parked ON question (id) WHERE state = 3;

-- msisdn and text stay only as long as the reply may still be sent.
CREATE TABLE reply (
    id           INTEGER PRIMARY KEY,
    question_id  INTEGER NOT NULL REFERENCES question (id),
    ordinal      INTEGER NOT NULL,
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

-- Queued, submitting and unknown replies.
CREATE INDEX reply_open ON reply (link, state, id) WHERE state IN (0, 1, 5);
-- Submitted replies, found by the id the operator gave them.
CREATE INDEX reply_submitted ON reply (link, canonical_id) WHERE state = 3;

-- The ledger: entries are added, never changed.
CREATE TABLE entry (
    id           INTEGER PRIMARY KEY,
    key          TEXT    NOT NULL UNIQUE,
    day          INTEGER NOT NULL,
    question_id  INTEGER NOT NULL,
    link         TEXT    NOT NULL,
    operator     TEXT    NOT NULL,
    party        TEXT    NOT NULL,
    channel      TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    amount_tiyn  INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    vat_bp       INTEGER NOT NULL,
    charge_point TEXT    NOT NULL,
    tariff       TEXT    NOT NULL,
    result       TEXT    NOT NULL,
    reason       TEXT,
    corrects     TEXT,
    parts        INTEGER NOT NULL,
    at_us        INTEGER NOT NULL,
    -- One key for either settlement, so that charged and voided exclude each other.
    CHECK (CASE kind
        WHEN 'rated' THEN key = 'rated:' || question_id
        WHEN 'charged' THEN key = 'settled:' || question_id
        WHEN 'voided' THEN key = 'settled:' || question_id
        WHEN 'credited' THEN key LIKE 'credited:' || question_id || ':_%'
        WHEN 'adjusted' THEN key LIKE 'adjusted:' || question_id || ':_%'
        ELSE 0
    END)
) STRICT;

CREATE TRIGGER entry_never_changes BEFORE UPDATE ON entry
BEGIN
    SELECT raise(ABORT, 'a ledger entry is never changed; add one that corrects it');
END;

CREATE TRIGGER entry_never_goes BEFORE DELETE ON entry
BEGIN
    SELECT raise(ABORT, 'a ledger entry is never deleted');
END;

-- What is remembered of a phone. msisdn is '' once erased.
CREATE TABLE subscriber (
    party   TEXT    PRIMARY KEY,
    msisdn  TEXT    NOT NULL,
    facts   TEXT    NOT NULL,
    seen_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Segments that wait for the rest of their message. Sets are kept apart by set_id, the id of the
-- set's first part. octets is base64.
CREATE TABLE part (
    id          INTEGER PRIMARY KEY,
    set_id      INTEGER NOT NULL,
    link        TEXT    NOT NULL,
    operator    TEXT    NOT NULL,
    session     INTEGER NOT NULL,
    fingerprint TEXT    NOT NULL,
    party       TEXT    NOT NULL,
    msisdn      TEXT    NOT NULL,
    short_code  TEXT    NOT NULL,
    received_us INTEGER NOT NULL,
    data_coding INTEGER NOT NULL,
    octets      TEXT    NOT NULL,
    reference   INTEGER NOT NULL,
    width       INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    number      INTEGER NOT NULL CHECK (number BETWEEN 1 AND total),
    UNIQUE (set_id, number)
) STRICT;

CREATE INDEX part_waiting ON part (party, reference);

-- Receipts that came before their submit's response.
CREATE TABLE orphan (
    id           INTEGER PRIMARY KEY,
    link         TEXT    NOT NULL,
    canonical_id TEXT    NOT NULL,
    state        INTEGER,
    stat         TEXT    NOT NULL,
    error        TEXT    NOT NULL,
    charge       TEXT,
    at_us        INTEGER NOT NULL,
    UNIQUE (link, canonical_id)
) STRICT;
