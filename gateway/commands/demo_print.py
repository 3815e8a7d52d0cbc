"""What the demo prints: the conversation, each CDR, totals by operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from gateway.core.call_records import CallRecord
from gateway.core.cdr import Entry
from gateway.core.records import Chain
from smpp.simulator.inbox import Mt

INDENT = "    "


class Printer:
    """Plain lines, the same at a terminal and in a file."""

    def __init__(self, echo: Callable[[str], None]) -> None:
        self._echo = echo

    def question(self, text: dict[str, Any]) -> None:
        if about := text.get("about"):
            self._echo(f"# {about}")
        self._echo(f'MO  {phone(text["from"])} -> 1012 ({text["operator"]})  "{text["says"]}"')

    def answered(self, parts: int, chain: Chain) -> None:
        segments = f"{parts} segments · " if parts > 1 else ""
        self._echo(
            f"{INDENT}{segments}{chain.result} · {chain.language} · {entries(chain.entries)}"
        )

    def reply(self, mt: Mt, chain: Chain) -> None:
        self._echo(f'MT  {mt.source} -> {phone(mt.msisdn)}  "{mt.text}"')
        reply = chain.replies[0]
        size = "1 segment" if mt.segments == 1 else f"{mt.segments} segments"
        self._echo(f"{INDENT}{size} · submitted · {reply.state.name.lower()}")
        self._echo("")

    def again(self, acknowledged: bool, same: bool) -> None:
        word = "acknowledged" if acknowledged else "refused"
        charge = "not charged again, not answered again" if same else "CHARGED AGAIN"
        self._echo(f"{INDENT}redelivered: {word}, {charge}")
        self._echo("")

    def silence(self) -> None:
        self._echo(f"{INDENT}no reply: that is the answer to thanks, and to a locked phone")

    def call(self, script: dict[str, Any], said: Sequence[tuple[str, str]]) -> None:
        self._echo("# a phone call: Russian, the number keyed in, once more, then an operator")
        self._echo(f"CALL {phone(script['from'])} -> {script['to']}")
        for done, words in said:
            if done:
                self._echo(f"{INDENT}{done}")
            self._echo(f"{INDENT}hears: {words}")

    def call_entry(self, chain: Chain) -> None:
        self._echo(f"{INDENT}{chain.result} · {chain.language} · {entries(chain.entries)}")

    def legs(self, records: Sequence[CallRecord]) -> None:
        """The call's own records: seconds as the platform counts them, outcome, who pays what."""
        for record in records:
            self._echo(
                f"{INDENT}{record.leg.leg}'s leg · {record.platform_s} s · {record.outcome}"
                f" · {record.payer} pays {tenge(record.amount_tiyn)}"
            )
        self._echo("")

    def totals(self, chains: Sequence[Chain]) -> None:
        self._echo("operator  questions  charged KZT  credited KZT")
        by: dict[str, list[Chain]] = {}
        for chain in chains:
            by.setdefault(chain.operator, []).append(chain)
        for operator, those in sorted(by.items()):
            sums: Counter[str] = Counter()
            for entry in (entry for chain in those for entry in chain.entries):
                sums[entry.kind] += entry.amount_tiyn
            self._echo(
                f"{operator:8}  {len(those):9}  {tenge(sums['charged']):>11}"
                f"  {tenge(sums['credited']):>12}"
            )

    def invite(self, http: str) -> None:
        self._echo("")
        self._echo(
            f"The web page is at {http}/ . Type a number (or: 77010000001 TEXT), Ctrl-D ends."
        )


def entries(chain: Sequence[Entry]) -> str:
    """The CDRs of a chain in a few words."""
    words = [
        f"{entry.kind} {tenge(entry.amount_tiyn)}" + (f" ({entry.reason})" if entry.reason else "")
        for entry in chain
    ]
    return " · ".join(words)


def tenge(tiyn: int) -> str:
    sign = "-" if tiyn < 0 else ""
    return f"{sign}{abs(tiyn) // 100}.{abs(tiyn) % 100:02}"


def phone(msisdn: str) -> str:
    return f"+{msisdn[0]} {msisdn[1:4]} *** ** {msisdn[-2:]}"
