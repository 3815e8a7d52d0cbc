"""By which session each destination's open submits left: the next one follows them there. Pure.

Two sessions are two connections, and what leaves by one may overtake what left before it by the
other. As long as a submit to a destination is open, its successor keeps behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smpp.messages import Submit

if TYPE_CHECKING:
    from smpp.session import Session


class Routes:
    """Holds as much as is open in all windows, no more."""

    __slots__ = ("_destinations", "_sessions")

    def __init__(self) -> None:
        self._destinations: dict[int, str] = {}  # of open submits, by reply_id
        self._sessions: dict[str, tuple[Session, int]] = {}  # with the number of open submits

    def session(self, destination: str) -> Session | None:
        """The session that the next submit there must leave by; None: any."""
        found = self._sessions.get(destination)
        return None if found is None else found[0]

    def opened(self, submit: Submit, session: Session) -> None:
        """It is being written to that session."""
        self.ended(submit.reply_id)  # one that is sent twice at once counts once
        destination = submit.destination
        found = self._sessions.get(destination)
        self._sessions[destination] = (session, 1 if found is None else found[1] + 1)
        self._destinations[submit.reply_id] = destination

    def ended(self, reply_id: int) -> None:
        """Its end is known, or known to be unknown. Nothing happens where it was not open."""
        destination = self._destinations.pop(reply_id, None)
        if destination is None:
            return
        session, count = self._sessions.pop(destination)
        if count > 1:
            self._sessions[destination] = (session, count - 1)

    def __len__(self) -> int:
        return len(self._destinations)
