-- One transaction of the journal as one statement.
--
-- The writer inserts one row into the view `batch_in`; its trigger does the whole work, verb by
-- verb, and each verb is a view with a trigger again. Columns are JSON arrays of rows, or null;
-- the fields of a row stand in the order of the named tuple given beside the column.
--
-- Why: the thread that runs this lets the interpreter go once and asks for it back once, however
-- many messages there are. With a statement a row, or a dozen a transaction, it would queue for
-- the interpreter behind the busy event loop each time.
--
-- What the callers must hear is told through the function tell(kind, a, b), and only what is
-- rare: duplicates, complete sets, replies that could not be claimed, receipts without a reply or
-- with one found by another id, what is remembered of phones that call.
--
-- `SELECT value AS v FROM json_each(...) LIMIT -1` keeps SQLite from rendering each row anew for
-- every field taken from it, which takes twice the time. Views within views are given single rows
-- (VALUES) and say WHEN they have work to do: an INSERT ... SELECT would set up a table for it.

CREATE TEMP VIEW batch_in AS SELECT
    NULL AS parts,           -- StoredPart
    NULL AS questions,       -- Question to parts, then Answer from state to answered_us
    NULL AS question_count,
    NULL AS answers,         -- Answer to answered_us: of questions stored before
    NULL AS replies,         -- Reply
    NULL AS late_replies,    -- Reply, of questions stored before
    NULL AS reports,         -- Reply: our receipts for questions and parts of this batch
    NULL AS entries,         -- Entry
    NULL AS subscribers,     -- question_id, party, msisdn, facts, seen_us
    NULL AS seen,            -- question_id, party, msisdn, seen_us: phones that only asked
    NULL AS joined,          -- ids of parts that have become a question
    NULL AS claims,          -- reply_id, now_us
    NULL AS outcomes,        -- Outcome
    NULL AS receipts,        -- ReceiptSeen
    NULL AS confirms,        -- session, through
    NULL AS legs,            -- CallLeg; true where what is known of its phone is to be told
    NULL AS call_records,    -- id; link, call_id, leg of its leg; CallRecord from answered_us
    NULL AS booked,          -- Entry, and whether it comes with a late answer
    NULL AS audits,          -- AuditRecord to detail, keys of `booked` that it tells of; with a
                             -- change of the staff the last row before it, the row, its place
    NULL AS repeat_us,       -- how long a fingerprint is live at least
    NULL AS doubtful_us,     -- and how long while nobody has seen our response arrive
    NULL AS receipt_us,      -- how long after its submit a reply may get a receipt
    NULL AS now_us,
    NULL AS batch;           -- the number that this commit has, as far as its writer knows

CREATE TEMP VIEW parts_in AS SELECT NULL AS parts, NULL AS repeat_us, NULL AS doubtful_us;
CREATE TEMP VIEW questions_in AS SELECT
    NULL AS questions, NULL AS question_count, NULL AS repeat_us, NULL AS doubtful_us;
CREATE TEMP VIEW answers_in AS SELECT NULL AS answers;
CREATE TEMP VIEW replies_in AS SELECT NULL AS replies, NULL AS late_replies;
CREATE TEMP VIEW reports_in AS SELECT NULL AS reports;
CREATE TEMP VIEW entries_in AS SELECT NULL AS entries;
CREATE TEMP VIEW subscribers_in AS SELECT NULL AS subscribers;
CREATE TEMP VIEW seen_in AS SELECT NULL AS seen;
CREATE TEMP VIEW joined_in AS SELECT NULL AS joined;
CREATE TEMP VIEW claims_in AS SELECT NULL AS claims;
CREATE TEMP VIEW outcomes_in AS SELECT NULL AS outcomes;
CREATE TEMP VIEW receipts_in AS SELECT NULL AS receipts, NULL AS receipt_us;
CREATE TEMP VIEW confirms_in AS SELECT NULL AS confirms;
CREATE TEMP VIEW legs_in AS SELECT NULL AS legs;
CREATE TEMP VIEW call_records_in AS SELECT NULL AS call_records;
CREATE TEMP VIEW booked_in AS SELECT NULL AS booked;
CREATE TEMP VIEW audits_in AS SELECT NULL AS audits;

CREATE TEMP TRIGGER batch_commits INSTEAD OF INSERT ON batch_in
BEGIN
    INSERT INTO batch_began VALUES (NEW.batch, NULL);
    INSERT INTO parts_in VALUES (NEW.parts, NEW.repeat_us, NEW.doubtful_us);
    INSERT INTO questions_in
    VALUES (NEW.questions, NEW.question_count, NEW.repeat_us, NEW.doubtful_us);
    INSERT INTO answers_in VALUES (NEW.answers);
    INSERT INTO replies_in VALUES (NEW.replies, NEW.late_replies);
    INSERT INTO reports_in VALUES (NEW.reports);
    INSERT INTO entries_in VALUES (NEW.entries);
    INSERT INTO subscribers_in VALUES (NEW.subscribers);
    INSERT INTO seen_in VALUES (NEW.seen);
    INSERT INTO joined_in VALUES (NEW.joined);
    INSERT INTO claims_in VALUES (NEW.claims);
    INSERT INTO outcomes_in VALUES (NEW.outcomes);
    INSERT INTO receipts_in VALUES (NEW.receipts, NEW.receipt_us);
    INSERT INTO confirms_in VALUES (NEW.confirms);
    INSERT INTO legs_in VALUES (NEW.legs);
    INSERT INTO call_records_in VALUES (NEW.call_records);
    INSERT INTO booked_in VALUES (NEW.booked);
    INSERT INTO audits_in VALUES (NEW.audits);
    INSERT INTO batch_ends VALUES (NEW.now_us);
END;

-- A BATCH begins with its number and ends with a seal over the rows of money that it wrote:
-- entries are those after `head.entry`, others are gathered in `fresh`. No column is rendered
-- twice, and Python is asked once, where there is anything to seal (seal, in sqlite_seals.py).

CREATE TEMP VIEW batch_began AS SELECT
    NULL AS batch,  -- as its writer counted; null: unknown
    NULL AS least;  -- its number is above this

-- The version of the file's definitions that was looked at (sqlite_strangers.py).
CREATE TEMP TABLE trusted (schema INTEGER);
INSERT INTO trusted VALUES (NULL);

CREATE TEMP TRIGGER batch_is_numbered INSTEAD OF INSERT ON batch_began
BEGIN
    SELECT altered() FROM trusted
    WHERE schema <> (SELECT schema_version FROM pragma_schema_version);

    UPDATE head
    SET batch = max(batch, coalesce(NEW.least, 0)) + 1,
        entry = coalesce((SELECT max(id) FROM entry), 0);

    -- Another process has committed in between, or this one has just begun.
    SELECT counted(batch, (SELECT chain FROM seal ORDER BY batch DESC LIMIT 1))
    FROM head WHERE batch IS NOT NEW.batch;
END;

CREATE TEMP TABLE fresh (
    place INTEGER PRIMARY KEY,
    kind  INTEGER NOT NULL,  -- of RowKind in gateway/core/seal.py
    id    INTEGER NOT NULL
);

CREATE TEMP TRIGGER record_is_fresh AFTER INSERT ON call_record
BEGIN
    INSERT INTO fresh (kind, id) VALUES (2, NEW.id);
END;

CREATE TEMP TRIGGER audit_is_fresh AFTER INSERT ON audit
BEGIN
    INSERT INTO fresh (kind, id) VALUES (3, NEW.id);
END;

CREATE TEMP TRIGGER loss_is_fresh AFTER INSERT ON loss
BEGIN
    INSERT INTO fresh (kind, id) VALUES (4, NEW.id);
END;

CREATE TEMP TRIGGER staff_is_fresh AFTER INSERT ON staff
BEGIN
    INSERT INTO fresh (kind, id) VALUES (5, NEW.id);
END;

CREATE TEMP VIEW batch_ends AS SELECT NULL AS now_us;
CREATE TEMP VIEW unsealed_in AS SELECT
    NULL AS at_us, NULL AS chain, NULL AS entries, NULL AS others;  -- rows, one a line
CREATE TEMP VIEW sealed_in AS SELECT NULL AS at_us, NULL AS told;

CREATE TEMP TRIGGER money_was_written INSTEAD OF INSERT ON batch_ends
WHEN (SELECT max(id) FROM entry) > (SELECT entry FROM head) OR EXISTS (SELECT 1 FROM fresh)
BEGIN
    INSERT INTO unsealed_in VALUES (
        max(NEW.now_us, coalesce((SELECT at_us FROM seal ORDER BY batch DESC LIMIT 1), 0)),
        (SELECT chain FROM seal ORDER BY batch DESC LIMIT 1),
        (SELECT CAST(group_concat(row, char(10)) AS BLOB) FROM (
            SELECT row FROM sealed_entry WHERE id > (SELECT entry FROM head) ORDER BY id)),
        (SELECT CAST(group_concat(row, char(10)) AS BLOB) FROM (
            SELECT CASE kind
                WHEN 2 THEN (SELECT row FROM sealed_record s WHERE s.id = fresh.id)
                WHEN 3 THEN (SELECT row FROM sealed_audit s WHERE s.id = fresh.id)
                WHEN 4 THEN (SELECT row FROM sealed_loss s WHERE s.id = fresh.id)
                WHEN 5 THEN (SELECT row FROM sealed_staff s WHERE s.id = fresh.id)
            END AS row
            FROM fresh ORDER BY place)));

    DELETE FROM fresh;
END;

CREATE TEMP TRIGGER rows_are_sealed INSTEAD OF INSERT ON unsealed_in
BEGIN
    INSERT INTO sealed_in VALUES (NEW.at_us, seal(
        (SELECT batch FROM head), NEW.at_us, (SELECT node FROM sealing), NEW.chain, NEW.entries,
        NEW.others));
END;

-- What `seal` tells: the chain, the root, and the names of the rows.
CREATE TEMP TRIGGER seal_is_put_down INSTEAD OF INSERT ON sealed_in
BEGIN
    SELECT raise(ABORT, 'opened without its key the journal takes no rows of money')
    WHERE NEW.told IS NULL;

    INSERT INTO seal (batch, at_us, count, leaves, root, chain)
    SELECT
        batch, NEW.at_us, (length(NEW.told) - 64) / 17, substr(NEW.told, 65),
        substr(NEW.told, 33, 32), substr(NEW.told, 1, 32)
    FROM head;
END;

-- A CHORE that may write money, as one transaction.

CREATE TEMP VIEW chore_in AS SELECT
    NULL AS proven,  -- ids of replies that became unknown and have receipts, each in an array
    NULL AS fates,   -- reply_id, state, charge
    NULL AS now_us;

CREATE TEMP TRIGGER chore_commits INSTEAD OF INSERT ON chore_in
BEGIN
    INSERT INTO batch_began VALUES (NULL, NULL);
    INSERT INTO early_receipts_in SELECT NEW.proven WHERE NEW.proven IS NOT NULL;
    INSERT INTO fates_in SELECT NEW.fates, NEW.now_us WHERE NEW.fates IS NOT NULL;
    INSERT INTO batch_ends VALUES (NEW.now_us);
END;

CREATE TEMP VIEW loss_in AS SELECT
    NULL AS first_batch, NULL AS last_batch, NULL AS chain, NULL AS reason,
    NULL AS at_us, NULL AS who, NULL AS role, NULL AS action, NULL AS target, NULL AS outcome,
    NULL AS detail;  -- from at_us: AuditRecord

CREATE TEMP TRIGGER loss_is_accepted INSTEAD OF INSERT ON loss_in
BEGIN
    INSERT INTO batch_began VALUES (NULL, NEW.last_batch);

    INSERT INTO loss (at_us, first_batch, last_batch, chain, who, reason)
    VALUES (NEW.at_us, NEW.first_batch, NEW.last_batch, NEW.chain, NEW.who, NEW.reason);

    INSERT INTO audit (at_us, who, role, action, target, outcome, detail)
    VALUES (NEW.at_us, NEW.who, NEW.role, NEW.action, NEW.target, NEW.outcome, NEW.detail);

    INSERT INTO batch_ends VALUES (NEW.at_us);
END;

-- PARTS, one row at a time, since each may open or complete a set.

CREATE TEMP VIEW part_in AS SELECT
    NULL AS id, NULL AS link, NULL AS operator, NULL AS session, NULL AS fingerprint,
    NULL AS party, NULL AS msisdn, NULL AS short_code, NULL AS received_us, NULL AS data_coding,
    NULL AS octets, NULL AS reference, NULL AS width, NULL AS total, NULL AS number,
    NULL AS repeat_us, NULL AS doubtful_us;

CREATE TEMP TRIGGER parts_arrive INSTEAD OF INSERT ON parts_in WHEN NEW.parts IS NOT NULL
BEGIN
    INSERT INTO part_in
    SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8,
        v ->> 9, v ->> 10, v ->> 11, v ->> 12, v ->> 13, v ->> 14, NEW.repeat_us, NEW.doubtful_us
    FROM (SELECT value AS v FROM json_each(NEW.parts) LIMIT -1);

    SELECT tell('set', c.set_id, json_group_array(json_array(
        p.id, p.link, p.operator, p.session, p.fingerprint, p.party, p.msisdn, p.short_code,
        p.received_us, p.data_coding, p.octets, p.reference, p.width, p.total, p.number)))
    FROM (
        SELECT set_id FROM part
        WHERE set_id IN (
            SELECT t.set_id FROM json_each(NEW.parts) j JOIN part t ON t.id = j.value ->> 0)
        GROUP BY set_id HAVING count(*) = max(total)) c
    JOIN part p ON p.set_id = c.set_id
    GROUP BY c.set_id;
END;

CREATE TEMP TRIGGER part_arrives INSTEAD OF INSERT ON part_in
BEGIN
    INSERT INTO fingerprint (owner_id, link, fingerprint, session, received_us)
    VALUES (NEW.id, NEW.link, NEW.fingerprint, NEW.session, NEW.received_us)
    ON CONFLICT (link, fingerprint) DO UPDATE
    SET owner_id = excluded.owner_id, session = excluded.session,
        received_us = excluded.received_us
    WHERE fingerprint.received_us + NEW.repeat_us <= excluded.received_us
        AND (fingerprint.received_us + NEW.doubtful_us <= excluded.received_us
            OR fingerprint.owner_id <= coalesce((
                SELECT s.confirmed_through FROM session s WHERE s.id = fingerprint.session), 0));

    -- It joins the latest set that still wants this number; else it opens one.
    INSERT INTO part (
        id, set_id, link, operator, session, fingerprint, party, msisdn, short_code, received_us,
        data_coding, octets, reference, width, total, number)
    SELECT
        NEW.id,
        coalesce((
            SELECT p.set_id FROM part p
            WHERE p.party = NEW.party AND p.reference = NEW.reference
                AND p.operator = NEW.operator AND p.short_code = NEW.short_code
                AND p.total = NEW.total AND p.width = NEW.width
            GROUP BY p.set_id HAVING max(p.number = NEW.number) = 0
            ORDER BY p.set_id DESC LIMIT 1), NEW.id),
        NEW.link, NEW.operator, NEW.session, NEW.fingerprint, NEW.party, NEW.msisdn,
        NEW.short_code, NEW.received_us, NEW.data_coding, NEW.octets, NEW.reference, NEW.width,
        NEW.total, NEW.number
    WHERE changes() > 0;  -- no change: the fingerprint is live, the part a copy

    SELECT tell('duplicate', NEW.id, f.owner_id) FROM fingerprint f
    WHERE f.link = NEW.link AND f.fingerprint = NEW.fingerprint AND f.owner_id <> NEW.id;
END;

-- QUESTIONS. The first of a fingerprint owns it; the others are duplicates.

CREATE TEMP TRIGGER questions_arrive INSTEAD OF INSERT ON questions_in
WHEN NEW.questions IS NOT NULL
BEGIN
    INSERT INTO fingerprint (owner_id, link, fingerprint, session, received_us)
    SELECT v ->> 0, v ->> 1, v ->> 4, v ->> 3, v ->> 9
    FROM (SELECT value AS v FROM json_each(NEW.questions) LIMIT -1) WHERE true
    ON CONFLICT (link, fingerprint) DO UPDATE
    SET owner_id = excluded.owner_id, session = excluded.session,
        received_us = excluded.received_us
    WHERE fingerprint.received_us + NEW.repeat_us <= excluded.received_us
        AND (fingerprint.received_us + NEW.doubtful_us <= excluded.received_us
            OR fingerprint.owner_id <= coalesce((
                SELECT s.confirmed_through FROM session s WHERE s.id = fingerprint.session), 0));

    INSERT INTO question (
        id, link, operator, session, fingerprint, party, short_code, channel, received_us, day,
        intent, text, parts, state, language, result, ticket_kind, answered_us, batch)
    SELECT
        v ->> 0, v ->> 1, v ->> 2, v ->> 3, iif(v ->> 14 = 2, NULL, v ->> 4), v ->> 5, v ->> 7,
        v ->> 8, v ->> 9, v ->> 10, v ->> 11, iif(v ->> 14 = 2, NULL, v ->> 12), v ->> 13,
        v ->> 14, v ->> 15, v ->> 16, v ->> 17, v ->> 18, (SELECT batch FROM head)
    FROM (SELECT value AS v FROM json_each(NEW.questions) LIMIT -1)
    WHERE (SELECT f.owner_id FROM fingerprint f
        WHERE f.link = v ->> 1 AND f.fingerprint = v ->> 4) = v ->> 0
    ON CONFLICT (id) DO UPDATE SET id = excluded.id
    WHERE CASE WHEN question.link = excluded.link AND question.received_us = excluded.received_us
        THEN false ELSE raise(ABORT, 'a question id was given twice') END;

    INSERT INTO again_in (questions)
    SELECT NEW.questions WHERE changes() < NEW.question_count;
END;

-- Questions of which some were not stored: duplicates, or calls made once more.
CREATE TEMP VIEW again_in AS SELECT NULL AS questions;

CREATE TEMP TRIGGER questions_again INSTEAD OF INSERT ON again_in
BEGIN
    SELECT tell('duplicate', v ->> 0, f.owner_id)
    FROM (SELECT value AS v FROM json_each(NEW.questions) LIMIT -1)
    JOIN fingerprint f ON f.link = v ->> 1 AND f.fingerprint = v ->> 4 AND f.owner_id <> v ->> 0;

    UPDATE question SET duplicates = duplicates + d.copies
    FROM (
        SELECT f.owner_id, count(*) AS copies
        FROM (SELECT value AS v FROM json_each(NEW.questions) LIMIT -1)
        JOIN fingerprint f
            ON f.link = v ->> 1 AND f.fingerprint = v ->> 4 AND f.owner_id <> v ->> 0
        GROUP BY f.owner_id) d
    WHERE question.id = d.owner_id;

    -- A question stored before, given again, now with its answer.
    UPDATE question
    SET state = v ->> 14, language = v ->> 15, result = v ->> 16, ticket_kind = v ->> 17,
        answered_us = v ->> 18, batch = (SELECT batch FROM head),
        text = iif(v ->> 14 = 2, NULL, text),
        fingerprint = iif(v ->> 14 = 2, NULL, question.fingerprint)
    FROM (SELECT value AS v FROM json_each(NEW.questions) LIMIT -1)
    WHERE question.id = v ->> 0 AND v ->> 14 <> 0
        AND question.state <> 2 AND question.state <> v ->> 14;
END;

-- ANSWERS of questions stored before.

CREATE TEMP TRIGGER answers_arrive INSTEAD OF INSERT ON answers_in WHEN NEW.answers IS NOT NULL
BEGIN
    UPDATE question
    SET state = v ->> 1, language = v ->> 2, result = v ->> 3, ticket_kind = v ->> 4,
        answered_us = v ->> 5, batch = (SELECT batch FROM head),
        text = iif(v ->> 1 = 2, NULL, text),
        fingerprint = iif(v ->> 1 = 2, NULL, fingerprint)
    FROM (SELECT value AS v FROM json_each(NEW.answers) LIMIT -1)
    WHERE question.id = v ->> 0 AND question.state <> 2 AND question.state <> v ->> 1;
END;

-- What comes with the answers taken in this very batch, and with no other: REPLIES, ENTRIES,
-- SUBSCRIBERS.

CREATE TEMP TRIGGER replies_arrive INSTEAD OF INSERT ON replies_in
WHEN NEW.replies IS NOT NULL
BEGIN
    INSERT INTO reply (
        id, question_id, ordinal, seg, segs, link, msisdn, source, text, text_id, reference,
        state, next_us, expires_us, receipt, attempts, maybe_sent)
    SELECT
        v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8, v ->> 9,
        v ->> 10, v ->> 11, v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16
    FROM (SELECT value AS v FROM json_each(NEW.replies) LIMIT -1)
    WHERE (SELECT q.batch FROM question q WHERE q.id = v ->> 1) = (SELECT batch FROM head);
END;

CREATE TEMP TRIGGER late_replies_arrive INSTEAD OF INSERT ON replies_in
WHEN NEW.late_replies IS NOT NULL
BEGIN
    -- A question that was told to wait has replies already: those of its answer come after them.
    INSERT INTO reply (
        id, question_id, ordinal, seg, segs, link, msisdn, source, text, text_id, reference,
        state, next_us, expires_us, receipt, attempts, maybe_sent)
    SELECT
        v ->> 0, v ->> 1,
        v ->> 2 + coalesce((
            SELECT max(r.ordinal) + 1 FROM reply r
            WHERE r.question_id = v ->> 1 AND r.ordinal < 15), 0),
        v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8, v ->> 9, v ->> 10, v ->> 11,
        v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16
    FROM (SELECT value AS v FROM json_each(NEW.late_replies) LIMIT -1)
    WHERE (SELECT q.batch FROM question q WHERE q.id = v ->> 1) = (SELECT batch FROM head);
END;

-- OUR RECEIPTS, unless what they are for was not stored: a duplicate.

CREATE TEMP TRIGGER reports_arrive INSTEAD OF INSERT ON reports_in WHEN NEW.reports IS NOT NULL
BEGIN
    INSERT INTO reply (
        id, question_id, ordinal, seg, segs, link, msisdn, source, text, text_id, reference,
        state, next_us, expires_us, receipt, attempts, maybe_sent)
    SELECT
        v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8, v ->> 9,
        v ->> 10, v ->> 11, v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16
    FROM (SELECT value AS v FROM json_each(NEW.reports) LIMIT -1)
    WHERE EXISTS (SELECT 1 FROM question q WHERE q.id = v ->> 1)
        OR EXISTS (SELECT 1 FROM part p WHERE p.id = v ->> 1)
    ON CONFLICT (question_id, ordinal, seg) DO NOTHING;
END;

CREATE TEMP TRIGGER entries_arrive INSTEAD OF INSERT ON entries_in WHEN NEW.entries IS NOT NULL
BEGIN
    INSERT INTO entry (
        key, day, question_id, link, operator, party, channel, kind, amount_tiyn, currency,
        vat_bp, charge_point, tariff, result, reason, corrects, parts, at_us)
    SELECT
        v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8, v ->> 9,
        v ->> 10, v ->> 11, v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16, v ->> 17
    FROM (SELECT value AS v FROM json_each(NEW.entries) LIMIT -1)
    WHERE (SELECT q.batch FROM question q WHERE q.id = v ->> 2) = (SELECT batch FROM head)
    ON CONFLICT (key) DO NOTHING;
END;

CREATE TEMP TRIGGER subscribers_arrive INSTEAD OF INSERT ON subscribers_in
WHEN NEW.subscribers IS NOT NULL
BEGIN
    INSERT INTO subscriber (party, msisdn, facts, seen_us)
    SELECT v ->> 1, v ->> 2, v ->> 3, v ->> 4
    FROM (SELECT value AS v FROM json_each(NEW.subscribers) LIMIT -1)
    WHERE (SELECT q.batch FROM question q WHERE q.id = v ->> 0) = (SELECT batch FROM head)
    ON CONFLICT (party) DO UPDATE
    SET msisdn = excluded.msisdn, facts = excluded.facts, seen_us = excluded.seen_us;
END;

CREATE TEMP TRIGGER phones_seen INSTEAD OF INSERT ON seen_in WHEN NEW.seen IS NOT NULL
BEGIN
    INSERT INTO subscriber (party, msisdn, facts, seen_us)
    SELECT v ->> 1, v ->> 2, '{}', v ->> 3
    FROM (SELECT value AS v FROM json_each(NEW.seen) LIMIT -1)
    WHERE (SELECT q.batch FROM question q WHERE q.id = v ->> 0) = (SELECT batch FROM head)
    ON CONFLICT (party) DO UPDATE SET msisdn = excluded.msisdn, seen_us = excluded.seen_us;
END;

CREATE TEMP TRIGGER parts_go INSTEAD OF INSERT ON joined_in WHEN NEW.joined IS NOT NULL
BEGIN
    DELETE FROM part WHERE id IN (SELECT value FROM json_each(NEW.joined));
END;

-- CLAIMS.

CREATE TEMP TRIGGER claims_arrive INSTEAD OF INSERT ON claims_in WHEN NEW.claims IS NOT NULL
BEGIN
    SELECT tell('unclaimed', v ->> 0, NULL)
    FROM (SELECT value AS v FROM json_each(NEW.claims) LIMIT -1)
    WHERE NOT EXISTS (SELECT 1 FROM reply r WHERE r.id = v ->> 0 AND r.state = 0);

    UPDATE reply SET state = 1, next_us = v ->> 1
    FROM (SELECT value AS v FROM json_each(NEW.claims) LIMIT -1)
    WHERE reply.id = v ->> 0 AND reply.state = 0;
END;

-- OUTCOMES of claimed replies, one row at a time: a reply may have two in one batch; then the
-- receipts that came before them.

CREATE TEMP VIEW outcome_in AS SELECT
    NULL AS reply_id, NULL AS state, NULL AS status, NULL AS message_id, NULL AS canonical_id,
    NULL AS next_us, NULL AS attempts, NULL AS maybe_sent, NULL AS charge, NULL AS at_us;

CREATE TEMP TRIGGER outcomes_arrive INSTEAD OF INSERT ON outcomes_in
WHEN NEW.outcomes IS NOT NULL
BEGIN
    INSERT INTO outcome_in
    SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8, v ->> 9
    FROM (SELECT value AS v FROM json_each(NEW.outcomes) LIMIT -1);

    INSERT INTO early_receipts_in SELECT NEW.outcomes WHERE EXISTS (SELECT 1 FROM orphan);
END;

CREATE TEMP TRIGGER outcome_settles INSTEAD OF INSERT ON outcome_in
BEGIN
    UPDATE reply
    SET state = NEW.state,
        status = NEW.status,
        message_id = NEW.message_id,
        canonical_id = NEW.canonical_id,
        next_us = iif(NEW.state = 0, NEW.next_us, next_us),
        attempts = max(attempts, NEW.attempts),
        maybe_sent = max(maybe_sent, NEW.maybe_sent),
        submitted_us = iif(NEW.state = 3, NEW.at_us, submitted_us),
        done_us = iif(NEW.state IN (4, 6, 7, 8), NEW.at_us, done_us),
        -- Only what may be sent again keeps its number and its text.
        msisdn = iif(NEW.state IN (0, 5), msisdn, NULL),
        text = iif(NEW.state IN (0, 5), text, NULL)
    WHERE id = NEW.reply_id AND state IN (1, 5);

    INSERT INTO charge_in VALUES (NEW.reply_id, NEW.state, NEW.charge, NEW.at_us);
END;

CREATE TEMP VIEW early_receipts_in AS SELECT NULL AS outcomes;

CREATE TEMP TRIGGER early_receipts_join INSTEAD OF INSERT ON early_receipts_in
BEGIN
    INSERT INTO receipt_in
    SELECT NULL, r.id, o.state, o.stat, o.error, o.charge, o.at_us, NULL, NULL
    FROM (SELECT value AS v FROM json_each(NEW.outcomes) LIMIT -1)
    JOIN reply r ON r.id = v ->> 0 AND r.state = 3
    JOIN question q ON q.id = r.question_id
    JOIN orphan o ON o.link = r.link AND o.canonical_id = r.canonical_id
        AND (o.told_as = o.canonical_id OR o.party = q.party)
        AND o.at_us >= q.received_us  -- an older one belongs to an earlier use of that id
    ORDER BY o.party = q.party DESC, o.told_as = o.canonical_id DESC, o.id;

    -- What became unknown and has a receipt was sent.
    INSERT INTO referred_in
    SELECT r.id, o.canonical_id, o.state, o.stat, o.error, o.charge, o.at_us
    FROM (SELECT value AS v FROM json_each(NEW.outcomes) LIMIT -1)
    JOIN reply r ON r.id = v ->> 0 AND r.state = 5
    JOIN question q ON q.id = r.question_id
    JOIN orphan o ON o.link = r.link AND o.reference = r.id & 65535 AND o.reference IS NOT NULL
        AND o.told_as = o.canonical_id AND o.party = q.party AND o.at_us >= q.received_us
    ORDER BY o.id;

    DELETE FROM orphan WHERE id IN (
        SELECT s.id
        FROM (SELECT value AS v FROM json_each(NEW.outcomes) LIMIT -1)
        JOIN reply r ON r.id = v ->> 0
        JOIN question q ON q.id = r.question_id
        JOIN orphan o ON o.link = r.link AND o.canonical_id = r.canonical_id
            AND (o.told_as = o.canonical_id OR o.party = q.party)
        JOIN orphan s ON s.link = o.link AND s.told_as = o.told_as);
END;

-- A charge that settles with a reply: one entry a question, by its key. It is voided only when no
-- other reply of the question can still bring the answer, or has.
CREATE TEMP VIEW charge_in AS SELECT
    NULL AS reply_id, NULL AS state, NULL AS charge, NULL AS at_us;

CREATE TEMP TRIGGER charge_settles INSTEAD OF INSERT ON charge_in WHEN NEW.charge IS NOT NULL
BEGIN
    INSERT INTO entry (
        key, day, question_id, link, operator, party, channel, kind, amount_tiyn, currency,
        vat_bp, charge_point, tariff, result, reason, corrects, parts, at_us)
    SELECT
        'settled:' || e.question_id, e.day, e.question_id, e.link, e.operator, e.party,
        e.channel, NEW.charge, e.amount_tiyn, e.currency, e.vat_bp, e.charge_point, e.tariff,
        e.result,
        iif(NEW.charge = 'voided', CASE r.state
            WHEN 4 THEN 'failed' WHEN 7 THEN 'undelivered' WHEN 8 THEN 'expired' END, NULL),
        NULL, e.parts, NEW.at_us
    FROM reply r
    JOIN entry e ON e.key = 'rated:' || r.question_id
    JOIN question q ON q.id = r.question_id
    WHERE r.id = NEW.reply_id AND r.state = NEW.state  -- an outcome come too late charges nothing
        AND r.ordinal < 15 AND e.charge_point = 'mt'
        AND (NEW.charge = 'charged' OR (
            q.state = 2
            AND NOT EXISTS (
                SELECT 1 FROM reply s
                WHERE s.question_id = r.question_id AND s.ordinal < 15
                    AND s.state IN (0, 1, 3, 5, 6))))
    ON CONFLICT (key) DO NOTHING;
END;

-- RECEIPTS, one row at a time: each segment's receipt must see what the one before it did.

CREATE TEMP VIEW receipt_in AS SELECT
    NULL AS place,  -- in NEW.receipts; null: one that came earlier
    NULL AS reply_id,  -- null: not found at first sight
    NULL AS state, NULL AS stat, NULL AS error, NULL AS charge, NULL AS at_us,
    NULL AS v, NULL AS receipt_us;

CREATE TEMP TRIGGER receipts_arrive INSTEAD OF INSERT ON receipts_in
WHEN NEW.receipts IS NOT NULL
BEGIN
    -- The id fits, and so does the subscriber where he is told: nearly every receipt.
    INSERT INTO receipt_in
    SELECT
        place,
        (SELECT max(r.id) FROM reply r
            WHERE r.link = v ->> 0 AND r.canonical_id = v ->> 1 AND r.state = 3
                AND r.submitted_us > (v ->> 6) - NEW.receipt_us
                AND (v ->> 8 = '' OR v ->> 8 = (
                    SELECT q.party FROM question q WHERE q.id = r.question_id))),
        v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v, NEW.receipt_us
    FROM (SELECT key AS place, value AS v FROM json_each(NEW.receipts) LIMIT -1);
END;

CREATE TEMP TRIGGER receipt_joins INSTEAD OF INSERT ON receipt_in WHEN NEW.reply_id IS NOT NULL
BEGIN
    UPDATE reply
    SET stat = NEW.stat,
        error = NEW.error,
        state = coalesce(NEW.state, state),
        done_us = iif(NEW.state IS NULL, done_us, NEW.at_us)
    WHERE id = NEW.reply_id AND state = 3;

    INSERT INTO charge_in VALUES (
        NEW.reply_id, coalesce(NEW.state, 3), NEW.charge, NEW.at_us);
END;

-- By another form of the id where the subscriber fits; else by the id alone; else by the
-- reference.
CREATE TEMP TRIGGER receipt_is_sought INSTEAD OF INSERT ON receipt_in WHEN NEW.reply_id IS NULL
BEGIN
    INSERT INTO sought_in
    SELECT NEW.place, f ->> 0, f ->> 1, NEW.v
    FROM (SELECT coalesce(
        (SELECT json_array(r.id, o.value)
            FROM json_each(NEW.v ->> 7) o
            CROSS JOIN reply r ON r.link = NEW.v ->> 0 AND r.canonical_id = o.value
                AND r.state = 3 AND r.submitted_us > NEW.at_us - NEW.receipt_us
            CROSS JOIN question q ON q.id = r.question_id AND q.party = NEW.v ->> 8
            ORDER BY o.key, r.id DESC LIMIT 1),
        (SELECT json_array(r.id, NULL) FROM reply r
            WHERE r.link = NEW.v ->> 0 AND r.canonical_id = NEW.v ->> 1 AND r.state = 3
                AND r.submitted_us > NEW.at_us - NEW.receipt_us
            ORDER BY r.id DESC LIMIT 1),
        (SELECT json_array(r.id, '')
            FROM reply r
            CROSS JOIN question q ON q.id = r.question_id AND q.party = NEW.v ->> 8
                AND q.received_us <= NEW.at_us
            WHERE r.link = NEW.v ->> 0 AND r.id & 65535 = NEW.v ->> 9 AND r.state = 5
                AND r.next_us > NEW.at_us - NEW.receipt_us
            ORDER BY r.id DESC LIMIT 1)) AS f);
END;

CREATE TEMP VIEW sought_in AS SELECT
    NULL AS place, NULL AS reply_id,
    NULL AS other,  -- the id by which it was found; null: the first one, '': by the reference
    NULL AS v;

CREATE TEMP TRIGGER receipt_is_found INSTEAD OF INSERT ON sought_in
WHEN NEW.reply_id IS NOT NULL
BEGIN
    SELECT tell('otherwise', NEW.place, NEW.other) WHERE NEW.other IS NOT NULL;

    INSERT INTO referred_in SELECT
        NEW.reply_id, NEW.v ->> 1, NEW.v ->> 2, NEW.v ->> 3, NEW.v ->> 4, NEW.v ->> 5, NEW.v ->> 6;
END;

-- A receipt for a reply, which was submitted even if we had no response.
CREATE TEMP VIEW referred_in AS SELECT
    NULL AS reply_id, NULL AS canonical_id, NULL AS state, NULL AS stat, NULL AS error,
    NULL AS charge, NULL AS at_us;

CREATE TEMP TRIGGER receipt_proves INSTEAD OF INSERT ON referred_in
BEGIN
    UPDATE reply
    SET state = 3, canonical_id = NEW.canonical_id, submitted_us = next_us,
        msisdn = NULL, text = NULL
    WHERE id = NEW.reply_id AND state = 5;

    INSERT INTO receipt_in VALUES (
        NULL, NEW.reply_id, NEW.state, NEW.stat, NEW.error, NEW.charge, NEW.at_us, NULL, NULL);
END;

CREATE TEMP TRIGGER receipt_waits INSTEAD OF INSERT ON sought_in WHEN NEW.reply_id IS NULL
BEGIN
    SELECT tell('orphan', NEW.place, NULL);

    INSERT INTO orphan (
        link, canonical_id, told_as, party, reference, state, stat, error, charge, at_us)
    SELECT
        NEW.v ->> 0, name, NEW.v ->> 1, NEW.v ->> 8, NEW.v ->> 9, NEW.v ->> 2, NEW.v ->> 3,
        NEW.v ->> 4, NEW.v ->> 5, NEW.v ->> 6
    FROM (SELECT NEW.v ->> 1 AS name UNION SELECT value FROM json_each(NEW.v ->> 7))
    WHERE NEW.v ->> 10
    ON CONFLICT (link, told_as, canonical_id) DO UPDATE
    SET state = excluded.state, stat = excluded.stat, error = excluded.error,
        charge = excluded.charge
    WHERE orphan.state IS NULL;
END;

-- FATES of the parts of long replies that await their receipts no longer.

CREATE TEMP VIEW fates_in AS SELECT NULL AS fates, NULL AS at_us;  -- reply_id, state, charge

CREATE TEMP TRIGGER fates_arrive INSTEAD OF INSERT ON fates_in
BEGIN
    INSERT INTO fate_in
    SELECT v ->> 0, v ->> 1, v ->> 2, NEW.at_us
    FROM (SELECT value AS v FROM json_each(NEW.fates) LIMIT -1);
END;

CREATE TEMP VIEW fate_in AS SELECT
    NULL AS reply_id, NULL AS state, NULL AS charge, NULL AS at_us;

CREATE TEMP TRIGGER fate_settles INSTEAD OF INSERT ON fate_in
BEGIN
    UPDATE reply SET state = NEW.state, done_us = NEW.at_us WHERE id = NEW.reply_id AND state = 3;

    INSERT INTO charge_in VALUES (NEW.reply_id, NEW.state, NEW.charge, NEW.at_us);
END;

-- CONFIRMATIONS.

CREATE TEMP TRIGGER confirms_arrive INSTEAD OF INSERT ON confirms_in WHEN NEW.confirms IS NOT NULL
BEGIN
    INSERT INTO session (id, confirmed_through)
    SELECT v ->> 0, v ->> 1 FROM (SELECT value AS v FROM json_each(NEW.confirms) LIMIT -1)
    WHERE true
    ON CONFLICT (id) DO UPDATE
    SET confirmed_through = max(confirmed_through, excluded.confirmed_through);
END;

-- CALLS. A leg is opened once and closed once, by whoever comes first.

CREATE TEMP TRIGGER legs_arrive INSTEAD OF INSERT ON legs_in WHEN NEW.legs IS NOT NULL
BEGIN
    INSERT INTO call_leg (id, link, call_id, leg, party, called, started_us, day)
    SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 6, v ->> 7, v ->> 8
    FROM (SELECT value AS v FROM json_each(NEW.legs) LIMIT -1) WHERE true
    ON CONFLICT (link, call_id, leg) DO NOTHING;

    SELECT tell('told_before', v ->> 0, NULL)
    FROM (SELECT value AS v FROM json_each(NEW.legs) LIMIT -1)
    WHERE NOT EXISTS (SELECT 1 FROM call_leg l WHERE l.id = v ->> 0);

    SELECT tell('facts', s.party, s.facts)
    FROM (SELECT value AS v FROM json_each(NEW.legs) LIMIT -1)
    JOIN subscriber s ON s.party = v ->> 4
    WHERE v ->> 9 AND s.facts <> '{}';

    INSERT INTO call_open (leg_id, started_us)
    SELECT l.id, l.started_us
    FROM (SELECT value AS v FROM json_each(NEW.legs) LIMIT -1)
    JOIN call_leg l ON l.id = v ->> 0
    WHERE NOT EXISTS (SELECT 1 FROM call_record r WHERE r.leg_id = l.id)
    ON CONFLICT (leg_id) DO NOTHING;

    INSERT INTO subscriber (party, msisdn, facts, seen_us)
    SELECT v ->> 4, v ->> 5, '{}', v ->> 7
    FROM (SELECT value AS v FROM json_each(NEW.legs) LIMIT -1)
    WHERE v ->> 5 <> ''
    ON CONFLICT (party) DO UPDATE
    SET msisdn = excluded.msisdn, seen_us = max(seen_us, excluded.seen_us);
END;

CREATE TEMP TRIGGER call_records_arrive INSTEAD OF INSERT ON call_records_in
WHEN NEW.call_records IS NOT NULL
BEGIN
    INSERT INTO call_record (
        id, leg_id, number, answered_us, ended_us, platform_s, measured_s, outcome, closed_by,
        language, tariff, payer, billable_s, amount_tiyn, currency, vat_bp)
    SELECT
        v ->> 0, l.id, 0, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8, v ->> 9, v ->> 10, v ->> 11,
        v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16
    FROM (SELECT value AS v FROM json_each(NEW.call_records) LIMIT -1)
    JOIN call_leg l ON l.link = v ->> 1 AND l.call_id = v ->> 2 AND l.leg = v ->> 3
    WHERE true
    ON CONFLICT (leg_id, number) DO NOTHING;

    -- The platform's own seconds, where they were not known when the leg was closed; its times
    -- stay, though who told the seconds may not have seen them.
    INSERT INTO call_record (
        id, leg_id, number, answered_us, ended_us, platform_s, measured_s, outcome, closed_by,
        language, tariff, payer, billable_s, amount_tiyn, currency, vat_bp)
    SELECT
        v ->> 0, c.leg_id, 1, c.answered_us, c.ended_us, v ->> 6, c.measured_s, v ->> 8, v ->> 9,
        v ->> 10, v ->> 11, v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16
    FROM (SELECT value AS v FROM json_each(NEW.call_records) LIMIT -1)
    JOIN call_leg l ON l.link = v ->> 1 AND l.call_id = v ->> 2 AND l.leg = v ->> 3
    JOIN call_record c ON c.leg_id = l.id AND c.number = 0 AND c.platform_s IS NULL
    WHERE v ->> 6 IS NOT NULL
    ON CONFLICT (leg_id, number) DO NOTHING;

    DELETE FROM call_open WHERE leg_id IN (
        SELECT l.id FROM (SELECT value AS v FROM json_each(NEW.call_records) LIMIT -1)
        JOIN call_leg l ON l.link = v ->> 1 AND l.call_id = v ->> 2 AND l.leg = v ->> 3);

    SELECT tell('told_before', v ->> 0, NULL)
    FROM (SELECT value AS v FROM json_each(NEW.call_records) LIMIT -1)
    WHERE NOT EXISTS (SELECT 1 FROM call_record r WHERE r.id = v ->> 0);
END;

-- CORRECTIONS of chains that exist, one row at a time: each must see what the one before it left.

CREATE TEMP VIEW correction_in AS SELECT
    NULL AS v,
    NULL AS late;  -- it comes with a late answer, and is dropped where that was

CREATE TEMP VIEW weighed_in AS SELECT NULL AS v, NULL AS late, NULL AS kept_tiyn;

-- What this transaction has booked by hand, until the audit has told of it.
CREATE TEMP TABLE booked_now (key TEXT PRIMARY KEY, amount_tiyn INTEGER NOT NULL) WITHOUT ROWID;

CREATE TEMP TRIGGER corrections_arrive INSTEAD OF INSERT ON booked_in WHEN NEW.booked IS NOT NULL
BEGIN
    DELETE FROM booked_now;

    INSERT INTO correction_in
    SELECT v, v ->> 18 FROM (SELECT value AS v FROM json_each(NEW.booked) LIMIT -1);
END;

CREATE TEMP TRIGGER correction_is_weighed INSTEAD OF INSERT ON correction_in
BEGIN
    INSERT INTO weighed_in VALUES (NEW.v, NEW.late, (
        SELECT coalesce(sum(amount_tiyn), 0)
        FROM (
            SELECT amount_tiyn FROM entry
            WHERE key = 'settled:' || (NEW.v ->> 2) AND kind = 'charged'
            UNION ALL
            SELECT amount_tiyn FROM entry
            WHERE key > 'credited:' || (NEW.v ->> 2) || ':'
                AND key < 'credited:' || (NEW.v ->> 2) || ';'
            UNION ALL
            SELECT amount_tiyn FROM entry
            WHERE key > 'adjusted:' || (NEW.v ->> 2) || ':'
                AND key < 'adjusted:' || (NEW.v ->> 2) || ';')));
END;

-- What is left may be less than a late answer gives back: then it gives back what is left.
CREATE TEMP TRIGGER correction_is_booked INSTEAD OF INSERT ON weighed_in
WHEN iif(
    NEW.late,
    (SELECT q.batch FROM question q WHERE q.id = NEW.v ->> 2) = (SELECT batch FROM head)
        AND max(NEW.v ->> 8, -NEW.kept_tiyn) <> 0,
    NEW.kept_tiyn + (NEW.v ->> 8) >= 0
        AND EXISTS (
            SELECT 1 FROM entry e
            WHERE e.key = NEW.v ->> 15 AND e.question_id = NEW.v ->> 2))
BEGIN
    SELECT tell('booked', NEW.v ->> 0, NULL)
    WHERE NOT NEW.late AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.key = NEW.v ->> 0);

    INSERT INTO booked_now
    SELECT NEW.v ->> 0, NEW.v ->> 8
    WHERE NOT NEW.late AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.key = NEW.v ->> 0);

    INSERT INTO entry (
        key, day, question_id, link, operator, party, channel, kind, amount_tiyn, currency,
        vat_bp, charge_point, tariff, result, reason, corrects, parts, at_us)
    SELECT
        v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7,
        iif(NEW.late, max(v ->> 8, -NEW.kept_tiyn), v ->> 8), v ->> 9, v ->> 10, v ->> 11,
        v ->> 12, v ->> 13, v ->> 14, v ->> 15, v ->> 16, v ->> 17
    FROM (SELECT NEW.v AS v)
    WHERE true
    ON CONFLICT (key) DO NOTHING;
END;

-- AUDIT: what people did, each record with what came of it in this very transaction. One that
-- booked nothing, or changed nobody, says so.

CREATE TEMP VIEW audit_in AS SELECT NULL AS v;
CREATE TEMP VIEW kept_in AS SELECT NULL AS v, NULL AS done, NULL AS detail;

CREATE TEMP TRIGGER audits_arrive INSTEAD OF INSERT ON audits_in WHEN NEW.audits IS NOT NULL
BEGIN
    INSERT INTO audit_in SELECT v FROM (SELECT value AS v FROM json_each(NEW.audits) LIMIT -1);
END;

CREATE TEMP TRIGGER audit_stands_alone INSTEAD OF INSERT ON audit_in
WHEN NEW.v ->> 7 IS NULL AND NEW.v ->> 8 IS NULL
BEGIN
    INSERT INTO kept_in VALUES (NEW.v, true, NEW.v ->> 6);
END;

CREATE TEMP TRIGGER audit_tells_of_money INSTEAD OF INSERT ON audit_in
WHEN NEW.v ->> 7 IS NOT NULL
BEGIN
    INSERT INTO kept_in
    SELECT NEW.v, count(*), json_set(
        NEW.v ->> 6, '$.booked', count(*), '$.booked_tiyn', coalesce(sum(amount_tiyn), 0))
    FROM booked_now WHERE key IN (SELECT value FROM json_each(NEW.v -> 7));

    DELETE FROM booked_now WHERE key IN (SELECT value FROM json_each(NEW.v -> 7));
END;

-- Only where nobody has changed the staff since it was looked at.
CREATE TEMP TRIGGER audit_changes_the_staff INSTEAD OF INSERT ON audit_in
WHEN NEW.v ->> 8 IS NOT NULL
BEGIN
    INSERT INTO staff (at_us, name, role, key_hash, enabled, changed_by)
    SELECT p ->> 0, p ->> 1, p ->> 2, p ->> 3, p ->> 4, p ->> 5
    FROM (SELECT NEW.v -> 9 AS p)
    WHERE coalesce((SELECT max(id) FROM staff), 0) = NEW.v ->> 8;

    INSERT INTO kept_in SELECT NEW.v, changes(), NEW.v ->> 6;
END;

CREATE TEMP TRIGGER audit_is_kept INSTEAD OF INSERT ON kept_in
BEGIN
    INSERT INTO audit (at_us, who, role, action, target, outcome, detail)
    SELECT
        v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, iif(NEW.done, v ->> 5, 'nothing'), NEW.detail
    FROM (SELECT NEW.v AS v);

    SELECT tell('staffed', NEW.v ->> 10, NULL) WHERE NEW.done AND NEW.v ->> 10 IS NOT NULL;
END;
