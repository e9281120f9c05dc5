"""What the columns that a model sees mean: how far two points lie apart in each group of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["number", "choice", "fingerprint"]


@dataclass(frozen=True)
class Block:
    """The columns `start` up to `stop` (exclusive) of an encoding, which belong together.

    number: one column, about 0 to 1. choice: one-hot columns over √2, so that two different options lie at squared
    distance 1 (Hamming). fingerprint: counts or bits of a molecule, whose distance is 1 − Tanimoto similarity.
    """

    start: int
    stop: int
    kind: BlockKind


def numbers(n: int) -> tuple[Block, ...]:
    """n columns, each a number of its own."""
    return tuple(Block(i, i + 1, "number") for i in range(n))


def in_a_row(*groups: tuple[Block, ...]) -> tuple[Block, ...]:
    """The blocks of groups of columns that stand side by side, each group counted from its own first column."""
    blocks: list[Block] = []
    for group in groups:
        first = blocks[-1].stop if blocks else 0
        blocks.extend(Block(first + block.start, first + block.stop, block.kind) for block in group)
    return tuple(blocks)
