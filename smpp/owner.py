"""The seam between a link and the gateway that owns it: what is handed over, what is told.

An account, whose peer binds to us, is such a link too: `link` is its name then.

All calls of `Owner` come from the event loop and must return at once; an exception in one is a
mistake of ours and ends `Link.run` with it.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from smpp.messages import BindState, Inbound, Receipt, SubmitResult
from smpp.pdu import Frame


class Answering(Protocol):
    """The session side of a delivery."""

    def delivery_answered(self) -> None: ...


class Delivery:
    """A message or receipt that awaits our response: the peer delivers it again without one."""

    __slots__ = (
        "_answering",
        "link",
        "mark",
        "message",
        "message_id",
        "request",
        "session",
        "status",
    )

    def __init__(
        self,
        link: str,
        session: int,
        message: Inbound | Receipt,
        answering: Answering,
        request: Frame,
    ) -> None:
        self.link = link
        self.session = session
        self.message = message
        self.request = request  # as it came; the response echoes its number
        self.status: int | None = None  # None until answered
        self.mark = 0
        self.message_id = ""
        self._answering = answering

    def respond(self, status: int = 0, mark: int = 0, message_id: str = "") -> None:
        """Answer with this command_status, once; responses leave in the order of arrival.

        `message_id` goes into the response to a submit_sm: a receipt of ours names it again.

        `mark` rises with the questions of a session; `Owner.on_confirmed` names it when the peer
        has proved to have read this response. Nothing happens where the session has ended: the
        peer will deliver again.
        """
        if self.status is not None:
            raise RuntimeError(f"a delivery of link {self.link} was answered twice")
        self.status = status
        self.mark = mark
        self.message_id = message_id
        self._answering.delivery_answered()


class BindEvent(NamedTuple):
    """A bind's new state. `detail` says why, in words without numbers of subscribers."""

    link: str
    bind: int  # from 0; a pair has two
    state: BindState
    detail: str
    session: int  # 0: none
    sends: bool = True  # whether submits of ours leave by it


class Owner(Protocol):
    """What the gateway must offer to a link."""

    def on_delivery(self, delivery: Delivery) -> None:
        """Take it, and call `delivery.respond` later."""

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        """A submit ended; one result each, plus a late answer after EXPIRED."""

    def on_room(self, link: str) -> None:
        """`Link.room` is above 0 again or still; at most once in an iteration of the loop."""

    def on_confirmed(self, session: int, through: int) -> None:
        """The peer has read our responses to everything up to this mark on that session."""

    def on_bind(self, event: BindEvent) -> None: ...
