"""What can be said of seals that do not fit, of those alone. On whole journals:
tests/conformance/test_tampering.py."""

from __future__ import annotations

from gateway.billing.sealed.broken import diagnose
from gateway.billing.sealed.links import LINKS_MAX
from gateway.billing.sealed.odd import Odd, chain_after
from gateway.core.seal import FIRST_CHAIN, Seal, SealedRow, leaf, names, next_chain, root

KEY, NODE = b"k" * 32, "00ff"


def chain_of(count: int) -> list[Seal]:
    """Seals over two entries each: seal n over 2n-1 and 2n."""
    made: list[Seal] = []
    for batch in range(1, count + 1):
        ids = [2 * batch - 1, 2 * batch]
        hashes = [leaf(b"%d" % id_) for id_ in ids]
        before = made[-1].chain if made else FIRST_CHAIN
        chain = next_chain(KEY, NODE, before, batch, batch, 2, root(hashes))
        made.append(Seal(batch, batch, 2, names(1, ids, hashes), root(hashes), chain))
    return made


def odd(seals: list[Seal], place: int) -> Odd:
    """As the pass would put it aside, with its rows as they were sealed."""
    seal = seals[place]
    before = seals[place - 1].chain if place else FIRST_CHAIN
    ids = [2 * seal.batch - 1, 2 * seal.batch]
    leaves = tuple(leaf(b"%d" % id_) for id_ in ids)
    listed = tuple(SealedRow(1, id_, each[:8]) for id_, each in zip(ids, leaves, strict=True))
    expected = chain_after(KEY, NODE, before, seal.batch, seal)
    low = 2 * seals[place - 1].batch if place else 0
    last = seals[place - 1].batch if place else None
    return Odd(seal, place, before, expected, listed, leaves, low, batch_before=last)


def told(odds: list[Odd]) -> list[tuple[str, int, str | None]]:
    found = diagnose(odds, {}, frozenset(), KEY, NODE).findings
    return [(each.code, each.id, each.rows) for each in found]


def test_the_rows_of_seals_that_are_missing_are_named_by_the_gap() -> None:
    seals = chain_of(9)
    del seals[3:6]
    assert told([odd(seals, 3)]) == [("seal_missing", 7, "entry 7 to 12")]
    assert told([odd(chain_of(3)[1:], 0)]) == [("seal_missing", 2, "entry 1 to 2")]


def test_a_gap_without_end_is_no_list_of_its_rows() -> None:
    seals = chain_of(3)
    far = odd(seals, 2)
    far.names = (SealedRow(1, 1 << 62, b""),)
    far.low, far.leaves = 4, (None,)
    codes = {code for code, _, _ in told([far])}
    assert codes <= {"seal_changed", "seal_missing"}


def test_three_seals_in_a_circle_are_each_told_for_which_they_stand() -> None:
    seals = chain_of(8)
    one, two, three = seals[2], seals[4], seals[6]
    seals[2], seals[4], seals[6] = (
        two._replace(batch=3), three._replace(batch=5), one._replace(batch=7),
    )  # fmt: skip
    odds = [odd(seals, place) for place in range(2, 8)]
    odds = [each for each in odds if not each.chained]
    for each in odds:
        each.names, each.leaves = (), ()  # rows are another matter
    found = diagnose(odds, {}, frozenset(), KEY, NODE).findings
    moved = {each.id: each.sentence for each in found if each.code == "seal_moved"}
    assert moved == {
        3: "seal 3 is the one that was made as seal 5",
        5: "seal 5 is the one that was made as seal 7",
        7: "seal 7 is the one that was made as seal 3",
    }


def test_numbers_that_no_seal_can_have_have_no_chain() -> None:
    (seal,) = chain_of(1)
    for broken in (seal._replace(at_us=-1), seal._replace(count=1 << 64)):
        assert chain_after(KEY, NODE, FIRST_CHAIN, 1, broken) == b""
    assert chain_after(KEY, NODE, FIRST_CHAIN, -1, seal) == b""


def test_only_so_many_are_tried_and_all_are_told() -> None:
    seals = [each._replace(chain=leaf(each.chain)) for each in chain_of(LINKS_MAX * 3)]
    odds = [odd(seals, place) for place in range(len(seals))]
    assert [batch for _, batch, _ in told(odds)] == [each.batch for each in seals]
