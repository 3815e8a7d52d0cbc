"""The dialects by the name that `[[ivr]] dialect` gives them. A new one is a file and a line."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialects.contract import Dialect
from ivr.dialects.json_hmac import JsonHmac
from ivr.dialects.twiml import Twiml

DIALECTS: Mapping[str, Dialect] = {
    "twiml": Twiml(),
    "twiml-sha256": Twiml("sha256"),
    "json": JsonHmac(),
}
