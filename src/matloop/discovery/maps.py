"""A map of described materials, and the clusters among them: two axes and a number for each, and a page to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.errors import InputError, did_you_mean
from matloop.datasets.column import Column
from matloop.models.clusters import METHODS, Clusters, find_clusters
from matloop.models.maps import Map, draw_map, require_method

if TYPE_CHECKING:
    from matloop.datasets.dataset import Dataset

Array = NDArray[np.float64]
#: Clusters are looked for in so many principal components at most: distances in hundreds of features tell little.
MOST_COMPONENTS = 20


@dataclass(frozen=True)
class Drawn:
    """The dataset with the columns 'map 1', 'map 2' and, where clusters were asked for, 'cluster'."""

    dataset: Dataset
    map: Map
    clusters: Clusters | None

    def facts(self) -> dict[str, Any]:
        """For other programs."""
        told: dict[str, Any] = {
            "method": self.map.method,
            "axes": list(self.map.axes),
            "trustworthiness": self.map.trustworthiness,
        }
        found = self.clusters
        if found is not None:
            sizes = np.bincount(found.labels[found.labels >= 0], minlength=found.n_clusters).tolist()
            told["clusters"] = {
                "method": found.method,
                "n": found.n_clusters,
                "sizes": sizes,
                "outside": found.n_outside,
                "silhouette": found.silhouette,
                "tried": found.tried,
            }
        return told

    def sentences(self) -> list[str]:
        """What there is to see, and how far to believe it."""
        known = self.map.trustworthiness
        trust = "" if known is None else f"; trustworthiness {known:.2f} (1: neighbours on the map are neighbours)"
        told = [f"Map by {self.map.method}{trust}."]
        found = self.clusters
        if found is None:
            return told
        quality = "" if found.silhouette is None else f", silhouette {found.silhouette:.2f}"
        outside = f"; {found.n_outside:,} rows belong to none" if found.n_outside else ""
        clusters = "1 cluster" if found.n_clusters == 1 else f"{found.n_clusters} clusters"
        told.append(f"{clusters} by {found.method}{quality}{outside}.")
        if found.silhouette is not None and found.silhouette < 0.25:
            told.append("A silhouette below 0.25: the rows hardly fall into clusters at all.")
        return told


def map_of(
    dataset: Dataset, features: Sequence[str], method: str = "pca", clusters: str | None = None, seed: int = 0
) -> Drawn:
    """Draw the rows by these columns of numbers; `clusters` is "auto", a number, or a method such as "hdbscan".

    Raises InputError for too few rows or an unknown method, MissingExtra where umap-learn is not installed.
    """
    wanted = None if clusters is None else wanted_clusters(clusters)
    X = dataset.frame[list(features)].to_numpy(dtype=float)
    drawn = draw_map(X, method, seed)
    found = None if wanted is None else find_clusters(_components(X, seed), *wanted, seed=seed)
    made = dataset
    for i in range(2):
        name = f"map {i + 1}"
        made = made.with_column(Column(name, role="identity", description=drawn.axes[i]), drawn.places[:, i])
    if found is not None:
        column = Column("cluster", role="identity", description=f"by {found.method}; −1 belongs to none")
        made = made.with_column(column, found.labels)
    return Drawn(made, drawn, found)


def check(method: str | None, clusters: str | None) -> None:
    """Raises InputError for a map or a clustering that there is not, before anything is computed."""
    if method is not None:
        require_method(method)
    if clusters is not None:
        wanted_clusters(clusters)


def wanted_clusters(text: str) -> tuple[str, int | None]:
    """The method and the number that a person means: 'auto', '4', 'agglomerative', 'agglomerative:4', 'hdbscan'."""
    method, _, number = text.partition(":")
    if not number and (method.isdigit() or method == "auto"):
        method, number = "k-means", "" if method == "auto" else method
    if method not in METHODS:
        raise InputError(f"there is no clustering '{method[:40]}'", did_you_mean(method, ["auto", *METHODS]))
    if number and not (number.isdigit() and int(number) > 0):
        raise InputError(f"'{number[:40]}' is no number of clusters", "such as --clusters 4, or agglomerative:4")
    return method, int(number) if number else None


def _components(X: Array, seed: int) -> Array:
    """Standardized rows (n, d) in the principal components that have most of their variance, (n, k)."""
    from sklearn.decomposition import PCA

    from matloop.models.splits import standardized

    scaled = standardized(X)
    most = min(MOST_COMPONENTS, *scaled.shape)
    return np.asarray(PCA(most, random_state=seed).fit_transform(scaled))


def write_page(drawn: Drawn, path: Path, name: str) -> Path:
    """The map as a page: a point for each row, coloured by each target and by cluster."""
    from matloop.files.whole import write_whole
    from matloop.reports.columns import Column as Shown
    from matloop.reports.map import render

    dataset = drawn.dataset
    colours: list[tuple[Shown, list[Any]]] = [
        (Shown(column.name, column.unit), dataset.frame[column.name].tolist())
        for column in dataset.targets
        if column.kind in ("number", "text")
    ]
    if drawn.clusters is not None:
        words = ["none" if label < 0 else f"cluster {label}" for label in drawn.clusters.labels]
        colours.append((Shown("cluster"), words))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    page = render(name, drawn.map.places, drawn.map.axes, names_of(dataset), colours, drawn.sentences(), now)
    write_whole(path, page)
    return path


def names_of(dataset: Dataset) -> list[str]:
    """What each row is called: by its material or an identity that is no structure, else by its number."""
    called = [c for c in dataset.columns.values() if c.role in ("material", "identity") and c.kind != "structure"]
    told = [c for c in called if c.name not in ("map 1", "map 2", "cluster")]
    told.sort(key=lambda c: c.kind not in ("composition", "molecule"))
    if not told:
        return [f"row {i + 1}" for i in range(len(dataset))]
    return [str(cell)[:60] for cell in dataset.frame[told[0].name]]
