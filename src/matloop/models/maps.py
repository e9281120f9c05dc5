"""Maps: many inputs drawn on two axes, with a number that says how far the picture may be trusted.

The number is the trustworthiness (Venna & Kaski 2001, doi:10.1007/3-540-44668-0_68): 1 where the neighbours of every
point on the map are its neighbours among all inputs, about 0.5 where they are anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError, MissingExtra, did_you_mean

Array = NDArray[np.float64]
METHODS = ("pca", "umap", "autoencoder")
#: Neighbours whose company is judged, and rows at most for which it is.
NEIGHBOURS, SAMPLE = 10, 2000


@dataclass(frozen=True)
class Map:
    """Places (n, 2) on a map, the titles of its axes, and its trustworthiness; None of too few rows."""

    places: Array
    axes: tuple[str, str]
    method: str
    trustworthiness: float | None


def draw_map(X: Array, method: str = "pca", seed: int = 0) -> Map:
    """A map of the rows (n, d): their standardized inputs, a missing value standing at the mean."""
    require_method(method)
    if len(X) < 3:
        raise InputError(f"a map needs three rows at least; here are {len(X)}")
    from matloop.models.splits import standardized

    scaled = standardized(np.asarray(X, dtype=float))
    places, axes = {"pca": _pca, "umap": _umap, "autoencoder": _autoencoder}[method](scaled, seed)
    return Map(places, axes, method, trust(scaled, places, seed))


def require_method(method: str) -> None:
    """Raises InputError for a method that is none."""
    if method not in METHODS:
        raise InputError(f"there is no map '{method[:40]}'", did_you_mean(method, METHODS))


def _pca(X: Array, seed: int) -> tuple[Array, tuple[str, str]]:
    from sklearn.decomposition import PCA

    if X.shape[1] == 1:
        return np.column_stack([X[:, 0], np.zeros(len(X))]), ("component 1 (100 %)", "component 2 (0 %)")
    fitted = PCA(2, random_state=seed).fit(X)
    shares = np.nan_to_num(fitted.explained_variance_ratio_)
    first, second = (f"component {i + 1} ({share:.0%} of the variance)" for i, share in enumerate(shares))
    return fitted.transform(X), (first, second)


def _umap(X: Array, seed: int) -> tuple[Array, tuple[str, str]]:
    """McInnes, Healy & Melville 2018, arXiv:1802.03426."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own dependencies are out of date in each other's eyes
            from umap import UMAP
    except ImportError:
        raise MissingExtra("umap-learn", "maps") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one job, as a fixed seed needs
        made = UMAP(
            n_neighbors=min(15, len(X) - 1), random_state=seed, n_jobs=1, init="random" if len(X) < 10 else "spectral"
        )
        return np.asarray(made.fit_transform(X), dtype=float), ("UMAP 1", "UMAP 2")


def _autoencoder(X: Array, seed: int) -> tuple[Array, tuple[str, str]]:
    from matloop.models.autoencoder import Autoencoder

    taught = X if len(X) <= SAMPLE else X[np.random.default_rng(seed).choice(len(X), SAMPLE, replace=False)]
    fitted = Autoencoder(2, random_state=seed).fit(taught)
    kept = f"code of 2 keeps {max(0.0, fitted.score(X)):.0%} of the variance"
    return fitted.transform(X), (f"code 1 ({kept})", "code 2")


def trust(X: Array, places: Array, seed: int = 0) -> float | None:
    """The trustworthiness of places (n, 2) for rows (n, d), of a sample where there are many."""
    from sklearn.manifold import trustworthiness

    if len(X) > SAMPLE:
        chosen = np.random.default_rng(seed).choice(len(X), SAMPLE, replace=False)
        X, places = X[chosen], places[chosen]
    n_neighbours = min(NEIGHBOURS, (len(X) - 1) // 2)
    if n_neighbours < 1:
        return None
    return float(trustworthiness(X, places, n_neighbors=n_neighbours))
