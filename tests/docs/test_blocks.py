"""Blocks of code in the pages that are marked `run` do run, and assert what the page says."""

from __future__ import annotations

import pytest

from tests.support.pages import ROOT, Block, blocks, pages


def marked(*info: str) -> list[Block]:
    return [block for page in pages() for block in blocks(page) if block.info == info]


def named(block: Block) -> str:
    return f"{block.page.relative_to(ROOT)}:{block.body.splitlines()[0]}"


@pytest.mark.parametrize("block", marked("python", "run"), ids=named)
def test_python_runs(block: Block) -> None:
    exec(compile(block.body, named(block), "exec"), {"__name__": "page"})


def test_every_python_block_is_run() -> None:
    for page in pages():
        for block in blocks(page):
            assert block.info[:1] != ("python",) or block.info == ("python", "run"), page
