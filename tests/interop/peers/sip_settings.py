"""What the SIP media server (sip_media.py) is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    url: str  # the webhook
    token: str
    folder: str  # for what is played and what was heard
    sip_port: int
    rtp_port: int  # even
