"""Warnings before a certificate expires: in time, once each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from structlog.testing import capture_logs

from gateway.certificates import Certificates

START = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


class File:
    """A certificate that can be replaced."""

    def __init__(self, not_after: datetime | None) -> None:
        self.until = not_after

    def not_after(self) -> datetime | None:
        return self.until


class Shown:
    def __init__(self) -> None:
        self.values: dict[str, datetime] = {}

    def certificate(self, name: str, not_after: datetime) -> None:
        self.values[name] = not_after


class Day:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def watched(**files: Any) -> tuple[Certificates, Shown, Day]:
    shown, day = Shown(), Day()
    return Certificates(files, day, shown), shown, day


def warned(certificates: Certificates) -> list[tuple[str, int]]:
    with capture_logs() as lines:
        certificates.look()
    return [(line["name"], line["days_left"]) for line in lines]


def test_a_certificate_is_told_at_30_7_and_1_days_and_when_it_is_over() -> None:
    certificates, _, day = watched(smsc=File(START + timedelta(days=40)))
    told = {}
    for days in range(45):
        day.now = START + timedelta(days=days)
        for _ in range(3):
            for _, left in warned(certificates):
                assert days not in told
                told[days] = left
    assert told == {10: 30, 33: 7, 39: 1, 40: 0}


def test_one_that_is_urgent_at_the_start_is_told_once() -> None:
    certificates, _, _ = watched(smsc=File(START + timedelta(days=5)))
    assert warned(certificates) == [("smsc", 5)]
    assert warned(certificates) == []


def test_a_new_certificate_is_news_again() -> None:
    file = File(START + timedelta(days=5))
    certificates, shown, _ = watched(smsc=file)
    assert warned(certificates) == [("smsc", 5)]
    file.until = START + timedelta(days=365)
    assert warned(certificates) == []
    assert shown.values == {"smsc": file.until}
    file.until = START + timedelta(days=6)
    assert warned(certificates) == [("smsc", 6)]


def test_who_shows_no_certificate_is_left_out() -> None:
    certificates, shown, _ = watched(beeline=File(None))
    assert warned(certificates) == []
    assert certificates.valid_until() == shown.values == {}
