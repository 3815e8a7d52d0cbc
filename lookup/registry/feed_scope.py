"""Whether a feed may write a ticket: who holds it, and what the feed's key covers. Pure.

A ticket belongs to the body that holds it: the one stored as in charge of it, or the one that it
was passed on to last. Only a holder moves it on, so a key that leaks cannot touch the tickets
of others, and a body that has forwarded a ticket has no more say in it until it comes back.

What a feed tells beside others (a treasury of fines), what names no body, and what was taken back
as registered by mistake makes nobody a holder.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from lookup.feed.fields import moment_us
from lookup.feed.path import FORWARDING, Step, ordered
from lookup.feed.row import EventRow, Row
from lookup.registry.feed_keys import BESIDE, FeedKey, Scope
from lookup.registry.merge import merge
from lookup.registry.stored import digest_of
from lookup.registry.wire import JOINED

DEPTH_MAX: Final = 20  # bodies above a body: a directory that runs in a circle ends here
FEED_ROWS_MAX: Final = 16  # of one feed in a place (lookup.registry.place), which others need too

_DAY: Final = len("YYYY-MM-DD")


class Refusal(NamedTuple):
    """Why a row is not stored; `forbidden`: it is right in itself, but not for this key."""

    field: str
    reason: str
    forbidden: bool = False


class BodyTree:
    """The directory as far as scopes need it."""

    def __init__(self, parents: Mapping[str, str | None], codes: Mapping[str, str]) -> None:
        """`parents`: of each body by id; `codes`: ids by code, where it is the code of one."""
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

    def holds(self, scope: Scope, body: str | None, events: Sequence[Step]) -> bool:
        """Whether a body of the scope holds a ticket with this body in charge and these steps."""
        return self.covers(scope, body) or self.covers(scope, passed_to(events))


def passed_to(events: Sequence[Step]) -> str | None:
    """The body that the ticket was passed on to last, as its steps tell; they are in order."""
    return next((step.to_body for step in reversed(events) if step.stage in FORWARDING), None)


class Known(NamedTuple):
    """What is stored as a push comes in."""

    stored: Sequence[Row]  # of its ticket, a view of each system
    parents: Sequence[Row] = ()  # the same of the number that it names as its parent
    witnesses: frozenset[str] = frozenset()  # systems that tell beside others
    own_rows: int = 0  # of the feed, in the place of the number
    now_us: int | None = None  # UTC microseconds

    def view(self, system: str) -> Row | None:
        """What this system tells of the ticket."""
        return next((held for held in self.stored if held.key.system == system), None)


def refusal(  # noqa: PLR0911 - a verdict a line
    row: Row, key: FeedKey, known: Known, tree: BodyTree
) -> Refusal | None:
    """Why the key may not write this ticket; None: it may.

    An exact repeat of what the feed has stored is never refused: it changes nothing and tells
    nothing.
    """
    own = known.view(key.feed)
    if own is not None and digest_of(_in_order(row)) == own.digest:
        return None
    body = row.ticket.body_id
    if body is None:
        return Refusal("body_id", "is missing: who pushes a ticket says who has it")
    if tree.known(body) is None:
        return Refusal("body_id", "is not in the directory of bodies")
    if not key.scope.allows_kind(row.ticket.kind):
        return Refusal("kind", "is not within the scope of this key", forbidden=True)
    if BESIDE in key.scope.rights and row.ticket.owner_hashes:
        return Refusal("owner_phones", "are not for a key that tells beside others", forbidden=True)
    if _opened_for_another(row, own) and not _holds_a_parent(key, known, tree):
        return Refusal("parent_id", "is no ticket that a body of this key holds", forbidden=True)
    holding = _holding(key, known.stored, known.witnesses, tree)
    if holding is None:
        return _of_a_new_one(row, key, own, known, tree)
    if not holding:
        return Refusal("number", "is a ticket that another body holds", forbidden=True)
    if _keeps_it(row, key.scope, known, own, holding, tree):
        reason = "pass it on to a body of this key last, yet body_id names another: add that step"
        return Refusal("events", reason)
    return None


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


def _holding(
    key: FeedKey, views: Sequence[Row], witnesses: Collection[str], tree: BodyTree
) -> Sequence[Row] | None:
    """The views by which a body of the key holds a ticket; None where nobody holds it, or where
    the feed tells beside whoever does.

    The feed's own view decides until a later one of another gives the ticket back.
    """
    naming = [held for held in views if _names_a_holder(held)]
    own = next((held for held in naming if held.key.system == key.feed), None)
    if own is not None and tree.holds(key.scope, own.ticket.body_id, own.events):
        return [own]
    others = [held for held in naming if held is not own and held.key.system not in witnesses]
    theirs = [held for held in others if tree.holds(key.scope, held.ticket.body_id, held.events)]
    if own is not None:
        given = _given_on(own)
        return [held for held in theirs if _later(_got_on(held, key.scope, tree), given)]
    return theirs if others and BESIDE not in key.scope.rights else None


def _names_a_holder(view: Row) -> bool:
    ticket = view.ticket
    return not ticket.deleted and (ticket.body_id or passed_to(view.events)) is not None


def _holds_a_parent(key: FeedKey, known: Known, tree: BodyTree) -> bool:
    if BESIDE in key.scope.rights:
        return False
    kinds = {held.key.kind for held in known.parents}
    views = ([held for held in known.parents if held.key.kind == kind] for kind in kinds)
    return any(_holding(key, of, known.witnesses, tree) for of in views)


def _of_a_new_one(
    row: Row, key: FeedKey, own: Row | None, known: Known, tree: BodyTree
) -> Refusal | None:
    """Of a ticket that nobody holds, or a view beside that of its holder."""
    if not tree.covers(key.scope, row.ticket.body_id):
        return Refusal("body_id", "is not within the scope of this key", forbidden=True)
    if own is not None:
        return None
    if not key.scope.allows_number(row.ticket.number):
        return Refusal("number", "is not within the scope of this key", forbidden=True)
    if known.own_rows >= FEED_ROWS_MAX:
        return Refusal("number", "has as many kinds of this feed as one feed may have")
    return None


def _keeps_it(
    row: Row,
    scope: Scope,
    known: Known,
    own: Row | None,
    holding: Sequence[Row],
    tree: BodyTree,
) -> bool:
    """Whether it would put another body in charge and yet stay passed on to one of the key's."""
    if tree.covers(scope, row.ticket.body_id):
        return False
    after = merge(own, row, known.now_us).row
    body = tree.known(after.ticket.body_id or "")
    if tree.covers(scope, body):
        return False  # an older version: the stored body stays
    if body in {tree.known(held.ticket.body_id or "") for held in holding}:
        return False  # in charge before, and watches what it has passed on
    return tree.covers(scope, passed_to(after.events))


def _given_on(own: Row) -> str | None:
    """When a view gave its ticket away: the later of its last passing-on and its status."""
    return _last(_passed_at(own.events), own.ticket.status_at)


def _got_on(other: Row, scope: Scope, tree: BodyTree) -> str | None:
    """When a view gave its ticket to a body of the scope: by a step, by naming it, or by both."""
    ticket = other.ticket
    by_step = _passed_at(other.events) if tree.covers(scope, passed_to(other.events)) else None
    return _last(by_step, ticket.status_at if tree.covers(scope, ticket.body_id) else None)


def _last(*times: str | None) -> str | None:
    return max((at for at in times if at is not None), key=moment_us, default=None)


def _passed_at(events: Sequence[EventRow]) -> str | None:
    return next((step.at for step in reversed(events) if step.stage in FORWARDING), None)


def _later(one: str | None, other: str | None) -> bool:
    """By the day where one of them has no time."""
    if one is None or other is None:
        return one is not None
    if _DAY in {len(one), len(other)}:
        return one[:_DAY] > other[:_DAY]
    return moment_us(one) > moment_us(other)


def _opened_for_another(row: Row, own: Row | None) -> bool:
    """Whether it newly says so: what is asked of the other ticket is then told by this one."""
    parent = row.ticket.parent_id
    if parent is None or row.ticket.status == JOINED:
        return False
    return own is None or own.ticket.parent_id != parent


def _in_order(row: Row) -> Row:
    """As it is stored, whatever the order in which its steps were told."""
    return row._replace(events=ordered(row.events))
