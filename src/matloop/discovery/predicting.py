"""What `matloop predict` does: a model judges the materials of a file."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery.named import material_column, material_of, pairs
from matloop.files.whole import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from matloop.discovery.trained import TrainedModel

#: So many rows are judged at once.
CHUNK = 50_000


@dataclass(frozen=True)
class Predictions:
    """The predictions beside what the records are called; `frame` has a row for each record of the dataset."""

    dataset: Dataset
    frame: pd.DataFrame

    @property
    def failures(self) -> dict[str, int]:
        """Each reason why rows could not be judged, with their number."""
        return dict(Counter(reason for reason in self.frame["failure"] if reason).most_common())


def predict(
    model: TrainedModel, dataset: Dataset, confidence: float = 0.9, why: bool = False, progress: Progress = silent
) -> Predictions:
    """Judge every record. With `why`, a column says for each row outside the domain what is unusual about it.

    Raises InputError where the dataset lacks a column that the model needs, UnitError where it has another dimension.
    """
    import pandas as pd

    frame = in_units_of(model, dataset)
    parts = []
    for start in range(0, len(frame), CHUNK):
        progress(start, len(frame))
        piece = frame.iloc[start : start + CHUNK]
        told = model.predict(piece, confidence)
        parts.append(told.assign(outside=model.reasons(piece)) if why else told)
    progress(len(frame), len(frame))
    told = pd.concat(parts) if parts else model.predict(frame, confidence)
    target = model.target
    named = {name: _named(name, target) for name in told.columns}
    shown = [c.name for c in dataset.columns.values() if c.role in ("identity", "material", "input", "target")]
    return Predictions(dataset, pd.concat([frame[shown], told.rename(columns=named)], axis=1))


def in_units_of(model: TrainedModel, dataset: Dataset, columns: Sequence[Column] | None = None) -> pd.DataFrame:
    """The dataset's table with columns of the model, its inputs unless named, in its units. Raises UnitError."""
    from matloop.datasets.numeric import converted

    frame = dataset.frame
    changed: dict[str, Any] = {}
    for column in model.inputs if columns is None else columns:
        own = dataset.columns.get(column.name)
        if (
            own is not None
            and column.kind == "number"
            and own.kind == "number"
            and own.unit != column.unit
            and own.unit
        ):
            changed[column.name] = converted(frame[column.name].to_numpy(dtype=float), own.unit, column.unit)
    return frame.assign(**changed) if changed else frame


def _named(name: str, target: Column) -> str:
    """The columns of numbers in the target's unit say which it is."""
    has_unit = name in ("prediction", "lower", "upper", "std") and target.unit
    plain = f"{target.name} {name}" if name != "failure" else name
    return f"{plain} [{target.unit}]" if has_unit else plain


def of_texts(model: TrainedModel, texts: Sequence[str], others: Sequence[str] = ()) -> Dataset:
    """Materials named on the command line, as a dataset; `others` are INPUT=VALUE, the same for each of them.

    Raises InputError where the model needs more than these.
    """
    import pandas as pd

    rows = pd.concat([material_of(model, text, pairs(others))[0] for text in texts], ignore_index=True)
    named = material_column(model)
    columns = [c.model_copy(update={"role": "material"}) if c == named else c for c in model.inputs]
    return Dataset(rows, columns, name="materials")


def write(predictions: Predictions, path: Path) -> Path:
    """Write the table, units in its header, as CSV or Parquet by its suffix. Raises InputError for another one."""
    frame = predictions.frame.rename(columns={n: column.titled for n, column in predictions.dataset.columns.items()})
    if path.suffix.lower() == ".csv":
        write_whole(path, frame.to_csv(index=False))
    elif path.suffix.lower() in (".parquet", ".pq"):
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        write_whole(path, buffer.getvalue())
    else:
        raise InputError(f"cannot write predictions to '{path.name}'", "use .csv or .parquet")
    return path
