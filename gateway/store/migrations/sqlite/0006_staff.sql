-- Who may decide about money, and what was decided, tried or refused. Rows are added, never
-- changed. The people of a later console stand in the same table.

-- How a person stands from then on: the last row of a name counts.
CREATE TABLE staff (
    id         INTEGER PRIMARY KEY,
    at_us      INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    key_hash   TEXT    NOT NULL,  -- keyed; '' once disabled
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    changed_by TEXT    NOT NULL
) STRICT;

CREATE TRIGGER staff_never_changes BEFORE UPDATE ON staff
BEGIN
    SELECT raise(ABORT, 'a row of the staff is never changed; add one that follows it');
END;

CREATE TRIGGER staff_never_goes BEFORE DELETE ON staff
BEGIN
    SELECT raise(ABORT, 'a row of the staff is never deleted');
END;

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at_us   INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    role    TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    target  TEXT    NOT NULL,
    outcome TEXT    NOT NULL,
    detail  TEXT    NOT NULL CHECK (json_valid(detail))  -- an object
) STRICT;

CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN
    SELECT raise(ABORT, 'a row of the audit is never changed');
END;

CREATE TRIGGER audit_never_goes BEFORE DELETE ON audit
BEGIN
    SELECT raise(ABORT, 'a row of the audit is never deleted');
END;
