"""Clusters that are there are found, and their number; maps keep neighbours together or say that they do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_blobs, make_moons, make_swiss_roll
from sklearn.metrics import adjusted_rand_score, silhouette_score

from matloop.core.errors import InputError, MissingExtra
from matloop.models import clusters, maps
from matloop.models.clusters import find_clusters
from matloop.models.maps import draw_map

BLOBS, OF_BLOB = make_blobs([60, 40, 30, 20], 3, cluster_std=0.6, center_box=(-12, 12), random_state=3)


@pytest.mark.parametrize("method", clusters.METHODS)
def test_clusters_that_are_there_are_found_and_counted(method):
    """Nobody says that there are four."""
    found = find_clusters(BLOBS, method)
    assert found.n_clusters == 4
    inside = found.labels >= 0
    assert adjusted_rand_score(OF_BLOB[inside], found.labels[inside]) == 1
    assert found.n_outside <= 15
    assert found.silhouette > 0.6


def test_the_number_is_that_of_the_best_silhouette():
    found = find_clusters(BLOBS)
    assert found.silhouette == max(found.tried.values())
    assert found.silhouette == pytest.approx(silhouette_score(BLOBS, found.labels))
    assert sorted(found.tried) == list(range(2, 11))


@given(st.integers(1, 12), st.integers(0, 50))
def test_clusters_are_numbered_by_size(k, seed):
    """0 is the largest; as many as were asked for."""
    X = np.random.default_rng(seed).normal(size=(40, 2))
    found = find_clusters(X, "agglomerative", k)
    sizes = np.bincount(found.labels)
    assert found.n_clusters == k
    assert np.all(np.diff(sizes) <= 0)


def test_half_moons_are_a_matter_of_density():
    """Where clusters are not round, density finds them and k-means does not."""
    X, moon = make_moons(300, noise=0.04, random_state=0)
    dense, round_ones = find_clusters(X, "hdbscan"), find_clusters(X, "k-means", 2)
    assert adjusted_rand_score(moon, dense.labels) > 0.95
    assert adjusted_rand_score(moon, round_ones.labels) < 0.6


def test_without_clusters_the_silhouette_says_so():
    noise = np.random.default_rng(0).uniform(size=(80, 5))
    assert find_clusters(noise).silhouette < 0.25


def test_a_silhouette_of_many_rows_comes_from_a_sample(monkeypatch):
    monkeypatch.setattr(clusters, "SAMPLE", 60)
    assert find_clusters(BLOBS, "k-means", 4).silhouette == pytest.approx(silhouette_score(BLOBS, OF_BLOB), abs=0.1)


@pytest.mark.parametrize(
    ("method", "k", "said"),
    [("kmeans", None, "did you mean 'k-means'"), ("dbscan", 3, "by itself"), ("k-means", 9, "cannot make 9")],
)
def test_what_cannot_be_asked_is_refused_with_a_hint(method, k, said):
    with pytest.raises(InputError) as refused:
        find_clusters(np.repeat(np.eye(3), 4, axis=0), method, k)
    assert said in str(refused.value)


@pytest.mark.parametrize("method", clusters.METHODS)
def test_rows_that_are_all_the_same_are_one_cluster(method):
    found = find_clusters(np.ones((20, 3)), method)
    assert found.n_clusters == 1
    assert found.silhouette is None


@pytest.mark.parametrize("method", ["pca", "autoencoder"])
def test_a_map_of_a_plane_keeps_its_neighbours(method):
    """Five inputs that are made of two lose nothing on two axes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)) @ rng.normal(size=(2, 5))
    drawn = draw_map(X, method)
    assert drawn.places.shape == (60, 2)
    assert drawn.trustworthiness > 0.97


def test_a_map_of_noise_says_that_it_cannot_be_trusted():
    """Twenty independent inputs do not fit on two axes."""
    X = np.random.default_rng(0).normal(size=(300, 20))
    assert draw_map(X).trustworthiness < 0.7


@pytest.mark.slow
def test_umap_unrolls_what_components_flatten():
    """Neighbours along the roll stay neighbours."""
    pytest.importorskip("umap")
    X, _ = make_swiss_roll(400, random_state=0)
    rolled, flat = draw_map(X, "umap"), draw_map(X, "pca")
    assert rolled.trustworthiness > max(0.98, flat.trustworthiness + 0.02)
    np.testing.assert_array_equal(rolled.places, draw_map(X, "umap").places)


def test_without_umap_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "umap", None)
    with pytest.raises(MissingExtra, match="umap-learn"):
        draw_map(BLOBS, "umap")


@pytest.mark.parametrize("method", ["pca", "autoencoder"])
def test_missing_values_constant_columns_and_few_rows_are_drawn(method):
    X = np.column_stack([np.arange(6.0), np.ones(6), [np.nan, 1, 2, np.nan, 4, 5]])
    drawn = draw_map(X, method)
    assert np.isfinite(drawn.places).all()
    assert np.isfinite(draw_map(X[:, :1], method).places).all()


def test_the_axes_say_what_they_show():
    assert "of the variance" in draw_map(BLOBS).axes[0]
    assert "keeps" in draw_map(BLOBS[:30], "autoencoder").axes[0]


@pytest.mark.parametrize(("rows", "method", "said"), [(2, "pca", "three rows"), (9, "umapp", "did you mean 'umap'")])
def test_a_map_that_cannot_be_is_refused(rows, method, said):
    with pytest.raises(InputError) as refused:
        draw_map(BLOBS[:rows], method)
    assert said in str(refused.value)


def test_the_trust_of_a_map_of_many_rows_comes_from_a_sample(monkeypatch):
    monkeypatch.setattr(maps, "SAMPLE", 50)
    assert draw_map(BLOBS).trustworthiness > 0.8
