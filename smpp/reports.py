"""The text of a delivery receipt of ours (SMPP 3.4 Appendix B), for who bound to us. Pure."""

from __future__ import annotations

from datetime import datetime


def report_text(message_id: str, submitted: datetime, done: datetime) -> str:
    """That a message of the peer's has reached us. Both times are local ones, to the minute.

    `text:` stays empty: what a citizen wrote is told to nobody again.
    """
    return (
        f"id:{message_id} sub:001 dlvrd:001 submit date:{submitted:%y%m%d%H%M} "
        f"done date:{done:%y%m%d%H%M} stat:DELIVRD err:000 text:"
    )
