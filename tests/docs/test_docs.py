"""What the documentation shows is carried out: each page in an empty folder, its blocks one after the other."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from markdown_blocks import ROOT, blocks_of, written_pages
from page_reader import Reader


def _pages(pages: Iterable[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages])


@_pages(written_pages())
def test_every_block_of_the_page_does_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _follow(page, None, tmp_path, monkeypatch)


@pytest.mark.data
@_pages(page for page in written_pages() if any("data" in block.words for block in blocks_of(page)))
def test_every_block_that_needs_published_data_does_so_too(
    page: Path, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _follow(page, published, tmp_path, monkeypatch)


def _follow(page: Path, data: Path | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.delenv("MATLOOP_DATA", raising=False)
    # a page shows what a machine with nothing else to do prints: no command on it works for ten seconds there
    monkeypatch.setattr("matloop.cli.progress.LINE_EVERY", math.inf)
    reader = Reader(folder, data)
    try:
        for block in blocks_of(page):
            reader.follow(block)
    finally:
        _forget_modules(folder)


def _forget_modules(folder: Path) -> None:
    """The next page may have a module of the same name."""
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
            del sys.modules[name]
