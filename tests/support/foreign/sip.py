"""A phone and a telephone service made of others' software: sipp dials, pjsua2 is the service.

The phone presses keys as RFC 4733 events and sends back all the sound it gets (`-rtp_echo`), so
what the service records is what has reached the phone.
"""

from __future__ import annotations

import json
import math
import wave
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from tests.interop.peers.sip_settings import Settings
from tests.support.foreign.program import found, free_ports, program
from tests.support.foreign.scripts import Script, script

CALL_S = 90.0
FRAME = 160  # 20 ms at 8 kHz

_SDP = """\
v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [auto_media_port] RTP/AVP 8 96
a=rtpmap:8 PCMA/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-15
"""


def _request(method: str, number: int, caller: str, more: str = "Content-Length: 0\n\n") -> str:
    tag = "" if method == "INVITE" else "[peer_tag_param]"
    return (
        f"<![CDATA[\n{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n"
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        f"From: <sip:{caller}@[local_ip]:[local_port]>;tag=[call_number]\n"
        f"To: <sip:[service]@[remote_ip]:[remote_port]>{tag}\n"
        f"Call-ID: [call_id]\nCSeq: {number} {method}\n"
        "Contact: <sip:phone@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
        f"{more}]]>"
    )


def scenario(caller: str, keys: Sequence[tuple[float, str]], stay_s: float) -> str:
    """sipp's XML: each of `keys` is pressed so many seconds after what was before; then it hangs
    up after `stay_s`, unless the service did."""
    body = "Content-Type: application/sdp\nContent-Length: [len]\n\n" + _SDP
    pressed = "".join(
        f'<pause milliseconds="{after_s * 1000:.0f}"/>'
        f'<nop><action><exec play_dtmf="{some}"/></action></nop>\n'
        for after_s, some in keys
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="phone">\n'
        f'<send retrans="500">{_request("INVITE", 1, caller, body)}</send>\n'
        '<recv response="100" optional="true"/><recv response="180" optional="true"/>\n'
        '<recv response="200" rrs="true"/>\n'
        f"<send>{_request('ACK', 1, caller)}</send>\n"
        f'{pressed}<pause milliseconds="{stay_s * 1000:.0f}"/>\n'
        f'<send retrans="500">{_request("BYE", 2, caller)}</send>\n'
        '<recv response="200"/>\n</scenario>\n'
    )


@asynccontextmanager
async def telephone_service(
    folder: Path, url: str, token: str, sip_port: int
) -> AsyncIterator[Script]:
    """pjsua2 for one call, as a platform that speaks TwiML to `url`."""
    (rtp_port,) = free_ports(1)
    settings = Settings(url, token, str(folder), sip_port, rtp_port & ~1)
    async with script("peers/sip_media.py", json.dumps(asdict(settings))) as service:
        await service.event("listening")
        yield service


async def dial(
    folder: Path,
    sip_port: int,
    *,
    caller: str,
    called: str,
    keys: Sequence[tuple[float, str]],
    stay_s: float,
) -> int:
    """The call from ringing to hanging up; sipp's exit code, 0 where all went as written."""
    path = folder / "phone.xml"
    path.write_text(scenario(caller, keys, stay_s), encoding="utf-8")
    own, media = free_ports(2)
    command = (
        found("sipp"), f"127.0.0.1:{sip_port}", "-sf", str(path), "-m", "1", "-s", called,
        "-i", "127.0.0.1", "-p", str(own), "-mi", "127.0.0.1", "-mp", str(media & ~1),
        "-rtp_echo", "-nostdin", "-timeout", f"{CALL_S:.0f}",
    )  # fmt: skip
    async with program("sipp", command, folder) as phone:
        return await phone.ended(CALL_S)


def levels(path: Path) -> list[float]:
    """The loudness of each 20 ms of a WAV (8 kHz, 16 bit, mono), of full scale."""
    with wave.open(str(path)) as wav:
        assert (wav.getframerate(), wav.getsampwidth(), wav.getnchannels()) == (8_000, 2, 1)
        samples = array("h", wav.readframes(wav.getnframes()))
    return [
        math.sqrt(sum(each * each for each in samples[at : at + FRAME]) / FRAME) / 32_768
        for at in range(0, len(samples) - FRAME + 1, FRAME)
    ]


def likeness(heard: Sequence[float], played: Sequence[float]) -> float:
    """How much the loudness of `played` is somewhere in `heard`: the best correlation, -1 to 1."""
    size = len(played)
    assert size <= len(heard), "what was heard is shorter than what was played"
    wanted, norm = _centred(played)
    best = -1.0
    for at in range(len(heard) - size + 1):
        part, of_part = _centred(heard[at : at + size])
        if norm * of_part:
            dot = sum(one * other for one, other in zip(wanted, part, strict=True))
            best = max(best, dot / (norm * of_part))
    return best


def _centred(values: Sequence[float]) -> tuple[list[float], float]:
    mean = sum(values) / len(values)
    centred = [value - mean for value in values]
    return centred, math.sqrt(sum(value * value for value in centred))
