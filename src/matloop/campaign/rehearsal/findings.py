"""All that a rehearsal tells: the object that `matloop.backtest` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.campaign.rehearsal.compare import Factor, Result, acceleration, enhancement, quartiles, result_of
from matloop.campaign.rehearsal.loop import Rehearsed
from matloop.campaign.rehearsal.measure import Measure, Target
from matloop.campaign.rehearsal.noise import Noise
from matloop.campaign.rehearsal.scene import Scene
from matloop.campaign.rehearsal.truth import true_values, utilities_of
from matloop.campaign.rehearsal.verdict import Verdict, verdict

if TYPE_CHECKING:
    import pandas as pd

Records = Mapping[tuple[str, int], Rehearsed]


@dataclass(frozen=True)
class Row:
    """One configuration in figures; each triple is lower quartile, median, upper quartile over the seeds."""

    planner: str
    batch: int
    is_random: bool
    noise: str
    best: tuple[float, float, float]
    #: The median truth of the designs that the campaigns themselves call their best.
    named: float
    enhancement: tuple[float, float, float] | None
    #: Target -> trials needed; infinite where it is not reached.
    trials: dict[str, tuple[float, float, float]]
    #: Target -> the share of the seeds that reach it within the budget.
    reached: dict[str, float]
    acceleration: dict[str, Factor | None]
    top: tuple[float, float, float] | None


@dataclass
class Rehearsal:
    """The records of a rehearsal and what they tell, over the seeds that every configuration has finished."""

    scene: Scene
    records: Records
    seeds: Sequence[int]
    target: float | None = None
    #: Where its files are.
    folder: Path | None = None
    #: How many seeds were asked for.
    n_wanted: int = 0
    is_interrupted: bool = False

    @cached_property
    def measure(self) -> Measure:
        """What is counted."""
        spec, quiet = self.scene.spec, self.scene.quiet_lab
        candidates = spec.space.candidates() if quiet is not None else None
        if candidates is not None:
            values = true_values(spec, quiet, spec.space.points(candidates))
        else:
            tried = [self.records[c.key, s].true for c in self.scene.configurations for s in self.seeds]
            values = np.concatenate(tried) if tried else np.empty((0, len(spec.objectives)))
        known = utilities_of(spec.objectives, values)
        return Measure(spec.objectives, known, candidates is not None, quiet is not None)

    @cached_property
    def targets(self) -> list[Target]:
        """What campaigns are to reach."""
        return self.measure.targets(self.target)

    @cached_property
    def results(self) -> dict[Noise, list[Result]]:
        """Each level of noise with the results of its configurations."""
        return {noise: [self._result(c) for c in self.scene.at_level(noise)] for noise in self.scene.levels}

    def _result(self, configuration: Any) -> Result:
        records = [self.records[configuration.key, seed] for seed in self.seeds]
        return result_of(configuration, records, self.measure, self.scene.budget)

    @property
    def alike(self) -> list[str]:
        """The configurations whose campaigns, of several seeds, are all the same: there is no spread to be shown."""
        if len(self.seeds) < 2:
            return []
        found = []
        for configuration in self.scene.configurations:
            first, *others = [self.records[configuration.key, seed].true for seed in self.seeds]
            if all(np.array_equal(first, other, equal_nan=True) for other in others):
                found.append(configuration.name)
        return list(dict.fromkeys(found))

    @cached_property
    def verdicts(self) -> dict[Noise, Verdict]:
        """The recommendation at each level of noise."""
        return {noise: verdict(results, self.measure, self.targets) for noise, results in self.results.items()}

    @property
    def recommendation(self) -> str:
        """Which planner and batch size to take, in a sentence; at the first level of noise."""
        return next(iter(self.verdicts.values())).sentence

    @cached_property
    def rows(self) -> list[Row]:
        """Every configuration in figures."""
        return [self._row(result, results) for results in self.results.values() for result in results]

    def _row(self, result: Result, results: Sequence[Result]) -> Row:
        random = next(r for r in results if r.configuration.is_random)
        shown = self.measure.shown(quartiles(result.within[:, -1]))
        factors = enhancement(result, random, self.measure)
        named = self.measure.shown(np.median(result.named[None, :], axis=1))
        return Row(
            result.configuration.label,
            result.configuration.batch,
            result.configuration.is_random,
            result.configuration.noise.text,
            _triple(shown if self.measure.is_better_higher else shown[::-1]),
            float(named[0]),
            None if factors is None or np.isnan(factors[:, -1]).any() else _triple(factors[:, -1]),
            {t.label: _triple(quartiles(result.trials_to(t))) for t in self.targets},
            {t.label: float(np.mean(result.trials_within(t) <= result.budget)) for t in self.targets},
            {t.label: acceleration(result, random, t) for t in self.targets},
            None if result.top is None else _triple(quartiles(result.top[:, result.budget - 1])),
        )

    def table(self) -> pd.DataFrame:
        """The rows as a table; of triples the median."""
        import pandas as pd

        middle = [
            {"planner": r.planner, "batch": r.batch, "noise": r.noise, f"best after {self.scene.budget}": r.best[1]}
            | {f"trials to {label}": trials[1] for label, trials in r.trials.items()}
            | {f"AF({label})": factor.median if factor else np.nan for label, factor in r.acceleration.items()}
            | {"EF": r.enhancement[1] if r.enhancement else np.nan, "top 5 %": r.top[1] if r.top else np.nan}
            for r in self.rows
        ]
        return pd.DataFrame(middle)

    @property
    def seconds(self) -> tuple[float, float]:
        """CPU seconds for each measured trial: in the planners, and in everything else."""
        results = [r for each in self.results.values() for r in each]
        n = max(1, sum(r.n_trials for r in results))
        return sum(r.planner_seconds for r in results) / n, sum(r.other_seconds for r in results) / n

    @property
    def stopped(self) -> list[str]:
        """Campaigns that ended before their time, and why."""
        return [
            f"{r.configuration.name}, {why}" for results in self.results.values() for r in results for why in r.stopped
        ]

    def report(self, path: str | Path | None = None) -> Path:
        """Write the page: one HTML file that opens without network. Unless a path is given, into its folder."""
        from matloop.campaign.rehearsal.page import write_page

        default = (self.folder or Path()) / f"{self.scene.spec.campaign.name}-backtest.html"
        return write_page(self, Path(path) if path else default)


def _triple(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = (float(v) for v in values)
    return low, middle, high
