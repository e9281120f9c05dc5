"""What `matloop import` does: files become one dataset, cleaned as asked, examined and saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Direction
from matloop.datasets.combine import concatenated, joined
from matloop.datasets.dataset import Dataset
from matloop.datasets.deduplicate import Merged, Rule, deduplicate
from matloop.datasets.groups import By
from matloop.datasets.options import Options
from matloop.datasets.quality import Quality, examine
from matloop.datasets.reading import read_several
from matloop.files.whole import require_place, write_whole


@dataclass(frozen=True)
class Imported:
    """The dataset, its quality before duplicates were merged, and what was merged."""

    dataset: Dataset
    quality: Quality
    merged: Merged | None
    path: Path

    def facts(self) -> dict[str, Any]:
        """For other programs."""
        its = self.dataset
        return {
            "file": str(self.path),
            "name": its.name,
            "origin": its.origin,
            "licence": its.licence,
            "citation": its.citation,
            "is_proprietary": its.is_proprietary,
            **self.quality.facts(),
            "records": len(its),
            "merged": asdict(self.merged) | {"n_merged": self.merged.n_merged} if self.merged else None,
        }


def import_files(
    paths: Sequence[Path],
    output: Path,
    options: Options,
    directions: dict[str, Direction] | None = None,
    join: str | None = None,
    rule: Rule | None = None,
    by: By = "conditions",
    progress: Progress = silent,
) -> Imported:
    """Read, combine, clean, examine and save. Raises InputError, MissingExtra."""
    _require_sensible(paths, output, join)
    datasets = read_several(paths, options, progress)
    dataset = joined(datasets, join) if join else concatenated(datasets)
    for name, direction in (directions or {}).items():
        change = {"direction": direction, "role": "target"}
        dataset = dataset.described(dataset.column(name).model_copy(update=change))
    quality = examine(dataset, progress)
    merged = None
    if rule is not None:
        targets = list(directions or {})
        dataset, merged = deduplicate(dataset, rule, by, targets[0] if targets else None, progress)
    if output.resolve() in {path.resolve() for path in paths}:
        _require_all_kept(dataset, output)
    dataset.save(output)
    return Imported(dataset, quality, merged, output)


def _require_sensible(paths: Sequence[Path], output: Path, join: str | None) -> None:
    """What can be told to be wrong before hours of reading."""
    if output.suffix.lower() not in (".parquet", ".pq"):
        raise InputError(f"a dataset is a Parquet file, not '{output.name}'", "-o NAME.parquet")
    from matloop.sources.published import published_names

    for path in paths:
        if str(path) in published_names() and not path.exists():
            raise InputError(f"{path} is no file, but a published dataset", f"matloop datasets {path} -o {output}")
    if join is not None and len(paths) < 2:
        raise InputError("there is nothing to join with one file", "matloop import FILE FILE --join NAME")
    require_place(output)


def _require_all_kept(dataset: Dataset, path: Path) -> None:
    """Raises InputError where a dataset that is described anew, in its place, would lose something."""
    import pyarrow.parquet as pq

    before = pq.read_metadata(path)
    missing = sorted(set(before.schema.names) - set(dataset.frame.columns))
    if missing or len(dataset) < before.num_rows:
        lost = f"its column '{missing[0]}'" if missing else f"{before.num_rows - len(dataset)} of its records"
        raise InputError(f"{path} would lose {lost}", "-o NAME.parquet keeps both")


def write_set_aside(dataset: Dataset, path: Path) -> None:
    """The records set aside as a table: place, reason, and what the record said."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["place", "reason", "record"])
    writer.writerows([record.place, record.reason, record.raw] for record in dataset.set_aside)
    write_whole(path, text.getvalue().encode("utf-8", "replace"))
