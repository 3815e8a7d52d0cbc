"""The tables of the settings file, as types. What they mean: docs/reference/settings.md. Pure."""

from __future__ import annotations

from typing import Literal

from gateway.settings.section import Section
from gateway.settings.sources import SourceSettings


class StoreSettings(Section, frozen=True, kw_only=True):
    url: str = "sqlite:///var/lib/jauap/journal.db"
    key_file: str = "/var/lib/jauap/jauap.key"  # 0600; keys for phones, logs and fingerprints
    witness: str | None = None  # the commit witness; None: beside the journal
    backlog_max: int = 1_000  # calls waiting for the writer


class TlsSettings(Section, frozen=True, kw_only=True):
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    server_name: str | None = None


class LinkSettings(Section, frozen=True, kw_only=True):
    name: str
    host: str
    port: int = 2775
    system_id: str
    password_env: str | None = None
    password_file: str | None = None
    profile: str = "default"  # config/operators/<profile>.toml
    operator: str | None = None  # as in tariffs; the link's name when not given
    bind: Literal["transceiver", "pair"] | None = None  # this and the next: None, the profile's
    binds: int | None = None
    tls: TlsSettings | Literal[False] | None = None  # None: not stated, enough for this machine
    insecure: bool = False  # plain to a host that is neither this machine nor private
    short_codes: tuple[str, ...] = ("1012",)
    window: int | None = None  # open submits, per bind
    tps_max: int | None = None  # submits a second; 0: no limit
    receipts: bool = True  # ask for a receipt with each reply
    outbind_system_id: str | None = None  # whose outbind makes a waiting bind connect at once
    outbind_password_env: str | None = None
    outbind_password_file: str | None = None
    capture_pdus: int = 256  # the last PDUs of each bind, kept in memory; 0: none


class ServerTlsSettings(Section, frozen=True, kw_only=True):
    cert_file: str
    key_file: str | None = None  # the key may stand in cert_file
    ca_file: str | None = None  # with it, a client must show a certificate of these


class SmscAccountSettings(Section, frozen=True, kw_only=True):
    name: str
    system_id: str
    password_env: str | None = None
    password_file: str | None = None
    password_hash: str | None = None  # a PHC string, as argon2 makes it
    profile: str = "default"
    operator: str | None = None  # as in tariffs; the account's name when not given
    short_codes: tuple[str, ...] = ("1012",)
    addresses: tuple[str, ...] = ()  # networks it may bind from; none given: any
    binds_max: int = 2
    window: int | None = None  # replies without a response, per bind; None: the profile's
    tps_max: int = 100  # what it may send us a second; 0: no limit
    receipts: bool = True  # ask for a receipt with each reply, where replies are submit_sm
    queue_max: int = 10_000  # replies and receipts kept for it
    reply_hours: int = 24  # a reply that could not be handed over in this time is given up
    receipt_hours: int = 72  # the same for receipts of ours
    outbind: str | None = None  # host:port that is called while something is owed and none is bound
    outbind_system_id: str | None = None  # None: the account's
    outbind_password_env: str | None = None
    outbind_password_file: str | None = None
    capture_pdus: int = 256


class SmscSettings(Section, frozen=True, kw_only=True):
    listen: str | None = None  # None: nobody may bind to us
    tls: ServerTlsSettings | Literal[False] | None = None
    insecure: bool = False  # plain on an address that is neither this machine's own nor private
    system_id: str = "jauap"  # what we call ourselves in the response to a bind
    connections_max: int = 200  # bound and not yet bound, all accounts together
    address_connections_max: int = 50  # of them from one address
    bind_within_s: float = 10.0  # a connection that does not bind so soon is closed
    account: tuple[SmscAccountSettings, ...] = ()


IvrDialect = Literal[
    "twiml",
    "twiml-sha256",
    "signalwire",
    "telnyx",
    "plivo",
    "vxml",
    "fastagi",
    "jambonz",
    "json",
]


class IvrSettings(Section, frozen=True, kw_only=True):
    name: str
    dialect: IvrDialect
    path: str
    secret_env: str | None = None
    secret_file: str | None = None
    numbers: tuple[str, ...] = ()
    numbers_without_sms: tuple[str, ...] = ()  # of these: their callers are offered no SMS
    text_link: str | None = None  # the [[link]] by which a call's answer is texted; None: never
    operator_target: str | None = None  # number or SIP address a call is handed to
    recording_notice: bool = False  # say first that the call may be recorded
    listen: str = "127.0.0.1:4573"  # fastagi alone: Asterisk connects here
    peers: tuple[str, ...] = ("127.0.0.1",)  # fastagi alone: addresses or networks of Asterisk


class PromptsSettings(Section, frozen=True, kw_only=True):
    """What calls are answered with: recorded clips, joined into sentences."""

    folder: str | None = None  # clips by language, made by `jauap prompts build`; None: beside keys
    required: bool = False  # not ready while a clip of a language is missing


class OperatorsSettings(Section, frozen=True, kw_only=True):
    """The people calls are handed to. Hours are whole, of Kazakhstan, the second one not included;
    equal ones mean closed all day."""

    workday_hours: tuple[int, int] = (0, 24)
    day_off_hours: tuple[int, int] = (0, 24)
    token_env: str | None = (
        None  # who may read the calls' events and keep call-backs: /api/v1/calls
    )
    token_file: str | None = None
    call_backs_max: int = 1_000  # kept open at a time


class HttpSettings(Section, frozen=True, kw_only=True):
    listen: str = "127.0.0.1:8080"
    public_url: str = "http://127.0.0.1:8080"
    body_size_max: int = 65_536  # octets
    trusted_proxies: tuple[str, ...] = ()  # addresses whose X-Forwarded-For is believed


class FeedsSettings(Section, frozen=True, kw_only=True):
    """The API by which bodies push their tickets; it writes the first [[source]] of its type."""

    enabled: bool = False
    requests_per_s: float = 20.0  # of one key
    burst: int = 40  # of one key, at once
    ticket_octets_max: int = 262_144
    batch_octets_max: int = 1_073_741_824
    batch_lines_max: int = 1_000_000
    batches_max: int = 4  # at a time, of all keys together
    idle_s: float = 30.0  # a client that sends nothing, or reads nothing, so long is let go
    repeat_hours: int = 72  # how long the answer to an Idempotency-Key is kept


class ServiceSettings(Section, frozen=True, kw_only=True):
    language: Literal["kk", "ru", "en"] = "kk"  # where a question tells nothing of its language
    node: int = 0  # 0..1023, part of every id
    old_after_days: int = 1_096  # closed longer ago: the answer is "archived"
    reply_validity_s: int = 600  # an answer later than this is not worth sending
    stop_within_s: float = 30.0  # drain at stop; afterwards the watchdog ends the process


class LookupSettings(Section, frozen=True, kw_only=True):
    batch_budget_ms: int = 150  # a batch waits so long before its questions are acknowledged alone
    source_deadline_ms: int = 1_500
    call_deadline_ms: int = 2_000
    later_after_s: int = 20  # then: "we will send the answer"
    give_up_after_s: int = 86_400
    in_flight_max: int = 64  # lookups of one source at a time
    cache_ttl_ms: int = 0  # 0: none; the embedded registry is as fast without


class PrivacySettings(Section, frozen=True, kw_only=True):
    keep_text_days: Literal[0] = 0  # texts are erased once answered


class LogSettings(Section, frozen=True, kw_only=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(Section, frozen=True, kw_only=True):
    """All settings; `Settings()` is a gateway without links, of use only to tests."""

    store: StoreSettings = StoreSettings()
    service: ServiceSettings = ServiceSettings()
    lookup: LookupSettings = LookupSettings()
    http: HttpSettings = HttpSettings()
    feeds: FeedsSettings = FeedsSettings()
    privacy: PrivacySettings = PrivacySettings()
    logs: LogSettings = LogSettings()
    smsc: SmscSettings = SmscSettings()
    link: tuple[LinkSettings, ...] = ()
    source: tuple[SourceSettings, ...] = ()
    ivr: tuple[IvrSettings, ...] = ()
    prompts: PromptsSettings = PromptsSettings()
    operators: OperatorsSettings = OperatorsSettings()

    def peers(self) -> list[LinkSettings | SmscAccountSettings]:
        """Whoever carries SMS to us and from us, links first."""
        return [*self.link, *self.smsc.account]

    def registry(self) -> SourceSettings | None:
        """The source whose registry commands, pushes and imports work on: the first of type
        registry, or else of type files."""
        of_types = [[s for s in self.source if s.type == type_] for type_ in ("registry", "files")]
        return next((source for listed in of_types for source in listed), None)
