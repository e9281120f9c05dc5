"""The pages hang together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_blocks import ROOT, written_pages


@dataclass(frozen=True)
class Link:
    page: Path
    target: str

    @property
    def is_dead(self) -> bool:
        path, _, heading = self.target.partition("#")
        page = (self.page.parent / path).resolve() if path else self.page
        if not page.exists():
            return True
        return bool(heading) and heading not in _anchors(page)


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def _links() -> Iterator[Link]:
    for page in written_pages():
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"[a-z]+:", target):
                yield Link(page, target)


def test_no_link_between_the_pages_is_dead() -> None:
    assert [f"{link.page.relative_to(ROOT)}: {link.target}" for link in _links() if link.is_dead] == []


def test_the_index_leads_to_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    reached = {(link.page.parent / link.target.partition("#")[0]).resolve() for link in _links() if link.page == index}
    assert {p for p in written_pages() if p.is_relative_to(ROOT / "docs") and p != index} - reached == set()
