from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from lookup.feed.merged import Block, Covered, blocks_of

SIDE = 12
spans = st.tuples(st.integers(1, SIDE), st.integers(1, SIDE)).map(sorted)
blocks = st.builds(
    lambda rows, columns: Block(rows[0], columns[0], rows[1], columns[1]), spans, spans
)


def ref(block: Block) -> str:
    left, right = get_column_letter(block.left), get_column_letter(block.right)
    return f"{left}{block.top}:{right}{block.bottom}"


@given(st.lists(blocks, max_size=5))
def test_a_row_is_covered_where_a_cell_of_it_is_not_the_first_of_its_block(
    given_: list[Block],
) -> None:
    covered = Covered(sorted(given_))
    for row in range(1, SIDE + 2):
        cells = [
            column
            for block in given_
            for column in range(block.left, block.right + 1)
            if block.top <= row <= block.bottom and (row, column) != (block.top, block.left)
        ]
        assert covered.first(row) == min(cells, default=None)


@given(
    st.lists(st.tuples(blocks, st.sampled_from(("", "x:", "ns-1:"))), max_size=8),
    st.integers(1, 300),
)
def test_blocks_are_found_however_the_xml_is_parted(
    named: list[tuple[Block, str]], size: int
) -> None:
    elements = "".join(f'<{prefix}mergeCell ref="{ref(block)}"/>' for block, prefix in named)
    xml = f"<sheetData>{'<row/>' * 20}</sheetData><mergeCells>{elements}</mergeCells>".encode()
    parts = [xml[start : start + size] for start in range(0, len(xml), size)]
    assert blocks_of(parts) == sorted(block for block, _ in named)


def test_other_programs_write_it_in_their_ways() -> None:
    xml = b'<mergeCell xml:x="1"\n ref = \'aa10:AB11\' /><mergeCells count="1"/><row r="A1:B2"/>'
    assert blocks_of([xml]) == [Block(10, 27, 11, 28)]
