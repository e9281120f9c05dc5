"""How far measurements of the same thing lie apart: no model can be nearer to the truth than that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Factors between units that are mixed up, where the same material has two values that differ by one of them.
FACTORS = {
    1000.0: "a factor of 1000, as between eV and meV or GPa and MPa",
    96.485: "a factor of 96.5, as between eV and kJ/mol",
    23.061: "a factor of 23.1, as between eV and kcal/mol",
    27.2114: "a factor of 27.2, as between hartree and eV",
    4.184: "a factor of 4.184, as between cal and J",
    8065.54: "a factor of 8066, as between eV and 1/cm",
}
_NEAR = 0.02
#: So many groups must show it: two values of one material may differ by any factor.
FEWEST = 3


@dataclass(frozen=True)
class Spread:
    """Of the groups with several values: how many there are, their pooled standard deviation, and the total one.

    `worst` is the group with the largest difference, `range` that difference.
    """

    n_groups: int
    n_records: int
    within: float
    total: float
    worst: int
    range: float

    @property
    def share(self) -> float:
        """The share of the variance that lies within groups."""
        return (self.within / self.total) ** 2 if self.total else 0.0


def spread(values: np.ndarray, groups: np.ndarray) -> Spread | None:
    """The spread of values (n,) within groups (n,), -1 being none; None where no group has two values."""
    known = np.isfinite(values) & (groups >= 0)
    y, group = values[known], groups[known]
    distinct, place, counts = np.unique(group, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    if not (counts > 1).any():
        return None
    means = np.bincount(place, y) / counts
    squares = np.bincount(place, (y - means[place]) ** 2)
    several = counts > 1
    freedom = float((counts[several] - 1).sum())
    low, high = np.full(len(distinct), np.inf), np.full(len(distinct), -np.inf)
    np.minimum.at(low, place, y)
    np.maximum.at(high, place, y)
    worst = int(np.argmax(high - low))
    within = float(np.sqrt(squares[several].sum() / freedom))
    return Spread(
        int(several.sum()),
        int(counts[several].sum()),
        within,
        float(y.std()),
        int(distinct[worst]),
        float(high[worst] - low[worst]),
    )


def mixed_units(values: np.ndarray, groups: np.ndarray) -> tuple[str, list[int]] | None:
    """A factor by which values (n,) of one group differ again and again, in words, and where the larger ones stand."""
    known = np.flatnonzero(np.isfinite(values) & (groups >= 0) & (values != 0))
    order = known[np.lexsort((np.abs(values[known]), groups[known]))]
    same = groups[order][1:] == groups[order][:-1]
    ratio = np.where(same, values[order][1:] / values[order][:-1], 0.0)
    best: tuple[str, list[int]] | None = None
    for factor, words in FACTORS.items():
        found = order[1:][np.abs(ratio / factor - 1) < _NEAR]
        if len(found) >= FEWEST and (best is None or len(found) > len(best[1])):
            best = words, sorted(found.tolist())
    return best
