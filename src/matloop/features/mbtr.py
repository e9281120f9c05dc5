"""The many-body tensor representation: Huo and Rupp 2022, doi:10.1088/2632-2153/aca005."""

from __future__ import annotations

from functools import lru_cache
from types import MethodType
from typing import Any, ClassVar

from matloop.features.dscribe_descriptor import DSCRIBE, ByElements, made
from matloop.features.rebound import rebound


class Mbtr(ByElements):
    """The many-body tensor representation of pairs: smeared histograms of inverse distances.

    They reach from 0 to `highest` (1/angstrom) in `n_bins` steps with a width of `sigma`, weighted by exp(-`decay`·r),
    and are divided by numbers of atoms and the volume (Valle and Oganov 2010), so that a supercell has the same.
    """

    name: ClassVar[str] = "mbtr"
    citations = (DSCRIBE, "10.1088/2632-2153/aca005", "10.1107/S0108767310026395")
    per_task: ClassVar[int] = 8

    def __init__(
        self,
        *,
        highest: float = 0.7,
        n_bins: int = 50,
        sigma: float = 0.02,
        decay: float = 0.5,
        on_failure: str = "raise",
    ) -> None:
        super().__init__(on_failure=on_failure)
        self.highest, self.n_bins, self.sigma, self.decay = highest, n_bins, sigma, decay

    def descriptor(self) -> Any:
        return _mbtr(self.species_, self.highest, self.n_bins, self.sigma, self.decay)


@lru_cache(maxsize=8)
def _mbtr(species: tuple[str, ...], highest: float, n_bins: int, sigma: float, decay: float) -> Any:
    mbtr = made(
        "MBTR",
        species=list(species),
        geometry={"function": "inverse_distance"},
        grid={"min": 0.0, "max": highest, "n": n_bins, "sigma": sigma},
        weighting={"function": "exp", "scale": decay, "threshold": 1e-3},
        normalization="valle_oganov",
        periodic=True,
    )
    mbtr._get_k2 = MethodType(rebound(type(mbtr)._get_k2, System=_bare_system()), mbtr)
    return mbtr


def _bare_system() -> Any:
    """DScribe's System made of what a descriptor needs: 2.1.2 passes more, in an order that newer ASE gave up."""
    from dscribe.core import System

    class Bare(System):
        @staticmethod
        def from_atoms(atoms: Any) -> Any:
            symbols, positions = atoms.get_chemical_symbols(), atoms.get_positions()
            return System(symbols, positions, cell=atoms.get_cell(), pbc=atoms.get_pbc())

    return Bare
