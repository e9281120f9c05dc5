"""Whether two structures are the same material: by their geometry, or, without pymatgen, by what is easily counted."""

from __future__ import annotations

from typing import Protocol

from matloop.core.structure import Structure
from matloop.datasets.conversion import to_pymatgen

#: Volumes for each atom that differ by more than this share are of different materials, whatever the functional.
VOLUMES = 0.1
#: The same where nothing but the volume tells structures apart.
VOLUMES_ALONE = 0.03


class Same(Protocol):
    """Tells whether two structures with equal formula are one material."""

    def __call__(self, one: Structure, other: Structure) -> bool: ...


def best_matcher() -> tuple[Same, str]:
    """The way that the installed packages allow, and its description for people."""
    try:
        from pymatgen.analysis.structure_matcher import StructureMatcher
    except ImportError:
        words = (
            f"by formula, number of sites and volume for each atom within {VOLUMES_ALONE:.0%}, as pymatgen is missing"
        )
        return _by_counting, words
    matcher = StructureMatcher()  # the tolerances that the Materials Project uses: 0.2, 0.3, 5 degrees

    def by_geometry(one: Structure, other: Structure) -> bool:
        if not volumes_agree(one, other, VOLUMES):
            return False
        return bool(matcher.fit(to_pymatgen(one), to_pymatgen(other)))

    return by_geometry, "by structure (pymatgen's StructureMatcher)"


def _by_counting(one: Structure, other: Structure) -> bool:
    return len(one.positions) == len(other.positions) and volumes_agree(one, other, VOLUMES_ALONE)


def volumes_agree(one: Structure, other: Structure, share: float) -> bool:
    """Whether the volumes for each atom differ by less than a share of the smaller one."""
    first, second = one.volume / max(len(one.positions), 1), other.volume / max(len(other.positions), 1)
    return abs(first - second) <= share * min(first, second)
