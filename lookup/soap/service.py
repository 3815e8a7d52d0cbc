"""One operation of a SOAP service, by its WSDL: requests written and replies read by zeep.

zeep never reaches the network: its transport reads local files while the WSDL is loaded, and
hands the finished request back instead of sending it. Nothing of a reply reaches zeep or lxml
that has not come through `lookup.soap.xml`. Importing this module costs a tenth of a second and
some 25 MB: `lookup.soap.source` does it when a SOAP source is opened.
"""

# mypy: allow-untyped-calls
# zeep says that it is typed, and half of it is not.

from __future__ import annotations

import logging
import stat
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import zeep
from zeep.exceptions import ExternalReferenceForbidden, Fault
from zeep.helpers import serialize_object
from zeep.proxy import ServiceProxy
from zeep.wsdl.bindings.soap import SoapBinding
from zeep.wsdl.utils import etree_to_string
from zeep.wsse.username import UsernameToken

from lookup.foreign.paths import Path as Steps
from lookup.soap.outcomes import FaultError, SoapSetupError, UnreadableError
from lookup.soap.shape import Shape
from lookup.soap.values import plain
from lookup.soap.xml import DESCRIPTION, REPLY, Checked, XmlRefusedError, checked

FILES_MAX: Final = 200  # WSDL and XSD files of one service
CODE_MAX: Final = 100  # characters of a fault's name
STATUS_GOOD: Final = 200
XML_TYPES: Final = frozenset({"", "text/xml", "application/soap+xml", "application/xml"})


class Request(NamedTuple):
    """What is to be sent by POST."""

    headers: Mapping[str, str]
    body: bytes


class _Reply(NamedTuple):
    """A reply in the form in which zeep takes it."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    encoding: str = "utf-8"


class LocalFiles:
    """What zeep takes for its transport: reads files that were looked through, sends nothing."""

    def __init__(self) -> None:
        self._loaded = 0

    def load(self, url: str) -> bytes:
        parts = urlsplit(url)
        if parts.scheme not in {"", "file"}:
            raise ExternalReferenceForbidden(url)
        path = Path(unquote(parts.path) if parts.scheme else url)
        self._loaded += 1
        if self._loaded > FILES_MAX:
            raise SoapSetupError(f"{path}: is one file too many; at most {FILES_MAX} are read")
        try:
            return checked(_octets(path), DESCRIPTION).octets
        except OSError as problem:
            raise SoapSetupError(f"{path}: cannot be read ({problem.strerror})") from problem
        except XmlRefusedError as refusal:
            raise SoapSetupError(f"{path}: {refusal}") from refusal

    def post_xml(self, address: str, envelope: object, headers: Mapping[str, str]) -> Request:
        """With `raw_response` zeep returns to its caller what this returns."""
        return Request(headers, etree_to_string(envelope))


def _octets(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, a device never ends
        raise SoapSetupError(f"{path}: is no file")
    with path.open("rb") as file:
        return file.read(DESCRIPTION.octets_max + 1)


class Service:
    """One operation, ready to be asked, from several threads at once if need be."""

    def __init__(self, wsdl: Path, proxy: ServiceProxy, operation: str, octets_max: int) -> None:
        self._wsdl = wsdl
        self._client: Any = proxy._client
        self._binding: Any = proxy._binding
        self._operation = self._binding.get(operation)
        self._ask = proxy[operation]
        self._limits = REPLY._replace(octets_max=octets_max)
        self._shape = Shape(self._operation, self._client.wsdl.types.types)
        self.url: str = proxy._binding_options["address"]

    def require(self, key: str, path: Steps, names: Collection[str]) -> None:
        """Raises SoapSetupError when an answer, as the WSDL has it, holds no `names` at `path`,
        which stands at `key` of the settings."""
        try:
            self._shape.require(key, path, names)
        except SoapSetupError as problem:
            raise SoapSetupError(f"{self._wsdl}: {problem}") from problem

    def request(self, arguments: Mapping[str, object]) -> Request:
        """Raises SoapSetupError when the operation does not take these arguments."""
        try:
            made: Request = self._ask(**arguments)
        except (zeep.exceptions.Error, TypeError, ValueError, KeyError, AttributeError) as problem:
            raise SoapSetupError(
                f"{self._wsdl}: arguments do not fit operation '{self._operation.name}'"
                f" ({_told(problem)}); it takes {self._operation.input.signature()}"
            ) from problem
        return made

    def read(self, status: int, content_type: str, charset: str | None, body: bytes) -> object:
        """The reply's content in plain values (`lookup.soap_values.plain`).

        Where the message wraps one element alone, that element's content. Raises FaultError,
        UnreadableError. Takes some milliseconds per 100 kB.
        """
        if content_type not in XML_TYPES:
            raise UnreadableError(f"HTTP status {status}, and no XML but {content_type[:60]}")
        try:
            document = checked(body, self._limits, charset)
        except XmlRefusedError as refusal:
            raise UnreadableError(f"HTTP status {status}, and its XML {refusal}") from refusal
        self._expect(document, status)
        reply = _Reply(status, {"Content-Type": "text/xml"}, document.octets)
        try:
            value = self._binding.process_reply(self._client, self._operation, reply)
            return plain(serialize_object(value, dict))
        except Fault as fault:
            raise FaultError(_codes(fault)) from fault
        except _UnreadValueError as error:
            raise UnreadableError("a value in its reply is not of the type in the WSDL") from error
        except Exception as error:
            # zeep meets a reply that does not fit with its own errors and with any of Python's:
            # ArithmeticError for a decimal, TypeError for a missing part. All mean the same here.
            name = type(error).__name__
            raise UnreadableError(f"its reply does not fit the WSDL ({name})") from error

    def _expect(self, document: Checked, status: int) -> None:
        """zeep takes whatever stands in the body for the answer, and what it lacks for None:
        another message would pass for "no such ticket"."""
        namespace = self._binding.nsmap["soap-env"]
        if document.root != f"{{{namespace}}}Envelope":
            raise UnreadableError(f"HTTP status {status}, and its XML is no envelope of the WSDL's")
        if document.first == f"{{{namespace}}}Fault":
            return
        if status != STATUS_GOOD:
            raise UnreadableError(f"HTTP status {status} without a fault")
        if self._operation.style == "rpc":
            # Services agree on the name alone (WS-I Basic Profile 1.1, R2729).
            fits = (document.first or "").rpartition("}")[2] == f"{self._operation.name}Response"
        else:
            output = self._operation.output.body
            fits = output is not None and document.first == output.qname.text
        if not fits:
            raise UnreadableError("its reply is another message than the operation's output")


def load_service(
    wsdl: Path,
    operation: str,
    *,
    service: str | None = None,
    port: str | None = None,
    url: str | None = None,
    user: tuple[str, str] | None = None,
    digest: bool = False,
    octets_max: int,
) -> Service:
    """Read a WSDL and the files it imports. Blocks for up to a second. Raises SoapSetupError.

    `user`: name and password of a UsernameToken (WS-Security 1.0), in which the password stands as
    it is or, with `digest`, as SHA-1 of a nonce, the time and itself, both made anew for each
    request; `octets_max`: of one reply.
    """
    if not wsdl.is_file():
        raise SoapSetupError(f"{wsdl}: is no file; lay the WSDL beside the settings and name it")
    _mind_unread_values()
    options = zeep.Settings(
        strict=True, raw_response=True, force_https=False,
        xml_huge_tree=False, forbid_dtd=True, forbid_entities=True, forbid_external=True,
    )  # fmt: skip
    token = UsernameToken(*user, use_digest=digest, zulu_timestamp=True) if user else None
    try:
        with warnings.catch_warnings():
            # It warns of messages and operations that it leaves out; if ours is among them, the
            # choice below says so.
            warnings.simplefilter("ignore")
            client = zeep.Client(str(wsdl), wsse=token, transport=LocalFiles(), settings=options)
    except SoapSetupError:
        raise
    except ExternalReferenceForbidden as refusal:
        raise SoapSetupError(
            f"{wsdl}: refers to {refusal.url}, and nothing is fetched; put that file beside it and"
            " write its name in schemaLocation or location"
        ) from refusal
    except Exception as problem:
        # zeep meets a bad WSDL with its own errors and with any of Python's.
        raise SoapSetupError(f"{wsdl}: is no WSDL that can be used ({_told(problem)})") from problem
    try:
        chosen = _port(client.wsdl.services, service, port, operation)
    except LookupError as problem:
        raise SoapSetupError(f"{wsdl}: {problem.args[0]}") from problem
    address = url or chosen.binding_options.get("address")
    if not address:
        raise SoapSetupError(f"{wsdl}: its port has no address; set url")
    return Service(
        wsdl, ServiceProxy(client, chosen.binding, address=address), operation, octets_max
    )


def _port(services: Mapping[str, Any], name: str | None, port: str | None, operation: str) -> Any:
    """The port to be used; raises LookupError saying what there is."""
    if name is None and len(services) > 1:
        raise LookupError(f"has several services; set service to one of: {_listed(services)}")
    service = services.get(name or next(iter(services), ""))
    if service is None:
        raise LookupError(f"has no service '{name or ''}'; it has: {_listed(services)}")
    ports = {
        each.name: each for each in service.ports.values() if isinstance(each.binding, SoapBinding)
    }
    chosen = ports.get(port or next(iter(ports), ""))
    if chosen is None:
        raise LookupError(f"has no SOAP port '{port or ''}'; it has: {_listed(ports)}")
    operations = chosen.binding.all()
    if operation not in operations:
        raise LookupError(f"has no operation '{operation}'; it has: {_listed(operations)}")
    if operations[operation].output is None:
        raise LookupError(f"its operation '{operation}' gives no answer; name another")
    return chosen


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names)) or "none"


def _codes(fault: Fault) -> frozenset[str]:
    """The names a fault may be known by: its code, its subcodes, the elements in its detail."""
    names = [str(fault.code or "").strip()]
    names += [subcode.localname for subcode in fault.subcodes or ()]
    if hasattr(fault.detail, "iterchildren"):
        names += [each.tag.rpartition("}")[2] for each in fault.detail if type(each.tag) is str]
    names += [name.rpartition(":")[2] for name in names]
    return frozenset(name for name in names if 0 < len(name) <= CODE_MAX and name.isprintable())


class _UnreadValueError(Exception):
    """Out of zeep, from where it would go on with None for a value that it cannot read."""


class _Unread(logging.Filter):
    """zeep logs such a value with its text, and takes it for absent. A feed's line with a bad
    date is refused, so such a reply is too; and its text does not come into our log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            raise _UnreadValueError
        return True


_UNREAD: Final = _Unread()


def _mind_unread_values() -> None:
    for name in ("zeep.xsd.types.simple", "zeep.xsd.elements.attribute"):
        logging.getLogger(name).addFilter(_UNREAD)  # once, however often it is added


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"
