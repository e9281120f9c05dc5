"""The autoencoder: linear it is principal component analysis, curved it follows what a plane cannot."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from matloop.models.autoencoder import Autoencoder

RNG = np.random.default_rng(0)


@parametrize_with_checks([Autoencoder(1, width=4, max_iter=30)])
def test_it_is_a_scikit_learn_transformer(estimator, check):
    check(estimator)


def test_a_linear_one_loses_what_principal_components_lose():
    """Its best is the plane of the first principal components; it gets there."""
    X = RNG.normal(size=(200, 2)) @ RNG.normal(size=(2, 6)) + 0.3 * RNG.normal(size=(200, 6))
    scaled = StandardScaler().fit_transform(X)
    components = PCA(2).fit(scaled)
    lost = np.mean((scaled - components.inverse_transform(components.transform(scaled))) ** 2)
    linear = Autoencoder(2, activation="identity", alpha=0, width=6, max_iter=3000).fit(X)
    assert np.mean(linear.reconstruction_error(X)) == pytest.approx(lost, rel=0.02)


def test_one_number_is_enough_for_a_curve_but_not_for_a_straight_line():
    """Rows along an arc are one number each; the first principal component loses much of them."""
    angle = RNG.uniform(0, np.pi, 100)
    X = np.column_stack([np.cos(angle), np.sin(angle), np.sin(2 * angle)])
    curved = Autoencoder(1).fit(X)
    straight = PCA(1).fit(StandardScaler().fit_transform(X))
    assert curved.score(X) > 0.98
    assert straight.explained_variance_ratio_.sum() < 0.7


def test_codes_and_back():
    """Shapes, names, and that the error is that of the way there and back."""
    X = RNG.normal(size=(50, 4)) * [1, 10, 100, 1000]
    fitted = Autoencoder(2, width=6, max_iter=50).fit(X)
    codes = fitted.transform(X)
    assert codes.shape == (50, 2)
    assert np.abs(codes).max() <= 1
    back = fitted.inverse_transform(codes)
    np.testing.assert_allclose(
        fitted.reconstruction_error(X), np.mean(((X - back) / X.std(axis=0)) ** 2, axis=1), rtol=1e-9
    )
    assert fitted.get_feature_names_out().tolist() == ["code 1", "code 2"]


def test_a_row_unlike_the_others_is_said_again_badly():
    """The reconstruction error finds what was not learned."""
    X = RNG.normal(size=(200, 2)) @ RNG.normal(size=(2, 5))
    fitted = Autoencoder(2, width=8).fit(X)
    odd = X.mean(axis=0) + np.linalg.svd(X)[2][-1] * X.std() * 3
    assert fitted.reconstruction_error(odd[None])[0] > 10 * np.quantile(fitted.reconstruction_error(X), 0.99)


def test_units_do_not_matter():
    X, small = RNG.normal(size=(60, 3)), Autoencoder(1, width=6, max_iter=20)
    factors = np.array([1024.0, 1.0, 0.125])
    np.testing.assert_allclose(small.fit_transform(X), small.fit_transform(X * factors), atol=1e-9)


def test_it_stands_in_a_pipeline():
    X = RNG.normal(size=(30, 3))
    made = make_pipeline(StandardScaler(), Autoencoder(2, width=6, max_iter=20)).fit(X)
    assert made.transform(X).shape == (30, 2)


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="'tanh' or 'identity'"):
        Autoencoder(activation="relu").fit(RNG.normal(size=(5, 2)))
