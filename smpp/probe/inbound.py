"""What receipts and subscribers' messages tell of an operator. Pure.

As in probe_session: a function a topic, and nothing of a text in what they say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from smpp import tlv
from smpp.inbound import MESSAGE_TYPE
from smpp.operators import MessageIdForm, OperatorProfile
from smpp.probe.rows import Found, Proposal, Row, id_words
from smpp.probe.seen import Seen, id_form, is_receipt, receipt_field_names, receipt_id
from smpp.probe.traffic import (
    alphabet,
    counted,
    distinct,
    identifying_tlv,
    other_spellings,
    redelivered_after_s,
    split_forms,
    user_octets,
)


def of_receipts(seen: Seen, profile: OperatorProfile) -> Found:
    accepted = seen.accepted
    if accepted is None:
        return
    if not seen.receipts:
        told = f"none within {seen.waited_s:.3g} s"
        yield Row("receipt", told, "wait longer, or ask whether the account has receipts")
        return
    receipt = seen.receipts[-1].message
    tags = [
        name
        for tag, name in (
            (tlv.RECEIPTED_MESSAGE_ID, "receipted_message_id"),
            (tlv.MESSAGE_STATE, "message_state"),
            (tlv.USER_MESSAGE_REFERENCE, "user_message_reference"),
        )
        if tag in receipt.tlvs
    ]
    fields = ", ".join(receipt_field_names(receipt)) or "none"
    told = f"TLVs {', '.join(tags) or 'none'}; fields {fields}; esm_class 0x{receipt.esm_class:02X}"
    flagged = bool(receipt.esm_class & MESSAGE_TYPE) or tlv.RECEIPTED_MESSAGE_ID in receipt.tlvs
    yield Row("receipt", told, "" if flagged else "without the flag: known by its id alone")
    yield from _ids(accepted.message_id, receipt_id(receipt), profile)
    if accepted.attempt.tlv:
        echoed = tlv.integer(receipt.tlvs, tlv.USER_MESSAGE_REFERENCE) == seen.reference
        yield Proposal("user_message_reference", echoed, "in a receipt" if echoed else "not echoed")
        told = "echoed in the receipt" if echoed else "not in the receipt"
        wrong = profile.user_message_reference and not echoed
        yield Row("user_message_reference", told, "", wrong=wrong)


def _ids(said: str, receipted: str, profile: OperatorProfile) -> Found:
    told = f"{id_words(receipted)} in the receipt, {id_words(said)} in the response"
    form = id_form(said, receipted)
    if form is None:
        yield Row("message id", told, "they cannot be matched: ask how they relate", wrong=True)
        return
    yield Row(
        "message id",
        told,
        form.value,
        wrong=profile.message_id_form not in (form, MessageIdForm.LEARN),
    )
    yield Proposal("message_id_form", form.value, told)


def of_messages(seen: Seen, profile: OperatorProfile, short_codes: Collection[str]) -> Found:
    if seen.bound is None:
        return
    receipts = [each for each in seen.messages if is_receipt(each.message)]
    if receipts:
        yield Row("receipts of others", str(len(receipts)), "refused for now: they come again")
    came = [each for each in seen.messages if not is_receipt(each.message)]
    if not came:
        yield Row("messages", f"none within {seen.waited_s:.3g} s", "nothing learnt of them")
        return
    once = distinct(came)
    messages = [each.message for each in once]
    again_s = redelivered_after_s(came)
    busy = f"0x{profile.busy_status:02X}"
    told = "not within the wait" if again_s is None else f"after {again_s:.3g} s"
    yield Row("delivered again after busy_status", told, f"refused with {busy}, so none is lost")
    codings = counted(str(message.data_coding) for message in messages)
    yield Row("data_coding", codings, "of messages")
    yield from _alphabet((user_octets(m) for m in messages if m.data_coding == 0), profile)
    yield Row("source TON/NPI", counted(f"{m.source_ton}/{m.source_npi}" for m in messages), "")
    yield Row("destination TON/NPI", counted(f"{m.dest_ton}/{m.dest_npi}" for m in messages), "")
    spellings = other_spellings(once, short_codes)
    unknown = {dest: code for dest, code in spellings.items() if dest not in profile.aliases}
    if unknown:
        told = ", ".join(f"{dest} for {code}" for dest, code in unknown.items())
        yield Row("other spellings of the short code", told, "aliases lacks them", wrong=True)
        yield Proposal("aliases", {**profile.aliases, **unknown}, "seen in destinations")
    forms = split_forms(once)
    if forms:
        commonest = forms.most_common(1)[0][0].value
        told = counted(each.value for each in forms.elements())
        yield Row("long messages", told, "ask whether they take the same from us")
        yield Proposal("split_form", commonest, "as their own long messages come")
    tag = identifying_tlv(came)
    if tag is not None:
        yield Row("vendor TLV", f"0x{tag:04X}", "differs from message to message: identifies them")
        yield Proposal(
            "vendor_id_tlv", tag, "another in each message, the same when it comes again"
        )


def _alphabet(samples: Iterable[bytes], profile: OperatorProfile) -> Found:
    found, packed = alphabet(samples)
    if found is None:
        return
    wrong = found is not profile.default_alphabet or packed is not profile.packed
    told = f"{found.value}{', packed' if packed else ''}"
    yield Row("data_coding 0 means", told, "by the octets of messages", wrong=wrong)
    yield Proposal("default_alphabet", found.value, "by the octets of messages")
    yield Proposal("packed", packed, "by the octets of messages")
