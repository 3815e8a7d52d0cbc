"""Whether a feed may write a ticket: who holds it, and what the feed's key covers. Pure.

A ticket belongs to the body that holds it: the one stored as in charge of it, or the one that it
was passed on to last. Only a holder moves it on, so a key that leaks cannot touch the tickets
of others, and a body that has forwarded a ticket has no more say in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from lookup.feed.path import FORWARDING, ordered
from lookup.feed.row import EventRow, Row
from lookup.registry.feed_keys import BESIDE, FeedKey, Scope
from lookup.registry.stored import digest_of
from lookup.registry.wire import JOINED

DEPTH_MAX: Final = 20  # bodies above a body: a directory that runs in a circle ends here


class Refusal(NamedTuple):
    """Why a row is not stored; `forbidden`: it is right in itself, but not for this key."""

    field: str
    reason: str
    forbidden: bool = False


class BodyTree:
    """The directory as far as scopes need it."""

    def __init__(self, parents: Mapping[str, str | None], codes: Mapping[str, str]) -> None:
        """`parents`: of each body by id; `codes`: ids by code."""
        self._parents = parents
        self._codes = codes

    def known(self, body: str) -> str | None:
        """The id of a body named by id or by code."""
        return body if body in self._parents else self._codes.get(body)

    def covers(self, scope: Scope, body: str | None) -> bool:
        """Whether the body is one of the scope's or, with `subtree`, below one of them."""
        here = None if body is None else self.known(body)
        for _ in range(DEPTH_MAX):
            if here is None:
                return False
            if here in scope.bodies:
                return True
            here = self._parents.get(here) if scope.subtree else None
        return False

    def holds(self, scope: Scope, body: str | None, events: Sequence[EventRow]) -> bool:
        """Whether a body of the scope holds a ticket with this body in charge and these steps."""
        return self.covers(scope, body) or self.covers(scope, passed_to(events))


def passed_to(events: Sequence[EventRow]) -> str | None:
    """The body that the ticket was passed on to last, as its steps tell; they are in order."""
    return next((step.to_body for step in reversed(events) if step.stage in FORWARDING), None)


def refusal(  # noqa: PLR0911 - a verdict a line
    row: Row, key: FeedKey, stored: Sequence[Row], parents: Sequence[Row], tree: BodyTree
) -> Refusal | None:
    """Why the key may not write this ticket; None: it may.

    `stored`: what is known of it, a view of each system; `parents`: the same of the number that it
    names as its parent. An exact repeat of what the feed has stored is never refused: it changes
    nothing and tells nothing.
    """
    own = [held for held in stored if held.key.system == key.feed]
    if own and digest_of(_in_order(row)) in {held.digest for held in own}:
        return None
    body = row.ticket.body_id
    if body is None:
        return Refusal("body_id", "is missing: who pushes a ticket says who has it")
    if tree.known(body) is None:
        return Refusal("body_id", "is not in the directory of bodies")
    if not key.scope.allows_kind(row.ticket.kind):
        return Refusal("kind", "is not within the scope of this key", forbidden=True)
    if _opened_for_another(row, own) and not any(
        tree.holds(key.scope, held.ticket.body_id, held.events) for held in parents
    ):
        return Refusal("parent_id", "is no ticket that a body of this key holds", forbidden=True)
    beside = BESIDE in key.scope.rights and not own
    if tree.covers(key.scope, body) and (beside or not stored):
        return None
    if any(tree.holds(key.scope, held.ticket.body_id, held.events) for held in own or stored):
        return None
    if stored:
        return Refusal("number", "is a ticket that another body holds", forbidden=True)
    return Refusal("body_id", "is not within the scope of this key", forbidden=True)


def apart(rows: Sequence[Row]) -> list[list[Row]]:
    """Cut where a number comes again, or the one that a ticket was opened for: the later row is
    judged by what the earlier one has done."""
    groups: list[list[Row]] = []
    seen: set[str] = set()
    for row in rows:
        if not groups or row.ticket.number in seen or row.ticket.parent_id in seen:
            groups.append([])
            seen.clear()
        seen.add(row.ticket.number)
        groups[-1].append(row)
    return groups


def _opened_for_another(row: Row, own: Sequence[Row]) -> bool:
    """Whether it newly says so: what is asked of the other ticket is then told by this one."""
    parent = row.ticket.parent_id
    if parent is None or row.ticket.status == JOINED:
        return False
    return all(held.ticket.parent_id != parent for held in own)


def _in_order(row: Row) -> Row:
    """As it is stored, whatever the order in which its steps were told."""
    return row._replace(events=ordered(row.events))
