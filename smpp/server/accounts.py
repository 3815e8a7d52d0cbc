"""The accounts of peers that bind to us, and the check of who one is.

Nobody learns which part of his credentials was wrong: an unknown system_id costs the same work as
a known one, and every failure gets the same status after the same delay. That status is RINVPASWD:
a well-behaved ESME then waits for minutes and calls for staff, where RBINDFAIL would have it try
again soon (row B4).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from smpp import pdu
from smpp.operators import OperatorProfile
from smpp.server.access import AccessLimits, Failures, counted_as, within

LOWEST_PRIORITY = 19  # nice value
_DECOY = "nobody's"  # its account does not exist, so it opens nothing


class PasswordError(ValueError):
    """A configured password cannot be used; the message holds the remedy, never the password."""


class Password:
    """What a password given in a bind request is compared with."""

    __slots__ = ("_digest", "_phc")

    def __init__(self, digest: bytes, phc: str) -> None:
        self._digest = digest
        self._phc = phc  # empty: the digest counts

    @classmethod
    def of_hash(cls, phc: str) -> Password:
        """A PHC string of argon2. Raises PasswordError."""
        try:
            argon2.extract_parameters(phc)
        except InvalidHashError:
            raise PasswordError(
                "the password hash is no PHC string of argon2 such as $argon2id$v=19$m=...: "
                "make one with argon2-cffi or the argon2 command"
            ) from None
        return cls(b"", phc)

    @classmethod
    def of_secret(cls, secret: str) -> Password:
        """A plain password. Raises PasswordError."""
        if not secret or "\0" in secret:
            raise PasswordError("the password is empty or holds a NUL: no bind request can send it")
        return cls(_digest(secret), "")

    @classmethod
    def decoy(cls, passwords: Iterable[Password]) -> Password:
        """One that costs as much to check as the others do."""
        for each in passwords:
            if each._phc:
                parameters = argon2.extract_parameters(each._phc)
                return cls(b"", argon2.PasswordHasher.from_parameters(parameters).hash(_DECOY))
        return cls.of_secret(_DECOY)

    @property
    def slow(self) -> bool:
        """Its check takes tens of milliseconds: no work for the event loop."""
        return bool(self._phc)

    def matches(self, given: str) -> bool:
        """In a time that tells nothing of the password."""
        if not self._phc:
            return hmac.compare_digest(_digest(given), self._digest)
        try:
            return argon2.PasswordHasher().verify(self._phc, given)
        except VerificationError:
            return False

    def __repr__(self) -> str:
        return "<Password>"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """One peer that may bind to us. Its rate and window towards us, ours towards it."""

    name: str
    system_id: str
    password: Password
    profile: OperatorProfile
    addresses: tuple[IPv4Network | IPv6Network, ...] = ()  # it may come from; none: from anywhere
    binds_max: int = 2  # sessions at a time
    window: int = 10  # of ours without a response, per session
    tps_max: int = 100  # of its submits a second, all sessions together; 0 is unlimited
    unanswered_max: int = 1_000  # of its submits without our response, per session
    short_codes: tuple[str, ...] = ()
    outbind: str | None = None  # host:port to call when it is owed something
    outbind_system_id: str = ""  # empty: `system_id`
    outbind_password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for key, least in (("binds_max", 1), ("window", 1), ("tps_max", 0), ("unanswered_max", 1)):
            if getattr(self, key) < least:
                raise ValueError(
                    f"account {self.name}: {key} is {getattr(self, key)}, "
                    f"it must be at least {least}"
                )
        if not self.system_id or "\0" in self.system_id:
            raise ValueError(f"account {self.name}: system_id must be a text without a NUL")
        if self.outbind is not None:
            outbind_address(self)
        if self.profile.busy_status == pdu.RX_T_APPN:
            # 5.1.3 has it for deliver_sm_resp; many ESMEs give up on it in a submit_sm_resp
            profile = replace(self.profile, busy_status=pdu.RMSGQFUL)
            object.__setattr__(self, "profile", profile)


def outbind_address(account: AccountSettings) -> tuple[str, int]:
    """Host and port of `outbind`. Raises ValueError."""
    host, _, port = (account.outbind or "").rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(
            f"account {account.name}: outbind is {account.outbind!r}, it must be host:port"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


class Verdict(NamedTuple):
    """Who it is; None: nobody, to be told by this status after so long."""

    account: AccountSettings | None
    status: int = pdu.ROK
    delay_s: float = 0.0
    detail: str = ""  # for the log alone
    counted: bool = True  # against the address; False: it was not even looked at


class Doorkeeper:
    """Checks credentials one at a time, the slow ones in a thread that takes what time the others
    leave it, and none for a while after a failure: guesses from ever new addresses must not cost
    the bound sessions theirs. Made in a running loop.

    An address that failed too often is refused without a look. Raises ValueError for two accounts
    with one name or one system_id.
    """

    def __init__(self, accounts: Iterable[AccountSettings], limits: AccessLimits) -> None:
        self._accounts: dict[str, AccountSettings] = {}
        names = set()
        for account in accounts:
            if account.system_id in self._accounts or account.name in names:
                raise ValueError(
                    f"account {account.name}: another has its name or its system_id "
                    f"{account.system_id!r}; both must differ"
                )
            names.add(account.name)
            self._accounts[account.system_id] = account
        self._limits = limits
        self._decoy = Password.decoy(each.password for each in self._accounts.values())
        self._failures = Failures(limits)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "password", _step_back)
        self._rests_until_s = self._loop.time()

    def refused(self, address: str) -> bool:
        """Whether nothing from there is looked at for now."""
        return self._failures.refused(counted_as(address), self._loop.time())

    def failed(self, address: str) -> float:
        """Count a failure; for how many seconds its answer is to be held back."""
        return self._failures.failed(counted_as(address), self._loop.time())

    async def check(
        self, system_id: str, password: str, address: str, there: Callable[[], bool] = lambda: True
    ) -> Verdict:
        """`there`: whether anybody still waits for the answer, asked when it is his turn."""
        if self._waiting >= self._limits.waiting_max:
            return Verdict(None, pdu.RSYSERR, 0.0, "too many bind requests at once", False)
        self._waiting += 1
        try:
            async with self._turn:
                if not there():
                    return Verdict(None, pdu.RSYSERR, 0.0, "gone before its turn", False)
                if self.refused(address):
                    return Verdict(None, pdu.RINVPASWD, 0.0, "its tries are used up", False)
                account = self._accounts.get(system_id)
                proved = await self._proved(account, password)
        finally:
            self._waiting -= 1
        if account is None:
            detail = "unknown system_id"
        elif not proved:
            detail = "wrong password"
        elif not within(address, account.addresses):
            detail = "not from this address"
        else:
            return Verdict(account)
        return Verdict(None, pdu.RINVPASWD, self.failed(address), detail)

    async def _proved(self, account: AccountSettings | None, given: str) -> bool:
        password = self._decoy if account is None else account.password
        if not password.slow:
            return password.matches(given)
        await asyncio.sleep(self.rests_s)
        from_s = self._loop.time()
        proved = await self._loop.run_in_executor(self._thread, password.matches, given)
        if not proved:
            now_s = self._loop.time()
            self._rests_until_s = now_s + self._limits.rest * (now_s - from_s)
        return proved

    @property
    def rests_s(self) -> float:
        """For so long no slow check begins."""
        return max(0.0, self._rests_until_s - self._loop.time())

    def close(self) -> None:
        self._thread.shutdown(wait=False)


def _step_back() -> None:
    """Of this thread alone, and of those that argon2 starts from it (Linux)."""
    os.setpriority(os.PRIO_PROCESS, 0, LOWEST_PRIORITY)
