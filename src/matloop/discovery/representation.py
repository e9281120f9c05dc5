"""From the columns of a table to what a model sees: materials by featurizers, numbers as they are, words as yes or no.

Two steps. `describe` looks at each row by itself: featurizers and numbers, which know nothing of other rows, so that it
is done once for all rows whatever the folds. `fit` and `matrix` do what depends on other rows: which words there are.
A row that cannot be described has its reason, never an exception.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.core.registry import load, names
from matloop.datasets.column import Column

if TYPE_CHECKING:
    import pandas as pd

    from matloop.features.base import Featurizer
    from matloop.features.combined import Combined

Array = NDArray[np.float64]
#: The last two took a seventh off the errors of experimental gaps and phonons, and harmed none (docs/decisions/0016).
_OF_FORMULAS = ("magpie", "stoichiometry", "fractions", "electronic", "ionic")
#: What stands for a material unless featurizers are named: the first of these lists whose extras are installed.
USUAL: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "composition": (_OF_FORMULAS,),
    "molecule": (("rdkit_descriptors",),),
    "spectrum": (("moments", "peaks"),),
    "structure": ((*_OF_FORMULAS, "geometry", "voronoi"), _OF_FORMULAS),
}
#: A column of words becomes a yes or no for each of its most common words, of at most so many; the others are known.
MOST_WORDS, MOST_KNOWN = 50, 2000
#: Trees keep inputs as single-precision numbers, which end at 3e38; a number beyond this one is a mistake.
MOST_NUMBER = 1e30


def cache_of(columns: Sequence[Column]) -> Path | None:
    """Where features that take long are kept, those of structures and molecules; None where all are quick."""
    from matloop.files.cache import cache_folder

    is_costly = any(column.kind in ("structure", "molecule") for column in columns)
    return cache_folder("features")[0] if is_costly else None


@dataclass(frozen=True)
class Described:
    """Rows by themselves: `numbers` (n, d), the words of each column of text, and the reason of each row that fails."""

    numbers: Array
    words: Mapping[str, NDArray[Any]]
    failures: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: NDArray[np.intp]) -> Described:
        """These rows, in this order."""
        failures = {i: self.failures[int(row)] for i, row in enumerate(rows) if int(row) in self.failures}
        return Described(self.numbers[rows], {name: cells[rows] for name, cells in self.words.items()}, failures)

    @property
    def is_good(self) -> NDArray[np.bool_]:
        """Which rows could be described, (n,)."""
        good = np.ones(len(self), dtype=bool)
        good[list(self.failures)] = False
        return good


class Representation:
    """A scikit-learn transformer from a table with these columns to a matrix.

    `featurizers` names those of each column of materials; those of USUAL stand where it has none.
    """

    def __init__(
        self, columns: Sequence[Column | Mapping[str, Any]], featurizers: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.columns = columns
        self.featurizers = featurizers

    # -- row by row -----------------------------------------------------------------------------------------------

    def describe(
        self, frame: pd.DataFrame, n_jobs: int = 1, cache: Path | None = None, progress: Progress = silent
    ) -> Described:
        """What is known of each row by itself. Raises InputError where a column is missing."""
        parts: list[Array] = []
        words: dict[str, NDArray[Any]] = {}
        failures: dict[int, str] = {}
        for column in self._columns():
            cells = self._cells(frame, column)
            failed: Mapping[int, str]
            if column.kind == "number":
                numbers, failed = _numbers(cells)
                values = numbers[:, None]
            elif column.kind == "text":
                words[column.name] = np.array([_word(cell) for cell in cells.tolist()], dtype=object)
                continue
            else:
                values, failed = self._material(column, cells, n_jobs, cache, progress)
            parts.append(values)
            several = len(self._columns()) > 1
            for row, reason in failed.items():
                failures.setdefault(row, f"{column.name}: {reason}" if several else reason)
        whole = parts[0] if len(parts) == 1 else np.hstack([np.zeros((len(frame), 0)), *parts])
        return Described(whole, words, dict(sorted(failures.items())))

    def _material(
        self, column: Column, cells: Any, n_jobs: int, cache: Path | None, progress: Progress
    ) -> tuple[Array, Mapping[int, str]]:
        from matloop.features.computing import compute

        features = compute(self.featurizer_of(column), cells, n_jobs=n_jobs, cache=cache, progress=progress)
        return features.values, features.failures

    def featurizer_of(self, column: Column) -> Combined:
        """All featurizers of a column of materials, side by side. Raises InputError where one reads other cells."""
        made: dict[str, Combined] = self.__dict__.setdefault("_made", {})
        if column.name not in made:
            made[column.name] = self._combined(column)
        return made[column.name]

    def _combined(self, column: Column) -> Combined:
        from matloop.features.combined import Combined
        from matloop.features.naming import featurizer
        from matloop.features.of_structure import OfStructure

        parts: list[Featurizer] = []
        for text in self.featurizers_of(column):
            part = featurizer(text)
            if part.kind == "composition" and column.kind == "structure":
                part = OfStructure(part)
            if part.kind != column.kind:
                hint = f"for a {column.kind} there are: " + ", ".join(_for_kind(column.kind))
                raise InputError(f"'{part.name}' describes a {part.kind}, and '{column.name}' is a {column.kind}", hint)
            if not part.__sklearn_is_fitted__():
                hint = "take features whose columns are known beforehand, or `matloop describe` first"
                raise InputError(
                    f"'{part.name}' learns its columns from data, which a model file cannot hold yet", hint
                )
            parts.append(part)
        return Combined(parts)

    def featurizers_of(self, column: Column) -> tuple[str, ...]:
        """The featurizers of a column of materials, as `features.naming` reads them.

        Raises InputError where there are none for its kind, MissingExtra where they need what is not installed.
        """
        given = (self.featurizers or {}).get(column.name)
        if given:
            return tuple(given)
        for usual in USUAL.get(column.kind, ()):
            if all(_is_installed(name) for name in usual):
                return usual
        if column.kind in USUAL:
            usual = USUAL[column.kind][0]
            from matloop.core.errors import MissingExtra

            raise MissingExtra(_PACKAGES.get(column.kind, usual[0]), str(load("features", usual[0]).extra))
        raise InputError(f"it is not said how '{column.name}', a {column.kind}, is to be described", "leave it out")

    def _cells(self, frame: pd.DataFrame, column: Column) -> Any:
        if column.name not in frame.columns:
            near = did_you_mean(column.name, map(str, frame.columns))
            raise InputError(f"the table has no column '{column.name}', which the model needs", near)
        return frame[column.name]

    # -- what depends on other rows -------------------------------------------------------------------------------

    def fit(self, X: pd.DataFrame | Described, y: Any = None) -> Self:
        """Learn which words there are."""
        described = X if isinstance(X, Described) else self.describe(X)
        self.words_: dict[str, list[str]] = {}
        self.known_words_: dict[str, list[str]] = {}
        for name, cells in described.words.items():
            counts = Counter(cell for cell in cells.tolist() if cell)
            ordered = sorted(counts, key=lambda word: (-counts[word], word))
            self.words_[name] = sorted(ordered[:MOST_WORDS])
            self.known_words_[name] = sorted(ordered[:MOST_KNOWN])
        return self

    def matrix(self, described: Described) -> Array:
        """What a model sees, (n, d): rows that failed are NaN, and so are numbers that are missing."""
        parts = [described.numbers]
        for name, cells in described.words.items():
            parts.append((cells[:, None] == np.array([*self.words_[name], ""], dtype=object)[None, :-1]).astype(float))
        matrix = np.hstack(parts) if len(parts) > 1 else described.numbers
        if described.failures:
            matrix = matrix.copy() if matrix is described.numbers else matrix
            matrix[list(described.failures)] = np.nan
        return matrix

    def strange_words(self, described: Described) -> dict[int, str]:
        """The rows with a word that no training row had, and which."""
        strange: dict[int, str] = {}
        for name, cells in described.words.items():
            known = {*self.known_words_[name], ""}
            for row in np.flatnonzero([cell not in known for cell in cells.tolist()]):
                strange.setdefault(int(row), f"{name} is '{cells[row][:40]}', which no training row has")
        return strange

    def transform(self, X: pd.DataFrame | Described) -> Array:
        """The matrix (n, d) of a table."""
        return self.matrix(X if isinstance(X, Described) else self.describe(X))

    def fit_transform(self, X: pd.DataFrame | Described, y: Any = None) -> Array:
        """Fit, then the matrix of the same rows."""
        described = X if isinstance(X, Described) else self.describe(X)
        return self.fit(described).matrix(described)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """The name of each column of the matrix, (d,)."""
        told: list[str] = []
        materials = self._materials()
        for column in self._columns():
            if column.kind == "number":
                told.append(column.name)
            elif column.kind != "text":
                before = f"{column.name}: " if len(materials) > 1 else ""
                told += [before + name for name in self.featurizer_of(column).names]
        told += [f"{name} is {word}" for name, found in self.words_.items() for word in found]
        return np.array(told, dtype=object)

    @property
    def places_of_columns(self) -> dict[str, list[int]]:
        """Which columns of the matrix were made of each column of the table."""
        widths = {}
        for column in self._columns():
            if column.kind != "text":
                widths[column.name] = 1 if column.kind == "number" else len(self.featurizer_of(column).names)
        widths |= {name: len(found) for name, found in self.words_.items()}
        places = iter(range(sum(widths.values())))
        return {name: [next(places) for _ in range(width)] for name, width in widths.items()}

    @property
    def units(self) -> tuple[str | None, ...]:
        """The unit of each column of the matrix, (d,), None where it has none."""
        told: list[str | None] = []
        for column in self._columns():
            if column.kind == "number":
                told.append(column.unit)
            elif column.kind != "text":
                told += self.featurizer_of(column).units
        return (*told, *(None for found in self.words_.values() for _ in found))

    @property
    def citations(self) -> tuple[str, ...]:
        """DOIs of the featurizers' papers."""
        found = (doi for column in self._materials() for doi in self.featurizer_of(column).citations)
        return tuple(dict.fromkeys(found))

    # -- for scikit-learn and for files ---------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"columns": self.columns, "featurizers": self.featurizers}

    def set_params(self, **parameters: Any) -> Self:
        """Raises ValueError for an unknown name."""
        for name, value in parameters.items():
            if name not in ("columns", "featurizers"):
                raise ValueError(f"Representation has no parameter {name!r}")
            setattr(self, name, value)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "words_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(two_d_array=True, string=True, allow_nan=True),
        )

    def __getstate__(self) -> dict[str, Any]:
        """Plain lists and texts alone: a file of it needs no class to be trusted.

        All featurizers are named, so that a model knows its own when others have become the usual ones.
        """
        state: dict[str, Any] = {"columns": [column.model_dump(mode="json") for column in self._columns()]}
        state["featurizers"] = {column.name: list(self.featurizers_of(column)) for column in self._materials()} or None
        if self.__sklearn_is_fitted__():
            state |= {"words_": self.words_, "known_words_": self.known_words_}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.columns = [Column(**column) for column in state["columns"]]

    def _materials(self) -> list[Column]:
        return [column for column in self._columns() if column.kind not in ("number", "text")]

    def _columns(self) -> list[Column]:
        return [each if isinstance(each, Column) else Column(**each) for each in self.columns]


_PACKAGES = {"molecule": "rdkit", "structure": "pymatgen"}


def _is_installed(featurizer: str) -> bool:
    """Whether what the featurizer needs can be imported."""
    from importlib.util import find_spec

    needs = {"molecules": "rdkit", "structures": "pymatgen", "porous": "pyzeo"}
    if featurizer not in names("features"):
        return False
    extra = load("features", featurizer).extra
    return extra is None or find_spec(needs.get(extra, extra)) is not None


def _for_kind(kind: str) -> list[str]:
    return [name for name in names("features") if load("features", name).kind == kind]


def _numbers(cells: Any) -> tuple[Array, dict[int, str]]:
    """Numbers (n,), NaN where there is none, and the rows whose cell is something else."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells):
        values = cells.to_numpy(dtype=float, na_value=np.nan)
        missing = np.isnan(values)
    else:
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        missing = cells.isna().to_numpy()
    bad = (np.abs(values) > MOST_NUMBER) | (np.isnan(values) & ~missing)
    why = np.where(np.isfinite(values), "is too large for a model", "is no finite number")
    failures = {int(row): f"{str(cells.iloc[row])[:40]!r} {why[row]}" for row in np.flatnonzero(bad)}
    return np.where(bad, np.nan, values), failures


def _word(cell: Any) -> str:
    """A cell of text; "" where there is none."""
    return "" if cell is None or cell != cell else str(cell).strip()
