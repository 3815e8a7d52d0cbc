-- Calls: a row for each leg when it begins, a row when it is over. Neither is ever changed; the
-- phone stands with the subscriber, where it is erased in time.
CREATE TABLE call_leg (
    id         INTEGER PRIMARY KEY,
    link       TEXT    NOT NULL,
    call_id    TEXT    NOT NULL,  -- the platform's
    leg        TEXT    NOT NULL CHECK (leg IN ('caller', 'operator')),
    party      TEXT    NOT NULL,
    called     TEXT    NOT NULL,
    started_us INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    UNIQUE (link, call_id, leg)
) STRICT;

CREATE INDEX call_leg_day ON call_leg (day);

-- Which legs have no record yet: an index, no part of the account.
CREATE TABLE call_open (
    leg_id     INTEGER PRIMARY KEY REFERENCES call_leg (id),
    started_us INTEGER NOT NULL
) STRICT;

-- number 0 closes the leg; 1 restates it, with the seconds that the platform told afterwards.
CREATE TABLE call_record (
    id          INTEGER PRIMARY KEY,
    leg_id      INTEGER NOT NULL REFERENCES call_leg (id),
    number      INTEGER NOT NULL CHECK (number IN (0, 1)),
    answered_us INTEGER,
    ended_us    INTEGER NOT NULL,
    platform_s  INTEGER,
    measured_s  INTEGER NOT NULL CHECK (measured_s >= 0),
    outcome     TEXT    NOT NULL,
    closed_by   TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    tariff      TEXT    NOT NULL,
    payer       TEXT    NOT NULL,
    billable_s  INTEGER NOT NULL CHECK (billable_s >= 0),
    amount_tiyn INTEGER NOT NULL CHECK (amount_tiyn >= 0),
    currency    TEXT    NOT NULL,
    vat_bp      INTEGER NOT NULL,
    UNIQUE (leg_id, number),
    CHECK (number = 0 OR platform_s IS NOT NULL)
) STRICT;

CREATE TRIGGER call_leg_stays BEFORE UPDATE ON call_leg
BEGIN
    SELECT raise(ABORT, 'a leg is never changed');
END;

CREATE TRIGGER call_leg_is_kept BEFORE DELETE ON call_leg
BEGIN
    SELECT raise(ABORT, 'a leg is never removed');
END;

CREATE TRIGGER call_record_stays BEFORE UPDATE ON call_record
BEGIN
    SELECT raise(ABORT, 'a call record is never changed');
END;

CREATE TRIGGER call_record_is_kept BEFORE DELETE ON call_record
BEGIN
    SELECT raise(ABORT, 'a call record is never removed');
END;


-- Callers who wait to be called. Kept for days only, so their phones stand here.
CREATE TABLE call_back (
    id       INTEGER PRIMARY KEY,
    link     TEXT    NOT NULL,
    call_id  TEXT    NOT NULL,
    party    TEXT    NOT NULL,
    msisdn   TEXT    NOT NULL,
    language TEXT    NOT NULL,
    wish     TEXT    NOT NULL,
    asked_us INTEGER NOT NULL,
    state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
    taken_us INTEGER,
    done_us  INTEGER,
    note     TEXT    NOT NULL,
    UNIQUE (link, call_id)
) STRICT;

-- One a phone, as long as it waits.
CREATE UNIQUE INDEX call_back_open ON call_back (party) WHERE state < 2;
CREATE INDEX call_back_done ON call_back (done_us) WHERE state = 2;
