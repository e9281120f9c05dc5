"""Several featurizers side by side for one column of cells, which is read once."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from matloop.core.registry import load
from matloop.features.base import FeatureError, Features, Featurizer, cells_of, readings_of


class Combined(Featurizer):
    """The columns of several featurizers of one kind, in their order; a row fails where one of them fails.

    They are given by name ('magpie') or as objects. Those that read cells in the same way share the readings: a formula
    is parsed once, a structure tessellated once. Beside featurizers of structures, those of compositions take
    structures too. `get_params` and `set_params` know their parameters as 'magpie__impute', so that a grid search can
    vary them.
    """

    name: ClassVar[str] = "combined"

    parts_: tuple[Featurizer, ...]

    def __init__(self, featurizers: Sequence[str | Featurizer], *, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.featurizers = featurizers

    @property
    def parts(self) -> tuple[Featurizer, ...]:
        """The featurizers themselves. Raises InputError for an unknown name, and where they want different cells."""
        if hasattr(self, "parts_"):
            return self.parts_
        if not self.featurizers or isinstance(self.featurizers, str):
            raise FeatureError("no featurizers to combine", "a list, as in Combined(['magpie', 'fractions'])")
        parts = tuple(load("features", each)() if isinstance(each, str) else each for each in self.featurizers)
        kinds = {part.kind: part.name for part in parts}
        if kinds.keys() == {"structure", "composition"}:
            from matloop.features.of_structure import OfStructure

            return tuple(part if part.kind == "structure" else OfStructure(part) for part in parts)
        if len(kinds) > 1:
            told = ", ".join(f"'{name}' a {kind}" for kind, name in kinds.items())
            raise FeatureError(
                f"featurizers of different cells cannot be combined: {told}", "combine those of one kind"
            )
        return parts

    @property
    def kind(self) -> str:  # type: ignore[override]
        return self.parts[0].kind

    @property
    def per_task(self) -> int:  # type: ignore[override]
        return min(part.per_task for part in self.parts)

    @property
    def citations(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(dict.fromkeys(doi for part in self.parts for doi in part.citations))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns; where two parts have the same, the name of the part stands before it."""
        parts = self.parts
        called = Counter(part.name for part in parts)
        labels = [part.name if called[part.name] == 1 else f"{part.name} {i + 1}" for i, part in enumerate(parts)]
        plain = Counter(name for part in parts for name in part.names)
        return tuple(
            name if plain[name] == 1 else f"{label}: {name}"
            for part, label in zip(parts, labels, strict=True)
            for name in part.names
        )

    @property
    def units(self) -> tuple[str | None, ...]:
        return tuple(unit for part in self.parts for unit in part.units)

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Fit copies of the parts to X where one of them learns its columns from data; most do not."""
        self._check()
        self.__dict__.pop("parts_", None)
        parts = self.parts
        if any(type(part).fit is not Featurizer.fit for part in parts):
            self.parts_ = tuple(copy.deepcopy(part).fit(X, y) for part in parts)
        return self

    def features(self, cells: Any) -> Features:
        parts = self.parts
        return side_by_side(parts, of_parts(parts, cells_of(cells)))

    # -- parameters of the parts ----------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        parameters = super().get_params(deep=False)
        if deep and self.featurizers:
            for part in self.featurizers:
                if isinstance(part, Featurizer):
                    parameters |= {f"{part.name}__{name}": value for name, value in part.get_params().items()}
        return parameters

    def set_params(self, **parameters: Any) -> Self:
        """Raises ValueError where a name is neither a parameter nor 'PART__PARAMETER' of a part."""
        self.__dict__.pop("parts_", None)
        own = {name: value for name, value in parameters.items() if "__" not in name}
        super().set_params(**own)
        for name, value in parameters.items():
            if name in own:
                continue
            of, _, parameter = name.partition("__")
            named = [part for part in self.featurizers if isinstance(part, Featurizer) and part.name == of]
            if not named:
                raise ValueError(f"Combined has no parameter {name!r}: no part is called {of!r}")
            for part in named:
                part.set_params(**{parameter: value})
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return all(part.__sklearn_is_fitted__() for part in self.parts)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = any(type(part).fit is not Featurizer.fit for part in self.parts)
        return tags


def of_parts(parts: Sequence[Featurizer], cells: list[Any]) -> list[Features]:
    """The features of each part; cells are read once for all parts that read in the same way."""
    read: dict[Any, Any] = {}
    made: list[Features] = []
    for part in parts:
        way = getattr(part.read, "__func__", part.read)
        if way not in read:
            read[way] = readings_of(part.read, cells)
        readings, unread = read[way]
        made.append(part.of_readings(readings).among(len(cells), unread))
    return made


def side_by_side(parts: Sequence[Featurizer], made: Sequence[Features]) -> Features:
    """The features of several parts as one matrix; a row that failed in one part is empty in all."""
    if len(made) == 1:
        return made[0]
    values = np.hstack([features.values for features in made])
    failures: dict[int, str] = {}
    for part, features in zip(parts, made, strict=True):
        is_shared = [other.failures for other in made]
        for row, reason in features.failures.items():
            has_all = all(failures_of.get(row) == reason for failures_of in is_shared)
            failures.setdefault(row, reason if has_all else f"{part.name}: {reason}")
    values[list(failures)] = np.nan
    return Features(values, dict(sorted(failures.items())))
