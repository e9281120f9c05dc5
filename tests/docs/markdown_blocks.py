"""The code blocks of a page of Markdown, and the commands in them."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]+)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# file: (?P<name>\S+)\n")
_EXIT = re.compile(r"\s*# exit (?P<code>\d+)\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block: ```kind words, and its text; `line` is the number of the line with the fence."""

    page: Path
    line: int
    kind: str
    words: tuple[str, ...]
    text: str

    @property
    def file(self) -> str | None:
        """The name of the file that it is, where its first line says so."""
        match = _FILE.match(self.text)
        return match["name"] if match else None

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A line that begins with "$ ": its words, how it must end, and what it must print (nothing is said if empty)."""

    words: list[str]
    exit_code: int
    expected: str


def written_pages() -> list[Path]:
    """Every page that speaks to users or contributors."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(page: Path) -> Iterator[Block]:
    content = page.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(content):
        kind, *words = match["info"].split()
        line = content.count("\n", 0, match.start()) + 1
        yield Block(page, line, kind, tuple(words), textwrap.dedent(match["text"]))


def commands_of(block: Block) -> Iterator[Command]:
    """The commands of a console block, each with the lines below it."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, expected = part.partition("\n")
        ending = _EXIT.search(line)
        words = shlex.split(_EXIT.sub("", line))
        yield Command(words, int(ending["code"]) if ending else 0, expected.strip())
