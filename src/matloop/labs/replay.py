"""A lab that answers from published measurements: what was measured there is what is measured now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, PrivateAttr

from matloop.core.objective import Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Outcome
from matloop.labs.outcome import fault
from matloop.labs.tabular import TableLab


class ReplayLab(TableLab):
    """`ReplayLab("crossed_barrel.csv", replicates="mean")`: a table of measurements as a lab.

    A point that was not measured is answered by the nearest one that was, in the space's encoding; where it was
    really measured is then reported as achieved. Of replicates one is drawn, by the trial's own random numbers, or
    their mean is given, with its standard error as std.
    """

    label: ClassVar[str] = "replay"

    kind: Literal["replay"] = "replay"
    replicates: Literal["draw", "mean"] = Field("draw", description="draw one of the replicates, or give their mean")
    match: Literal["exact", "nearest"] = Field("nearest", description="what to do with a point that was not measured")

    _rows: list[np.ndarray] = PrivateAttr(default_factory=list)
    _place: dict[tuple[Any, ...], int] = PrivateAttr(default_factory=dict)
    #: What has been answered for a condition, without `achieved`: rehearsals ask for the same means again and again.
    _means: dict[int, Outcome] = PrivateAttr(default_factory=dict)

    def __init__(self, file: Any = None, **settings: Any) -> None:
        super().__init__(**({} if file is None else {"file": str(file)}), **settings)

    def prepare(self, space: Space, objectives: Sequence[Objective], folder: Path, base: Path) -> None:
        super().prepare(space, objectives, folder, base)
        self._rows, self._means = self.data.rows_of(), {}
        self._place = {space.key(point): i for i, point in enumerate(self.data.points)}

    def rehearse(self, points: Sequence[Point], rng: np.random.Generator) -> list[Outcome]:
        places = np.array([self._place.get(self._known_space.key(point), -1) for point in points])
        away = np.flatnonzero(places < 0)
        if self.match == "nearest" and len(away):
            space = self._known_space
            places[away] = self.data.nearest(space.encode(space.columns([points[i] for i in away.tolist()])))
        moved = set(away.tolist())
        return [self._answer(place, i in moved, rng) for i, place in enumerate(places.tolist())]

    def _answer(self, place: int, is_elsewhere: bool, rng: np.random.Generator) -> Outcome:
        if place < 0:
            return fault(f"{Path(self.file).name} has no measurement at this point")
        rows = self._rows[place]
        achieved = dict(self.data.points[place]) if is_elsewhere else {}
        if self.replicates == "draw":
            row = rows[rng.integers(len(rows))]
            return Outcome(values={name: float(v[row]) for name, v in self.data.values.items()}, achieved=achieved)
        mean = self._means.get(place) or self._means.setdefault(place, self._mean(rows))
        return mean.model_copy(update={"achieved": achieved}) if achieved else mean

    def _mean(self, rows: np.ndarray) -> Outcome:
        """The means of these rows, with their standard errors where there are several."""
        measured = {name: values[rows] for name, values in self.data.values.items()}
        errors = {name: float(v.std(ddof=1) / np.sqrt(len(v))) for name, v in measured.items() if len(v) > 1}
        return Outcome(values={name: float(v.mean()) for name, v in measured.items()}, std=errors)
