-- What the journal's readers ask. Each query returns one row with one JSON document: the rows of
-- a result set would each wait for the interpreter again.

-- name: queued
SELECT json_group_array(json_array(
    id, question_id, ordinal, seg, segs, link, msisdn, source, text, text_id, reference, state,
    next_us, expires_us, receipt, attempts, maybe_sent))
FROM (
    SELECT * FROM reply
    WHERE link = ?1 AND state = 0 AND state IN (0, 1, 5) AND id > ?2
    ORDER BY id LIMIT ?3)

-- name: unknown
SELECT json_group_array(json_array(
    id, question_id, ordinal, seg, segs, link, msisdn, source, text, text_id, reference, state,
    next_us, expires_us, receipt, attempts, maybe_sent))
FROM (
    SELECT * FROM reply
    WHERE link = ?1 AND state = 5 AND state IN (0, 1, 5) AND id > ?2
    ORDER BY id LIMIT ?3)

-- name: waiting
-- The oldest of a link is the one with the lowest id; it waits since its question or part came.
SELECT json_group_array(json_array(w.link, json_array(w.waiting, coalesce(
    (SELECT q.received_us FROM question q WHERE q.id = r.question_id),
    (SELECT f.received_us FROM fingerprint f WHERE f.owner_id = r.question_id),
    r.next_us))))
FROM (
    SELECT link, count(*) AS waiting, min(id) AS oldest FROM reply
    WHERE state IN (0, 1) AND state IN (0, 1, 5) GROUP BY link) w
JOIN reply r ON r.id = w.oldest

-- name: highest_id
SELECT json_array(max(
    coalesce((SELECT max(id) FROM question), 0),
    coalesce((SELECT max(id) FROM part), 0),
    coalesce((SELECT max(id) FROM reply), 0),
    coalesce((SELECT max(id) FROM call_leg), 0),
    coalesce((SELECT max(id) FROM call_record), 0),
    coalesce((SELECT max(id) FROM call_back), 0)))

-- name: owed
SELECT json_group_array(json_array(
    json_array(
        q.id, q.link, q.operator, q.session, q.fingerprint, q.party, coalesce(s.msisdn, ''),
        q.short_code, q.channel, q.received_us, q.day, q.intent, q.text, q.parts, json_array()),
    q.state))
FROM (
    SELECT * FROM question WHERE state IN (0, 1) AND id > ?1 ORDER BY id LIMIT ?2) q
LEFT JOIN subscriber s ON s.party = q.party

-- name: parked
SELECT json_group_array(json_array(
    q.id, q.link, q.operator, q.session, q.fingerprint, q.party, coalesce(s.msisdn, ''),
    q.short_code, q.channel, q.received_us, q.day, q.intent, q.text, q.parts, json_array()))
FROM (
    SELECT * FROM question WHERE state = 3 ORDER BY id LIMIT ?1) q
LEFT JOIN subscriber s ON s.party = q.party

-- name: subscribers
SELECT json_group_array(json_array(party, msisdn, facts))
FROM subscriber WHERE party IN (SELECT value FROM json_each(?1))

-- name: parts_before
SELECT json_group_array(json(parts)) FROM (
    SELECT json_group_array(json_array(
        p.id, p.link, p.operator, p.session, p.fingerprint, p.party, p.msisdn, p.short_code,
        p.received_us, p.data_coding, p.octets, p.reference, p.width, p.total, p.number)) AS parts
    FROM (
        SELECT set_id FROM part
        GROUP BY set_id HAVING min(received_us) < ?1
        ORDER BY set_id LIMIT ?2) c
    JOIN part p ON p.set_id = c.set_id
    GROUP BY c.set_id)

-- name: id_range
SELECT json_array(min(id), max(id)) FROM question WHERE day BETWEEN ?1 AND ?2

-- name: chains
SELECT json_group_array(json_array(
    q.id, q.link, q.operator, q.channel, q.party, nullif(s.msisdn, ''), q.short_code,
    q.received_us, q.day, q.intent, q.state, q.language, q.result, q.ticket_kind, q.parts,
    q.duplicates, q.answered_us,
    json((
        SELECT json_group_array(json_array(
            id, ordinal, seg, segs, text_id, state, attempts, maybe_sent, message_id, status,
            submitted_us, done_us, receipt, stat, error))
        FROM (
            SELECT * FROM reply WHERE question_id = q.id AND ordinal < 15
            ORDER BY ordinal, seg))),
    json((
        SELECT json_group_array(json_array(
            key, day, question_id, link, operator, party, channel, kind, amount_tiyn, currency,
            vat_bp, charge_point, tariff, result, reason, corrects, parts, at_us))
        FROM (
            -- The keys of a question in the order of a chain: corrections as they were booked, for
            -- each was held against what was left by then. ';' follows ':'. Ids alone, and the
            -- rows by them: whole rows would be copied at every step.
            SELECT id AS entry_id FROM entry WHERE key = 'rated:' || q.id
            UNION ALL
            SELECT id FROM entry WHERE key = 'settled:' || q.id
            UNION ALL
            SELECT * FROM (
                SELECT id FROM entry
                WHERE key > 'credited:' || q.id || ':' AND key < 'credited:' || q.id || ';'
                UNION ALL
                SELECT id FROM entry
                WHERE key > 'adjusted:' || q.id || ':' AND key < 'adjusted:' || q.id || ';'
                ORDER BY id))
        CROSS JOIN entry ON entry.id = entry_id))))
FROM (
    SELECT * FROM question
    WHERE id > ?1 AND id <= ?2 AND day BETWEEN ?3 AND ?4
        AND (?6 IS NULL OR operator = ?6 OR id IN (SELECT value FROM json_each(?7)))
    ORDER BY id LIMIT ?5) q
LEFT JOIN subscriber s ON s.party = q.party

-- name: asked_elsewhere
SELECT json_group_array(json_array(id, party)) FROM (
    SELECT id, party FROM question
    WHERE id > ?1 AND id <= ?2 AND day BETWEEN ?3 AND ?4 AND operator <> ?5
    ORDER BY id LIMIT ?6)

-- name: operators
SELECT json_group_array(operator) FROM (
    SELECT DISTINCT operator FROM question WHERE day BETWEEN ?1 AND ?2 ORDER BY operator)

-- name: asked_by
SELECT json_group_array(id) FROM (
    SELECT id FROM question WHERE day BETWEEN ?2 AND ?3 AND party = ?1 ORDER BY id LIMIT ?4)

-- name: booked_from
SELECT json_array(coalesce(min(id), 0))
FROM entry
WHERE key IN (
    SELECT 'rated:' || id FROM question WHERE day BETWEEN ?1 AND ?2 ORDER BY day, id LIMIT 1000)

-- name: booked
SELECT json_group_array(json_array(id, key, question_id))
FROM (
    SELECT e.id, e.key, e.question_id
    FROM entry e
    WHERE e.id > ?1 AND e.at_us >= ?3 AND e.at_us < ?4
        AND (e.day < ?2 OR e.corrects IS NOT NULL)
        AND EXISTS (
            SELECT 1 FROM question
            WHERE id = e.question_id AND day < ?2 AND (?6 IS NULL OR operator = ?6))
    ORDER BY e.id LIMIT ?5)

-- name: stray_entries
SELECT json_group_array(key) FROM (
    SELECT e.key FROM entry e
    WHERE NOT EXISTS (SELECT 1 FROM question q WHERE q.id = e.question_id)
    ORDER BY e.id LIMIT ?1)

-- name: findings
SELECT json_group_array(json_array(
    id, kind, number, rule, json(sources), found_us, seen_us, cleared_us, told_us, json(walk)))
FROM (
    SELECT * FROM finding WHERE id > ?1 AND (walk IS NOT NULL) = ?3 ORDER BY id LIMIT ?2)

-- name: open_findings
SELECT json_group_array(json_array(
    id, kind, number, rule, json(sources), found_us, seen_us, cleared_us, told_us, json(walk)))
FROM (
    SELECT * FROM finding
    WHERE cleared_us IS NULL AND id > ?1 AND (walk IS NOT NULL) = ?3 ORDER BY id LIMIT ?2)

-- name: findings_left
SELECT json_array(count(*)) FROM finding WHERE cleared_us IS NULL AND walk IS NULL

-- name: walks_of
SELECT json_group_array(json_array(
    f.id, f.kind, f.number, f.rule, json(f.sources), f.found_us, f.seen_us, f.cleared_us,
    f.told_us, json(f.walk)))
FROM json_each(?1) n CROSS JOIN json_each(?2) k CROSS JOIN finding f
    ON f.kind = k.value AND f.number = n.value
WHERE f.walk IS NOT NULL

-- name: find_leg
SELECT json_group_array(json_array(
    json_array(
        l.id, l.link, l.call_id, l.leg, l.party, coalesce(s.msisdn, ''), l.called, l.started_us,
        l.day),
    json((
        SELECT json_group_array(json_array(
            id,
            json_array(
                l.id, l.link, l.call_id, l.leg, l.party, coalesce(s.msisdn, ''), l.called,
                l.started_us, l.day),
            number, answered_us, ended_us, platform_s, measured_s, outcome, closed_by, language,
            tariff, payer, billable_s, amount_tiyn, currency, vat_bp))
        FROM (SELECT * FROM call_record WHERE leg_id = l.id ORDER BY number)))))
FROM (SELECT * FROM call_leg WHERE link = ?1 AND call_id = ?2 AND leg = ?3) l
LEFT JOIN subscriber s ON s.party = l.party

-- name: open_calls
SELECT json_group_array(json_array(
    l.id, l.link, l.call_id, l.leg, l.party, coalesce(s.msisdn, ''), l.called, l.started_us, l.day))
FROM (
    SELECT leg_id FROM call_open
    WHERE started_us < ?1 AND leg_id > ?2 ORDER BY leg_id LIMIT ?3) o
JOIN call_leg l ON l.id = o.leg_id
LEFT JOIN subscriber s ON s.party = l.party

-- name: leg_range
SELECT json_array(min(id), max(id)) FROM call_leg WHERE day BETWEEN ?1 AND ?2

-- name: call_legs
SELECT json_group_array(json_array(
    json_array(
        l.id, l.link, l.call_id, l.leg, l.party, coalesce(s.msisdn, ''), l.called, l.started_us,
        l.day),
    json((
        SELECT json_group_array(json_array(
            id,
            json_array(
                l.id, l.link, l.call_id, l.leg, l.party, coalesce(s.msisdn, ''), l.called,
                l.started_us, l.day),
            number, answered_us, ended_us, platform_s, measured_s, outcome, closed_by, language,
            tariff, payer, billable_s, amount_tiyn, currency, vat_bp))
        FROM (SELECT * FROM call_record WHERE leg_id = l.id ORDER BY number)))))
FROM (
    SELECT * FROM call_leg
    WHERE id > ?1 AND id <= ?2 AND day BETWEEN ?3 AND ?4 AND (?6 IS NULL OR link = ?6)
    ORDER BY id LIMIT ?5) l
LEFT JOIN subscriber s ON s.party = l.party

-- name: call_backs
SELECT json_group_array(json_array(
    id, link, call_id, party, msisdn, language, wish, asked_us, state, taken_us, done_us, note))
FROM (SELECT * FROM call_back WHERE id > ?1 ORDER BY id LIMIT ?2)

-- name: open_call_backs
SELECT json_group_array(json_array(
    id, link, call_id, party, msisdn, language, wish, asked_us, state, taken_us, done_us, note))
FROM (SELECT * FROM call_back WHERE state < 2 AND id > ?1 ORDER BY id LIMIT ?2)

-- name: called_by
-- With the operators' legs of the same calls.
SELECT json_group_array(json_array(
    json_array(
        l.id, l.link, l.call_id, l.leg, l.party, coalesce(s.msisdn, ''), l.called, l.started_us,
        l.day),
    json((
        SELECT json_group_array(json_array(
            id,
            json_array(
                l.id, l.link, l.call_id, l.leg, l.party, coalesce(s.msisdn, ''), l.called,
                l.started_us, l.day),
            number, answered_us, ended_us, platform_s, measured_s, outcome, closed_by, language,
            tariff, payer, billable_s, amount_tiyn, currency, vat_bp))
        FROM (SELECT * FROM call_record WHERE leg_id = l.id ORDER BY number)))))
FROM (
    SELECT o.* FROM call_leg c
    JOIN call_leg o ON o.link = c.link AND o.call_id = c.call_id
    WHERE c.day BETWEEN ?2 AND ?3 AND c.party = ?1 AND c.leg = 'caller'
    ORDER BY o.id LIMIT ?4) l
LEFT JOIN subscriber s ON s.party = l.party

-- name: staff
SELECT json_group_array(json_array(at_us, name, role, key_hash, enabled, changed_by, id))
FROM (SELECT * FROM staff WHERE id IN (SELECT max(id) FROM staff GROUP BY name) ORDER BY name)

-- name: audit
SELECT json_group_array(json_array(at_us, who, role, action, target, outcome, json(detail), id))
FROM (
    SELECT * FROM audit
    WHERE id > ?1 AND at_us >= ?3 AND at_us < ?4 AND (?5 IS NULL OR who = ?5)
    ORDER BY id LIMIT ?2)

-- name: sealing
SELECT json_array(node, after_entry, after_record) FROM sealing

-- name: losses
SELECT json_group_array(json_array(id, at_us, first_batch, last_batch, chain, who, reason))
FROM (SELECT * FROM loss ORDER BY id)

-- name: seals
-- As rows: octets are none of JSON's.
SELECT batch, at_us, count, leaves, root, chain FROM seal WHERE batch > ?1 ORDER BY batch LIMIT ?2

-- Rows as they are sealed, one a line; the views are those of sqlite_sealed.sql. Octets: whoever
-- edits the file may put in what is no text.

-- name: entry_rows
SELECT CAST(group_concat(row, char(10)) AS BLOB)
FROM (SELECT row FROM sealed_entry WHERE id > ?1 ORDER BY id LIMIT ?2)

-- name: entry_through
SELECT json_array(count(*)) FROM entry WHERE id <= ?1

-- name: call_record_rows
SELECT CAST(group_concat(row, char(10)) AS BLOB)
FROM (SELECT row FROM sealed_record WHERE id > ?1 ORDER BY id LIMIT ?2)

-- name: call_record_through
SELECT json_array(count(*)) FROM call_record WHERE id <= ?1

-- name: audit_rows
SELECT CAST(group_concat(row, char(10)) AS BLOB)
FROM (SELECT row FROM sealed_audit WHERE id > ?1 ORDER BY id LIMIT ?2)

-- name: audit_through
SELECT json_array(count(*)) FROM audit WHERE id <= ?1

-- name: loss_rows
SELECT CAST(group_concat(row, char(10)) AS BLOB)
FROM (SELECT row FROM sealed_loss WHERE id > ?1 ORDER BY id LIMIT ?2)

-- name: loss_through
SELECT json_array(count(*)) FROM loss WHERE id <= ?1

-- name: staff_rows
SELECT CAST(group_concat(row, char(10)) AS BLOB)
FROM (SELECT row FROM sealed_staff WHERE id > ?1 ORDER BY id LIMIT ?2)

-- name: staff_through
SELECT json_array(count(*)) FROM staff WHERE id <= ?1

-- name: entry_id
SELECT json_group_array(id) FROM entry WHERE key = ?1
