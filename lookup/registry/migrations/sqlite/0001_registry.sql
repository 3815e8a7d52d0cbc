-- The ticket registry. It lives in a file of its own, fed by imports; the journal never joins it.

CREATE TABLE ticket (
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL,           -- normal form
  kind TEXT NOT NULL,
  number_shown TEXT,              -- as printed on the slip
  source_system TEXT,
  status TEXT NOT NULL,
  status_at TEXT,                 -- ISO time; its first ten characters are the civil date
  status_us INTEGER,              -- the same in UTC microseconds: a status never goes back
  created_at TEXT,
  first_filed_at TEXT,
  body_id TEXT,                   -- the directory may come later than the ticket: no foreign key
  other_bodies TEXT,              -- JSON list of ids
  due_on TEXT,
  due_basis TEXT,
  forward_count INTEGER NOT NULL,
  extended_count INTEGER NOT NULL,
  parent_id TEXT,
  owner_hashes TEXT,              -- keyed hashes of phones, parted by spaces
  owner_lang TEXT,
  intake TEXT,
  answer_via TEXT,
  sensitivity TEXT,
  fine TEXT,                      -- JSON object
  inspection TEXT,                -- JSON object
  extra TEXT,                     -- JSON object: what the feed says beyond the model
  digest INTEGER NOT NULL,        -- of the whole line as stored; equal means nothing to do
  UNIQUE (number, kind)
) STRICT;

CREATE TABLE event (
  id INTEGER PRIMARY KEY,         -- rises: a reader can follow what is new
  ticket_id INTEGER NOT NULL REFERENCES ticket (id),
  source_event_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  stage TEXT NOT NULL,
  from_body TEXT,
  to_body TEXT,
  actor_role TEXT,
  note_code TEXT,
  due_on_after TEXT,
  extra TEXT,
  UNIQUE (ticket_id, source_event_id)
) STRICT;

CREATE TABLE body (
  id TEXT PRIMARY KEY,
  code TEXT NOT NULL,
  parent_id TEXT,
  region TEXT NOT NULL,
  connected INTEGER NOT NULL,
  phone TEXT,
  sms_name TEXT NOT NULL,         -- JSON object by language, as are the next two
  name TEXT NOT NULL,
  voice_name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row. bodies_revision rises with each import that changed a body; readers compare it.
CREATE TABLE revision (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  bodies_revision INTEGER NOT NULL
) STRICT;

INSERT INTO revision (id, bodies_revision) VALUES (1, 0);

-- How far each unfinished import came, written with each of its batches.
CREATE TABLE import_progress (
  id INTEGER PRIMARY KEY,
  file TEXT NOT NULL UNIQUE,      -- digest of head, size and modification time
  name TEXT NOT NULL,
  octets INTEGER NOT NULL,        -- everything before is stored or rejected
  rejects_octets INTEGER NOT NULL,
  counts TEXT NOT NULL            -- JSON: the report so far
) STRICT;
