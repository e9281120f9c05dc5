"""Any structure featurizer of matminer behind the face of matloop's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from matloop.core.errors import InputError, MissingExtra, did_you_mean
from matloop.features.base import Array, Features
from matloop.features.crystal import Crystal, CrystalFeaturizer


class Matminer(CrystalFeaturizer):
    """Any structure featurizer of matminer, by the name of its class; all that is not among the others here.

    `Matminer(featurizer="RadialDistributionFunction", options={"cutoff": 10.0})`: a class of
    `matminer.featurizers.structure` with its arguments; `options={"preset": …}` calls its `from_preset`. One structure
    comes after another: matminer's own multiprocessing is not used. What has to be fitted to data is refused
    (`sine_matrix` stands for SineCoulombMatrix). For Voronoi cells and CrystalNN the featurizers `voronoi`,
    `local_differences` and `crystal_nn` are much faster.
    """

    name: ClassVar[str] = "matminer"
    extra: ClassVar[str | None] = "structures"
    per_task: ClassVar[int] = 4

    def __init__(
        self,
        *,
        featurizer: str = "RadialDistributionFunction",
        options: Mapping[str, Any] | None = None,
        on_failure: str = "raise",
    ) -> None:
        super().__init__(on_failure=on_failure)
        self.featurizer = featurizer
        self.options = options

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(label) for label in self._made().feature_labels())

    @property
    def citations(self) -> tuple[str, ...]:  # type: ignore[override]
        """The DOIs in what the featurizer cites, behind that of matminer."""
        found = re.findall(r"10\.\d{4,9}/[^\s,}{\"]+", " ".join(self._made().citations()))
        return tuple(dict.fromkeys(["10.1016/j.commatsci.2018.05.018", *found]))

    def matrix(self, readings: list[Crystal]) -> Features:
        self._made()  # a wrong name is one mistake, not one for each structure
        return super().matrix(readings)

    def describe(self, crystal: Crystal) -> Array:
        described = self._made().featurize(crystal.pymatgen.copy())
        try:
            return np.asarray(described, float).ravel()
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.featurizer} gives something else than numbers") from error

    def _made(self) -> Any:
        options = dict(self.options or {})
        try:
            return _made(self.featurizer, tuple(sorted(options.items())))
        except TypeError:  # an option that is a list
            return _made.__wrapped__(self.featurizer, tuple(options.items()))


@lru_cache(maxsize=32)
def _made(name: str, options: tuple[tuple[str, Any], ...]) -> Any:
    try:
        from matminer.featurizers import structure
        from matminer.featurizers.base import BaseFeaturizer
    except ImportError as error:
        raise MissingExtra("matminer", "structures") from error
    known: dict[str, Any] = {
        each: thing
        for each, thing in vars(structure).items()
        if isinstance(thing, type) and issubclass(thing, BaseFeaturizer)
    }
    if name not in known:
        raise InputError(f"matminer has no structure featurizer '{name}'", did_you_mean(name, sorted(known)))
    settings = dict(options)
    try:
        preset = settings.pop("preset", None)
        made = known[name](**settings) if preset is None else known[name].from_preset(preset, **settings)
        made.feature_labels()
    except Exception as error:  # its own checks raise whatever they like
        hint = "see matminer's documentation; what must be fitted to data is not taken"
        raise InputError(f"{name} cannot be set up: {error}", hint) from error
    return made
