"""A table that becomes a list where a terminal is too narrow for its words and numbers: none of them is torn apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

#: With so many columns of letters a table is a table, whatever it has to fold.
ENOUGH = 72
#: A word may be torn behind so many letters, as formulas and names of files are.
LONGEST_WORD = 12
#: Between two columns of the house style.
GAP = 3


class NarrowTable(Table):
    """A table of texts; narrower than its words need, each row is a block of 'column: cell'."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width >= ENOUGH or self._needed() <= options.max_width:
            yield from super().__rich_console__(console, options)
            return
        if self.title:
            yield self.title
        heads = [str(column.header) for column in self.columns]
        for row in zip(*(column.cells for column in self.columns), strict=True):
            yield ""
            for head, cell in zip(heads, row, strict=True):
                if str(cell).strip():
                    yield f"{head}: {cell}" if head else cell
        yield ""

    def _needed(self) -> int:
        widths = (max(map(_longest_word, [str(c.header), *map(str, c.cells)])) for c in self.columns)
        return sum(min(width, LONGEST_WORD) + GAP for width in widths)


def _longest_word(cell: str) -> int:
    return max(map(len, Text.from_markup(cell).plain.split()), default=0)
