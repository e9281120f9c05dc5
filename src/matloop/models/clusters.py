"""Clusters: rows that are alike, found without any outcome; how many there are is judged by the silhouette.

The silhouette (Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7) of a row compares its distance to its own cluster with
that to the next one: 1 is clear-cut, 0 is between two, below 0 is in the wrong one. Below some 0.25 on average there
are hardly any clusters at all, whatever the algorithm returns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError, did_you_mean

Array = NDArray[np.float64]
METHODS = ("k-means", "agglomerative", "dbscan", "hdbscan")
#: A silhouette needs all distances: of more rows than this a sample is taken.
SAMPLE = 2000
#: The least number of neighbours in a dense place, for dbscan and hdbscan.
NEIGHBOURS = 5
#: Unless told, so many clusters at most are tried.
MOST = 10


@dataclass(frozen=True)
class Clusters:
    """The cluster of each row (n,), numbered from 0 by size; −1 is a row that belongs to none (dbscan, hdbscan)."""

    labels: NDArray[np.intp]
    method: str
    #: The mean silhouette; None where there are fewer than two clusters.
    silhouette: float | None
    #: The silhouettes of the numbers of clusters that were tried.
    tried: dict[int, float] = field(default_factory=dict)

    @property
    def n_clusters(self) -> int:
        """How many clusters there are."""
        return int(self.labels.max(initial=-1)) + 1

    @property
    def n_outside(self) -> int:
        """How many rows belong to none."""
        return int(np.sum(self.labels < 0))


def find_clusters(X: Array, method: str = "k-means", n_clusters: int | None = None, seed: int = 0) -> Clusters:
    """Clusters of the rows (n, d), whose columns should have comparable scales.

    Without a number, k-means and agglomerative clustering take that of the best silhouette; dbscan and hdbscan find
    their own and take none.
    """
    if method not in METHODS:
        raise InputError(f"there is no clustering '{method}'", did_you_mean(method, METHODS))
    n_distinct = len(np.unique(X, axis=0))
    if n_clusters is not None and not 1 <= n_clusters <= n_distinct:
        raise InputError(f"{n_distinct} different rows cannot make {n_clusters} clusters")
    if n_distinct == 1:
        return Clusters(np.zeros(len(X), dtype=np.intp), method, None)
    if method in ("dbscan", "hdbscan"):
        if n_clusters is not None:
            raise InputError(f"{method} finds the number of clusters by itself", "take k-means or agglomerative")
        return _judged(X, _by_density(X, method), method, seed)
    numbers = [n_clusters] if n_clusters else range(2, min(MOST, n_distinct - 1) + 1)
    found = {k: _judged(X, _parted(X, method, k, seed), method, seed) for k in numbers}
    best = max(found.values(), key=lambda one: -1.0 if one.silhouette is None else one.silhouette)
    tried = {k: one.silhouette for k, one in found.items() if one.silhouette is not None}
    return Clusters(best.labels, method, best.silhouette, tried)


def _parted(X: Array, method: str, k: int, seed: int) -> Any:
    from sklearn.cluster import AgglomerativeClustering, KMeans

    if method == "k-means":
        return KMeans(k, n_init=5, random_state=seed).fit_predict(X)
    return AgglomerativeClustering(k, linkage="ward").fit_predict(X)


def _by_density(X: Array, method: str) -> Any:
    from sklearn.cluster import DBSCAN, HDBSCAN
    from sklearn.neighbors import NearestNeighbors

    n = min(NEIGHBOURS, len(X))
    if method == "hdbscan":
        # the keyword is named for what its default will be; X is not changed in either case
        return HDBSCAN(min_cluster_size=max(2, n), copy=True).fit_predict(X)
    distances = NearestNeighbors(n_neighbors=n).fit(X).kneighbors(X)[0][:, -1]
    reach = float(np.quantile(distances, 0.9))  # nine rows of ten lie in a dense place
    return DBSCAN(eps=max(reach, 1e-12), min_samples=n).fit_predict(X)


def _judged(X: Array, labels: Any, method: str, seed: int) -> Clusters:
    """The largest cluster becomes 0; then its silhouette."""
    labels = np.asarray(labels, dtype=np.intp)
    names, sizes = np.unique(labels[labels >= 0], return_counts=True)
    place = {name: i for i, name in enumerate(names[np.argsort(-sizes, kind="stable")])}
    ordered = np.array([place.get(label, -1) for label in labels], dtype=np.intp)
    return Clusters(ordered, method, silhouette(X, ordered, seed))


def silhouette(X: Array, labels: NDArray[np.intp], seed: int = 0) -> float | None:
    """The mean silhouette of the rows that belong to a cluster; None where it is not defined."""
    from sklearn.metrics import silhouette_score

    inside = np.flatnonzero(labels >= 0)
    if len(inside) > SAMPLE:
        inside = np.sort(np.random.default_rng(seed).choice(inside, SAMPLE, replace=False))
    n_clusters = len(np.unique(labels[inside]))
    if not 2 <= n_clusters < len(inside):
        return None
    return float(silhouette_score(X[inside], labels[inside]))
