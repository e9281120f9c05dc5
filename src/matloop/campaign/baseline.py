"""How random search would have done with as many trials: the yardstick beside every campaign."""

from __future__ import annotations

import numpy as np

from matloop.core.insight import Baseline
from matloop.core.merit import best_so_far
from matloop.core.seeds import generator
from matloop.core.space import Point
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState
from matloop.core.trial import Observation, Outcome
from matloop.planners.designs import Random
from matloop.planners.surrogates import fit_objective, usable

REPEATS = 100
#: Fewer results than this make no model that could stand in for the lab.
FEWEST = 10


def baseline(spec: CampaignSpec, state: CampaignState, n: int, repeats: int = REPEATS) -> Baseline | None:
    """Random search over n trials, repeated; None where it can be neither simulated nor estimated.

    A simulated lab is simply asked again. For a real one the model of what was measured stands in, with the noise
    that it estimates; that is an estimate, and says so.
    """
    goals = [wish for wish in spec.objectives if not wish.is_threshold]
    if not goals or n < 1:
        return None
    lab = spec.lab
    if getattr(lab, "is_simulated", False):
        answer, source = lab.rehearse, f"on the same {lab.label}"  # type: ignore[union-attr]
    else:
        known = usable(spec.objectives, state.observations)
        if len(known) < FEWEST:
            return None
        answer, source = _Model(spec, known), "estimated with this campaign's model"
    curves = np.array([_one(spec, answer, n, repeat) for repeat in range(repeats)])
    lower, median, upper = _quartiles(curves)
    return Baseline(lower, median, upper, repeats, source)


def _one(spec: CampaignSpec, answer: object, n: int, repeat: int) -> np.ndarray:
    """The best so far of one random campaign, shape (n,); a finite space may end before."""
    rng = generator(spec.campaign.seed, 1_000_003 + repeat)  # apart from the numbers of the campaign's own trials
    proposals = Random().propose(spec.space, spec.objectives, [], [], n, rng)
    points = [proposal.point for proposal in proposals]
    outcomes = answer(points, rng)  # type: ignore[operator]
    seen = [
        Observation(str(i), p, o.values, o.std, o.achieved, o.failed)
        for i, (p, o) in enumerate(zip(points, outcomes, strict=True))
    ]
    curve = best_so_far(spec.objectives, seen)
    return np.concatenate([curve, np.full(n - len(curve), curve[-1] if len(curve) else np.nan)])


def _quartiles(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Over the campaigns that have found anything by then; not-a-number where none has."""
    some = ~np.isnan(curves).all(axis=0)
    rows = np.full((3, curves.shape[1]), np.nan)
    rows[:, some] = np.nanquantile(curves[:, some], [0.25, 0.5, 0.75], axis=0)
    return rows[0], rows[1], rows[2]


class _Model:
    """Stands in for a real lab: the posterior mean and the estimated noise of one measurement."""

    def __init__(self, spec: CampaignSpec, observations: list[Observation]) -> None:
        self._space = spec.space
        self._models = {wish.name: fit_objective(spec.space, wish, observations) for wish in spec.objectives}

    def __call__(self, points: list[Point], rng: np.random.Generator) -> list[Outcome]:
        columns = self._space.columns(points)
        drawn = {}
        for name, model in self._models.items():
            mean, _ = model.predict(columns)
            drawn[name] = mean + rng.standard_normal(len(points)) * model.model.noise_variance_**0.5
        return [Outcome(values={name: float(column[i]) for name, column in drawn.items()}) for i in range(len(points))]
