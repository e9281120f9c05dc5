"""What every featurizer is: a scikit-learn transformer from cells to numbers with names, units and citations.

scikit-learn asks for methods, not for a base class, and importing it takes a second: so none is inherited.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError, MissingExtra

Array = NDArray[np.float64]
#: So many reasons stand in the message of a FeatureError; all of them in its `failures`.
SHOWN = 3
#: The reason of a cell that another machine, or this one at another time, may describe: it is not remembered.
TOO_LARGE = "there is too little memory to describe it"
OUTPUTS = ("default", "pandas", "polars")


class FeatureError(InputError):
    """Cells that cannot be featurized; `failures` has the place and the reason of each."""

    def __init__(self, message: str, hint: str = "", failures: Mapping[int, str] | None = None) -> None:
        super().__init__(message, hint)
        self.failures = dict(failures or {})


class Features(NamedTuple):
    """Values (n, d), rows of NaN where a cell could not be featurized, and the reason for each of these rows."""

    values: Array
    failures: dict[int, str]

    def among(self, n: int, others: Mapping[int, str]) -> Features:
        """These rows in their order among n rows, of which `others` could not even be read and why."""
        if not others:
            return self
        values = np.full((n, self.values.shape[1]), np.nan)
        places = np.setdiff1d(np.arange(n), list(others))
        values[places] = self.values
        failures = dict(others) | {int(places[i]): reason for i, reason in self.failures.items()}
        return Features(values, dict(sorted(failures.items())))


class Featurizer:
    """From n cells (formulas, structures, …) to a matrix (n, d).

    A subclass states `name`, `kind`, `citations`, `names` and `units`, and implements `row` for one reading, or
    `matrix` for all readings at once. Its parameters are the keyword arguments of its `__init__`, kept under the same
    names. Where several featurizers read cells in the same way, they share one `read`: Combined then calls it once.
    """

    #: The name of its entry point in the group `matloop.features`.
    name: ClassVar[str]
    #: What a cell is: composition, structure, molecule or spectrum.
    kind: ClassVar[str]
    #: The extra of matloop it needs ('structures'), None where the base is enough.
    extra: ClassVar[str | None] = None
    #: To be raised when values change for the same cell and parameters: old cache entries are then not used.
    version: ClassVar[int] = 1
    #: Cells that a process takes at once: about a second's work, so that progress is seen and little is lost.
    per_task: ClassVar[int] = 32
    #: Whether a value found on the disk comes sooner than the same value computed again.
    is_worth_caching: ClassVar[bool] = True
    #: DOIs of the papers to cite.
    citations: tuple[str, ...] = ()

    def __init__(self, *, on_failure: str = "raise") -> None:
        """`on_failure`: 'raise' a FeatureError, or 'nan' for rows of NaN in `transform`."""
        self.on_failure = on_failure

    # -- what a subclass states -----------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each column."""
        raise NotImplementedError

    @property
    def units(self) -> tuple[str | None, ...]:
        """The unit of each column, None where it has none."""
        return (None,) * len(self.names)

    @classmethod
    def read(cls, cells: list[Any]) -> tuple[Any, dict[int, str]]:
        """From cells none of which is missing: the readings of the good ones in order, and what ails each other one.

        The readings are whatever `matrix` takes.
        """
        return cells, {}

    def matrix(self, readings: Any) -> Features:
        """The features of all readings. Here one after another; a failure of one does not harm the others."""
        values = np.full((len(readings), len(self.names)), np.nan)
        failures: dict[int, str] = {}
        for i, reading in enumerate(readings):
            try:
                values[i] = self.row(reading)
            except MissingExtra:
                raise
            except MemoryError:
                failures[i] = TOO_LARGE
            except InputError as error:
                failures[i] = error.message
            except Exception as error:  # noqa: BLE001 - a library may raise anything
                failures[i] = f"{type(error).__name__}: {error}".strip(" :")[:300]
        return Features(values, failures)

    def row(self, reading: Any) -> Sequence[float] | Array:
        """The features of one reading, (d,). Raises InputError (or what a library raises) where there are none."""
        raise NotImplementedError

    # -- what it does ---------------------------------------------------------------------------------------------

    def features(self, cells: Any) -> Features:
        """The features of cells (n,), one-dimensional or a table of one column; failures are listed, never raised."""
        listed = cells_of(cells)
        readings, unread = readings_of(self.read, listed)
        return self.of_readings(readings).among(len(listed), unread)

    def of_readings(self, readings: Any) -> Features:
        """The features of what `read` has read; a row with a value that is no finite number is a failure."""
        values, failures = self.matrix(readings)
        finite = np.isfinite(values)
        if finite.all():
            return Features(values, failures)
        values = np.array(values)
        for i in np.flatnonzero(~finite.all(axis=1)):
            if int(i) not in failures:
                without = [name for name, is_there in zip(self.names, finite[i], strict=True) if not is_there]
                failures[int(i)] = f"has no value for {listed(without)}"
            values[i] = np.nan
        return Features(values, failures)

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Nothing is learned: features are known before any data."""
        self._check()
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """The same as `transform`."""
        return self.fit(X, y).transform(X)

    def transform(self, X: Any) -> Any:
        """The features of X as a matrix (n, d), or as the kind of table that `set_output` asks for.

        Raises FeatureError where a cell cannot be featurized, unless on_failure="nan".
        """
        self._check()
        values, failures = self.features(X)
        if failures and self.on_failure == "raise":
            raise failed(self.name, len(values), failures)
        return _table(self, values, X)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        return np.array(self.names, dtype=object)

    # -- what scikit-learn asks for -------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **parameters: Any) -> Self:
        """Raises ValueError where a name is not one of the parameters."""
        names = list(self.get_params(deep=False))
        for name, value in parameters.items():
            if name not in names:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(names)}")
            setattr(self, name, value)
        return self

    def set_output(self, *, transform: str | None = None) -> Self:
        """What `transform` returns: 'default' for an array, 'pandas' or 'polars' for a table with named columns."""
        if transform not in (None, *OUTPUTS):
            raise ValueError(f"output must be one of {', '.join(OUTPUTS)}, got {transform!r}")
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self

    def __repr__(self) -> str:
        plain = inspect.signature(type(self)).parameters
        told = self.get_params(deep=False).items()
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in told if v != plain[k].default)})"

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        cells = InputTags(one_d_array=True, two_d_array=False, string=True, allow_nan=True)
        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=cells,
            requires_fit=False,
        )

    def _check(self) -> None:
        """Raises ValueError for a parameter that cannot be."""
        if self.on_failure not in ("raise", "nan"):
            raise ValueError(f"on_failure is 'raise' or 'nan', not {self.on_failure!r}")


def cells_of(X: Any) -> list[Any]:
    """X as a list of cells: a sequence, a Series, or a table or array of one column. Raises FeatureError for others."""
    if isinstance(X, str | bytes | Mapping):
        raise FeatureError(f"{type(X).__name__} is one cell, not a column of cells", "put it in a list: [cell]")
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) != 1:
        if len(shape) != 2 or shape[1] != 1:
            wide = " × ".join(map(str, shape))
            raise FeatureError(f"a table of {wide} is no column of cells", "choose one column: frame['formula']")
        X = X.iloc[:, 0] if hasattr(X, "iloc") else X[:, 0]
    try:
        return X.tolist() if hasattr(X, "tolist") else list(X)
    except TypeError:
        raise FeatureError(f"{type(X).__name__} is no column of cells", "pass a list, an array or a Series") from None


def readings_of(read: Any, cells: list[Any]) -> tuple[Any, dict[int, str]]:
    """The readings of the good cells in order, and the places of all others with their reason."""
    missing = (
        {} if set(map(type, cells)) <= {str} else {i: "is missing" for i, cell in enumerate(cells) if absent(cell)}
    )
    if not missing:
        return read(cells)
    places = [i for i in range(len(cells)) if i not in missing]
    readings, unread = read([cells[i] for i in places])
    return readings, missing | {places[i]: reason for i, reason in unread.items()}


def absent(cell: Any) -> bool:
    """None, NaN, NaT and pandas.NA: a cell that says nothing."""
    return cell is None or type(cell).__name__ in ("NAType", "NaTType") or (isinstance(cell, float) and cell != cell)


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def failed(name: str, n: int, failures: Mapping[int, str]) -> FeatureError:
    """The error for the cells that a featurizer could not describe."""
    shown = [f"row {place}: {reason}" for place, reason in list(failures.items())[:SHOWN]]
    more = f"; and {len(failures) - SHOWN} more" if len(failures) > SHOWN else ""
    message = f"{len(failures)} of {n} cells cannot be described by '{name}': {'; '.join(shown)}{more}"
    hint = "mend or drop these rows (rows count from 0), or give on_failure='nan' to leave them empty"
    return FeatureError(message, hint, failures)


def _table(featurizer: Featurizer, values: Array, X: Any) -> Any:
    """Values as `set_output`, or else scikit-learn's own configuration where that is loaded, asks for."""
    wanted = getattr(featurizer, "_sklearn_output_config", {}).get("transform")
    if wanted is None and "sklearn" in sys.modules:
        wanted = sys.modules["sklearn"].get_config()["transform_output"]
    names = featurizer.get_feature_names_out()
    if wanted == "pandas":
        import pandas as pd

        return pd.DataFrame(values, columns=names, index=X.index if hasattr(X, "iloc") else None, copy=False)
    if wanted == "polars":
        try:
            polars = importlib.import_module("polars")
        except ImportError:
            hint = "pip install polars, or set_output(transform='pandas')"
            raise FeatureError("polars is not installed", hint) from None
        return polars.DataFrame(values, schema=list(names), orient="row")
    return values
