"""`jauap smsc`: an operator's SMSC alone, to try a gateway against."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.clock import wall_us
from gateway.settings import SettingsError
from smpp.capture.masking import mask
from smpp.capture.pcap import Captured, PcapFile
from smpp.simulator.chaos import CALM, ChaosError
from smpp.simulator.connection import Watch
from smpp.simulator.serve import ServeOptions, read_chaos, serve, terminal_lines


@click.command()
@click.option("--listen", default="127.0.0.1:2775", show_default=True, help="host:port")
@click.option("--system-id", help="Refuse other system_ids.")
@click.option("--password", help="Refuse other passwords.")
@click.option("--short-code", default="1012", show_default=True)
@click.option("--chaos", type=click.Path(exists=True, path_type=Path), help="Table of faults.")
@click.option(
    "--record", type=click.Path(path_type=Path), help="A new pcap file of what passes, masked."
)
def smsc(
    listen: str,
    system_id: str | None,
    password: str | None,
    short_code: str,
    chaos: Path | None,
    record: Path | None,
) -> None:
    """Run the simulator. At a terminal each line `MSISDN text` is sent as a question."""
    with _recording(record) as watch:
        _serve(listen, system_id, password, short_code, chaos, watch)


def _serve(
    listen: str,
    system_id: str | None,
    password: str | None,
    short_code: str,
    chaos: Path | None,
    watch: Watch | None,
) -> None:
    try:
        options = ServeOptions(
            listen=listen,
            system_id=system_id,
            password=password,
            short_code=short_code,
            chaos=read_chaos(chaos) if chaos else CALM,
            watch=watch,
        )
        lines = terminal_lines(sys.stdin.fileno()) if sys.stdin.isatty() else None
        asyncio.run(serve(options, lines=lines, emit=click.echo))
    except UnicodeError as problem:
        raise SettingsError(f"{listen}: no name of a host; listen is host:port") from problem
    except (ChaosError, ValueError) as problem:
        raise SettingsError(str(problem)) from problem
    except OSError as problem:
        raise SettingsError(
            f"{listen}: {problem.strerror}; give an address of this machine and a free port"
        ) from problem


@contextlib.contextmanager
def _recording(path: Path | None) -> Iterator[Watch | None]:
    """Writes each PDU as it passes, so that the file is whole even if the simulator is killed."""
    if path is None:
        yield None
        return
    try:
        file = PcapFile(path)
    except OSError as problem:
        raise SettingsError(
            f"{path}: {problem.strerror}; name a new file in a folder that you may write to"
        ) from problem
    recording = True

    def watch(session: int, sent: bool, pdu: bytes) -> None:
        nonlocal recording
        if not recording:
            return
        try:
            file.write(Captured(wall_us(), 0, session, from_smsc=sent, octets=mask(pdu)))
        except OSError as problem:
            recording = False  # sessions go on
            click.echo(f"jauap: {path}: the recording ends here ({problem.strerror})", err=True)

    try:
        yield watch
    except BaseException:
        if not file.pdus:
            path.unlink(missing_ok=True)  # it never ran; the next try may use the name again
        raise
    finally:
        with contextlib.suppress(OSError):  # what could not be written was told
            file.close()
