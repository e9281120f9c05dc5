"""A trained model: what it predicts and from which columns, how sure it is, where it knows its way, and its card.

A file of it (`.matloop`) is a zip of `model.skops`, `card.json` and `training.parquet`. Nothing in it is ever
unpickled: a stranger's file cannot run code (see `model_file`).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.errors import InputError
from matloop.datasets.column import MATERIALS, Column
from matloop.datasets.dataset import Dataset
from matloop.discovery.predictor import Predictor, as_frame

if TYPE_CHECKING:
    import pandas as pd

    from matloop.discovery.representation import Described


class TrainedModel:
    """Predicts a target from a table of materials, with intervals, and says which rows it cannot judge.

    Attributes
    ----------
    task : "regression" or "classification".
    target : what is predicted.
    inputs : the columns that a table must have to be predicted.
    predictor : the representation, the estimator, and what makes it honest.
    card : the facts of the model card (see `discovery.card`), ready for JSON.
    dataset : the rows it learned from, None where they were left out of the file.
    """

    def __init__(
        self,
        target: Column,
        inputs: Sequence[Column],
        predictor: Predictor,
        card: dict[str, Any],
        dataset: Dataset | None = None,
    ) -> None:
        self.task = "regression" if predictor.intervals is not None else "classification"
        self.target = target
        self.inputs = list(inputs)
        self.predictor = predictor
        self.card = card
        self.dataset = dataset
        #: Whether somebody stopped the judging of the model before its end.
        self.is_incomplete = False

    @property
    def classes(self) -> list[str] | None:
        """The classes in order; None of a regression."""
        return self.predictor.classes

    @cached_property
    def pipeline(self) -> Any:
        """The scikit-learn pipeline from a table (n rows) to plain predictions (n,)."""
        from sklearn.pipeline import Pipeline

        return Pipeline([("representation", self.predictor.representation), ("model", self.predictor.model)])

    @property
    def training(self) -> pd.DataFrame:
        """The table of the rows it learned from. Raises InputError where they were left out of the file."""
        if self.dataset is None:
            raise InputError("the rows that this model learned from were left out of its file", "train it again")
        return self.dataset.frame

    # -- what it says of materials --------------------------------------------------------------------------------

    def predict(self, frame: pd.DataFrame, confidence: float = 0.9) -> pd.DataFrame:
        """A row for each row of `frame`, under the same index.

        Regression: `prediction, lower, upper, std, in_domain, distance, failure`. Classification: `prediction,
        probability`, `probability of X` for each class X, `in_domain, distance, failure`. What cannot be judged has no
        numbers, is not in the domain, and `failure` says why; elsewhere that is "". `distance` is that to the training
        rows, 1 at the border of the domain.

        Raises InputError where a column is missing, or for a confidence that so few training rows cannot support.
        """
        return as_frame(self.predictor.predict(self.described(frame), confidence), frame.index)

    def described(self, frame: pd.DataFrame, cache: Path | None = None) -> Described:
        """The rows described by themselves; a table whose only material has another name than here is understood.

        `cache` is the folder where features that take long are kept.
        """
        return self.predictor.representation.describe(self._with_names(frame), cache=cache)

    def reasons(self, frame: pd.DataFrame) -> list[str]:
        """Why each row is outside the domain, or cannot be judged; "" where it is inside."""
        return self.predictor.reasons(self.described(frame))

    def features(self, frame: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
        """What the model sees of each row, (n, d), and the names of these d; NaN where a row cannot be described."""
        representation = self.predictor.representation
        return representation.matrix(self.described(frame)), list(representation.get_feature_names_out())

    def neighbours(self, frame: pd.DataFrame, k: int = 3) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
        """The k nearest training rows of each row: their places (n, k), distances (n, k) and labels.

        Near is what is near in the features that the target depends on. Rows that cannot be described have places of -1
        and distances of NaN. Raises InputError where the training rows were left out of the file.
        """
        known, labels = self._known
        k = max(1, min(k, len(known)))
        matrix, _ = self.features(frame)
        points = self.predictor.domain.scaled(matrix)
        places = np.full((len(points), k), -1, dtype=np.intp)
        distances = np.full((len(points), k), np.nan)
        good = ~np.isnan(matrix).all(axis=1) if matrix.shape[1] else np.ones(len(matrix), dtype=bool)
        if good.any():
            from sklearn.neighbors import NearestNeighbors

            found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(known).kneighbors(points[good])
            distances[good], places[good] = found
        return places, distances, [[labels[i] if i >= 0 else "" for i in row] for row in places]

    @cached_property
    def _known(self) -> tuple[np.ndarray, list[str]]:
        """The scaled features of the training rows, and what each is called: a structure by its composition."""
        from matloop.datasets.groups import composition_key
        from matloop.discovery.representation import cache_of

        frame = self.training
        assert self.dataset is not None
        called = [column for column in self.dataset.columns.values() if column.role in ("material", "identity")]
        plain = [column for column in called if column.kind != "structure"] or called
        names = frame[plain[0].name] if plain else [f"row {i + 1}" for i in range(len(frame))]
        if plain and plain[0].kind == "structure":
            names = [composition_key(cell, "structure") or "?" for cell in names]
        matrix = self.predictor.representation.matrix(self.described(frame, cache_of(self.inputs)))
        return self.predictor.domain.scaled(matrix), [str(name) for name in names]

    def _with_names(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The table with its material under our name, where it is the only one that it can be."""
        from matloop.datasets.guessing import guessed_kind

        for column in self.inputs:
            if column.name in frame.columns or column.kind not in MATERIALS:
                continue
            others = [str(name) for name in frame.columns if guessed_kind(str(name), frame[name]) == column.kind]
            if len(others) == 1 and others[0] not in {each.name for each in self.inputs}:
                frame = frame.rename(columns={others[0]: column.name})
        return frame

    # -- files ----------------------------------------------------------------------------------------------------

    def save(self, path: Path | str, with_training: bool = True) -> Path:
        """Write the file, whole or not at all; `with_training` False leaves the rows out that it learned from.

        Then `neighbours` has nothing to say, and whoever gets the file does not get the data. Raises ModelFileError for
        a model of a kind that could not be read again.
        """
        from matloop.datasets.saving import as_bytes
        from matloop.discovery.model_file import packed, write

        path = Path(path)
        if path.suffix != ".matloop":
            path = path.with_name(path.name + ".matloop")
        parts = {"model.skops": packed(self.predictor)}
        if with_training and self.dataset is not None:
            parts["training.parquet"] = as_bytes(self.dataset)
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
        self.card.setdefault("provenance", {})["hashes"] = hashes
        card = self.card if with_training else _without_rows(self.card)
        parts["card.json"] = json.dumps(card, ensure_ascii=False, indent=1).encode()
        write(path, parts)
        return path

    @classmethod
    def load(cls, path: Path | str) -> TrainedModel:
        """Read a file. Raises ModelFileError where it is damaged, not ours, or asks for more than it may."""
        from matloop.discovery.model_file import ModelFileError, damaged, read, unpacked

        path = Path(path)
        parts = read(path)
        try:
            card = json.loads(parts["card.json"])
        except (ValueError, RecursionError) as error:
            raise damaged(path, error) from error
        target, inputs = _columns(card, path)
        for name, told in _hashes(card).items():
            if name in parts and hashlib.sha256(parts[name]).hexdigest() != told:
                raise damaged(path, f"{name} is not what was saved")
        try:
            predictor = unpacked(parts["model.skops"], path)
        except ModelFileError as error:
            raise ModelFileError(error.message, _made_with(card) or error.hint) from error
        rows = parts.get("training.parquet")
        return cls(target, inputs, predictor, card, None if rows is None else _dataset(rows, path))


def _made_with(card: dict[str, Any]) -> str:
    """What to install where the packages that made the model are not those that read it; "" where they are."""
    from matloop.discovery.card_facts import versions

    here = versions()
    told = (card.get("provenance") or {}).get("versions") or {}
    counts = ("scikit-learn", "numpy", "lightgbm", "skops")
    other = [f"{name} {told[name]}" for name in counts if name in told and told[name] != here.get(name)]
    return f"it was made with {', '.join(other)}; install these, or train it again" if other else ""


def _columns(card: Any, path: Path) -> tuple[Column, list[Column]]:
    """The target and the inputs that a card names. Raises ModelFileError for what is no card."""
    from matloop.discovery.card import Card, Quantity
    from matloop.discovery.model_file import ModelFileError, damaged

    def column(told: Quantity, role: str) -> Column:
        facts = {name: getattr(told, name) for name in ("kind", "unit", "description", "direction")}
        return Column(told.name, role=role, **facts)

    version = card.get("version") if isinstance(card, dict) else None
    if isinstance(version, int) and version > Card.model_fields["version"].default:
        raise ModelFileError(f"{path.name} was written by a newer version of matloop", "pip install --upgrade matloop")
    try:
        data = Card.of(card).data
        inputs = [column(told, "material" if told.kind in MATERIALS else "input") for told in data.inputs]
        return column(data.target, "target"), inputs
    except (InputError, ValueError) as error:
        raise damaged(path, getattr(error, "message", error)) from error


def _without_rows(card: dict[str, Any]) -> dict[str, Any]:
    """The card without what it says of single rows: their names and their measured values."""
    validation = dict(card.get("validation") or {})
    kept = [each for each in validation.get("out_of_fold") or () if each.get("labels")]
    return card | {"validation": validation | {"out_of_fold": kept}}


def _hashes(card: dict[str, Any]) -> dict[str, str]:
    return dict((card.get("provenance") or {}).get("hashes") or {})


#: A Parquet file of a few bytes can claim any number of rows.
_MOST_ROWS, _MOST_CELLS = 50_000_000, 1_000_000_000


def _dataset(content: bytes, path: Path) -> Dataset:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from matloop.datasets.saving import facts_of
    from matloop.discovery.model_file import damaged

    try:
        with pq.ParquetFile(io.BytesIO(content)) as file:
            n_rows, n_columns = file.metadata.num_rows, len(file.schema_arrow.names)
            if n_rows > _MOST_ROWS or n_rows * n_columns > _MOST_CELLS:
                raise damaged(path, f"it says that it learned from {n_rows:,} rows")
            facts = facts_of(file.schema_arrow, path.name)
            return Dataset(file.read().to_pandas(), **(facts or {}))
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError) as error:
        raise damaged(path, error) from error
