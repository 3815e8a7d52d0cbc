"""What binds, responses, submits and silence tell of an operator. Pure.

Each topic is one function from what was seen and the configured profile to rows and proposals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from smpp.operators import OperatorProfile
from smpp.probe.rows import Found, Proposal, Row, id_words, milliseconds
from smpp.probe.seen import AttemptSeen, BindSeen, Seen
from smpp.submit import TLV_INTERFACE_VERSION_MIN

RESPONSE_HEADROOM: Final = 4  # a response timer is so many times the slowest response seen
_CREDENTIALS = {0x0E: "the password", 0x0F: "the system_id", 0x53: "the system_type"}
_OCCUPIED = frozenset({0x05, 0x0D})  # RALYBND, RBINDFAIL


def of_binds(seen: Seen, profile: OperatorProfile, status_name: Callable[[int], str]) -> Found:
    for bind in seen.binds:
        yield _bind(bind, profile, status_name)
    bound = seen.bound
    if bound is None:
        return
    if all(bind.status != 0 for bind in seen.binds if bind.form is profile.bind):
        yield Proposal("bind", bound.form.value, f"a {profile.bind.value} was refused")
    if bound.version is None:
        means = "TLVs go out by peer_version_assumed"
        yield Row("interface version", "bind_resp says none", means)
    else:
        allowed = bound.version >= TLV_INTERFACE_VERSION_MIN
        means = "it takes TLVs" if allowed else "it is sent no TLVs"
        yield Row("interface version", f"0x{bound.version:02X}", means)
    if seen.second is not None:
        yield from _second_bind(seen.second, profile, status_name)


def _bind(bind: BindSeen, profile: OperatorProfile, status_name: Callable[[int], str]) -> Row:
    check = f"bind as {bind.form.value}"
    configured = bind.form is profile.bind
    if bind.status == 0:
        return Row(
            check, f"accepted in {milliseconds(bind.took_s)}", "as configured" if configured else ""
        )
    if bind.status is None:
        return Row(check, bind.problem, "nothing was learnt of it", wrong=configured)
    seen = f"refused: {status_name(bind.status)}"
    if bind.status in _CREDENTIALS:
        return Row(check, seen, f"{_CREDENTIALS[bind.status]} is not theirs", wrong=True)
    if bind.status in _OCCUPIED:
        means = "all binds are taken (stop the service's link first), or this form is not served"
        return Row(check, seen, means, wrong=configured)
    return Row(check, seen, "this form is not served", wrong=configured)


def _second_bind(
    second: BindSeen, profile: OperatorProfile, status_name: Callable[[int], str]
) -> Found:
    if second.status == 0:
        yield Row("second bind", "accepted", "binds may be 2 at least")
        return
    seen = second.problem if second.status is None else f"refused: {status_name(second.status)}"
    yield Row("second bind", seen, "binds is 1", wrong=profile.binds > 1)
    yield Proposal("binds", 1, "a second bind was refused")


# time


def of_answers(seen: Seen, profile: OperatorProfile) -> Found:
    answered = [each for each in seen.enquiries_s if each is not None]
    if seen.enquiries_s:
        missing = len(seen.enquiries_s) - len(answered)
        told = f"answered in {milliseconds(max(answered))} at most" if answered else "no answer"
        means = f"{missing} of {len(seen.enquiries_s)} not answered" if missing else "alive"
        yield Row("enquire_link", told, means, wrong=not answered)
    took = [bind.took_s for bind in seen.binds if bind.status is not None]
    took += answered + [each.took_s for each in seen.attempts if each.status is not None]
    slowest_s = max(took, default=0.0)
    if slowest_s * 2 > profile.response_timer_s:
        value = float(math.ceil(slowest_s * RESPONSE_HEADROOM))
        late = slowest_s > profile.response_timer_s
        means = f"response_timer_s of {profile.response_timer_s:.3g} is short"
        yield Row("slowest response", f"{slowest_s:.3g} s", means, wrong=late)
        yield Proposal("response_timer_s", value, f"a response took {slowest_s:.3g} s")


# submit


def of_submits(seen: Seen, profile: OperatorProfile, status_name: Callable[[int], str]) -> Found:
    for each in seen.attempts:
        yield _attempt(each, status_name, first=each is seen.attempts[0])
    accepted = seen.accepted
    if accepted is None:
        return
    attempt = accepted.attempt
    why = "accepted so, refused as configured"
    yield Proposal("source_ton", attempt.source[0], why)
    yield Proposal("source_npi", attempt.source[1], why)
    yield Proposal("dest_ton", attempt.dest[0], why)
    yield Proposal("dest_npi", attempt.dest[1], why)
    yield Proposal("validity_form", attempt.validity.value, why)
    said_none = seen.bound is not None and seen.bound.version is None
    if said_none and attempt.tlv:
        yield Row("TLV in submit_sm", "accepted", "it takes TLVs")
        if profile.peer_version_assumed < TLV_INTERFACE_VERSION_MIN:
            why = "says no version, yet took a TLV"
            yield Proposal("peer_version_assumed", TLV_INTERFACE_VERSION_MIN, why)
    elif said_none:
        wrong = profile.peer_version_assumed >= TLV_INTERFACE_VERSION_MIN
        yield Row("TLV in submit_sm", "refused", "it is sent no TLVs", wrong=wrong)
        if wrong:
            yield Proposal("peer_version_assumed", 0x33, "a TLV was refused")
    if accepted.message_id:
        yield Row("id in the response", id_words(accepted.message_id), "")
    else:
        yield Row("id in the response", "none", "no receipt can be matched", wrong=True)


def _attempt(each: AttemptSeen, status_name: Callable[[int], str], *, first: bool) -> Row:
    source, dest, validity, with_tlv = each.attempt
    words = f"submit_sm, source {source[0]}/{source[1]}, destination {dest[0]}/{dest[1]}"
    check = f"{words}, validity {validity.value}{', a TLV' if with_tlv else ''}"
    if each.status is None:
        return Row(check, "no response", "it may have been sent: not tried again", wrong=True)
    if each.status:
        told = f"refused: {status_name(each.status)}"
        return Row(check, told, "as the profile has it" if first else "", wrong=first)
    return Row(
        check, f"accepted in {milliseconds(each.took_s)}", "as the profile has it" if first else ""
    )


# silence


def of_silence(seen: Seen, profile: OperatorProfile) -> Found:
    if seen.peer_enquiries_s:
        first_s = seen.peer_enquiries_s[0]
        yield Row("their enquire_link", f"after {first_s:.3g} s", "they look whether we live")
    if seen.closed_after_s is None:
        if seen.bound is not None:
            yield Row("idle timer", f"not within {seen.waited_s:.3g} s", "")
        return
    closed_s = seen.closed_after_s
    wrong = profile.enquire_link_timer_s >= closed_s
    means = f"enquire_link_timer_s of {profile.enquire_link_timer_s:.3g} must be shorter"
    yield Row("idle timer", f"closed after {closed_s:.3g} s", means if wrong else "", wrong=wrong)
    if wrong:
        value = float(max(1, math.floor(closed_s / 2)))
        yield Proposal("enquire_link_timer_s", value, f"closed after {closed_s:.3g} s of silence")
