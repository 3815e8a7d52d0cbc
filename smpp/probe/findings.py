"""From what a probe saw to what it means for the profile. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from smpp.operators import OperatorProfile
from smpp.probe.inbound import of_messages, of_receipts
from smpp.probe.rows import Findings, Found, Proposal, Row
from smpp.probe.seen import Seen
from smpp.probe.session import of_answers, of_binds, of_silence, of_submits


def find(
    seen: Seen,
    profile: OperatorProfile,
    short_codes: Collection[str],
    status_name: Callable[[int], str] = hex,
) -> Findings:
    """`profile` is the configured one, `short_codes` the link's. Never raises."""
    found = list(_topics(seen, profile, short_codes, status_name))
    proposals = {each.key: each for each in found if isinstance(each, Proposal)}
    changed = (
        each for each in proposals.values() if each.value != _plain(getattr(profile, each.key))
    )
    return Findings(tuple(each for each in found if isinstance(each, Row)), tuple(changed))


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


def _topics(
    seen: Seen,
    profile: OperatorProfile,
    short_codes: Collection[str],
    status_name: Callable[[int], str],
) -> Found:
    yield from of_binds(seen, profile, status_name)
    yield from of_answers(seen, profile)
    yield from of_submits(seen, profile, status_name)
    yield from of_receipts(seen, profile)
    yield from of_messages(seen, profile, short_codes)
    yield from of_silence(seen, profile)
