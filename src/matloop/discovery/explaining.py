"""What is asked of `matloop explain`, read, answered and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.discovery.explain import ROWS, explain
from matloop.discovery.explain_one import Single, explain_one, row_of
from matloop.discovery.explanation import Explanation
from matloop.discovery.named import material_of, pairs
from matloop.discovery.predicting import in_units_of

if TYPE_CHECKING:
    from matloop.discovery.trained import TrainedModel


@dataclass(frozen=True)
class Asked:
    """A model on the whole where neither rows nor materials are named, else these alone."""

    data: Path | None = None
    rows: Sequence[int] = ()
    materials: Sequence[str] = ()
    others: Sequence[str] = field(default_factory=list)
    label: str | None = None
    n_rows: int = ROWS
    seed: int = 0


def explained(
    model: TrainedModel, asked: Asked, progress: Progress = silent
) -> tuple[Explanation | None, list[Single]]:
    """The explanation of the whole model, or those of single predictions."""
    if asked.others and not asked.materials:
        raise InputError("--with gives inputs of a --material, and none is named", "--material Fe2O3")
    frame = None
    if asked.data is not None:
        from matloop.discovery.tables import read_table

        frame = in_units_of(model, read_table(asked.data), [*model.inputs, model.target])
    if not asked.rows and not asked.materials:
        return explain(model, frame, asked.label, asked.n_rows, asked.seed, progress), []
    tables = [row_of(model, model.training if frame is None else frame, number) for number in asked.rows]
    tables += [material_of(model, text, pairs(asked.others)) for text in asked.materials]
    singles = []
    for done, (table, name) in enumerate(tables):
        progress(done, len(tables), name)
        others = frame if model.dataset is None else None
        singles.append(explain_one(model, table, name, others, asked.label, asked.seed))
    return None, singles


def write_page(
    path: Path, model: TrainedModel, name: str, whole: Explanation | None, singles: Sequence[Single]
) -> Path:
    """Write the page, whole or not at all."""
    from matloop.files.whole import write_whole
    from matloop.reports.columns import Column
    from matloop.reports.explanation import render

    check_page(path)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_whole(path, render(name, Column(model.target.name, model.target.unit), whole, singles, now))
    return path


def check_page(path: Path) -> None:
    """Raises InputError for a name that is not one of a page."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"the page is HTML, and '{path.name}' is named otherwise", "-o explain.html")
