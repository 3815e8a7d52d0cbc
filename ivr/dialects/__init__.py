"""The dialects by the name that `[[ivr]] dialect` gives them. A new one is a file and a line."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialects import fastagi
from ivr.dialects.contract import Dialect
from ivr.dialects.jambonz import Jambonz
from ivr.dialects.json_hmac import JsonHmac
from ivr.dialects.plivo import Plivo
from ivr.dialects.signalwire import SignalWire
from ivr.dialects.telnyx import Telnyx
from ivr.dialects.twiml import Twiml
from ivr.dialects.vxml import Vxml
from ivr.ed25519 import is_key

DIALECTS: Mapping[str, Dialect] = {
    "twiml": Twiml(),
    "twiml-sha256": Twiml("sha256"),
    "signalwire": SignalWire(),
    "telnyx": Telnyx(),
    "plivo": Plivo(),
    "vxml": Vxml(),
    "fastagi": fastagi.FastAgi(),
    "jambonz": Jambonz(),
    "json": JsonHmac(),
}


def secret_problem(dialect: str, secret: str) -> str | None:
    """Why nothing that this dialect's platform signs could be believed by the secret, None where
    there is no reason."""
    if dialect == "telnyx" and not is_key(secret):
        return "is no public key; copy the account's from the Telnyx portal (base64, 44 signs)"
    return fastagi.secret_problem(secret) if dialect == "fastagi" else None
