"""How a session comes to be bound: we ask for it, or the peer does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from smpp import bind_request, library, pdu, unserved
from smpp.bind_request import BindRequest
from smpp.pdu import Frame, Malformed
from smpp.status import BindAction, bind_action

if TYPE_CHECKING:
    from smpp.session import Session

_BIND_RESPONSES = frozenset(
    {pdu.BIND_RECEIVER_RESP, pdu.BIND_TRANSMITTER_RESP, pdu.BIND_TRANSCEIVER_RESP}
)

STRANGER_PDUS_MAX = 1_000  # before its bind is answered: more only take time from the bound ones


class Opening(Protocol):
    """A session's way from its connection to its bind."""

    late: str  # why a session ends that was not bound in time

    def begin(self, session: Session) -> None:
        """The connection is there."""

    def receive(self, session: Session, frame: Frame, now_s: float) -> bool:
        """Take a PDU that came before the bind; False: the session does with it what it always
        does, which for deliveries is to hold them."""


class RequestBind:
    """The role of an ESME. `bind_pdu` gives the request with this sequence number."""

    late = "no bind response in time"

    def __init__(self, bind_pdu: Callable[[int], bytes]) -> None:
        self._bind_pdu = bind_pdu

    def begin(self, session: Session) -> None:
        session.ask(self._bind_pdu)

    def receive(self, session: Session, frame: Frame, now_s: float) -> bool:
        status = frame.status
        if frame.command_id == pdu.GENERIC_NACK:  # nothing but the bind is open
            status = status or pdu.RBINDFAIL
        elif frame.command_id not in _BIND_RESPONSES:
            return False
        if status == pdu.ROK:
            version = pdu.decode_bind_response(frame.body).interface_version
            session.bound(version, now_s)
        else:
            session.close(bind_action(status), f"bind refused: {library.status_name(status)}")
        return True


class AwaitBind:
    """The role of an SMSC. `admit` is given the first bind request and answers it in time, by
    `Session.adopt` and `bound` or by `refuse`; `called` is given an outbind (system_id, password).

    Of a stranger we take enquire_link alone, and not without end; anything else before a bind
    request ends the session (2.3). `greeting` is what we send first: an outbind, where we called.
    """

    late = "no bind request in time"

    def __init__(
        self,
        admit: Callable[[Session, BindRequest, Frame], None],
        called: Callable[[str, str], None],
        greeting: Callable[[int], bytes] | None = None,
    ) -> None:
        self._admit = admit
        self._called = called
        self._greeting = greeting
        self._asked = False
        self._pdus = 0

    def begin(self, session: Session) -> None:
        if self._greeting is not None:
            session.ask(self._greeting)

    def receive(self, session: Session, frame: Frame, now_s: float) -> bool:
        command_id, _, sequence, body = frame
        self._pdus += 1
        if self._pdus > STRANGER_PDUS_MAX:
            session.close(BindAction.BACKOFF, f"over {STRANGER_PDUS_MAX} PDUs before the bind")
            return True
        if command_id == pdu.ENQUIRE_LINK:
            return False
        if command_id in unserved.BINDS and self._asked:
            session.answer(pdu.response(command_id, pdu.RALYBND, sequence))
            return True
        if self._asked:
            return False
        if command_id in unserved.BINDS:
            self._bind(session, frame)
        elif command_id == pdu.OUTBIND:
            self._outbind(session, body)
        else:
            answer = unserved.refusal(command_id, pdu.RINVBNDSTS, sequence, b"")
            if answer is not None:
                session.answer(answer)
            name = library.command_name(command_id)
            session.close(BindAction.BACKOFF, f"{name} before a bind request")
        return True

    def _bind(self, session: Session, frame: Frame) -> None:
        request = bind_request.decode_bind(frame.body)
        if isinstance(request, Malformed):
            refuse(session, frame, request.status, f"bind request unreadable: {request.reason}")
            return
        self._asked = True
        self._admit(session, request, frame)

    def _outbind(self, session: Session, body: bytes) -> None:
        caller = bind_request.decode_outbind(body)
        if not isinstance(caller, Malformed):
            self._called(*caller)
        session.close(BindAction.BACKOFF, "outbind taken note of")


def refuse(session: Session, request: Frame, status: int, detail: str) -> None:
    """Answer a bind request with an error, which has no body (4.1.2), and close."""
    session.answer(pdu.response(request.command_id, status, request.sequence))
    session.close(BindAction.BACKOFF, detail)
