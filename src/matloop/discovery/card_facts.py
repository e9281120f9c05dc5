"""The sections of a model card, computed from what training has in its hands."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.discovery.card import Coverage, Data, OutOfFold, Provenance, Quantity, Score

if TYPE_CHECKING:
    from matloop.datasets.column import Column
    from matloop.datasets.dataset import Dataset

Array = NDArray[np.float64]
#: A card keeps so many out-of-fold predictions at most, for its figures; its scores are those of all of them.
MOST_SHOWN = 1000
#: Points of a ROC curve that are kept.
CURVE = 200
#: Coverage is measured at these expected shares; 50, 80 and 95 % are what is quoted.
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
#: Packages whose versions may change what a model says.
PACKAGES = (
    "numpy scipy scikit-learn pandas pyarrow lightgbm skops rdkit pymatgen matminer dscribe ase pyzeo raspalib".split()
)


def data(dataset: Dataset, target: Column, inputs: Sequence[Column], rows: Any = None) -> Data:
    """What a model learned from: the dataset, of which it used `rows` (a mask or places; all unless given)."""
    frame = dataset.frame if rows is None else dataset.take(np.arange(len(dataset))[rows]).frame
    used = frame[[*(column.name for column in inputs), target.name]]
    outcomes = used[target.name]
    is_number = target.kind == "number"
    return Data(
        name=dataset.name,
        origin=dataset.origin,
        licence=dataset.licence,
        citation=dataset.citation,
        is_proprietary=dataset.is_proprietary,
        hash=content_hash(used),
        n_rows=len(used),
        target=quantity(target),
        inputs=[quantity(column) for column in inputs],
        target_quartiles=quartiles(outcomes.to_numpy(dtype=float)) if is_number else None,
        target_counts=None if is_number else {str(k): int(n) for k, n in outcomes.value_counts().items()},
        n_set_aside=len(dataset.set_aside),
        set_aside=dict(Counter(record.reason for record in dataset.set_aside).most_common(20)),
    )


def quantity(column: Column) -> Quantity:
    """A column as the card names it."""
    return Quantity(
        name=column.name,
        kind=column.kind,
        unit=column.unit,
        description=column.description,
        direction=column.direction,
    )


def quartiles(values: Array) -> list[float] | None:
    """Minimum, quartile, median, quartile and maximum of what is known."""
    known = values[np.isfinite(values)]
    return [float(v) for v in np.quantile(known, [0, 0.25, 0.5, 0.75, 1])] if len(known) else None


def content_hash(frame: Any) -> str:
    """SHA-256 of the cells, column by column: the same for the same content, whatever file it came from."""
    import hashlib
    import json

    told = hashlib.sha256()
    for name in frame.columns:
        cells = [None if cell is None or cell != cell else cell for cell in frame[name].tolist()]
        told.update(json.dumps([str(name), cells], ensure_ascii=True, default=str).encode())
    return told.hexdigest()


def score(name: Any, folds: Iterable[float], pooled: float | None = None) -> Score:
    """One score with its value in each fold; what is not defined becomes None."""
    return Score(name=name, folds=[float(value) for value in folds], pooled=pooled)


def out_of_fold_numbers(
    split: str,
    measured: Array,
    predicted: Array,
    lower: Array | None = None,
    upper: Array | None = None,
    confidence: float | None = None,
    names: Sequence[str] | None = None,
) -> OutOfFold:
    """Out-of-fold predictions (n,) of numbers, with the intervals that meant to hold `confidence` of them."""
    known = np.flatnonzero(np.isfinite(measured) & np.isfinite(predicted))
    shown = _sample(known)
    return OutOfFold(
        split=split,
        n_rows=len(known),
        names=[str(names[i]) for i in shown] if names is not None else [],
        measured=measured[shown].tolist(),
        predicted=predicted[shown].tolist(),
        lower=None if lower is None else lower[shown].tolist(),
        upper=None if upper is None else upper[shown].tolist(),
        confidence=confidence,
    )


def out_of_fold_classes(
    split: str, measured: Sequence[Any], predicted: Sequence[Any], probability: Array, classes: Sequence[Any]
) -> OutOfFold:
    """Out-of-fold labels (n,) and probabilities (n, k) of the classes: the confusion matrix and the ROC curves."""
    truth, told = np.asarray(measured).astype(str), np.asarray(predicted).astype(str)
    labels = [str(label) for label in classes]
    confusion = [[int(np.sum((truth == row) & (told == column))) for column in labels] for row in labels]
    shown = labels[1:] if len(labels) == 2 else labels
    curves = {label: roc_curve(truth == label, probability[:, labels.index(label)]) for label in shown}
    return OutOfFold(
        split=split,
        n_rows=len(truth),
        labels=labels,
        confusion=confusion,
        roc={label: curve for label, curve in curves.items() if curve is not None},
    )


def roc_curve(is_class: NDArray[np.bool_], probability: Array) -> tuple[list[float], list[float]] | None:
    """False and true positive rates along the thresholds, thinned; None where all rows are of one kind."""
    if not is_class.any() or is_class.all():
        return None
    order = np.argsort(-probability, kind="stable")
    hits, sorted_probability = is_class[order], probability[order]
    last_of_tie = np.append(np.flatnonzero(np.diff(sorted_probability)), len(hits) - 1)
    true = np.append(0.0, np.cumsum(hits)[last_of_tie] / hits.sum())
    false = np.append(0.0, np.cumsum(~hits)[last_of_tie] / (~hits).sum())
    if len(true) > CURVE:
        kept = np.unique(np.linspace(0, len(true) - 1, CURVE).round().astype(int))
        true, false = true[kept], false[kept]
    return false.tolist(), true.tolist()


def coverages(measured: Array, intervals: Mapping[float, tuple[Array, Array]]) -> list[Coverage]:
    """For each expected share the intervals (lower, upper), each (n,): which share of the measured values they hold."""
    found = []
    for expected, (lower, upper) in sorted(intervals.items()):
        known = np.isfinite(measured) & np.isfinite(lower) & np.isfinite(upper)
        if known.any():
            held = (measured[known] >= lower[known]) & (measured[known] <= upper[known])
            width = float(np.median(upper[known] - lower[known]))
            found.append(Coverage(expected=expected, observed=float(held.mean()), width=width))
    return found


def provenance(seed: int | None, seconds: float | None, created: str, command: str = "") -> Provenance:
    """The versions of all that may change what the model says; `created` is ISO 8601, UTC."""
    return Provenance(
        created=created,
        command=command,
        seed=seed,
        seconds=seconds,
        python=platform.python_version(),
        versions=versions(),
    )


def versions() -> dict[str, str]:
    """matloop and the installed ones of the packages that count."""
    from importlib.metadata import PackageNotFoundError, version

    from matloop.version import __version__

    found = {"matloop": __version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _sample(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """All rows, or as many as a figure can show, spread evenly."""
    if len(rows) <= MOST_SHOWN:
        return rows
    return rows[np.unique(np.linspace(0, len(rows) - 1, MOST_SHOWN).round().astype(int))]
