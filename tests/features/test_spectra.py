"""Spectra: the baseline lies below the peaks, and what stands above it is described as physics wants it."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.core.curve import Curve
from matloop.features.base import Array, FeatureError
from matloop.features.baseline import MOST_ROUNDS, baseline, noise_of
from matloop.features.combined import Combined
from matloop.features.intensities import Intensities
from matloop.features.moments import Moments
from matloop.features.peaks import Peaks

X = np.linspace(400.0, 700.0, 301)
GRID = np.linspace(-4.0, 4.0, 801)


def gaussian(x: Array, center: float, width: float, height: float = 1.0) -> Array:
    return height * np.exp(-0.5 * ((x - center) / width) ** 2)


def moments(x: Array, y: Array, **settings: Any) -> dict[str, float]:
    made = Moments(baseline=False, **settings)
    return dict(zip(made.names, made.transform([(x, y)])[0].tolist(), strict=True))


@given(st.floats(-50, 50), st.floats(0.1, 20), st.floats(0.01, 100))
def test_moments_of_a_gaussian(center: float, width: float, height: float) -> None:
    """Centroid and width of a Gaussian are its own, its skewness 0, its kurtosis 3, its area height × width × √2π."""
    x = center + 2 * width * GRID
    found = moments(x, gaussian(x, center, width, height))
    assert found["centroid"] == pytest.approx(center, abs=1e-6 * width)
    assert found["width"] == pytest.approx(width, rel=1e-6)
    assert found["skewness"] == pytest.approx(0, abs=1e-6)
    assert found["kurtosis"] == pytest.approx(3, rel=1e-4)
    assert found["area"] == pytest.approx(height * width * np.sqrt(2 * np.pi), rel=1e-6)


@given(st.floats(0.1, 10), st.floats(-20, 20), st.floats(0.1, 10))
def test_moments_follow_the_axes(stretch: float, shift: float, factor: float) -> None:
    """A stretched and shifted x moves the centroid and scales the width alone; a factor on y scales the area alone."""
    y = gaussian(GRID, -1, 0.5) + gaussian(GRID, 1, 0.8, 0.4)
    before, after = moments(GRID, y), moments(stretch * GRID + shift, factor * y)
    assert after["centroid"] == pytest.approx(stretch * before["centroid"] + shift)
    assert after["width"] == pytest.approx(stretch * before["width"])
    assert after["area"] == pytest.approx(stretch * factor * before["area"])
    assert after["skewness"] == pytest.approx(before["skewness"])
    assert after["kurtosis"] == pytest.approx(before["kurtosis"])


def test_a_tail_to_the_right_is_skewed() -> None:
    """An exponential decay has its weight left and its tail right: the skewness is positive, and mirrored negative."""
    x = np.linspace(0, 20, 2001)
    right, left = moments(x, np.exp(-x)), moments(x, np.exp(-x[::-1]))
    assert right["skewness"] == pytest.approx(2, rel=1e-2)
    assert left["skewness"] == pytest.approx(-right["skewness"])


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_the_baseline_solves_its_equations(seed: int) -> None:
    """The baseline found with bands is the minimum of the sums that define it, found with full matrices."""
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(0.5, 1.5, 40))
    y = rng.normal(size=40) + gaussian(x, 20, 3, 8)
    found = baseline(x, y, 50.0, 0.05)
    steps = np.diff(x) / np.diff(x).mean()
    second = np.zeros((38, 40))
    for i in range(38):
        middle = (steps[i] + steps[i + 1]) / 2
        second[i, i : i + 3] = np.array([1 / steps[i], -1 / steps[i] - 1 / steps[i + 1], 1 / steps[i + 1]]) / middle
    weights, band = np.ones(40), 0.0
    for _ in range(2):
        for _ in range(MOST_ROUNDS):
            expected = np.linalg.solve(np.diag(weights) + 50.0 * second.T @ second, weights * y)
            weights = np.where(y > expected + band, 0.05, 0.95)
        band = max(3 * noise_of(y), 0.01 * (y - expected).max())
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05])
def test_the_baseline_lies_in_the_middle_of_the_noise(share: float) -> None:
    """A bent ground is found to a fiftieth of the highest peak on average, without noise and with it."""
    x = np.linspace(0, 1000, 2001)
    ground = 3 + ((x - 400) / 300) ** 2
    noise = 8 * share * np.random.default_rng(1).normal(size=2001)
    found = baseline(x, ground + gaussian(x, 500, 20, 8) + gaussian(x, 200, 10, 5) + noise)
    assert abs(np.mean(found - ground)) < 8 * 0.02


@given(st.floats(-2, 2), st.floats(-0.02, 0.02))
def test_a_straight_baseline_is_found(offset: float, slope: float) -> None:
    """A line under the peaks is found as it is, on an even axis and on an uneven one."""
    for x in (X, np.sqrt(np.linspace(400.0**2, 700.0**2, 301))):
        line = offset + slope * (x - 550)
        found = baseline(x, line + gaussian(x, 500, 6) + gaussian(x, 600, 10, 0.5), 1e5, 1e-4)
        assert np.abs(found - line).max() < 0.02


def test_a_line_is_its_own_baseline() -> None:
    """Nothing stands above a straight line: it has no moments, and no peaks."""
    np.testing.assert_allclose(baseline(X, 3 + 0.1 * X), 3 + 0.1 * X, rtol=1e-7)
    assert Moments().features([(X, 3 + 0.1 * X)]).failures == {0: "has nothing above its baseline"}
    assert not Peaks().transform([(X, np.zeros_like(X))]).any()
    assert "a single point" in Moments(baseline=False).features([(X, np.where(X == 500, 1, 0))]).failures[0]


@pytest.mark.parametrize(("smoothness", "asymmetry"), [(0, 0.1), (-1, 0.1), (1e5, 0), (1e5, 1)])
def test_settings_that_cannot_be(smoothness: float, asymmetry: float) -> None:
    """A smoothness of zero and an asymmetry of zero or one are refused."""
    with pytest.raises(ValueError, match="smoothness is positive"):
        baseline(X, X, smoothness, asymmetry)
    assert "smoothness" in Moments(smoothness=smoothness, asymmetry=asymmetry).features([(X, X)]).failures[0]


def test_the_highest_peaks_come_first() -> None:
    """Positions, heights and widths at half height are those of the peaks put in, on a sloping ground."""
    y = 0.5 + 0.002 * X + gaussian(X, 480, 5, 1.0) + gaussian(X, 560, 8, 2.0) + gaussian(X, 640, 4, 0.5)
    made = Peaks(n=4, asymmetry=1e-4, x_unit="nm", y_unit="V")
    values = dict(zip(made.names, made.transform([(X, y)])[0].tolist(), strict=True))
    assert values["number of peaks"] == 3
    for i, (center, width, height) in enumerate([(560, 8, 2.0), (480, 5, 1.0), (640, 4, 0.5)], 1):
        assert values[f"position of peak {i}"] == center
        assert values[f"height of peak {i}"] == pytest.approx(height, rel=0.03)
        assert values[f"width of peak {i}"] == pytest.approx(2.3548 * width, rel=0.05)
    assert values["position of peak 4"] == values["height of peak 4"] == values["width of peak 4"] == 0
    assert made.units[:4] == (None, "nm", "V", "nm")


@pytest.mark.parametrize("share", [0.003, 0.01, 0.03])
def test_noise_is_no_peak(share: float) -> None:
    """Of a noisy curve the peaks put in are counted, whatever the noise; unless it is asked to count noise too."""
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1000, 2001)
    y = 3 + gaussian(x, 200, 10, 5) + gaussian(x, 500, 20, 8) + gaussian(x, 800, 5, 4) + rng.normal(0, 8 * share, 2001)
    found = Peaks(n=3).transform([(x, y)])[0]
    assert found[0] == 3
    np.testing.assert_allclose(found[1::3], [500, 200, 800], atol=5)
    assert Peaks(prominence=0.001, noise=0).transform([(x, y)])[0, 0] > 100


def test_sharp_peaks_are_no_noise() -> None:
    """A curve full of peaks that are a few points wide keeps them all."""
    x = np.arange(200.0)
    y = sum(gaussian(x, 10 * i, 2.0, 1 + i % 3) for i in range(1, 20))
    assert Peaks(baseline=False).transform([(x, y)])[0, 0] == 19


@pytest.mark.parametrize("n", [101, 501, 2001, 20001])
def test_peaks_do_not_depend_on_the_sampling(n: int) -> None:
    """The same curve has the same peaks above its ground with a hundred points and with twenty thousand."""
    x = np.linspace(0, 1000, n)
    for ground in (0 * x, 2 + 0.005 * x, 10 * np.exp(-x / 400), 3 + ((x - 400) / 300) ** 2):
        found = Peaks(n=2).transform([(x, ground + gaussian(x, 600, 30, 8) + gaussian(x, 200, 15, 5))])[0]
        assert found[0] == 2
        np.testing.assert_allclose(found[1:], [600, 8, 2.3548 * 30, 200, 5, 2.3548 * 15], rtol=0.05)


CURVE = {"x": [3, 1, 2, 4, 5], "y": [1.0, 0.0, 0.5, 0.5, 0.0]}


@pytest.mark.parametrize(
    "cell",
    [
        CURVE,
        json.dumps(CURVE),
        [CURVE["x"], CURVE["y"]],
        json.dumps([CURVE["x"], CURVE["y"]]),
        np.array([CURVE["x"], CURVE["y"]]),
        Curve(CURVE["x"], CURVE["y"]),
        Curve(CURVE["x"], CURVE["y"]).model_dump_json(),
    ],
    ids=["mapping", "json", "lists", "json lists", "array", "curve", "curve json"],
)
def test_ways_to_write_a_curve(cell: Any) -> None:
    """A curve may be an object or a text, with its points in any order."""
    expected = [1, 2, 3, 4, 5], [0.0, 0.5, 1.0, 0.5, 0.0]
    assert np.array_equal(Moments(baseline=False).transform([cell]), Moments(baseline=False).transform([expected]))


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("no json", "is no curve: no JSON"),
        ('{"x": [1, 2]}', "is a curve without 'y'"),
        ('{"x": [1, 2], "y": [1]}', "as many x as y"),
        ('{"x": [1, 2, 3], "y": [1, 2, 3]}', "has 3 points"),
        ('{"x": [1, 1, 2, 3, 4], "y": [1, 2, 3, 4, 5]}', "x = 1 comes twice"),
        ('{"x": [1, 2, 3, 4, 5], "y": [1, 2, null, 4, 5]}', "y[2]"),
        ("7", "it takes two lists, x and y"),
        ("[[1, 2, 3, 4, 5]]", "it takes two lists, x and y"),
        ('{"x": [1, 2, 3, 4, 5], "y": [1, 2, 1e999, 4, 5]}', "y[2]"),
        ("[" * 5000, "is no curve"),
    ],
)
def test_what_is_no_curve(cell: str, why: str) -> None:
    """A cell that is no curve is a failure with its reason; a good one beside it survives."""
    for name in ("moments", "peaks"):
        values, failures = Combined([name]).features([cell, json.dumps(CURVE)])
        assert list(failures) == [0]
        assert why in failures[0]
        assert np.isfinite(values[1]).all()


def test_intensities_on_a_common_grid() -> None:
    """Curves of different ranges are compared where all of them reach; what reaches less far later is a failure."""
    wide, narrow = (np.linspace(0, 10, 101), np.linspace(2, 8, 61))
    made = Intensities(n=5, baseline=False, x_unit="nm", y_unit="V").fit([(wide, wide), (narrow, 2 * narrow)])
    assert made.names[0] == "intensity at 2 nm"
    assert made.units == ("V",) * 5
    np.testing.assert_allclose(made.transform([(wide, wide)])[0], [2, 3.5, 5, 6.5, 8])
    short = np.linspace(3, 8, 20)
    assert "goes from 3 to 8, and is needed from 2 to 8" in made.features([(short, short)]).failures[0]
    scaled = Intensities(n=5, low=2, high=8, baseline=False, scaled=True)
    assert scaled.transform([(wide, wide)])[0].max() == 1


def test_intensities_need_a_range() -> None:
    """Before fit, without curves, and without a common range, it is said what to do."""
    cells = [([0, 1, 2, 3, 4], [1, 2, 3, 2, 1])]
    with pytest.raises(FeatureError, match="has no columns yet"):
        Intensities().transform(cells)
    with pytest.raises(FeatureError, match="no curve to learn"):
        Intensities().fit(["nothing"])
    with pytest.raises(FeatureError, match="no range in common"):
        Intensities().fit([*cells, ([5, 6, 7, 8, 9], [1, 2, 3, 2, 1])])


def test_units_of_areas() -> None:
    """The unit of an area is that of y times that of x."""
    assert Moments(x_unit="nm", y_unit="V").units[0] == "(V)*(nm)"
    assert Moments(x_unit="1/cm").units[:2] == ("1/cm", "1/cm")
    assert Moments().units == (None,) * 7
