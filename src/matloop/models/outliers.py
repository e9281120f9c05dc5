"""Results that their own neighbours contradict: set aside one after the other, the worst first.

A result is left out, a Gaussian process of all others predicts it, and it is set aside where it lies too many standard
deviations from there. Leaving each out needs one inverse (Rasmussen & Williams 2006, Gaussian Processes for Machine
Learning, eq. 5.12). Unlike noise with heavy tails this keeps the exact posterior of what remains: it is the greedy
search of Ament et al. 2024, Robust Gaussian Processes via Relevance Pursuit (arXiv:2410.24222), with an infinite
variance for what is set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from matloop.core.block import Block
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.warped import AnyGaussianProcess

Array = NDArray[np.float64]

#: So many standard deviations, which of normal results one in 16,000 is away.
FAR = 4.0
#: No more than this share of the results, and none among so few.
MOST, FEWEST = 0.2, 8


def kept(X: Array, y: Array, noise_variance: Array | None, blocks: Sequence[Block]) -> NDArray[np.bool_]:
    """Which outcomes y (n,) at X (n, d) are not set aside, boolean (n,). `noise_variance` as for `GaussianProcess`."""
    keep = np.ones(len(y), bool)
    while len(y) >= FEWEST and (~keep).sum() < int(MOST * len(y)):
        noise = None if noise_variance is None else noise_variance[keep]
        model = GaussianProcess(blocks=blocks).fit(X[keep], y[keep], noise)
        surprise = np.abs(model.leave_one_out())
        if surprise.max() <= FAR:
            break
        keep[np.flatnonzero(keep)[surprise.argmax()]] = False
    return keep


def robustly(
    fit: Callable[[Array, Array, Array | None], AnyGaussianProcess],
    blocks: Sequence[Block],
    X: Array,
    y: Array,
    noise_variance: Array | None,
) -> AnyGaussianProcess:
    """What `fit` makes of the outcomes that are not set aside; `fallback_` names those that are."""
    keep = kept(X, y, noise_variance, blocks)
    model = fit(X[keep], y[keep], None if noise_variance is None else noise_variance[keep])
    if not keep.all() and isinstance(model, GaussianProcess):
        aside = ", ".join(f"{value:.4g}" for value in y[~keep])
        model.fallback_ = f"set aside as contradicted by their neighbours: {aside}"
    return model
