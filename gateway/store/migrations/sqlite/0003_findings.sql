-- Tickets about which systems contradict each other, found while they were asked for. What imports
-- find stands in the registry they go to.
CREATE TABLE finding (
    id         INTEGER PRIMARY KEY,
    kind       TEXT    NOT NULL,
    number     TEXT    NOT NULL,
    rule       TEXT    NOT NULL,
    sources    TEXT    NOT NULL,  -- JSON list of names
    found_us   INTEGER NOT NULL,
    seen_us    INTEGER NOT NULL,  -- the last time
    cleared_us INTEGER,           -- when they agreed again
    UNIQUE (kind, number, rule)
) STRICT;

CREATE INDEX finding_seen ON finding (seen_us);
CREATE INDEX finding_open ON finding (id) WHERE cleared_us IS NULL;
