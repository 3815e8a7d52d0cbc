"""Who may come in: bind requests answered, outbinds of others taken note of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from smpp import pdu
from smpp.bind_request import BindRequest
from smpp.opening import refuse
from smpp.pdu import Frame
from smpp.server.accounts import Doorkeeper, Verdict
from smpp.server.live_account import LiveAccount
from smpp.server.settings import ServerLimits
from smpp.session import Session
from smpp.stats import ServerStats
from smpp.status import BindAction

_log = structlog.get_logger()


class Admission:
    """`outbind` says of a system_id, a password and an address whether it is one of ours."""

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        accounts: Mapping[str, LiveAccount],
        limits: ServerLimits,
        stats: ServerStats,
        outbind: Callable[[str, str, str], bool],
    ) -> None:
        self._doorkeeper = doorkeeper
        self._accounts = accounts
        self._limits = limits
        self._stats = stats
        self._outbind = outbind
        self._loop = asyncio.get_running_loop()

    async def admit(
        self, address: str, session: Session, request: BindRequest, frame: Frame
    ) -> LiveAccount | None:
        """Answer a bind request; whose session it is now, None: nobody's, it is over."""
        asked_s = self._loop.time()
        verdict = await self._doorkeeper.check(
            request.system_id, request.password, address, lambda: session.opening
        )
        if verdict.account is None:
            self._tell(verdict, address)
            await self._wait(session, asked_s + verdict.delay_s)
            self._refuse(session, frame, verdict.status, verdict.detail)
            return None
        account = self._accounts[verdict.account.name]
        if account.full:
            await self._drop_ghosts(account, session)
        if account.full:
            detail = f"account {account.settings.name} has all of its binds"
            _log.warning("smsc_bind_denied", address=address, detail=detail)
            self._refuse(session, frame, pdu.RBINDFAIL, detail)
            return None
        if not session.opening:  # gone meanwhile
            return None
        account.take(session, request, frame, address)
        return account

    def called(self, address: str, system_id: str, password: str) -> None:
        """An SMSC wants us to bind. Guessing gets as far here as it gets by binding."""
        self._stats.outbinds += 1
        if self._doorkeeper.refused(address):
            return
        if self._outbind(system_id, password, address):
            _log.info("smsc_outbind", address=address)
            return
        delay_s = self._doorkeeper.failed(address)
        self._tell(Verdict(None, delay_s=delay_s, detail="outbind of nobody we know"), address)

    async def _drop_ghosts(self, account: LiveAccount, newcomer: Session) -> None:
        """Ask the account's sessions for a sign of life; those that give none make room."""
        asked_s, asked = self._loop.time(), account.sessions
        for session in asked:
            session.probe()
        await self._wait(newcomer, asked_s + self._limits.ghost_s)
        for session in asked:
            if newcomer.opening and account.full and session.heard_s < asked_s:
                self._stats.ghosts += 1
                session.close(BindAction.BACKOFF, "no sign of life when another wanted to bind")
                session.abort()

    async def _wait(self, session: Session, until_s: float) -> None:
        """Until then, or until the connection is gone."""
        await asyncio.wait((session.ended,), timeout=max(0.0, until_s - self._loop.time()))

    def _refuse(self, session: Session, frame: Frame, status: int, detail: str) -> None:
        self._stats.binds_refused += 1
        if session.opening:
            refuse(session, frame, status, detail)

    def _tell(self, verdict: Verdict, address: str) -> None:
        """What an address did wrong, and that its tries are used up: then silence."""
        if not verdict.counted:
            return
        _log.warning("smsc_bind_denied", address=address, detail=verdict.detail)
        if self._doorkeeper.refused(address):
            self._stats.refused_addresses += 1
            minutes = round(self._limits.access.refusal_s / 60, 1)
            _log.error("smsc_address_refused", address=address, minutes=minutes)
