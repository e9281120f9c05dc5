"""What a metal-organic framework is made of: the chemical descriptors of Pardakhti et al. 2017.

doi:10.1021/acscombsci.7b00056. They count the atoms of the cell; where they stand does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from matloop.core.structure import StructureError
from matloop.features.crystal import Crystal, CrystalFeaturizer

#: The elements counted one by one: those of the frameworks of Wilmer et al. 2012 that the paper describes.
COUNTED = ("H", "C", "N", "F", "Cl", "Br", "V", "Cu", "Zn", "Zr")
#: Electronegative elements and how much so, on Pauling's scale.
ELECTRONEGATIVE = {"O": 3.44, "N": 3.04, "F": 3.98, "Cl": 3.16, "Br": 2.96}
HALOGENS = ("F", "Cl", "Br", "I")
#: All others are metals.
NON_METALS = frozenset("H He B C N O F Ne Si P S Cl Ar Ge As Se Br Kr Sb Te I Xe At Rn Ts Og".split())


class MofChemistry(CrystalFeaturizer):
    """Unsaturation, metals, oxygen, nitrogen and electronegative atoms: 7 columns, with `counts` 10 more.

    - degree of unsaturation: (2 C + 2 + N - H - halogens) / 2 of the whole cell, and the same per carbon atom
    - metallic percentage: 100 metal atoms / carbon atoms
    - oxygen-to-metal ratio: 2 O / metal atoms, which stands for a mean oxidation state
    - electronegative-to-total ratio: O, N, F, Cl and Br atoms / all atoms
    - weighted electronegativity per atom: their electronegativities, summed, / all atoms
    - nitrogen-to-oxygen ratio: N / O
    - `counts`: how many H, C, N, F, Cl, Br, V, Cu, Zn and Zr there are in the cell

    The degree of unsaturation of the cell, and the counts, grow with the cell: bring all frameworks to primitive cells
    first. A framework without carbon, metal or oxygen has no ratio to it and is a failure with this reason, unless
    `undefined` gives the value that stands for it (common programs take 0).
    """

    name: ClassVar[str] = "mof_chemistry"
    citations = ("10.1021/acscombsci.7b00056",)
    needs_cell: ClassVar[bool] = False
    needs_order: ClassVar[bool] = False

    def __init__(self, *, counts: bool = False, undefined: float | None = None, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.counts = counts
        self.undefined = undefined

    @property
    def names(self) -> tuple[str, ...]:
        return (
            "degree of unsaturation",
            "degree of unsaturation per carbon",
            "metallic percentage",
            "oxygen-to-metal ratio",
            "electronegative-to-total ratio",
            "weighted electronegativity per atom",
            "nitrogen-to-oxygen ratio",
            *(f"number of {symbol}" for symbol in COUNTED if self.counts),
        )

    @property
    def units(self) -> tuple[str | None, ...]:
        return (None, None, "percent", *(None,) * (len(self.names) - 3))

    def describe(self, crystal: Crystal) -> list[float]:
        atoms = dict(crystal.structure.composition)
        atoms["H"] = sum(atoms.pop(symbol, 0.0) for symbol in ("H", "D", "T"))
        n = {symbol: atoms.get(symbol, 0.0) for symbol in (*COUNTED, *ELECTRONEGATIVE, *HALOGENS)}
        total = sum(atoms.values())
        metals = sum(amount for symbol, amount in atoms.items() if symbol not in NON_METALS)
        unsaturation = (2 * n["C"] + 2 + n["N"] - n["H"] - sum(n[symbol] for symbol in HALOGENS)) / 2
        return [
            unsaturation,
            self._ratio(unsaturation, n["C"], "carbon"),
            self._ratio(100 * metals, n["C"], "carbon"),
            self._ratio(2 * n["O"], metals, "metal"),
            sum(n[symbol] for symbol in ELECTRONEGATIVE) / total,
            _weighted(n) / total,
            self._ratio(n["N"], n["O"], "oxygen"),
            *(n[symbol] for symbol in COUNTED if self.counts),
        ]

    def _ratio(self, of: float, to: float, what: str) -> float:
        if to > 0:
            return of / to
        if self.undefined is None:
            raise StructureError(f"it has no {what}, to which a ratio is taken", "give a value for it: undefined=0")
        return float(self.undefined)


def _weighted(n: Mapping[str, float]) -> float:
    return sum(n[symbol] * weight for symbol, weight in ELECTRONEGATIVE.items())
