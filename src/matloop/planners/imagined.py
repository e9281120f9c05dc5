"""Campaigns carried on in the imagination: functions are drawn from models, and a planner tries its luck on each.

The planner believes what the real one does (`Believed`), and tries one point after the other, each the one that looks
best on the bright side of what it knows by then. The functions are not what it believes. Of several models that they
are drawn from, each has its hyperparameters from a random half of the results, and draws that are as far from what it
expects as the other half was; how far that is, the results leave open (a Student-t process: Shah, Wilson & Ghahramani
2014, arXiv:1402.4306). A planner that knew the length scales of the functions, as it never does, would be at the goal
two times too early.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from matloop.core.expression import Expression
from matloop.core.objective import Objective
from matloop.core.parameter import Columns
from matloop.core.seeds import generator
from matloop.core.standing import Standing
from matloop.models.threads import one_thread
from matloop.planners.believed import Believed
from matloop.planners.candidates import promising, size
from matloop.planners.draws import bent, doubted, normal, normal_joint, root, straight
from matloop.planners.gains import BRIGHT, optimistic
from matloop.planners.sampling import keys_of
from matloop.planners.success import sober
from matloop.planners.surrogates import Surrogate

#: Models, campaigns that are imagined with each, and the share of the results that a model's hyperparameters see.
MODELS, DRAWS, PART = 10, 10, 0.5
#: The points among which they choose: of more, the most promising and some others.
POINTS = 600
#: The imagined planner tries what is best so many standard deviations on the bright side.
BETA = 1.0


def trials_until(standing: Standing, condition: Expression, most: int) -> tuple[np.ndarray, np.ndarray]:
    """After how many more trials a result meets the condition, infinite where none of `most` did; and whether it can.

    Both (MODELS × DRAWS,). It can where some point that is left would be measured to meet it. The condition speaks of
    objectives and variables; the standing has two usable observations at least.
    """
    rng = generator(standing.seed, 0)
    with one_thread():
        believed = Believed.of(standing)
        models = believed.models
        columns = _points(standing, believed, rng)
        if not size(columns):
            return np.full(MODELS * DRAWS, np.inf), np.zeros(MODELS * DRAWS, bool)
        chances = believed.probability(columns)
        known, needed, can = standing.usable, [], []
        size_of_part = max(2, round(PART * len(known)))
        for _ in range(MODELS):
            doubts = doubted(believed.space, standing.objectives, known, size_of_part, rng)
            imagined = {
                name: _Imagined.drawn(models[name], *doubt, columns, size_of_part, rng)
                for name, doubt in doubts.items()
            }
            succeed = rng.random((DRAWS, 1)) < chances  # what is likelier to succeed than what does, succeeds too
            hits = _hits(condition, columns, imagined) & succeed
            needed.append(_played(standing.objectives, imagined, hits, succeed, chances, most, rng))
            can.append(hits.any(axis=1))
        return np.concatenate(needed), np.concatenate(can)


def _points(standing: Standing, believed: Believed, rng: np.random.Generator) -> Columns:
    """The points that are left, or the most promising of them with others drawn at random."""

    def promise(columns: Columns) -> np.ndarray:
        told = {name: model.predict(columns) for name, model in believed.models.items()}
        scores = _scores(standing.objectives, told, BRIGHT, np.ones(len(standing.objectives)))
        return sober(scores, believed.probability(columns))

    tried = keys_of(standing.space, [o.point for o in standing.observations])
    return promising(standing.space, promise, tried, POINTS, rng)


@dataclass
class _Imagined:
    """One objective in K campaigns on m points: what would be measured, and what is known by now.

    `seen` is `measured` (both (K, m)) as the model sees it, bent or not, and all that follows is of that: `mean` and
    `variance` (K, m) of the function; `rows` (K, t, m) hold what t trials took off the covariance, which
    is (m, m) to begin with.
    """

    measured: np.ndarray
    seen: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    covariance: np.ndarray
    noise: float
    rows: np.ndarray

    @classmethod
    def drawn(
        cls,
        believed: Surrogate,
        doubt: Surrogate,
        surprise: float,
        columns: Columns,
        freedom: int,
        rng: np.random.Generator,
    ) -> _Imagined:
        """Functions of the doubt, of which the planner believes what it really does: the best fit to all results.

        `freedom` are the results that the scale of the functions rests upon. The noise is that of the best fit: a fit
        to half of the results takes much of what it misses for noise, and then luck would reach any goal.
        """
        expected, spread = normal_joint(doubt, columns)
        shape = DRAWS, len(expected)
        scale = np.sqrt(max(surprise, 1.0) * freedom / rng.chisquare(freedom, DRAWS))[:, None]
        truth = straight(doubt, expected + scale * (rng.standard_normal(shape) @ root(spread).T))
        noise = float(normal(believed).noise_variance_)
        seen = bent(believed, truth) + noise**0.5 * rng.standard_normal(shape)
        mean, covariance = normal_joint(believed, columns)
        return cls(
            measured=straight(believed, seen),
            seen=seen,
            mean=np.tile(mean, (DRAWS, 1)),
            variance=np.tile(np.maximum(covariance.diagonal(), 0.0), (DRAWS, 1)),
            covariance=covariance,
            noise=noise,
            rows=np.empty((DRAWS, 0, len(mean))),
        )

    @property
    def std(self) -> np.ndarray:
        return np.sqrt(self.variance)

    def learn(self, at: np.ndarray, succeeds: np.ndarray) -> None:
        """Condition each campaign on its measurement at the point with this position, (K,), where that succeeds, (K,).

        One step of the Cholesky factorization of the joint covariance: O(t m) for each campaign.
        """
        every = np.arange(len(at))
        taken = np.einsum("ktm,kt->km", self.rows, self.rows[every, :, at])
        column = self.covariance[at] - taken
        size = np.sqrt(np.maximum(column[every, at], 0.0) + max(self.noise, 1e-12 * self.covariance.max()))
        row = np.where(succeeds[:, None], column / size[:, None], 0.0)
        surprise = (self.seen[every, at] - self.mean[every, at]) / size
        self.mean = self.mean + row * surprise[:, None]
        self.variance = np.maximum(self.variance - row**2, 0.0)
        self.rows = np.concatenate([self.rows, row[:, None]], axis=1)

    def only(self, campaigns: np.ndarray) -> _Imagined:
        """Those campaigns alone."""
        mine = {name: getattr(self, name)[campaigns] for name in ("measured", "seen", "mean", "variance", "rows")}
        return replace(self, **mine)


def _hits(condition: Expression, columns: Columns, imagined: Mapping[str, _Imagined]) -> np.ndarray:
    """Whether the condition holds for what would be measured, (K, m)."""
    known = {name: column for name, column in columns.items() if name in condition.names}
    return np.array(
        [condition.holds({**known, **{name: i.measured[k] for name, i in imagined.items()}}) for k in range(DRAWS)]
    )


def _played(
    objectives: Sequence[Objective],
    imagined: dict[str, _Imagined],
    hits: np.ndarray,
    succeed: np.ndarray,
    chances: np.ndarray,
    most: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """The campaigns one trial after the other, those that have reached the goal left out; how many each needed, (K,).

    `hits` and `succeed` (K, m) are what comes of a trial at each point, `chances` (m,) what is believed of the latter.
    """
    needed = np.full(DRAWS, np.inf)
    going = np.arange(DRAWS)
    is_open = np.ones(hits.shape, bool)
    for trial in range(1, min(most, hits.shape[1]) + 1):
        told = {name: (i.mean, i.std) for name, i in imagined.items()}
        weights = rng.dirichlet(np.ones(len(objectives)))
        scores = np.where(is_open[going], sober(_scores(objectives, told, BETA, weights), chances), -np.inf)
        at = scores.argmax(axis=1)
        reached = hits[going, at]
        needed[going[reached]] = trial
        is_open[going, at] = False
        for one in imagined.values():
            one.learn(at, succeed[going, at])
        if reached.any():
            going = going[~reached]
            imagined = {name: one.only(~reached) for name, one in imagined.items()}
        if not len(going):
            break
    return needed


def _scores(
    objectives: Sequence[Objective],
    told: Mapping[str, tuple[np.ndarray, np.ndarray]],
    bright: float,
    weights: np.ndarray,
) -> np.ndarray:
    """The weighted sum of all goals on the bright side, each over its spread; missed thresholds weigh ten times."""
    total = np.zeros(next(iter(told.values()))[0].shape)
    for wish, weight in zip(objectives, weights, strict=True):
        promise = optimistic(wish, *told[wish.name], bright)
        spread = float(np.std(promise)) or 1.0
        total = total + (10.0 * np.minimum(promise, 0.0) if wish.is_threshold else weight * promise) / spread
    return total
