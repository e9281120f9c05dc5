"""Starts that stand for the whole space: each is where a measurement would tell most about all the other points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from matloop.core.parameter import Columns
from matloop.core.space import Point, Space
from matloop.models import cholesky, hyperparameters
from matloop.models.geometry import Geometry
from matloop.models.kernels import KERNELS
from matloop.planners.candidates import spread, untried
from matloop.planners.success import Success

#: Points among which is chosen, and those for which a choice must stand.
OPTIONS, REFERENCES = 1024, 256


def representative(
    space: Space,
    known: Sequence[Point],
    tried: set[Any],
    rng: np.random.Generator,
    success: Success | None = None,
) -> Iterator[Point]:
    """Untried points one after the other, each of which leaves the least variance in the space, given those before.

    The variance is that of a Gaussian process with its hyperparameters at the modes of their priors, so no outcome is
    needed (Cohn 1996, Neural Network Exploration Using Optimal Experiment Design, doi:10.1016/0893-6080(95)00137-9).
    Unlike designs for boxes, these points follow the candidates: a corner with few of them is not worth a trial. What
    a point would tell counts by its chance to succeed.
    """
    options = _only_new(space, spread(space, tried, OPTIONS, rng), tried)
    x = space.encode(options)
    if not len(x):
        return
    references = x[np.sort(rng.choice(len(x), min(REFERENCES, len(x)), replace=False))]
    prior = _Prior(space)
    at_known = space.encode(space.columns(known)) if known else x[:0]
    across, spread_of = prior.given(x, references, at_known)
    chance = np.exp(success.log_weight(x)) if success else 1.0
    points, is_left = space.points(options), np.ones(len(x), bool)
    for _ in range(len(points)):
        gain = chance * np.einsum("ij,ij->i", across, across) / (spread_of + prior.noise)
        chosen = int(np.where(is_left, gain, -np.inf).argmax())
        is_left[chosen] = False
        yield points[chosen]
        pull = prior.between(x, x[[chosen]], at_known)[:, 0]
        at_known = np.concatenate([at_known, x[[chosen]]])
        across = across - np.outer(pull, across[chosen]) / (spread_of[chosen] + prior.noise)
        spread_of = np.maximum(spread_of - pull**2 / (spread_of[chosen] + prior.noise), 0.0)
        spread_of[chosen] = across[chosen] = 0.0


def _only_new(space: Space, columns: Columns, tried: set[Any]) -> Columns:
    new = untried(space, columns, tried)
    return {name: column[new] for name, column in columns.items()}


class _Prior:
    """Covariances before any outcome, and what is left of them where some points are known."""

    def __init__(self, space: Space) -> None:
        self._geometry = Geometry(len(space.features), space.blocks)
        theta = np.exp(hyperparameters.start(self._geometry.n_groups))
        self._length_scale, self.noise = theta[:-1], float(theta[-1])

    def _covariance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray(KERNELS["matern52"](self._geometry.squared_distances(a, b, self._length_scale)))

    def _halves(self, known: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
        """L⁻¹ k(known, other) for each of the others."""
        L, _ = cholesky.factor_with_jitter(self._covariance(known, known) + self.noise * np.eye(len(known)))
        return [cholesky.solve_lower(L, self._covariance(known, other)) for other in others]

    def between(self, a: np.ndarray, b: np.ndarray, known: np.ndarray) -> np.ndarray:
        """The covariance (n, m) of a (n, d) and b (m, d), given the known inputs."""
        prior = self._covariance(a, b)
        if not len(known):
            return prior
        half_a, half_b = self._halves(known, a, b)
        return np.asarray(prior - half_a.T @ half_b)

    def given(self, x: np.ndarray, references: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The covariance (n, r) of x with the references, and the variance (n,) of x."""
        across = self.between(x, references, known)
        if not len(known):
            return across, np.ones(len(x))
        half = self._halves(known, x)[0]
        return across, np.maximum(1.0 - np.einsum("ij,ij->j", half, half), 0.0)
