"""Sources from settings: each type opened without asking anybody, errors that name the source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from aiohttp import web

from gateway.carriers import Carriers
from gateway.clock import Clock
from gateway.keys import read_key_file
from gateway.metrics import Metrics
from gateway.readiness import Readiness
from gateway.settings import Settings, SettingsError, load
from gateway.sources.opening import Sources, open_sources
from gateway.sources.reports import SourceReports
from gateway.store.journal import Journal
from gateway.waiting import Waiting
from lookup.deliveries.report import DeliveryReport, DeliveryState
from lookup.guard import Guarded
from lookup.registry.importing import import_bodies
from lookup.registry.source import Registry
from lookup.source import SourceUnavailableError
from lookup.status import Wanted
from tests.support.certificates import Authority
from tests.support.far_service import HERE, served
from tests.support.feed import BODIES, write_bodies
from tests.support.soap import WSDL
from tests.support.sources import ScriptedSource

REGISTRY = """
[[source]]
name = "registry"
path = "{folder}/tickets.db"
deadline_ms = 700
"""
FILES = """
[[source]]
name = "treasury"
type = "files"
kinds = ["fine"]
path = "{folder}/treasury.db"
copy_age_max_s = 60
[source.files]
folder = "{folder}/in"
"""
HTTP = """
[[source]]
name = "kui"
type = "http"
kinds = ["crime_report"]
[source.http]
url = "http://192.0.2.1/t/{{number}}"
"""
POSTGRES = """
[[source]]
name = "erap"
type = "postgres"
map = "{folder}/map.toml"
[source.postgres]
dsn_file = "{folder}/dsn"
"""
SOAP = f"""
[[source]]
name = "erdr"
type = "soap"
map = "{{folder}}/map.toml"
deadline_ms = 3000
[source.soap]
wsdl = "{WSDL}/tickets.wsdl"
url = "http://192.0.2.1/registry"
operation = "FindCard"
items = "Card"
arguments = {{{{ "Query.RegNo" = "{{{{number}}}}" }}}}
"""
MAP = '[fields]\nnumber = "RegNo"\nstatus = "State.Code"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dsn").write_text("postgresql://u:p@192.0.2.1/db", encoding="utf-8")
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    return tmp_path


def read(folder: Path, text: str) -> Settings:
    path = folder / "jauap.toml"
    path.write_text(text.format(folder=folder), encoding="utf-8")
    return load(path, {})


@asynccontextmanager
async def opened(folder: Path, text: str) -> AsyncIterator[Sources]:
    settings = read(folder, text)
    keys = read_key_file(folder / "key", create=True)
    async with AsyncExitStack() as held:
        yield await open_sources(settings, keys, Clock(), SourceReports(Metrics()), held)


async def test_every_type_is_opened_while_nobody_is_there(folder: Path) -> None:
    async with opened(folder, HTTP + POSTGRES + SOAP + FILES + REGISTRY) as sources:
        assert [(each.name, set(each.kinds)) for each in sources.guarded] == [
            ("kui", {"crime_report"}),
            ("erap", {"*"}),
            ("erdr", {"*"}),
            ("treasury", {"fine"}),
            ("registry", {"*"}),
        ]
        assert sources.here == {"treasury", "registry"}
        assert sources.slowest_s == 2 * 3.0  # a busy one's: after another batch, its own
        assert [each.deadline_s for each in sources.guarded] == [1.5, 1.5, 3.0, 1.5, 0.7]


async def test_a_copy_that_was_never_fed_says_of_nothing_that_it_is_not_there(
    folder: Path,
) -> None:
    absent = Wanted("197500000431233", ("fine",))
    async with opened(folder, FILES + REGISTRY) as sources:
        copy, registry = sources.guarded
        assert await registry.find_many([absent]) == {}
        with pytest.raises(SourceUnavailableError, match="too old"):
            await copy.find_many([absent])


async def test_what_is_asked_beyond_its_connections_gathers_into_one_batch(folder: Path) -> None:
    asked: list[list[str]] = []
    begun, over = asyncio.Event(), asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        asked.append(await request.json())
        begun.set()
        await over.wait()
        return web.json_response([])

    async with served(handle) as port, asyncio.timeout(10):
        text = f"""
[[source]]
name = "kui"
type = "http"
[source.http]
url = "http://127.0.0.1:{port}/"
method = "POST"
body = "{{{{numbers}}}}"
numbers_max = 10
connections_max = 1
private_networks = ["{HERE}"]
"""
        async with opened(folder, text + REGISTRY) as sources, asyncio.TaskGroup() as group:
            running = group.create_task(sources.run())
            await asyncio.sleep(0)
            kui = sources.guarded[0]
            first, *others = (Wanted(f"{number:018d}", ("appeal",)) for number in range(1, 4))
            asking = [group.create_task(kui.find_many([first]))]
            await begun.wait()
            asking += [group.create_task(kui.find_many([item])) for item in others]
            await asyncio.sleep(0)
            over.set()
            assert [await each for each in asking] == [{}, {}, {}]
            running.cancel()
    assert asked == [[first.number], [item.number for item in others]]


@pytest.mark.parametrize(("text", "name"), [(HTTP, "kui"), (SOAP, "erdr")])
async def test_a_renewed_certificate_is_told_with_its_source(
    folder: Path, text: str, name: str
) -> None:
    ca, wanted = folder / "ca.pem", Wanted("260000000000001", ("crime_report",))
    Authority("old.test").write(ca)
    text = text.replace("192.0.2.1", "127.0.0.1:1")  # nobody is there
    text += f'ca_file = "{ca}"\nprivate_networks = ["{HERE}"]\n'
    async with opened(folder, text + REGISTRY) as sources:
        source = sources.guarded[0]
        with structlog.testing.capture_logs() as logged:
            for _ in range(2):
                with pytest.raises(SourceUnavailableError):
                    await source.find_many([wanted])
                Authority("new.test").write(ca)
    told = [each for each in logged if each["event"].startswith("source_tls")]
    assert [(each["event"], each["source"]) for each in told] == [("source_tls_loaded", name)]


async def test_deliveries_and_asks_run_until_they_are_stopped(folder: Path) -> None:
    async with opened(folder, HTTP + FILES + REGISTRY) as sources:
        (folder / "in").mkdir()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(sources.run())
            await asyncio.sleep(0)
            running.cancel()
        assert running.cancelled()


async def test_foreign_bodies_are_those_of_the_registry_whatever_the_order(folder: Path) -> None:
    registry = await Registry.open(folder / "tickets.db", create=True)
    await import_bodies(registry, write_bodies(folder / "bodies.json", *BODIES))
    await registry.close()
    async with opened(folder, HTTP + FILES + REGISTRY) as sources:
        http = cast(Any, sources.guarded[0])._source
        body = http._foreign.find_body("tax-shymkent")
        assert body is not None
        assert body.id == "tax-shymkent"
        assert http._foreign.find_body("nowhere") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (POSTGRES.replace("/map.toml", "/none.toml"), "none.toml"),
        (POSTGRES.replace("/dsn", "/no-dsn"), "dsn: cannot read"),
        (SOAP.replace("FindCard", "FindNothing"), "FindNothing"),
        (HTTP.replace("http://", "ftp://"), "url"),
        (REGISTRY.replace("tickets.db", "none/tickets.db"), "tickets.db"),
    ],
)
async def test_what_cannot_work_names_the_source(folder: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        async with opened(folder, text):
            pass
    name = text.split('"')[1]
    assert f"[[source]] '{name}': " in str(refused.value)
    assert said in str(refused.value)


async def test_a_map_that_is_no_text_or_no_map_is_told(folder: Path) -> None:
    for octets, said in ((b"\xff\xfe", "no text in UTF-8"), (b"[fields", "map.toml")):
        (folder / "map.toml").write_bytes(octets)
        with pytest.raises(SettingsError, match=said):
            async with opened(folder, POSTGRES):
                pass


# -- readiness


class _Well:
    """What readiness asks besides sources, all of it well."""

    writable = True
    links: Sequence[object] = ()
    server = None

    async def health(self) -> _Well:
        return self

    def _asdict(self) -> Mapping[str, object]:
        return {}

    def owing(self) -> Mapping[str, object]:
        return {}

    def tls(self) -> Mapping[str, object]:
        return {}


@pytest.mark.parametrize(
    ("silent", "ready"),
    [
        ((), True),
        (("kui",), True),
        (("kui", "erdr"), True),
        (("registry",), False),
        (("registry", "kui", "erdr"), False),
    ],
)
async def test_another_s_silence_does_not_make_us_unready_unless_it_is_everybody_s(
    silent: Sequence[str], ready: bool
) -> None:
    sources = Sources()
    for name in ("registry", "kui", "erdr"):
        source = ScriptedSource(name)
        if name in silent:
            source.fail()
        sources.add(Guarded(source, clock=asyncio.get_running_loop().time), here=name == "registry")
    assert await readiness(sources) == (
        ready,
        {name: name not in silent for name in ("registry", "kui", "erdr")},
    )


async def test_with_only_others_one_that_answers_is_enough() -> None:
    sources = Sources()
    for name in ("kui", "erdr"):
        source = ScriptedSource(name)
        source.fail()
        sources.add(Guarded(source, clock=asyncio.get_running_loop().time), here=False)
    assert (await readiness(sources))[0] is False
    cast(Any, sources.guarded[0])._source.failing = None
    assert (await readiness(sources))[0] is True
    assert (await readiness(Sources()))[0] is True


async def readiness(sources: Sources) -> tuple[bool, Mapping[str, bool]]:
    well = _Well()
    page = Readiness(
        journal=cast(Journal, well),
        carriers=cast(Carriers, well),
        sources=sources,
        waiting=cast(Waiting, well),
        metrics=Metrics(),
    )
    ok, told = await page.ready(draining=False)
    return ok, told["sources"]


# -- what is told of them


def test_states_of_sources_and_deliveries_are_logged_and_counted() -> None:
    metrics = Metrics()
    reports = SourceReports(metrics)
    with structlog.testing.capture_logs() as logged:
        reports.took("kui", 0.2)
        reports.silent("kui", "down")
        reports.left_alone("kui", "down")
        reports.back("kui")
        reports.fault("kui", KeyError("x"))
        reports.certificates("kui", ("ours.pem",), "")
        reports.certificates("kui", ("ours.pem",), "half")
        for state in DeliveryState:
            reports.delivery(DeliveryReport("treasury", state, "a.csv", reason="why"))
    assert [(line["event"], line["log_level"]) for line in logged] == [
        ("source_silent", "warning"),
        ("source_left_alone", "warning"),
        ("source_back", "info"),
        ("source_fault", "error"),
        ("source_tls_loaded", "info"),
        ("source_tls_unusable", "error"),
        ("delivery_taken", "info"),
        ("delivery_running", "info"),
        ("delivery_done", "info"),
        ("delivery_refused", "warning"),
        ("delivery_held", "warning"),
        ("delivery_resumed", "info"),
    ]
    page = metrics.page().decode()
    assert 'jauap_source_seconds_count{source="kui"} 1.0' in page
    assert 'jauap_deliveries_total{source="treasury",state="done"} 1.0' in page
    assert 'state="running"' not in page
