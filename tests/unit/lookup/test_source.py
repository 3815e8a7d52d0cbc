from __future__ import annotations

from lookup.source import SourceUnavailableError
from lookup.status import Wanted


def test_a_silent_source_is_named_with_its_reason() -> None:
    error = SourceUnavailableError("erap", "no answer in 1500 ms")
    assert str(error) == "source 'erap' did not answer: no answer in 1500 ms"
    assert (error.source, error.reason) == ("erap", "no answer in 1500 ms")
    assert error.answered == {}


def test_what_it_answered_before_it_failed_is_kept() -> None:
    answered = {Wanted("1", ("fine",)): ()}
    assert SourceUnavailableError("erap", "cut off", answered).answered == answered
