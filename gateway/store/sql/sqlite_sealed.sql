-- The rows that are sealed, as JSON: an array of the name of the kind and all columns in the order
-- of the table, for a call record those of its leg behind its own. One text for the connection
-- that seals and for those that check; made by each of them for itself, since views in the file
-- could be made to lie by whoever edits it.

CREATE TEMP VIEW sealed_entry AS SELECT
    id,
    json_array(
        'entry', id, key, day, question_id, link, operator, party, channel, kind, amount_tiyn,
        currency, vat_bp, charge_point, tariff, result, reason, corrects, parts, at_us) AS row
FROM entry;

CREATE TEMP VIEW sealed_record AS SELECT
    r.id,
    json_array(
        'call_record', r.id, r.leg_id, r.number, r.answered_us, r.ended_us, r.platform_s,
        r.measured_s, r.outcome, r.closed_by, r.language, r.tariff, r.payer, r.billable_s,
        r.amount_tiyn, r.currency, r.vat_bp, l.link, l.call_id, l.leg, l.party, l.called,
        l.started_us, l.day) AS row
FROM call_record r LEFT JOIN call_leg l ON l.id = r.leg_id;

CREATE TEMP VIEW sealed_loss AS SELECT
    id,
    json_array('loss', id, at_us, first_batch, last_batch, chain, who, reason) AS row
FROM loss;

CREATE TEMP VIEW sealed_audit AS SELECT
    id,
    json_array('audit', id, at_us, who, role, action, target, outcome, detail) AS row
FROM audit;

CREATE TEMP VIEW sealed_staff AS SELECT
    id,
    json_array('staff', id, at_us, name, role, key_hash, enabled, changed_by) AS row
FROM staff;
