"""The fingerprint of an adsorption site: Tran and Ulissi 2018, doi:10.1038/s41929-018-0142-1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from matloop.core.composition import COLUMN
from matloop.core.errors import InputError
from matloop.core.structure import StructureError
from matloop.features.adsorption_site import Shells, electronegativity, known_energies, shells_of
from matloop.features.base import FeatureError, Features, Featurizer, cells_of

_SHELLS = ("first", "second")
_COLUMNS = ("adsorption energy of the element", "atomic number", "electronegativity", "count")


class SurfaceSite(Featurizer):
    """For each element of the first and of the second coordination shell four numbers, sorted by the first of them.

    These are the median adsorption energy on surfaces of that element alone, its atomic number, its electronegativity,
    and how often it is in the shell. The medians are learned from the energies that `fit` is given, so that they never
    see those of test sites; an element of which no pure surface is among them has the median of all (`assumed_` tells
    which). `energies` gives known ones instead. Where a shell has fewer elements than the largest one in the data, the
    means over all elements fill up, with a count of 0. All sites must be of the same adsorbate.

    Cells are those of `matloop.features.adsorption_site`: a structure with the indices of the adsorbate, or both shells
    as formulas, 'Cu2Al;Cu12Al6'.
    """

    name: ClassVar[str] = "surface_site"
    kind: ClassVar[str] = "structure"
    citations = ("10.1038/s41929-018-0142-1",)
    is_worth_caching: ClassVar[bool] = False  # the values depend on the energies of the fold

    def __init__(self, *, energies: Mapping[str, float] | None = None, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.energies = energies

    @property
    def names(self) -> tuple[str, ...]:
        n = getattr(self, "n_elements_", 0)
        return tuple(f"{shell} shell {i + 1} {what}" for shell in _SHELLS for i in range(n) for what in _COLUMNS)

    @classmethod
    def read(cls, cells: list[Any]) -> tuple[list[Shells], dict[int, str]]:
        """The shells of all cells that have some."""
        read: list[Shells] = []
        unread: dict[int, str] = {}
        for i, cell in enumerate(cells):
            try:
                read.append(shells_of(cell))
            except InputError as error:
                unread[i] = error.message
        return read, unread

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Learn the medians from sites and their adsorption energies. Raises FeatureError where there are none."""
        self._check()
        cells = cells_of([] if X is None else X)
        given = known_energies(self.energies)
        readings, unread = self.read(["" if cell is None else cell for cell in cells])
        if not readings:
            raise FeatureError("'surface_site' has no site to learn from", "fit it to sites and their energies")
        if y is None and not given:
            raise FeatureError("'surface_site' learns from adsorption energies", "fit(sites, energies)")
        values = np.full(len(cells), np.nan) if y is None else np.asarray(y, float).reshape(-1)
        if len(values) != len(cells):
            raise FeatureError(f"{len(values)} energies for {len(cells)} sites")
        self._learn(readings, np.delete(values, list(unread)), given)
        return self

    def _learn(self, readings: list[Shells], energies: np.ndarray, given: dict[str, float]) -> None:
        pure: dict[str, list[float]] = {}
        for shells, energy in zip(readings, energies, strict=True):
            if len(shells.elements) == 1 and np.isfinite(energy):
                pure.setdefault(next(iter(shells.elements)), []).append(float(energy))
        finite = energies[np.isfinite(energies)]
        everything = float(np.median(finite)) if len(finite) else float(np.median(list(given.values())))
        elements = sorted({symbol for shells in readings for shell in shells[:2] for symbol in shell} | set(given))
        learned = {symbol: float(np.median(values)) for symbol, values in pure.items()} | given
        self.assumed_ = tuple(symbol for symbol in elements if symbol not in learned)
        self.medians_ = {symbol: learned.get(symbol, everything) for symbol in elements}
        self.n_elements_ = max(len(shell) for shells in readings for shell in shells[:2])
        known = np.array([self._of(symbol) for symbol in elements])
        self.filler_ = [*known.mean(axis=0).tolist(), 0.0]

    def _of(self, symbol: str) -> tuple[float, float, float]:
        return self.medians_[symbol], COLUMN[symbol] + 1.0, electronegativity(symbol)

    def of_readings(self, readings: Any) -> Features:
        if not self.__sklearn_is_fitted__():
            raise FeatureError("'surface_site' has no columns yet", "call fit(sites, energies) first")
        return super().of_readings(readings)

    def row(self, reading: Shells) -> list[float]:
        return [number for shell in reading[:2] for number in self._shell(shell)]

    def _shell(self, shell: Counter[str]) -> list[float]:
        unknown = sorted(set(shell) - set(self.medians_))
        if unknown:
            raise StructureError(f"no adsorption energy is known on {', '.join(unknown)}")
        if len(shell) > self.n_elements_:
            raise StructureError(f"a shell has {len(shell)} elements, more than any in the data ({self.n_elements_})")
        rows = sorted([*self._of(symbol), float(count)] for symbol, count in shell.items())
        rows += [self.filler_] * (self.n_elements_ - len(rows))
        return [number for row in rows for number in row]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "medians_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        tags.target_tags.required = self.energies is None
        return tags
