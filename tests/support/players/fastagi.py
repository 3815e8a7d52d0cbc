"""Asterisk as a player: plays what it is told, presses keys when it is asked for them."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.support.asterisk import Asterisk, environment
from tests.support.players.contract import GATHER, HANGUP, TRANSFER, Heard, Words

DIALECTS = ("fastagi",)
DEAD = "511 Command Not Permitted on a dead channel or intercept routine"


class FastAgiPlayer:
    """`base_url` is agi://host:port. Keys that are left when an entry is full interrupt what is
    played next, as with a caller who keys ahead."""

    def __init__(self, address: tuple[str, int], told: dict[str, str], words: Words) -> None:
        self._address = address
        self._told = told
        self._words = words
        self._line: Asterisk
        self._variables: dict[str, str] = {}
        self._gone = False

    async def call(self) -> Heard:
        self._line = await Asterisk.connect(*self._address)
        self._line.introduce(self._told)
        await self._line.expect("ANSWER")
        self._line.tell("200 result=0")
        return await self._listen()

    async def keys(self, keys: str) -> Heard:
        self._line.tell(f"200 result={ord(keys[0])}")
        return await self._listen(keys[1:], entry=True)

    async def silence(self) -> Heard:
        self._line.tell("200 result=0")
        return await self._listen()

    async def operator(self, *, connected: bool, seconds: int = 0) -> Heard:
        self._variables["DIALSTATUS"] = "ANSWER" if connected else "NOANSWER"
        self._variables["ANSWEREDTIME"] = str(seconds) if connected else ""
        self._line.tell("100 result=0 Trying...", "200 result=0 Gosub complete")
        return await self._listen()

    async def hang_up(self, seconds: int) -> None:
        self._variables["CDR(billsec)"] = str(seconds)
        if not self._gone:  # the caller, in the middle of a command
            self._line.tell("200 result=-1")
        self._line.tell("HANGUP")
        while command := await self._line.command():
            self._line.tell(self._value(command) if command[0] == "GET" else DEAD)
        await self._line.close()

    async def _listen(self, keys: str = "", *, entry: bool = False) -> Heard:
        """Obey until the caller has to do something. `entry`: keys are being keyed, and when none
        is left the silence behind them ends the entry."""
        said: list[tuple[str, str]] = []
        while True:
            command = await self._line.command()
            if command[:2] == ["STREAM", "FILE"]:
                said.append(self._words(command[2]))
                entry = False
                interrupts = keys and keys[0] in command[3]
                self._line.tell(f"200 result={ord(keys[0]) if interrupts else 0} endpos=8000")
                keys = keys[1:] if interrupts else keys
            elif command[:3] == ["WAIT", "FOR", "DIGIT"]:
                if not keys and not entry:
                    return Heard(tuple(said), GATHER)
                self._line.tell(f"200 result={ord(keys[0]) if keys else 0}")
                entry, keys = bool(keys), keys[1:]
            elif command[0] == "GOSUB":
                assert command[1:4] == ["jauap-operators", "s", "1"]
                assert command[4].count(",") == 2
                return Heard(tuple(said), TRANSFER)
            elif command[0] == "HANGUP":
                self._line.tell("200 result=1")
                self._gone = True
                return Heard(tuple(said), HANGUP)
            else:
                self._line.tell(self._value(command))

    def _value(self, command: list[str]) -> str:
        assert command[:2] == ["GET", "VARIABLE"], command
        value = self._variables.get(command[2])
        return "200 result=0" if value is None else f"200 result=1 ({value})"


def make(
    dialect: str,
    *,
    base_url: str,
    path: str,
    secret: str,
    caller: str,
    called: str,
    call_id: str,
    words: Words,
) -> FastAgiPlayer:
    """See MakePlayer."""
    assert dialect in DIALECTS
    address = urlsplit(base_url)
    assert address.hostname is not None
    assert address.port is not None
    told = environment(
        f"{path.lstrip('/')}/{secret}", caller=caller, called=called, unique_id=call_id
    )
    return FastAgiPlayer((address.hostname, address.port), told, words)
