"""What the planner believes: a Gaussian process for each objective, fed with what was really measured where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np

from matloop.core.block import Block
from matloop.core.merit import values
from matloop.core.objective import Near, Objective
from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.models.across_fidelities import AcrossFidelities, Fit
from matloop.models.evidence import fit_most_evident
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.informed import InformedGaussianProcess
from matloop.models.outliers import robustly
from matloop.models.threads import one_thread
from matloop.models.warped import AnyGaussianProcess, WarpedGaussianProcess, fit_by_evidence
from matloop.planners.informed import InformedSpace
from matloop.planners.inputs import inputs_of


@dataclass
class Surrogate:
    """One fitted model: of an objective's values, or of any other score (n,) of the same observations."""

    space: Space
    model: AnyGaussianProcess
    inputs: np.ndarray

    def predict(self, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation, each of shape (n,)."""
        mean, std = self.model.predict(self.space.encode(columns), return_std=True)
        return mean, std

    def mean(self, columns: Columns) -> np.ndarray:
        """The mean alone, shape (n,): far less work where many points are asked for."""
        return np.asarray(self.model.predict(self.space.encode(columns)))

    def mean_where_measured(self) -> np.ndarray:
        """The mean at each observation and each pending point that it knows, shape (n,)."""
        return np.asarray(self.model.predict(self.inputs))

    def with_pending(self, points: Sequence[Point]) -> Surrogate:
        """The same beliefs once these points are known as expected: the mean stays, the uncertainty there vanishes.

        Without noise, or else a batch would measure its first point again and again.
        """
        if not points:
            return self
        new = self.space.encode(self.space.columns(points))
        model = self.model.condition(new, noise_variance=np.zeros(len(points)))
        return Surrogate(self.space, model, np.concatenate([self.inputs, new]))


def fit(space: Space, observations: Sequence[Observation], y: np.ndarray, noise: np.ndarray | None = None) -> Surrogate:
    """A model of y (n,), with the variance of each measurement (n,) where known (NaN elsewhere)."""
    inputs = inputs_of(space, observations)
    return Surrogate(space, GaussianProcess(blocks=space.blocks).fit(inputs, y, noise_variance=noise), inputs)


def fit_objective(
    space: Space,
    objective: Objective,
    observations: Sequence[Observation],
    may_bend: bool = False,
    is_among_goals: bool = False,
    is_robust: bool = False,
) -> Surrogate:
    """A model of the measured values of one objective; of bent ones, where this may be and the values speak for it.

    Beside several goals kernel and prior are chosen by evidence, too. A robust model sets aside what its neighbours
    contradict, and takes the outcomes as they are.
    """
    stds = np.array([o.std.get(objective.name, np.nan) for o in observations], float)
    known = np.where(stds > 0, stds**2, np.nan)
    noise = None if np.isnan(known).all() else known
    inputs, y = inputs_of(space, observations), values(objective, observations)
    if isinstance(space, InformedSpace):
        return Surrogate(space, _informed(space.model(objective.name), inputs, y, noise, may_bend), inputs)
    fit: Fit = partial(_fitted, space.blocks, may_bend and not is_robust, is_among_goals)
    if all(space.is_true(o.location) for o in observations):
        model = robustly(fit, space.blocks, inputs, y, noise) if is_robust else fit(inputs, y, noise)
        return Surrogate(space, model, inputs)
    return Surrogate(space, across_fidelities(space, inputs, y, noise, fit), inputs)


def _fitted(
    blocks: Sequence[Block],
    may_bend: bool,
    is_among_goals: bool,
    X: np.ndarray,
    y: np.ndarray,
    noise: np.ndarray | None,
) -> AnyGaussianProcess:
    if is_among_goals:
        return fit_most_evident(X, y, noise, blocks)
    if may_bend:
        return fit_by_evidence(X, y, noise, blocks)
    return GaussianProcess(blocks=blocks).fit(X, y, noise)


def across_fidelities(
    space: Space, X: np.ndarray, y: np.ndarray, noise: np.ndarray | None, fit: Fit
) -> AnyGaussianProcess:
    """The model, which has the face of the others, of results (n,) of several levels of the space's fidelity."""
    assert space.fidelity is not None
    column = space.features.index(space.fidelity[0])
    return cast(GaussianProcess, AcrossFidelities.learned(column, X, y, noise, space.blocks, fit))


def _informed(
    model: InformedGaussianProcess, inputs: np.ndarray, y: np.ndarray, noise: np.ndarray | None, may_bend: bool
) -> AnyGaussianProcess:
    """The model, which has the face of the others, fitted: to bent values where these fit better without the prior."""
    if may_bend:
        plain = fit_by_evidence(inputs[:, : model.n_inputs], y, noise, model.blocks)
        if isinstance(plain, WarpedGaussianProcess):
            noise = None if noise is None else plain.warp.bend_variance(noise, y)
            model.fit(inputs, plain.warp.bend(y), noise)
            return WarpedGaussianProcess(plain.warp, cast(GaussianProcess, model))
    return cast(GaussianProcess, model.fit(inputs, y, noise))


def fit_objectives(
    space: Space,
    objectives: Sequence[Objective],
    observations: Sequence[Observation],
    may_bend: bool = True,
    is_robust: bool = False,
) -> dict[str, Surrogate]:
    """A model of each objective, by name; the observations have a value for each of them (`usable`).

    Only a single goal of which more or less is better is bent, and only where this may be: whatever else is wanted is
    worked out from normal distributions. Of several goals one may be a plain formula of a parameter and another one
    rough: kernel and prior of each are chosen by evidence (docs/decisions/0014).
    """
    goals = [wish.name for wish in objectives if not wish.is_threshold]
    with one_thread():
        return {
            wish.name: fit_objective(
                space,
                wish,
                observations,
                may_bend and goals == [wish.name] and not isinstance(wish, Near),
                is_among_goals=len(goals) > 1,
                is_robust=is_robust,
            )
            for wish in objectives
        }
