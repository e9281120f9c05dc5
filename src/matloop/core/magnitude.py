"""The order of magnitude of outcomes, for models that take small numbers for equal ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def grow(fit: Callable[[Any], object], outcomes: Any, trees: Callable[[], Iterable[Any]]) -> None:
    """Let scikit-learn's trees grow, `fit(outcomes)`, on outcomes (n,) in any unit; `trees` are then asked for.

    scikit-learn splits no node with a variance below 2e-16, whatever the unit: lengths of nanometres in metres.
    """
    factor = magnitude(outcomes)
    if factor == 1.0:
        fit(outcomes)
        return
    fit(np.asarray(outcomes) / factor)
    for tree in trees():
        tree.tree_.value[...] *= factor


def magnitude(outcomes: Any) -> float:
    """What outcomes (n,) are divided by while trees grow: a power of two, so that nothing is rounded; mostly 1."""
    try:
        values = np.asarray(outcomes, dtype=float)
    except (TypeError, ValueError):
        return 1.0  # scikit-learn says what is wrong with them
    spread = float(np.std(values)) if values.size else 0.0
    return 1.0 if not np.isfinite(spread) or spread > 1e-3 or spread == 0.0 else float(2.0 ** np.floor(np.log2(spread)))
