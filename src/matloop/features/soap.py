"""The smooth overlap of atomic positions: Bartók et al. 2013, doi:10.1103/PhysRevB.87.184115."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from matloop.features.dscribe_descriptor import DSCRIBE, ByElements, made


class Soap(ByElements):
    """The smooth overlap of atomic positions, averaged over the atoms (SOAP).

    `cutoff` in angstrom; `average` is 'inner' (of the densities, before they are multiplied) or 'outer' (of the
    products). The number of columns grows with the square of the number of elements.
    """

    name: ClassVar[str] = "soap"
    citations = (DSCRIBE, "10.1103/PhysRevB.87.184115")
    per_task: ClassVar[int] = 16

    def __init__(
        self,
        *,
        cutoff: float = 5.0,
        n_max: int = 6,
        l_max: int = 4,
        average: str = "inner",
        on_failure: str = "raise",
    ) -> None:
        super().__init__(on_failure=on_failure)
        self.cutoff, self.n_max, self.l_max, self.average = cutoff, n_max, l_max, average

    def descriptor(self) -> Any:
        return _soap(self.species_, self.cutoff, self.n_max, self.l_max, self.average)


@lru_cache(maxsize=8)
def _soap(species: tuple[str, ...], cutoff: float, n_max: int, l_max: int, average: str) -> Any:
    sizes = {"r_cut": cutoff, "n_max": n_max, "l_max": l_max}
    return made("SOAP", species=list(species), periodic=True, average=average, **sizes)
