"""The demo's voice platform: posts signed TwiML steps as a cloud telephone service does."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import aiohttp

CALL_ID = "CA" + "0" * 31 + "1"


async def play_call(
    http: str, public_url: str, script: Mapping[str, Any], token: str
) -> list[tuple[str, str]]:
    """The call of the script as (what the caller does, what is heard) pairs.

    Steps are posted to `http` and signed for `public_url`, as behind a TLS proxy.
    """
    heard: list[tuple[str, str]] = []
    fields = {
        "CallSid": CALL_ID,
        "From": "+" + script["from"],
        "To": script["to"],
        "CallStatus": "ringing",
        "Direction": "inbound",
    }
    url = f"{public_url}/ivr/1414"
    keys = ["", *script["keys"]]
    async with aiohttp.ClientSession() as session:
        for key in keys:
            if key:
                fields |= {"CallStatus": "in-progress", "Digits": key.rstrip("#")}
            document = await _post(session, http, url, fields, token)
            heard.append((f"keys {key}" if key else "", _words(document)))
            gather = document.find("Gather")
            if gather is None:
                break
            url = urljoin(public_url, gather.get("action", url))
        fields.pop("Digits", None)
        dial = document.find("Dial")
        if dial is not None:
            talked = str(script["operator_s"])
            over = fields | {"DialCallStatus": "completed", "DialCallDuration": talked}
            url = urljoin(public_url, dial.get("action", url))
            document = await _post(session, http, url, over, token)
            heard.append((f"talks to the operator for {talked} s", _words(document)))
        ended = fields | {"CallStatus": "completed", "CallDuration": str(script["seconds"])}
        await _post(session, http, f"{public_url}/ivr/1414", ended, token)
    return heard


async def _post(
    session: aiohttp.ClientSession, http: str, url: str, fields: Mapping[str, str], token: str
) -> ElementTree.Element:
    signed = url + "".join(key + fields[key] for key in sorted(fields))
    signature = base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1))
    headers = {"X-Twilio-Signature": signature.decode()}
    path = urlsplit(url)._replace(scheme="", netloc="").geturl()
    async with session.post(http + path, data=dict(fields), headers=headers) as response:
        response.raise_for_status()
        return ElementTree.fromstring(await response.text())  # noqa: S314  our own document


def _words(document: ElementTree.Element) -> str:
    """What the caller hears; a recorded prompt is named by its file."""
    words = []
    for verb in document.iter():
        if verb.tag == "Say":
            words.append((verb.text or "").strip())
        elif verb.tag == "Play":
            words.append("(a recorded prompt)")
        elif verb.tag == "Dial":
            words.append("(the operator's line rings)")
    return " ".join(words)
