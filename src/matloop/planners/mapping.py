"""Active learning of a map: each trial makes the whole picture clearer, wherever the best may lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from matloop.core.event import Proposal
from matloop.core.parameter import Columns
from matloop.planners.learner import Learner, Task

if TYPE_CHECKING:
    from matloop.planners.surrogates import Surrogate

#: The points that stand for the whole space.
POINTS = 1000


class Mapping(Learner):
    """For the aim to know a property everywhere: the trial that leaves the least variance, averaged over the space.

    Of a Gaussian process (Seo et al. 2000, Gaussian Process Regression: Active Data Selection and Test Point
    Rejection, doi:10.1109/IJCNN.2000.861310, after Cohn 1996, doi:10.1016/0893-6080(95)00137-9). Whether an objective
    is to be large, small or near a value makes no difference; several are averaged in units of what was measured. A
    space of up to 1,000 points is looked at whole; of a larger one 1,000 points stand for it.
    """

    kind: Literal["mapping"] = "mapping"

    def choose(self, task: Task, n: int) -> list[Proposal]:
        from matloop.planners.candidates import rows, spread, untried
        from matloop.planners.outlook import GaussianOutlook, proposal

        outlook = GaussianOutlook.of(task)
        columns = spread(task.space, task.tried, POINTS, task.rng)
        open_rows = np.flatnonzero(untried(task.space, columns, task.tried))
        maps = [_Map(model, columns) for model in outlook.models.values()]
        proposals: list[Proposal] = []
        for _ in range(min(n, len(open_rows))):
            gain = np.mean([each.gain() for each in maps], axis=0)[open_rows]
            scores = task.success.sober(gain, rows(columns, open_rows)) if task.success else gain
            best = int(open_rows[scores.argmax()])
            before, after = _uncertainty(maps), _uncertainty(maps, float(gain[open_rows == best][0]))
            why = f"makes the map clearest (its mean uncertainty falls from {before:.3g} to {after:.3g} of the spread)"
            point = task.space.points(rows(columns, np.array([best])))[0]
            proposals.append(proposal(task, outlook, point, why))
            maps, outlook = [each.measured(best) for each in maps], outlook.with_pending([point])
            open_rows = open_rows[open_rows != best]
        return proposals


class _Map:
    """The posterior covariance (m, m) of one objective at m points, in units of the variance that was measured."""

    def __init__(self, model: Surrogate, columns: Columns) -> None:
        gaussian = model.model
        unit = float(gaussian.outcome_scale_)  # twice, as its square may be nought
        self.covariance = gaussian.predict(model.space.encode(columns), return_cov=True)[1] / unit / unit
        self.noise = gaussian.noise_variance_ / unit / unit

    def gain(self) -> np.ndarray:
        """By how much a measurement at each point lowers the mean variance, (m,): Σ_r k(r, x)² / (k(x, x) + σ²) / m."""
        spread = np.maximum(np.diag(self.covariance), 0.0) + self.noise
        return np.asarray(np.mean(self.covariance**2, axis=0) / np.maximum(spread, 1e-12))

    def measured(self, row: int) -> _Map:
        """The map once this point is measured."""
        new = _Map.__new__(_Map)
        column = self.covariance[:, row]
        new.noise = self.noise
        new.covariance = self.covariance - np.outer(column, column) / max(column[row] + self.noise, 1e-12)
        return new


def _uncertainty(maps: list[_Map], gain: float = 0.0) -> float:
    """The root mean variance over points and objectives, once it is lowered by `gain`."""
    variance = float(np.mean([np.diag(each.covariance).mean() for each in maps]))
    return float(np.sqrt(max(variance - gain, 0.0)))
