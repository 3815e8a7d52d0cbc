"""The words of acts and reports in one language, and how it writes sums and dates. No I/O.

They come from config/act/<language>.toml: [text] for sentences, and a group for each kind of code
that the ledger has. A code without a word is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.billing.months import Month

GROUPS = (
    "results", "reasons", "kinds", "channels", "outcomes", "classes", "bands", "causes",
    "measures", "by",
)  # fmt: skip

_TIYN = 100  # in a tenge


class WordsError(Exception):
    """The file of words cannot be used; the text names the language, the key and the remedy."""


class Words:
    """One language."""

    def __init__(
        self,
        language: str,
        text: Mapping[str, str],
        months: tuple[str, ...],
        groups: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.language = language
        self._text = text
        self._months = months
        self._groups = groups

    @classmethod
    def from_table(cls, language: str, table: Mapping[str, object]) -> Words:
        """Read what tomllib made of the file. Raises WordsError."""
        groups = {name: _strings(language, name, table.get(name)) for name in ("text", *GROUPS)}
        names = table.get("months")
        months = names.get("names") if isinstance(names, Mapping) else None
        if not isinstance(months, list) or len(months) != 12:
            raise WordsError(f"act/{language}.toml: [months] names must be twelve names")
        return cls(language, groups.pop("text"), tuple(map(str, months)), groups)

    def text(self, key: str, **facts: object) -> str:
        """The sentence of that key, filled in. Raises WordsError."""
        try:
            return self._text[key].format(**facts)
        except (KeyError, IndexError, ValueError) as problem:
            raise WordsError(
                f"act/{self.language}.toml: [text] {key} is missing or names what it is not "
                f"given ({problem}); known there are {', '.join(sorted(facts)) or 'no names'}"
            ) from problem

    def name(self, group: str, code: str) -> str:
        """What a code is called."""
        return self._groups[group].get(code, code)

    def count(self, number: int) -> str:
        """12 345, as the language groups digits."""
        digits = f"{abs(number):,}".replace(",", self.text("thousands"))
        return f"{self.text('minus')}{digits}" if number < 0 else digits

    def money(self, tiyn: int | None) -> str:
        """Tenge with two decimals; a dash for None."""
        if tiyn is None:
            return "–"
        whole, rest = divmod(abs(tiyn), _TIYN)
        sign = self.text("minus") if tiyn < 0 else ""
        return f"{sign}{self.count(whole)}{self.text('decimals')}{rest:02}"

    def percent(self, basis_points: int) -> str:
        """16 %, 0,37 %."""
        whole, rest = divmod(basis_points, 100)
        decimals = f"{self.text('decimals')}{rest:02}" if rest else ""
        return f"{self.count(whole)}{decimals}\N{NO-BREAK SPACE}%"

    def day(self, day: int) -> str:
        """A day, YYYYMMDD, as the language writes it."""
        return self.text("date", day=day % 100, month=day // 100 % 100, year=day // 10_000)

    def date(self, day: date) -> str:
        return self.text("date", day=day.day, month=day.month, year=day.year)

    def month(self, month: Month) -> str:
        return self.text("month_title", month=self._months[month.number - 1], year=month.year)


def _strings(language: str, name: str, table: object) -> Mapping[str, str]:
    if not isinstance(table, Mapping):
        raise WordsError(f"act/{language}.toml: the table [{name}] is missing")
    for key, value in table.items():
        if not isinstance(value, str):
            raise WordsError(f"act/{language}.toml: [{name}] {key} must be a text in quotes")
    return table
