"""Several goals in one number: simple alternatives to the hypervolume.

Y (…, m) holds points with m values each, all to be maximized; one number (…) comes out, to be maximized too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

#: The weight of the sum beside the worst goal in the augmented Chebyshev scalarization (Knowles 2006).
AUGMENTATION = 0.05


def chebyshev(Y: ArrayLike, weights: ArrayLike, ideal: ArrayLike, span: ArrayLike) -> np.ndarray:
    """min_j w_j r_j + 0.05 Σ_j w_j r_j, with r = (Y − ideal)/span, the way from the best value in units of a span.

    For nearly each point of a front there are weights (m,) for which it is the best, also where the front is hollow; so
    one who draws new weights in each trial finds it all. Knowles 2006, ParEGO, doi:10.1109/TEVC.2005.851274.
    """
    way = (np.asarray(Y, dtype=float) - np.asarray(ideal, dtype=float)) / np.asarray(span, dtype=float)
    weighted = np.asarray(weights, dtype=float) * way
    return np.asarray(weighted.min(axis=-1) + AUGMENTATION * weighted.sum(axis=-1))


def random_weights(n_goals: int, rng: np.random.Generator) -> np.ndarray:
    """Weights (m,) ≥ 0 of sum 1, all equally likely. For a single goal there is nothing to draw."""
    return rng.dirichlet(np.ones(n_goals)) if n_goals > 1 else np.ones(n_goals)


def desirability(Y: ArrayLike, unacceptable: ArrayLike, satisfied: ArrayLike, weights: ArrayLike = 1.0) -> np.ndarray:
    """The weighted geometric mean of how far each goal is on its way from unacceptable (0) to satisfied (1).

    `unacceptable` < `satisfied` (m,) are values of the goals, and `weights` (m,) how much each counts: a goal that is
    unacceptable makes the whole so, and more than satisfied is not better. Derringer & Suich 1980,
    doi:10.1080/00224065.1980.11980968. Raises ValueError where a goal is satisfied by what is unacceptable.
    """
    low, high = np.asarray(unacceptable, dtype=float), np.asarray(satisfied, dtype=float)
    if not (low < high).all():
        raise ValueError("each goal must be satisfied by more than what is unacceptable")
    way = np.clip((np.asarray(Y, dtype=float) - low) / (high - low), 0.0, 1.0)
    share = np.broadcast_to(np.asarray(weights, dtype=float), way.shape[-1:])
    return np.asarray(np.prod(way ** (share / share.sum()), axis=-1))
