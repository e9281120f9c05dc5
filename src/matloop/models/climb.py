"""Climbing to the top of a smooth function within a box: BFGS, for the few variables of a model.

SciPy's L-BFGS-B does the same, but its import alone takes longer than hundreds of fits, and each call longer than the
linear algebra of a small model.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Armijo's share of the promised gain that a step must bring, and how a step is shortened that does not.
SUFFICIENT, SHORTER = 1e-4, 0.4
MOST_SHORTENINGS = 25
#: No step changes a variable (a logarithm) by more than this: the first gradients may promise the moon.
LONGEST = 2.0


def climb(
    value_and_gradient: Callable[[Array], tuple[float, Array]],
    start: Array,
    low: Array,
    high: Array,
    *,
    most_steps: int = 60,
    gain: float = 1e-7,
    flat: float = 1e-3,
) -> Array:
    """The x (d,) in [low, high] to which quasi-Newton steps lead from the start: a local maximum, or close to one.

    Ends where a step gains less than the share `gain` of the value, where no free component of the gradient exceeds
    `flat`, or after `most_steps`. The function may be −inf; it must be finite at the start. The inverse Hessian is
    updated by Broyden, Fletcher, Goldfarb and Shanno (Nocedal & Wright 2006, Numerical Optimization, eq. 6.17);
    variables that press against a bound rest there (Bertsekas 1982, doi:10.1137/0320018).
    """
    x = np.clip(start, low, high)
    value, gradient = value_and_gradient(x)
    inverse = np.eye(len(x))
    is_first = True
    for _ in range(most_steps):
        free = ~(((x <= low) & (gradient < 0)) | ((x >= high) & (gradient > 0)))
        pull = np.where(free, gradient, 0.0)
        if _largest(pull) < flat:
            break
        step = inverse @ gradient if free.all() else free * (inverse @ pull)
        if step @ gradient <= 0:
            inverse, step = np.eye(len(x)), pull
        step = step * min(1.0, LONGEST / _largest(step))
        found = _along(value_and_gradient, x, value, gradient, step, low, high)
        if found is None:
            break
        new, new_value, new_gradient = found
        moved, bent = new - x, gradient - new_gradient
        if moved @ bent > 1e-10 * math.sqrt((moved @ moved) * (bent @ bent)):
            if is_first:  # the scale of the first Hessian (Nocedal & Wright, eq. 6.20)
                inverse *= (moved @ bent) / (bent @ bent)
            inverse, is_first = _updated(inverse, moved, bent), False
        small = new_value - value <= gain * max(abs(value), abs(new_value), 1.0)
        x, value, gradient = new, new_value, new_gradient
        if small:
            break
    return x


def _largest(v: Array) -> float:
    """max |v_i|, without the ceremony of an array of five numbers."""
    return max(map(abs, v.tolist()))


def _along(
    value_and_gradient: Callable[[Array], tuple[float, Array]],
    x: Array,
    value: float,
    gradient: Array,
    step: Array,
    low: Array,
    high: Array,
) -> tuple[Array, float, Array] | None:
    """The first of ever shorter steps that gains enough; None where none does."""
    for _ in range(MOST_SHORTENINGS):
        new = np.minimum(np.maximum(x + step, low), high)
        new_value, new_gradient = value_and_gradient(new)
        if math.isfinite(new_value) and new_value >= value + SUFFICIENT * (gradient @ (new - x)):
            return new, new_value, new_gradient
        step = step * SHORTER
    return None


def _updated(inverse: Array, moved: Array, bent: Array) -> Array:
    """The BFGS update of the inverse Hessian (of the negative function), which stays positive definite."""
    curvature = moved @ bent
    along = inverse @ bent
    half = (0.5 * (1.0 + bent @ along / curvature) * moved - along) / curvature
    correction = moved[:, None] * half
    return inverse + correction + correction.T
