"""How far two curves are apart: vectors between which each kind of distance is Euclidean."""

from __future__ import annotations

from typing import Literal

import numpy as np

Distance = Literal["rmse", "shape", "area"]


def features(distance: Distance, curves: np.ndarray, grid: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A vector for each curve, (n, m), from curves (n, m) on a grid (m,), with weights (m,) that sum to 1.

    * "rmse", the root of the weighted mean of squared differences: √w y.
    * "shape", which no factor changes: √w y / ‖√w y‖, so that the distance is √(2 − 2 cos), 0 for curves of one shape
      and √2 for orthogonal ones; half its square is the cosine distance.
    * "area", the rmse of the curves each divided by its mean height, the area under it over its width.

    A curve without size (or, for "area", of no positive area) is all zeros there.
    """
    weighted = np.sqrt(weights) * curves
    if distance == "rmse":
        return weighted
    size = np.linalg.norm(weighted, axis=1) if distance == "shape" else _mean_height(curves, grid, weights > 0)
    return weighted * np.where(size > 0, 1.0 / np.where(size > 0, size, 1.0), 0.0)[:, None]


def _mean_height(curves: np.ndarray, grid: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """By trapezoids over the points that count, (n,)."""
    x, y = grid[counts], curves[:, counts]
    if len(x) < 2:
        return np.asarray(y[:, 0])
    return np.asarray(np.sum((y[:, 1:] + y[:, :-1]) / 2 * np.diff(x), axis=1) / (x[-1] - x[0]))
