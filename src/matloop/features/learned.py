"""Featurizers of structures whose columns depend on what they were fitted to: its elements, its largest cell."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from matloop.core.structure import StructureError
from matloop.features.base import Array, FeatureError, Features, cells_of, readings_of
from matloop.features.crystal import Crystal, CrystalFeaturizer


class LearnedCrystalFeaturizer(CrystalFeaturizer):
    """A subclass implements `learn`, which sets attributes that end in `_`; before that it has no columns.

    In cross-validation the elements of a fold's test structures may be unknown: these are failures with that reason.
    """

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Learn the columns from these structures; what cannot be described is left aside. Raises FeatureError."""
        self._check()
        readings, _ = readings_of(self.read, cells_of([] if X is None else X))
        crystals = [crystal for crystal in readings if self.lack_of(crystal.structure) is None]
        if not crystals:
            raise FeatureError(
                f"'{self.name}' has no structure to learn its columns from", "fit it to a column of them"
            )
        self.learn(crystals)
        self.is_fitted_ = True
        return self

    def learn(self, crystals: list[Crystal]) -> None:
        """Set what the columns depend on."""
        raise NotImplementedError

    def of_readings(self, readings: Any) -> Features:
        if not self.__sklearn_is_fitted__():
            raise FeatureError(f"'{self.name}' has no columns yet", "call fit(structures) first, or fit_transform")
        return super().of_readings(readings)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "is_fitted_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        return tags


def elements_in(crystals: list[Crystal]) -> tuple[str, ...]:
    """All elements of these structures, in alphabetical order."""
    return tuple(sorted({symbol for crystal in crystals for symbol in crystal.structure.symbols}))


class SpectrumOfAtoms(LearnedCrystalFeaturizer):
    """The eigenvalues of a matrix with one row for each atom, by falling magnitude, and zeros up to the largest cell.

    They depend on which cell describes a crystal: bring all structures to primitive cells first.
    """

    def learn(self, crystals: list[Crystal]) -> None:
        self.n_atoms_ = max(len(crystal) for crystal in crystals)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.name} eigenvalue {i + 1}" for i in range(getattr(self, "n_atoms_", 0)))

    def describe(self, crystal: Crystal) -> Array:
        if len(crystal) > self.n_atoms_:
            raise StructureError(f"it has {len(crystal)} atoms, more than any fitted structure ({self.n_atoms_})")
        found = self.eigenvalues(crystal)
        spectrum = np.zeros(self.n_atoms_)
        spectrum[: len(found)] = found[np.argsort(-np.abs(found), kind="stable")]
        return spectrum

    def eigenvalues(self, crystal: Crystal) -> Array:
        """The eigenvalues (n,) in any order."""
        raise NotImplementedError
