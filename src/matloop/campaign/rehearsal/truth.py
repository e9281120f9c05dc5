"""What a simulated lab would say without noise: rehearsals are judged by the truth, which a campaign never sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from matloop.core.merit import utilities
from matloop.core.objective import Objective
from matloop.core.seeds import generator
from matloop.core.space import Point
from matloop.core.spec import CampaignSpec
from matloop.core.trial import Observation

#: What of each kind of lab must be otherwise for it to give the value upon which its noise is laid.
_QUIET: dict[str, dict[str, Any]] = {
    "replay": {"replicates": "mean"},
    "emulator": {"noise": False},
    "twin": {"noise": 0.0},
}


def quiet(lab: Any, spec: CampaignSpec) -> Any:
    """The prepared lab without its noise; None where it is not known how, as of a function."""
    changes = _QUIET.get(str(getattr(lab, "kind", "")))
    if changes is None:
        return None
    copy = lab.model_copy(update=changes)
    if lab.kind == "twin":  # it takes its noise in when it is prepared
        copy.prepare(spec.space, spec.objectives, Path(), Path())
    return copy


def true_values(spec: CampaignSpec, lab: Any, points: Sequence[Point]) -> np.ndarray:
    """What the lab gives at the points, (n, m), a column for each objective; not-a-number where it fails."""
    outcomes = lab.rehearse(points, generator(spec.campaign.seed, 0)) if points else []
    names = [wish.name for wish in spec.objectives]
    rows = [[o.values.get(name, np.nan) if o.failed is None else np.nan for name in names] for o in outcomes]
    return np.array(rows, float).reshape(len(outcomes), len(names))


def utilities_of(objectives: Sequence[Objective], values: np.ndarray) -> np.ndarray:
    """How good the values (n, m) are: (n, number of goals), the higher the better, −inf where a condition is missed."""
    names = [wish.name for wish in objectives]
    rows = [dict(zip(names, row, strict=True)) for row in values.tolist()]
    return utilities(objectives, [Observation("", {}, row) for row in rows])
