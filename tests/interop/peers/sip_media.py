"""A SIP media server that speaks TwiML: what a cloud telephone service is to the gateway.

`python sip_media.py JSON` (see sip_settings.py) answers one call, fetches and plays what documents
name, collects keys by the real timeout rules, posts actions and the status callback, and ends.
It writes one JSON line for each thing that happened. pjsua2 wants a thread of its own that pumps
its events, and does not end cleanly; hence a process.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import wave
from collections import deque
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import Request, urlopen
from xml.etree import ElementTree

import pjsua2
from sip_settings import Settings
from twilio.request_validator import RequestValidator

PUMP_MS = 10
ANSWER_S = 15.0  # what Twilio waits for a document
CALL_S = 90.0
STARTED_S = 20.0  # to be called
FINISH_S = 5.0


_told = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # the library writes to stdout before it can be told not to


def tell(event: str, **facts: Any) -> None:
    _told.write(json.dumps({"event": event} | facts, ensure_ascii=False) + "\n")
    _told.flush()


class Player(pjsua2.AudioMediaPlayer):
    over = False

    def onEof2(self) -> None:  # noqa: N802 - the library's name
        self.over = True


class Platform:
    """The document at work: what is played, what is waited for."""

    def __init__(self, settings: Settings, call: Call) -> None:
        self.settings, self.call = settings, call
        self.signer = RequestValidator(settings.token)
        self.fields: dict[str, str] = {}
        self.verbs: deque[ElementTree.Element] = deque()
        self.gather: ElementTree.Element | None = None
        self.queue: deque[str] = deque()  # recordings still to be played
        self.player: Player | None = None
        self.keys = ""
        self.deadline: float | None = None
        self.ended = False
        self.fetched = 0

    # -- webhooks

    def post(self, url: str, **more: str) -> ElementTree.Element | None:
        fields = self.fields | more
        began = time.monotonic()
        signature = self.signer.compute_signature(url, fields)
        headers = {"X-Twilio-Signature": signature}
        request = Request(url, urlencode(fields).encode(), headers)
        try:
            with urlopen(request, timeout=ANSWER_S) as reply:
                status, body = reply.status, reply.read()
        except HTTPError as refused:
            status, body = refused.code, b""
        tell("posted", status=status, fields=more, s=round(time.monotonic() - began, 4))
        return ElementTree.fromstring(body) if status == 200 else None

    def start(self, caller: str, called: str) -> None:
        self.fields = {
            "AccountSid": "AC" + "0" * 32,
            "ApiVersion": "2010-04-01",
            "CallSid": "CA" + f"{self.settings.sip_port:032x}",
            "From": caller,
            "To": called,
            "Direction": "inbound",
        }
        self.take(self.post(self.settings.url, CallStatus="ringing"))

    def take(self, document: ElementTree.Element | None) -> None:
        self.gather, self.keys, self.deadline = None, "", None
        self.queue.clear()
        self.verbs = deque(document if document is not None else ())
        self.next_verb()

    def next_verb(self) -> None:
        if not self.verbs:
            self.call.end()
            return
        verb = self.verbs.popleft()
        if verb.tag == "Gather":
            self.gather = verb
            self.queue.extend(each.text or "" for each in verb if each.tag == "Play")
            tell("gather", plays=len(self.queue), says=len(verb.findall("Say")))
        elif verb.tag == "Play":
            self.queue.append(verb.text or "")
        elif verb.tag == "Hangup":
            self.call.end()
        else:
            tell("verb", tag=verb.tag, text=verb.text)

    # -- the passing of time

    def tick(self) -> None:
        if self.ended or not self.call.ready:
            return
        if self.player is not None:
            if not self.player.over:
                return
            self.silence()
        if self.queue:
            self.play(self.queue.popleft())
        elif self.gather is None:
            self.next_verb()
        elif self.deadline is None:
            self.deadline = time.monotonic() + float(self.gather.get("timeout", "5"))
        elif time.monotonic() > self.deadline:
            self.gathered("")

    def play(self, url: str) -> None:
        self.fetched += 1
        path = Path(self.settings.folder) / f"played-{self.fetched}.wav"
        with urlopen(url, timeout=ANSWER_S) as reply:
            path.write_bytes(reply.read())
        with wave.open(str(path)) as wav:
            shape = (wav.getframerate(), wav.getsampwidth(), wav.getnchannels())
            seconds = wav.getnframes() / wav.getframerate()
        tell("played", file=path.name, shape=shape, s=round(seconds, 3))
        self.player = Player()
        self.player.createPlayer(str(path), pjsua2.PJMEDIA_FILE_NO_LOOP)
        self.player.startTransmit(self.call.media())

    def silence(self) -> None:
        if self.player is not None:
            self.player.stopTransmit(self.call.media())
            self.player = None

    def pressed(self, key: str) -> None:
        tell("key", key=key)
        if self.gather is None or self.ended:
            return
        self.silence()  # barge-in
        self.queue.clear()
        if key == self.gather.get("finishOnKey", "#"):
            self.gathered(key)
            return
        self.keys += key
        self.deadline = time.monotonic() + float(self.gather.get("timeout", "5"))
        if len(self.keys) >= int(self.gather.get("numDigits", "1000")):
            self.gathered("")

    def gathered(self, finish: str) -> None:
        gather, keys = self.gather, self.keys
        assert gather is not None
        if not keys and not finish and gather.get("actionOnEmptyResult") != "true":
            self.gather = None
            self.next_verb()
            return
        more = {"CallStatus": "in-progress", "Digits": keys} | (
            {"FinishedOnKey": finish} if finish else {}
        )
        self.take(self.post(urljoin(self.settings.url, gather.get("action", "")), **more))

    def over(self, seconds: int) -> None:
        if not self.ended:
            self.ended = True
            self.post(
                self.settings.url,
                CallStatus="completed",
                CallDuration=str(seconds),
                CallbackSource="call-progress-events",
                SequenceNumber="0",
            )


class Call(pjsua2.Call):
    """The caller's leg. What a callback learns is acted upon by the pump."""

    def __init__(self, account: Account, call_id: int) -> None:
        super().__init__(account, call_id)
        self.platform = Platform(account.settings, self)
        self.recorder: pjsua2.AudioMediaRecorder | None = None
        self.keys: deque[str] = deque()
        self.ready = self.gone = self.ending = False
        self.answered_s = 0.0

    def media(self) -> pjsua2.AudioMedia:
        return self.getAudioMedia(-1)

    def onCallState(self, prm: pjsua2.OnCallStateParam) -> None:  # noqa: N802
        state = self.getInfo().state
        if state == pjsua2.PJSIP_INV_STATE_CONFIRMED:
            self.answered_s = time.monotonic()
        self.gone = state == pjsua2.PJSIP_INV_STATE_DISCONNECTED

    def onCallMediaState(self, prm: pjsua2.OnCallMediaStateParam) -> None:  # noqa: N802
        if self.recorder is None:
            self.recorder = pjsua2.AudioMediaRecorder()
            heard = Path(self.platform.settings.folder) / "heard.wav"
            self.recorder.createRecorder(str(heard))
            self.media().startTransmit(self.recorder)
        self.ready = True

    def onDtmfDigit(self, prm: pjsua2.OnDtmfDigitParam) -> None:  # noqa: N802
        tell("dtmf", method=prm.method, rfc4733=prm.method == pjsua2.PJSUA_DTMF_METHOD_RFC2833)
        self.keys.append(prm.digit)

    def end(self) -> None:
        self.ending = True


class Account(pjsua2.Account):
    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.call: Call | None = None

    def onIncomingCall(self, prm: pjsua2.OnIncomingCallParam) -> None:  # noqa: N802
        self.call = Call(self, prm.callId)
        answer = pjsua2.CallOpParam()
        answer.statusCode = 200
        self.call.answer(answer)


def number_in(address: str) -> str:
    """`"name" <sip:+7701@host>` -> +7701"""
    return address.partition("sip:")[2].partition("@")[0]


def serve(settings: Settings) -> None:
    endpoint = pjsua2.Endpoint()
    endpoint.libCreate()
    config = pjsua2.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.medConfig.clockRate = 8_000
    config.medConfig.noVad = True
    endpoint.libInit(config)
    transport = pjsua2.TransportConfig()
    transport.port = settings.sip_port
    transport.boundAddress = transport.publicAddress = "127.0.0.1"
    endpoint.transportCreate(pjsua2.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    of_account = pjsua2.AccountConfig()
    of_account.idUri = "sip:1414@127.0.0.1"
    media = of_account.mediaConfig.transportConfig
    media.boundAddress = media.publicAddress = "127.0.0.1"
    media.port = settings.rtp_port
    account = Account(settings)
    account.create(of_account)
    tell("listening", port=settings.sip_port)
    began = time.monotonic()
    started = False
    while time.monotonic() < began + (CALL_S if account.call else STARTED_S):
        endpoint.libHandleEvents(PUMP_MS)
        call = account.call
        if call is None or not call.answered_s:
            continue
        if not started:
            started = True
            info = call.getInfo()
            call.platform.start(number_in(info.remoteUri), number_in(info.localUri))
        while call.keys and not call.gone:
            call.platform.pressed(call.keys.popleft())
        if call.gone:
            break
        call.platform.tick()
        if call.ending:
            call.hangup(pjsua2.CallOpParam())
            call.ending = False
            call.ready = False
    assert account.call is not None, "nobody called"
    assert started, "the call came to nothing"
    account.call.platform.over(round(time.monotonic() - account.call.answered_s))
    account.call.platform.player = None
    account.call.recorder = None
    gc.collect()
    finish(endpoint, Path(settings.folder) / "heard.wav")
    tell("over")


def finish(endpoint: pjsua2.Endpoint, heard: Path) -> None:
    """The recorder is taken off by the library's own thread, and writes the WAV's length last."""
    until = time.monotonic() + FINISH_S
    while not int.from_bytes(heard.read_bytes()[4:8], "little"):
        assert time.monotonic() < until, "the recording has no length"
        endpoint.libHandleEvents(PUMP_MS)


if __name__ == "__main__":
    serve(Settings(**json.loads(sys.argv[1])))
    os._exit(0)  # pjsip does not come down in order once Python tears it apart
