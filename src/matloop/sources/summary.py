"""What became of a download, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matloop.datasets.dataset import Dataset
from matloop.datasets.provenance import LICENCE

#: How the place of a page begins that was left out as a whole.
PAGE = "page "


def summary(dataset: Dataset, path: Path, remarks: Iterable[str] = (), n_records: int | None = None) -> dict[str, Any]:
    """The facts for people and programs; `reasons` count why records were set aside, the most common first.

    `n_records` is given where the dataset was written without being held.
    """
    reasons = Counter(record.reason for record in dataset.set_aside)
    is_page = [PAGE in record.place.partition(": ")[2] or record.place.startswith(PAGE) for record in dataset.set_aside]
    licences = dataset.frame[LICENCE].dropna().unique().tolist() if LICENCE in dataset.columns else []
    return {
        "file": str(path),
        "records": len(dataset) if n_records is None else n_records,
        "columns": [
            {"name": column.name, "role": column.role, "kind": column.kind, "unit": column.unit}
            for column in dataset.columns.values()
        ],
        "set_aside": len(dataset.set_aside) - sum(is_page),
        "pages_left_out": sum(is_page),
        "reasons": dict(reasons.most_common()),
        "licences": licences or ([dataset.licence] if dataset.licence else []),
        "citation": dataset.citation,
        "origin": dataset.origin,
        "is_proprietary": dataset.is_proprietary,
        "remarks": list(remarks),
    }
