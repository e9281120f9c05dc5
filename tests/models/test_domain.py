"""The domain: like rows are inside, unlike rows outside, and each of these with its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.models.domain import ApplicabilityDomain


def rows(n: int, d: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)) * np.arange(1, d + 1)


@pytest.mark.parametrize("n", [30, 300, 3000])
def test_about_as_many_new_rows_are_inside_as_was_asked_for(n: int) -> None:
    domain = ApplicabilityDomain(inside=0.9).fit(rows(n))
    distance, _ = domain.judge(rows(2000, seed=1))
    assert 0.7 < np.mean(distance <= 1) < 0.97


@pytest.mark.parametrize("n", [10, 15, 60])
@pytest.mark.parametrize("times", [1, 3])
def test_few_rows_and_repeated_ones_leave_room_for_new_ones(n: int, times: int) -> None:
    """A material that was measured three times does not make the domain smaller, and ten rows make one at all."""
    known = np.repeat(rows(n, d=3), times, axis=0)
    distance, _ = ApplicabilityDomain().fit(known).judge(rows(2000, d=3, seed=1))
    assert 0.7 < np.mean(distance <= 1) < 0.99


def test_training_rows_are_nearly_all_inside() -> None:
    X = rows(500)
    assert ApplicabilityDomain().fit(X).judge(X).is_inside.mean() > 0.93


def test_the_distance_grows_on_the_way_out() -> None:
    domain = ApplicabilityDomain().fit(rows(400))
    way = np.outer(np.linspace(0, 20, 30), np.arange(1, 7))
    distance, is_inside = domain.judge(way)
    assert (np.diff(distance[5:]) > 0).all()
    assert is_inside[0]
    assert not is_inside[-1]


def test_between_two_families_lies_nothing_that_is_known() -> None:
    """An ellipsoid around everything would call the gap between two heaps the most typical place of all."""
    rng = np.random.default_rng(0)
    heaps = np.concatenate([rng.normal(-10, 1, size=(200, 4)), rng.normal(10, 1, size=(200, 4))])
    domain = ApplicabilityDomain().fit(heaps)
    assert not domain.judge(np.zeros((1, 4))).is_inside[0]
    assert domain.judge(np.full((1, 4), 10.0)).is_inside[0]


def test_an_input_that_was_never_there_is_outside_and_is_named() -> None:
    """A column that is 0 in all training rows, as of an element none of them holds."""
    X = np.column_stack([rows(200), np.zeros(200)])
    domain = ApplicabilityDomain().fit(X)
    asked = np.zeros((2, 7))
    asked[1, 6] = 0.2
    assert list(domain.judge(asked).is_inside) == [True, False]
    names = [*"abcdef", "Pu fraction"]
    assert domain.reasons(asked, names) == ["", "Pu fraction is 0.2, in the training rows always 0"]


def test_a_value_far_beyond_the_range_is_named_with_the_range() -> None:
    X = np.column_stack([np.linspace(300, 500, 200), rows(200, 3)])
    domain = ApplicabilityDomain().fit(X)
    asked = np.array([[400, 0, 0, 0], [1500, 0, 0, 0]], dtype=float)
    one, other = domain.reasons(asked, ["temperature", "b", "c", "d"])
    assert one == ""
    assert other.startswith("temperature is 1500, in the training rows 300 to 500")


def test_missing_values_are_no_reason_to_be_outside() -> None:
    X = rows(200)
    X[::3, 2] = np.nan
    domain = ApplicabilityDomain().fit(X)
    assert domain.judge(np.array([[0, 0, np.nan, 0, 0, 0.0]])).is_inside[0]


@given(n=st.integers(1, 40), d=st.integers(0, 5), seed=st.integers(0, 20))
@settings(max_examples=40)
def test_any_table_has_a_domain(n: int, d: int, seed: int) -> None:
    """Few rows, no columns, equal rows, constant or empty columns: a distance that is a number, and no warning."""
    rng = np.random.default_rng(seed)
    X = rng.choice([0.0, 1.0, np.nan, 1e6], size=(n, d))
    domain = ApplicabilityDomain().fit(X)
    distance, is_inside = domain.judge(X)
    assert np.isfinite(distance).all()
    assert is_inside.dtype == bool
    assert len(domain.reasons(X, [str(i) for i in range(d)])) == n


def test_the_same_rows_give_the_same_domain() -> None:
    X, asked = rows(800), rows(50, seed=2)
    one, other = (ApplicabilityDomain().fit(X).judge(asked).distance for _ in range(2))
    assert np.array_equal(one, other)


def test_inputs_that_the_outcome_does_not_depend_on_count_for_little() -> None:
    """Far away in a column of noise is still inside; as far away in the column that matters is not."""
    X = np.random.default_rng(0).normal(size=(400, 5))
    domain = ApplicabilityDomain().fit(X, 3 * X[:, 0])
    blind = ApplicabilityDomain().fit(X)
    away = np.zeros((2, 5))
    away[0, 0], away[1, 3] = 8.0, 8.0
    that_matters, noise = domain.judge(away).distance
    assert that_matters > 3 * noise
    assert blind.judge(away).distance[0] < 1.3 * blind.judge(away).distance[1]


def test_another_number_of_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="6 columns are expected"):
        ApplicabilityDomain().fit(rows(50)).judge(np.zeros((1, 2)))


@pytest.mark.data
@pytest.mark.parametrize("name", ["expt_gap", "phonons"])
def test_published_materials_outside_are_predicted_worse(name: str, published: Path) -> None:
    """A forest errs more on held-out compositions outside the domain than on those inside."""
    from sklearn.ensemble import ExtraTreesRegressor

    from matloop.features.combined import Combined

    frame = pd.read_csv(published / f"matbench_{name}" / f"{name}.csv").sample(frac=1, random_state=0).iloc[:1500]
    X = Combined(["magpie", "fractions"]).features(frame["formula"].tolist()).values
    y = frame["target"].to_numpy()
    error, inside = [], []
    order = np.random.default_rng(0).permutation(len(y))
    for test in np.array_split(order, 3):
        train = np.setdiff1d(order, test)
        forest = ExtraTreesRegressor(40, max_features=0.3, random_state=0).fit(X[train], y[train])
        error.append(np.abs(forest.predict(X[test]) - y[test]))
        inside.append(ApplicabilityDomain().fit(X[train], y[train]).judge(X[test]).is_inside)
    told, is_inside = np.concatenate(error), np.concatenate(inside)
    assert 0.85 < is_inside.mean() < 0.99
    assert told[~is_inside].mean() > 1.15 * told[is_inside].mean()
