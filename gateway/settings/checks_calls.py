"""What must hold between the [[ivr]] tables and the links that text their callers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.settings.tables import IvrSettings, LinkSettings


def problems_of_calls(ivr: Sequence[IvrSettings], links: Sequence[LinkSettings]) -> Iterator[str]:
    """A sentence each, with its remedy."""
    by_name = {link.name: link for link in links}
    for call in ivr:
        here = f"[[ivr]] '{call.name}'"
        if call.path != f"/ivr/{call.name}":
            yield f"{here}: path must be '/ivr/{call.name}', not '{call.path}'"
        if call.text_link is not None and call.text_link not in by_name:
            known = ", ".join(sorted(by_name)) or "none"
            yield f"{here}: text_link = '{call.text_link}' is no [[link]]; known: {known}"
        elif call.text_link is not None and not by_name[call.text_link].short_codes:
            yield (
                f"{here}: [[link]] '{call.text_link}' has no short code to text from; give it "
                "short_codes"
            )
        for number in sorted(set(call.numbers_without_sms) - set(call.numbers)):
            yield (
                f"{here}: numbers_without_sms has '{number}', which is not among numbers; write "
                "it as it stands there"
            )
