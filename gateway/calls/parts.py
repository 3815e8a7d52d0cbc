"""The calls' side of the gateway from settings: records, texts, the desk that dialogues ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.answers import AnswerRows
from gateway.calls.copies import Copies, TextLink
from gateway.calls.desk import Calls
from gateway.calls.records import CallRecords, Counters
from gateway.clock import Clock, day_date
from gateway.core.cdr import ChargePoint
from gateway.core.records import COPY
from gateway.core.results import Result
from gateway.core.tariff import Tariffs, Trigger
from gateway.desk import Desk
from gateway.keys import Keys
from gateway.memories import Memories
from gateway.ports import SmsPort
from gateway.rules import Rules
from gateway.settings import IvrSettings, LinkSettings, Settings, SettingsError
from gateway.store.journal import Journal


def make_calls(
    settings: Settings,
    *,
    journal: Journal,
    desk: Desk,
    answers: AnswerRows,
    memories: Memories,
    rules: Rules,
    ports: Mapping[str, SmsPort],
    keys: Keys,
    clock: Clock,
    next_id: Callable[[], int],
    counters: Counters,
) -> Calls:
    """Raises SettingsError."""
    links = {link.name: link for link in settings.link}
    texting: dict[str, TextLink] = {}
    for ivr in settings.ivr:
        if ivr.text_link is None:
            continue
        link = links.get(ivr.text_link)
        if link is None:  # checked with the settings; tests make theirs by hand
            raise SettingsError(f"[[ivr]] '{ivr.name}': there is no [[link]] '{ivr.text_link}'")
        texting[ivr.name] = _text_link(ivr, link, ports[link.name], rules.tariffs, clock)
    deadline_s = settings.lookup.call_deadline_ms / 1_000
    records = CallRecords(
        journal=journal, memories=memories, tariffs=rules.tariffs.calls, keys=keys, clock=clock,
        next_id=next_id, counters=counters,
    )  # fmt: skip
    copies = Copies(
        desk=desk, answers=answers, memories=memories, rules=rules, clock=clock, links=texting,
        deadline_s=deadline_s,
    )  # fmt: skip
    return Calls(
        journal=journal, desk=desk, records=records, copies=copies, memories=memories, rules=rules,
        keys=keys, next_id=next_id, deadline_s=deadline_s,
        call_backs_max=settings.operators.call_backs_max,
    )  # fmt: skip


def _text_link(
    ivr: IvrSettings, link: LinkSettings, port: SmsPort, tariffs: Tariffs, clock: Clock
) -> TextLink:
    rated = tariffs.rate(
        operator=port.operator,
        channel=COPY,
        on=day_date(clock.day(clock.now_us())),
        result=Result.STATUS,
    )
    here = f"[[ivr]] '{ivr.name}': text_link = '{link.name}'"
    rule = f"rule '{rated.rule_id}' of config/tariffs.toml"
    if rated.charge_point is ChargePoint.MO:
        raise SettingsError(
            f"{here}: {rule} charges a text by the question's SMS, and there is none; give the "
            'channel "copy" a rule with charge_point = "mt" or "none"'
        )
    if rated.trigger is not None and (
        (rated.trigger is Trigger.SUBMITTED) is not port.policy.charge_on_submit
    ):
        # Receipts and responses of a link settle all its replies by one rule.
        wanted = Trigger.SUBMITTED if port.policy.charge_on_submit else Trigger.DELIVERED
        raise SettingsError(f'{here}: {rule} must have trigger = "{wanted}", as its replies have')
    if rated.trigger is Trigger.DELIVERED and not port.receipts:
        raise SettingsError(
            f"{here}: {rule} charges a delivered text, and no receipts are asked for; set "
            f"receipts = true on [[link]] '{link.name}'"
        )
    return TextLink(
        link.name, port.operator, link.short_codes[0], frozenset(ivr.numbers_without_sms)
    )
