"""How far a point lies outside the data: the convex hull where it can be had, else the box around them."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError

#: The facets of a hull grow beyond all measure with its dimension.
MOST_DIMENSIONS = 6


class Hull:
    """Of encoded conditions (c, k). Data that fill less than k dimensions, as mixtures do, are taken in their own."""

    def __init__(self, encoded: np.ndarray) -> None:
        self._centre = encoded.mean(axis=0)
        _, sizes, axes = np.linalg.svd(encoded - self._centre, full_matrices=False)
        self._axes = axes[sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-300)]
        self._low, self._high = encoded.min(axis=0), encoded.max(axis=0)
        self._facets = self._hull(encoded)

    def _hull(self, encoded: np.ndarray) -> np.ndarray | None:
        """Rows (normal, offset) with normal · x + offset <= 0 inside, in the data's own axes."""
        if not 2 <= len(self._axes) <= MOST_DIMENSIONS:
            return None
        try:
            facets = ConvexHull((encoded - self._centre) @ self._axes.T).equations
        except QhullError:
            return None
        return np.unique(facets.round(9), axis=0)

    def beyond(self, encoded: np.ndarray) -> np.ndarray:
        """The distance by which points (m, k) lie outside, at least: (m,), 0 inside; 1 is the range of a variable."""
        box = np.maximum(np.maximum(self._low - encoded, encoded - self._high), 0).max(axis=1)
        if self._facets is not None:
            inner = (encoded - self._centre) @ self._axes.T
            off_plane = np.linalg.norm(encoded - self._centre - inner @ self._axes, axis=1)
            outside = (inner @ self._facets[:, :-1].T + self._facets[:, -1]).max(axis=1)
            box = np.maximum(box, np.maximum(off_plane, outside))
        return np.where(box > 1e-6, box, 0.0)
