"""Several models as one: how much each should count, learned from what they said of rows they had not seen.

Caruana et al. 2004, doi:10.1145/1015330.1015432: models are added one at a time, each as often as it helps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: So many times is a model added; the weights are multiples of one over this.
ROUNDS = 25


def blend(told: Sequence[Array], loss: Callable[[Array], float], rounds: int = ROUNDS) -> Array:
    """The weights (k,), summing to 1, with which the mean of k out-of-fold predictions has the least loss.

    `told` are arrays of one shape, without NaN. Greedy, with replacement, from the best single one on: it stops being
    greedy at the best mean that it has met, so that the weights are never worse than the best model alone.
    """
    total, counts = np.zeros_like(told[0], dtype=float), np.zeros(len(told))
    best_loss, best = np.inf, counts
    for n in range(1, rounds + 1):
        losses = [loss((total + each) / n) for each in told]
        chosen = int(np.argmin(losses))
        total = total + told[chosen]
        counts[chosen] += 1
        if losses[chosen] < best_loss - 1e-12:
            best_loss, best = losses[chosen], counts / n
    return np.asarray(best)
