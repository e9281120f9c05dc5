"""How random search would have done with as many trials: the yardstick beside every campaign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from matloop.core.insight import Baseline
from matloop.core.merit import utilities, values
from matloop.core.seeds import generator
from matloop.core.space import Point, Space
from matloop.core.spec import CampaignSpec
from matloop.core.trial import Observation, Outcome
from matloop.planners.designs import Random
from matloop.planners.surrogates import Surrogate

REPEATS = 100
#: So many random trials are carried out; the campaigns are drawn from them.
DRAWN = 2000

#: From points to what a lab would have answered.
Answer = Callable[[list[Point], np.random.Generator], list[Outcome]]


def baseline(
    spec: CampaignSpec, models: Mapping[str, Surrogate] | None, n: int, repeats: int = REPEATS
) -> Baseline | None:
    """Random search over n trials, repeated; None where it can be neither simulated nor estimated.

    A simulated lab is simply asked again. For a real one the models of what was measured stand in, with the noise that
    they estimate; that is an estimate, and says so.
    """
    goal = next((wish for wish in spec.objectives if not wish.is_threshold), None)
    told = _answering(spec, models)
    if goal is None or n < 1 or told is None:
        return None
    answer, source = told
    rng = generator(spec.campaign.seed, 0)  # trials begin at 1: none of theirs
    drawn = _random_trials(spec, answer, max(DRAWN, n), rng)
    merit, measured = utilities(spec.objectives, drawn)[:, 0], values(goal, drawn)
    curves = np.array([_best_so_far(merit, measured, _some(rng, len(drawn), n)) for _ in range(repeats)])
    lower, median, upper = _quartiles(curves)
    return Baseline(lower, median, upper, repeats, source)


def _answering(spec: CampaignSpec, models: Mapping[str, Surrogate] | None) -> tuple[Answer, str] | None:
    """Who answers in place of new experiments, and how that is to be called."""
    lab = spec.lab
    if getattr(lab, "is_simulated", False):
        return lab.rehearse, f"on the same {lab.label}"
    if models is None:
        return None
    return partial(_by_models, spec.space, models), "estimated with this campaign's model"


def _random_trials(spec: CampaignSpec, answer: Answer, most: int, rng: np.random.Generator) -> list[Observation]:
    points = [p.point for p in Random().propose(spec.space, spec.objectives, [], [], most, rng)]
    told = zip(points, answer(points, rng), strict=True)
    return [Observation(str(i), p, o.values, o.std, o.achieved, o.failed, o.curves) for i, (p, o) in enumerate(told)]


def _some(rng: np.random.Generator, total: int, n: int) -> np.ndarray:
    """The trials of one random campaign, (n,): each at most once; a space smaller than n ends before."""
    chosen = rng.permutation(total)[:n]
    return np.concatenate([chosen, np.full(n - len(chosen), chosen[-1])])


def _best_so_far(merit: np.ndarray, measured: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The measured value of the leader after each of the chosen trials, (n,); not-a-number before there is one."""
    best = np.maximum.accumulate(merit[chosen])
    is_new = merit[chosen] >= best
    leader = np.maximum.accumulate(np.where(is_new, np.arange(len(chosen)), 0))
    return np.where(np.isfinite(best), measured[chosen][leader], np.nan)


def _quartiles(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Over the campaigns that have found anything by then; not-a-number where none has."""
    some = ~np.isnan(curves).all(axis=0)
    rows = np.full((3, curves.shape[1]), np.nan)
    rows[:, some] = np.nanquantile(curves[:, some], [0.25, 0.5, 0.75], axis=0)
    return rows[0], rows[1], rows[2]


def _by_models(
    space: Space, models: Mapping[str, Surrogate], points: list[Point], rng: np.random.Generator
) -> list[Outcome]:
    """What models would have measured: their mean, and the noise that they estimate."""
    columns = space.columns(points)
    drawn = {}
    for name, model in models.items():
        drawn[name] = model.mean(columns) + rng.standard_normal(len(points)) * model.model.noise_variance_**0.5
    return [Outcome(values={name: float(column[i]) for name, column in drawn.items()}) for i in range(len(points))]
