"""Descriptors of DScribe (Himanen et al. 2020) as featurizers."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any, ClassVar

import numpy as np

from matloop.core.errors import InputError, MissingExtra
from matloop.core.structure import StructureError
from matloop.features.base import Array
from matloop.features.crystal import Crystal
from matloop.features.learned import LearnedCrystalFeaturizer, elements_in

#: To be cited with each of them.
DSCRIBE = "10.1016/j.cpc.2019.106949"


class ByElements(LearnedCrystalFeaturizer):
    """A descriptor with columns for each pair of elements that the fitted structures have."""

    extra: ClassVar[str | None] = "structures"

    def learn(self, crystals: list[Crystal]) -> None:
        self.species_ = elements_in(crystals)
        self.descriptor()  # settings that do not go are told here

    def descriptor(self) -> Any:
        """DScribe's object for the fitted elements. It is no attribute: a model that is saved has plain ones alone."""
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        if not hasattr(self, "species_"):
            return ()
        made = self.descriptor()
        names = [""] * made.get_number_of_features()
        for pair in combinations_with_replacement(self.species_, 2):
            place = made.get_location(pair)
            for i in range(place.start, place.stop):
                names[i] = f"{self.name} {'-'.join(pair)} {i - place.start}"
        return tuple(names)

    def describe(self, crystal: Crystal) -> Array:
        unknown = sorted(set(crystal.structure.symbols) - set(self.species_))
        if unknown:
            raise StructureError(f"it has {', '.join(unknown)}, which none of the fitted structures has")
        return np.asarray(self.descriptor().create(crystal.ase, n_jobs=1), float).ravel()


def made(which: str, **settings: Any) -> Any:
    """A descriptor of DScribe. Raises MissingExtra, and InputError for settings that it refuses."""
    try:
        from dscribe import descriptors
    except ImportError as error:
        raise MissingExtra("dscribe", "structures") from error
    try:
        return getattr(descriptors, which)(**settings)
    except (ValueError, TypeError) as error:
        raise InputError(f"{which}: {error}", "see the parameters of the featurizer") from error
