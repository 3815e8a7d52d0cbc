"""What is left of the citizens' money, parted between an operator and the owner. Pure, no floats.

The operator takes the price and, month by month, keeps its share. The [[share]] rows of
config/tariffs.toml say how much: a percentage of the sum without VAT, or a flat sum for each
message whose money was kept. They are dated, by operator, and the first that covers wins. Months
are settled whole, so a share begins with a month and ends with one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from gateway.core.tariff_row import FIRST_DAY, LAST_DAY, Row, TariffError, check_ids
from gateway.core.tariff_vat import FULL_BP, net_of, part_of, vat_of

FLAT_TIYN_MAX = 1_000_000  # of one message; as for prices
EXAMPLE_SUM_TIYN_MAX = 10**15


class Side(StrEnum):
    """Whose part the contract names; the other side gets the rest."""

    OPERATOR = "operator"
    OWNER = "owner"


class ShareRule(NamedTuple):
    """One [[share]] row. Either `part_bp` (of the sum without VAT) or `flat_tiyn` (a message,
    without VAT) is given, and belongs to `side`. `operators` None: all of them."""

    id: str
    operators: frozenset[str] | None
    valid_from: date
    valid_to: date
    side: Side
    part_bp: int | None
    flat_tiyn: int | None

    def covers(self, operator: str, on: date) -> bool:
        return self.valid_from <= on <= self.valid_to and (
            self.operators is None or operator in self.operators
        )

    @property
    def lists(self) -> dict[str, frozenset[str] | None]:
        return {"operators": self.operators}

    @property
    def terms(self) -> tuple[object, ...]:
        return self[4:]


class Split(NamedTuple):
    """A sum without VAT, parted; both together are the sum, to the tiyn."""

    owner_tiyn: int
    operator_tiyn: int
    rule_id: str

    @property
    def net_tiyn(self) -> int:
        return self.owner_tiyn + self.operator_tiyn


class ShareExample(NamedTuple):
    """What the table's author expects of one month of an operator."""

    where: str
    operator: str
    on: date
    kept_tiyn: int
    vat_bp: int
    messages: int
    owner_tiyn: int
    operator_tiyn: int


class Shares(NamedTuple):
    """The rules for shares; the last one covers everything."""

    rules: tuple[ShareRule, ...]
    examples: tuple[ShareExample, ...] = ()

    def rule(self, operator: str, on: date) -> ShareRule:
        """The rule for that operator and day."""
        return next(rule for rule in self.rules if rule.covers(operator, on))

    def split(
        self, operator: str, first_day: date, kept_by_vat: Mapping[int, int], messages: int
    ) -> Split:
        """Part what was kept of one operator's citizens in one month; never fails.

        `first_day`: of the month; `kept_by_vat`: VAT rate in basis points -> gross tiyn charged,
        less what was given back; `messages`: how many of them cost something in the end. Both may
        be negative: what a later month takes back. Rounded once, half a tiyn away from zero, for
        the side that the contract names. A flat sum for more than was kept leaves the other side
        less than nothing, which it owes.
        """
        rule = self.rule(operator, first_day)
        net_tiyn = net_of(kept_by_vat)
        if rule.flat_tiyn is not None:
            named = rule.flat_tiyn * messages
        else:
            named = part_of(net_tiyn, rule.part_bp or 0, FULL_BP)
        if rule.side is Side.OWNER:
            return Split(named, net_tiyn - named, rule.id)
        return Split(net_tiyn - named, named, rule.id)

    def check_examples(self) -> list[str]:
        """The examples that do not come out as written, a sentence each."""
        problems = []
        for example in self.examples:
            kept = {example.vat_bp: example.kept_tiyn}
            split = self.split(example.operator, example.on, kept, example.messages)
            if split[:2] != (example.owner_tiyn, example.operator_tiyn):
                problems.append(
                    f"{example.where}: expected owner_tiyn = {example.owner_tiyn} and "
                    f"operator_tiyn = {example.operator_tiyn}, share {split.rule_id} gives "
                    f"{split.owner_tiyn} and {split.operator_tiyn}"
                )
        return problems


# Where a table has no [[share]] row: whoever took the money has it, until a contract says more.
UNSHARED = ShareRule("unshared", None, FIRST_DAY, LAST_DAY, Side.OWNER, 0, None)

_TERMS = {
    "operator_keeps_bp": Side.OPERATOR,
    "operator_keeps_tiyn": Side.OPERATOR,
    "owner_gets_bp": Side.OWNER,
    "owner_gets_tiyn": Side.OWNER,
}


def read_share_rule(where: str, table: object) -> ShareRule:
    """Raises TariffError."""
    row = Row(where, table)
    name = row.word("id")
    row.where = f"{where} ({name})"
    operators = row.scope("operators")
    valid_from, valid_to = row.days()
    given = [key for key in _TERMS if row.has(key)]
    if len(given) != 1:
        raise TariffError(f"{row.where}: give one of {', '.join(_TERMS)}; the rest is the other's")
    (key,) = given
    by_part = key.endswith("_bp")
    value = row.integer(key, 0, FULL_BP if by_part else FLAT_TIYN_MAX)
    row.done()
    if valid_from.day != 1:
        raise TariffError(
            f"{row.where}: valid_from = {valid_from}, expected the first day of a month: "
            "months are settled whole"
        )
    if valid_to != LAST_DAY and (valid_to + timedelta(days=1)).day != 1:
        raise TariffError(
            f"{row.where}: valid_to = {valid_to}, expected the last day of a month: "
            "months are settled whole"
        )
    return ShareRule(
        id=name,
        operators=operators,
        valid_from=valid_from,
        valid_to=valid_to,
        side=_TERMS[key],
        part_bp=value if by_part else None,
        flat_tiyn=None if by_part else value,
    )


def check_share_rules(rules: Sequence[ShareRule]) -> None:
    """What must hold between rules. Raises TariffError."""
    if not rules:
        return
    if rules[-1][1:4] != (None, FIRST_DAY, LAST_DAY):
        raise TariffError(
            'the last [[share]] must cover whatever is left: operators = "*", no valid_from, '
            "no valid_to"
        )
    check_ids("share", rules)


def read_share_example(where: str, table: object) -> ShareExample:
    """Raises TariffError."""
    row = Row(where, table)
    example = ShareExample(
        where=where,
        operator=row.word("operator"),
        on=row.day("on", FIRST_DAY),
        kept_tiyn=row.integer("kept_tiyn", -EXAMPLE_SUM_TIYN_MAX, EXAMPLE_SUM_TIYN_MAX),
        vat_bp=row.integer("vat_bp", 0, FULL_BP),
        messages=row.integer("messages", 0, EXAMPLE_SUM_TIYN_MAX),
        owner_tiyn=row.integer("owner_tiyn", -EXAMPLE_SUM_TIYN_MAX, EXAMPLE_SUM_TIYN_MAX),
        operator_tiyn=row.integer("operator_tiyn", -EXAMPLE_SUM_TIYN_MAX, EXAMPLE_SUM_TIYN_MAX),
    )
    row.done()
    if example.on == FIRST_DAY:
        raise TariffError(f"{where}: `on` is missing; give a day of the month")
    return example


def read_shares(rules: Sequence[object], examples: Sequence[object]) -> Shares:
    """What tomllib made of the rows. Raises TariffError."""
    read = tuple(read_share_rule(f"share {n}", table) for n, table in enumerate(rules, start=1))
    check_share_rules(read)
    return Shares(
        read or (UNSHARED,),
        tuple(read_share_example(f"share_example {n}", t) for n, t in enumerate(examples, start=1)),
    )


def outsized(rule: ShareRule, price_tiyn: int, vat_bp: int) -> bool:
    """Whether a flat sum is more than a message of that price leaves without VAT."""
    return rule.flat_tiyn is not None and rule.flat_tiyn > price_tiyn - vat_of(price_tiyn, vat_bp)
