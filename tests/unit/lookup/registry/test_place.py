from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lookup.registry.place import PLACES, SLOTS, place_of, slot_of

ID_BITS = 49


@given(st.text(max_size=40))
def test_every_number_has_a_place_and_every_row_an_id_of_few_bits(number: str) -> None:
    place = place_of(number)
    assert place % SLOTS == 0
    assert 0 <= place + slot_of(number, number) < 2**ID_BITS


@given(st.integers(0, 10**21 - 10))
def test_neighbours_by_number_are_neighbours_on_the_disk(number: int) -> None:
    step = place_of(f"{number + 1}") - place_of(f"{number}")
    assert step in (SLOTS, SLOTS - PLACES * SLOTS)


def test_numbers_with_letters_rise_in_their_book_too() -> None:
    places = [place_of(f"ЖТ-2026-0000012{digit}") for digit in range(10)]
    assert [place - places[0] for place in places] == [SLOTS * digit for digit in range(10)]


def test_twenty_one_million_numbers_rarely_meet() -> None:
    """Books of all bodies: the odds of two sharing a place are those of chance, or better."""
    numbers = {f"{610_000 + body}{running:012d}" for body in range(100) for running in range(300)}
    assert len({place_of(number) for number in numbers}) == len(numbers)


def test_kind_and_system_part_the_rows_of_a_number() -> None:
    assert slot_of("fine", "erap") != slot_of("fine", "aissoip") != slot_of("appeal", "erap")
