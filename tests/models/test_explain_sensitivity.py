"""Normalized sensitivity coefficients, partial dependence and groups of inputs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LinearRegression

from matloop.models.explain.asked import Asked
from matloop.models.explain.dependence import along_column, grid_of
from matloop.models.explain.groups import by_correlation, by_name, group_name, summed
from matloop.models.explain.sensitivity import sensitivity

X, Y = make_friedman1(200, n_features=6, random_state=0)
FOREST = RandomForestRegressor(30, random_state=0).fit(X, Y)


@given(
    st.lists(st.floats(-5, 5).filter(lambda b: abs(b) > 0.01), min_size=2, max_size=6),
    st.integers(0, 99),
    st.floats(0.01, 1.0),
)
def test_of_a_linear_model_the_shares_are_slope_times_spread(slopes, seed, delta):
    """|β| σ over the sum of these, however large the perturbation."""
    beta = np.array(slopes)
    matrix = np.random.default_rng(seed).normal(size=(30, len(beta))) * np.arange(1, len(beta) + 1)
    wanted = np.abs(beta) * matrix.std(axis=0)
    np.testing.assert_allclose(sensitivity(lambda x: x @ beta, matrix, delta), wanted / wanted.sum(), rtol=1e-6)


def test_the_shares_sum_to_one():
    """Whatever the model."""
    assert sensitivity(FOREST.predict, X).sum() == pytest.approx(1.0)


@given(st.floats(1e-3, 1e3), st.floats(-10, 10), st.floats(1e-3, 1e3))
def test_the_shares_do_not_change_with_the_units(factor, shift, of_answer):
    """Kelvin or °C, eV or meV: another unit of an input or of the answer changes no share."""

    def other(x):
        x = x.copy()
        x[:, 2] = (x[:, 2] - shift) / factor
        return of_answer * np.sin(3 * x[:, 0]) * x[:, 1] + of_answer * np.exp(x[:, 2])

    def plain(x):
        return np.sin(3 * x[:, 0]) * x[:, 1] + np.exp(x[:, 2])

    matrix = X[:60, :3].copy()
    converted = matrix.copy()
    converted[:, 2] = converted[:, 2] * factor + shift
    np.testing.assert_allclose(sensitivity(other, converted), sensitivity(plain, matrix), rtol=1e-5)


def test_what_the_model_ignores_or_what_is_constant_has_no_share():
    """Nor does a division by zero follow from it."""
    matrix = X[:, :3].copy()
    matrix[:, 2] = 7.0
    shares = sensitivity(lambda x: x[:, 0] + x[:, 2], matrix)
    np.testing.assert_allclose(shares, [1, 0, 0])
    assert np.all(sensitivity(lambda x: np.zeros(len(x)), matrix) == 0)
    assert np.all(sensitivity(FOREST.predict, np.ones((5, 6))) == 0)


def test_rows_without_a_value_do_not_count_for_that_input():
    matrix = X[:, :2].copy()
    matrix[::3, 1] = np.nan
    shares = sensitivity(lambda x: x[:, 0] + 2 * np.nan_to_num(x[:, 1]), matrix)
    spread = np.nanstd(matrix, axis=0)
    np.testing.assert_allclose(shares, spread * [1, 2] / (spread @ [1, 2]))


def test_an_input_of_two_values_is_switched_not_moved():
    """Between 0 and 1 there is no solvent and a half."""
    matrix = np.column_stack([X[:, 0], np.arange(len(X)) % 2])
    seen = set()

    def ask(x):
        seen.update(x[:, 1])
        return 2 * x[:, 1]

    assert sensitivity(ask, matrix)[1] == pytest.approx(1.0)
    assert seen == {0.0, 1.0}


def test_what_most_rows_do_not_have_is_moved_in_the_others_alone():
    """A forest jumps where an absent element appears; that is no slope, and would drown all others."""
    matrix = np.column_stack([X[:, 0], np.where(np.arange(len(X)) % 10 == 0, 0.2 + 0.5 * X[:, 1], 0.0)])
    shares = sensitivity(lambda x: x[:, 0] + 50 * (x[:, 1] > 0.001), matrix)
    np.testing.assert_allclose(shares, [1.0, 0.0], atol=1e-12)
    spread = matrix.std(axis=0)
    np.testing.assert_allclose(sensitivity(lambda x: x @ [1, 3], matrix), spread * [1, 3] / (spread @ [1, 3]))


def test_no_input_leaves_the_range_of_the_rows():
    """A model is not asked about what nobody measured."""

    def ask(x):
        assert np.all(x >= X.min(axis=0) - 1e-12)
        assert np.all(x <= X.max(axis=0) + 1e-12)
        return x.sum(axis=1)

    sensitivity(ask, X, delta=1.0)


def test_of_a_forest_the_inputs_are_ranked_as_the_true_function_has_them():
    """A tiny perturbation would see nothing of its steps; that is why the default is a quarter of the spread."""
    shares = sensitivity(FOREST.predict, X)
    assert shares.argmin() == 5, "the only input that is noise"
    assert shares[3] > shares[4], "10 x against 5 x"
    assert sensitivity(FOREST.predict, X, delta=1e-9).sum() == 0


def test_partial_dependence_is_that_of_scikit_learn():
    """Grid, average and individual curves."""
    matrix = X.copy()
    matrix[:, 3] = np.round(X[:, 3], 1)
    told = along_column(FOREST.predict, matrix, 3, "flow", "mL/min")
    known = partial_dependence(FOREST, matrix, [3], method="brute", kind="both")
    np.testing.assert_allclose(told.grid, known["grid_values"][0])
    np.testing.assert_allclose(told.average, known["average"][0])
    np.testing.assert_allclose(told.individual, known["individual"][0])
    assert told.span == pytest.approx(np.ptp(known["average"]))


def test_partial_dependence_of_a_linear_model_is_its_line():
    model = LinearRegression().fit(X, Y)
    told = along_column(model.predict, X, 1, "b")
    slope = np.polyfit(told.grid, told.average, 1)[0]
    assert slope == pytest.approx(model.coef_[1])


@given(st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(float("nan"))), min_size=1, max_size=80))
def test_the_grid_lies_within_the_values(values):
    """Sorted, without repetition, without what is no number."""
    known = np.array([v for v in values if v == v])
    grid = grid_of(np.array(values), 10)
    assert np.all(np.diff(grid) > 0)
    if len(known):
        assert len(grid) >= 1
        assert grid.min() >= known.min()
        assert grid.max() <= known.max()


def test_statistics_of_one_property_and_columns_of_words_belong_together():
    """And a mean free path that stands alone keeps its name."""
    names = ["mean Row", "avg_dev Row", "mean free path", "solvent is water", "solvent is DMF", "meaning"]
    assert by_name(names) == {"Row": [0, 1], "mean free path": [2], "solvent": [3, 4], "meaning": [5]}
    assert group_name("salt: mean Row") == "salt: Row"


def test_correlated_inputs_are_joined_and_others_are_not():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 300))
    matrix = np.column_stack([a, np.exp(a) + 0.01 * b, b, -a + 0.02 * b, np.full(300, 4.0)])
    groups = by_correlation(matrix, ["a", "exp a", "b", "minus a", "constant"])
    assert sorted(map(sorted, groups.values())) == [[0, 1, 3], [2], [4]]
    assert any(name.endswith("and 2 like it") for name in groups)


def test_sums_over_groups_keep_the_total():
    values = np.arange(12.0).reshape(2, 6)
    both = summed(values, {"x": [0, 5], "y": [1, 2, 3, 4]})
    np.testing.assert_allclose(both.sum(axis=1), values.sum(axis=1))


def test_a_model_is_asked_with_the_columns_it_knows():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    model = LinearRegression().fit(frame, Y)
    np.testing.assert_allclose(Asked(model, frame)(X[:5]), model.predict(frame[:5]))
