-- What the writer does apart from the stream of messages. Each is a transaction of its own.

-- name: recover
UPDATE reply SET state = 5 WHERE state = 1 AND state IN (0, 1, 5)

-- name: unknown_with_receipts
-- Replies of unknown fate of which a receipt has come: rows for early_receipts_in.
SELECT json_group_array(json_array(r.id))
FROM orphan o JOIN reply r ON r.link = o.link AND r.id & 65535 = o.reference AND r.state = 5
WHERE o.reference IS NOT NULL

-- name: unpark
UPDATE question SET state = 0 WHERE state = 3 AND id IN (SELECT value FROM json_each(?1))

-- name: slice_of_fingerprints
SELECT json_array(max(owner_id), max(received_us)) FROM (
    SELECT owner_id, received_us FROM fingerprint WHERE owner_id > ?1 ORDER BY owner_id LIMIT ?2)

-- name: purge_fingerprints
DELETE FROM fingerprint
WHERE owner_id > :after AND owner_id <= :through AND received_us + :repeat_us <= :now_us
    AND (received_us + :doubtful_us <= :now_us
        OR owner_id <= coalesce((
            SELECT s.confirmed_through FROM session s WHERE s.id = fingerprint.session), 0))

-- name: purge_sessions
-- Whose fingerprints are all later than what they have confirmed: they tell nothing any more.
DELETE FROM session
WHERE confirmed_through < coalesce((SELECT min(owner_id) FROM fingerprint), 9223372036854775807)

-- name: purge_orphans
DELETE FROM orphan
WHERE id IN (SELECT id FROM orphan ORDER BY id LIMIT :rows) AND at_us + :orphan_us <= :now_us

-- name: slice_of_parts
SELECT json_array(max(submitted_us)) FROM (
    SELECT submitted_us FROM reply
    WHERE state = 3 AND segs > 1 AND receipt = 1
        AND submitted_us > :after AND submitted_us <= :now_us - :receipt_us
    ORDER BY submitted_us LIMIT :rows)

-- name: fates_of_parts
-- What the other parts of their messages say of these: rows for fates_in.
SELECT json_group_array(json_array(id, fate, iif(fate = 6, 'charged', 'voided')))
FROM (
    SELECT r.id, (
        SELECT iif(max(s.state IN (4, 7, 8)), 7, iif(max(s.state = 6), 6, NULL)) FROM reply s
        WHERE s.question_id = r.question_id AND s.ordinal = r.ordinal) AS fate
    FROM reply r
    WHERE r.state = 3 AND r.segs > 1 AND r.receipt = 1
        AND r.submitted_us > :after AND r.submitted_us <= :through
    LIMIT -1)
WHERE fate IS NOT NULL

-- name: purge_replies
DELETE FROM reply
WHERE id IN (SELECT id FROM reply ORDER BY id LIMIT :rows) AND expires_us + :reply_us <= :now_us

-- name: slice_of_subscribers
SELECT json_array(max(party)) FROM (
    SELECT party FROM subscriber WHERE party > ?1 ORDER BY party LIMIT ?2)

-- name: purge_msisdns
UPDATE subscriber SET msisdn = ''
WHERE party > :after AND party <= :through AND msisdn <> '' AND seen_us + :msisdn_us <= :now_us

-- name: keep_findings
-- One that was cleared and shows again is a new one; one told late, after it was cleared, is not.
INSERT INTO finding (kind, number, rule, sources, found_us, seen_us, walk)
SELECT
    value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 4,
    nullif(value -> 5, 'null')
FROM json_each(?1) WHERE true
ON CONFLICT (kind, number, rule) DO UPDATE SET
    sources = excluded.sources,
    found_us = iif(cleared_us IS NULL, found_us, excluded.found_us),
    seen_us = max(seen_us, excluded.seen_us),
    told_us = iif(cleared_us IS NULL, told_us, NULL),
    walk = iif(excluded.seen_us >= seen_us, excluded.walk, walk),
    cleared_us = NULL
WHERE cleared_us IS NULL OR excluded.seen_us > cleared_us

-- name: clear_findings
UPDATE finding SET cleared_us = ?2
WHERE id IN (SELECT value FROM json_each(?1)) AND cleared_us IS NULL AND seen_us <= ?2

-- name: tell_findings
-- One that was cleared and showed again since it was listed is news.
UPDATE finding SET told_us = ?2
WHERE id IN (SELECT value ->> 0 FROM json_each(?1))
    AND (id, found_us) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))

-- name: purge_findings
DELETE FROM finding
WHERE id IN (
    SELECT id FROM finding WHERE seen_us <= :now_us - :finding_us ORDER BY seen_us LIMIT :rows)

-- name: keep_call_back
INSERT INTO call_back (
    id, link, call_id, party, msisdn, language, wish, asked_us, state, taken_us, done_us, note)
SELECT
    ?1 ->> 0, ?1 ->> 1, ?1 ->> 2, ?1 ->> 3, ?1 ->> 4, ?1 ->> 5, ?1 ->> 6, ?1 ->> 7, 0, NULL, NULL,
    ''
WHERE (SELECT count(*) FROM call_back WHERE state < 2) < ?2
ON CONFLICT DO NOTHING

-- name: call_back_kept
SELECT EXISTS (SELECT 1 FROM call_back WHERE party = ?1 AND state < 2)
    OR EXISTS (SELECT 1 FROM call_back WHERE link = ?2 AND call_id = ?3)

-- name: take_call_back
UPDATE call_back SET state = 1, taken_us = :now_us
WHERE id = :id AND (state = 0 OR (state = 1 AND taken_us + :taken_max_us <= :now_us))

-- name: end_call_back
UPDATE call_back SET state = 2, done_us = :now_us, note = :note WHERE id = :id AND state = 1

-- name: hand_back_call_back
UPDATE call_back SET state = 0, taken_us = NULL WHERE id = :id AND state = 1

-- name: purge_call_backs
DELETE FROM call_back
WHERE id IN (
        SELECT id FROM call_back WHERE state = 2 AND done_us <= :now_us - :done_us LIMIT :rows)
    OR id IN (SELECT id FROM call_back WHERE state < 2 AND asked_us <= :now_us - :open_us)
