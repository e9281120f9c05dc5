"""Permutation importance and rules, held against counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance as of_scikit_learn
from sklearn.linear_model import LinearRegression, LogisticRegression

from matloop.models.explain.permutation import balanced_error, permutation_importance
from matloop.models.explain.rules import Condition, find_rules, shortest

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4))
Y = 3 * X[:, 0] + X[:, 1] + 0.1 * RNG.normal(size=400)


def test_importance_agrees_with_scikit_learn():
    """Of single inputs it is that of scikit-learn up to the chance of the shuffling."""
    model = LinearRegression().fit(X[:200], Y[:200])
    told = permutation_importance(model, X[200:], Y[200:], n_repeats=30)
    known = of_scikit_learn(model, X[200:], Y[200:], scoring="neg_mean_absolute_error", n_repeats=30, random_state=1)
    for one in told.groups:
        i = int(one.name.removeprefix("input ")) - 1
        assert one.mean == pytest.approx(known.importances_mean[i], abs=0.1)
    assert [one.name for one in told.groups[:2]] == ["input 1", "input 2"]
    assert told.loss == pytest.approx(np.abs(Y[200:] - model.predict(X[200:])).mean())


def test_correlated_inputs_hide_each_other_until_they_are_grouped():
    """Two copies of one input share its importance; together they have all of it."""
    twice = np.column_stack([X[:, 0], X[:, 0] + 0.01 * X[:, 2], X[:, 3]])
    model = RandomForestRegressor(40, max_features=1, random_state=0).fit(twice[:200], 3 * X[:200, 0])
    single = permutation_importance(model, twice[200:], 3 * X[200:, 0], n_repeats=5)
    grouped = permutation_importance(model, twice[200:], 3 * X[200:, 0], {"x": [0, 1], "noise": [2]}, n_repeats=5)
    largest = max(one.mean for one in single.groups)
    assert grouped.groups[0].name == "x"
    assert grouped.groups[0].mean > 1.4 * largest


def test_a_group_keeps_what_correlates_within_it():
    """The members of a group are shuffled as one: their difference, which is all the model looks at, stays small."""
    twin = np.column_stack([X[:, 0], X[:, 0], X[:, 1]])

    class Difference:
        def predict(self, x):
            return x[:, 0] - x[:, 1]

    told = permutation_importance(Difference(), twin, np.zeros(400), {"both": [0, 1], "other": [2]})
    assert all(one.mean == 0 for one in told.groups)


def test_what_shuffling_leaves_as_it_was_is_not_asked_again():
    """An element that one row of four hundred has costs two rows of each shuffle."""
    asked = []

    class Sum:
        def predict(self, x):
            asked.append(len(x))
            return x.sum(axis=1)

    sparse = np.zeros((400, 2))
    sparse[7, 0] = 1.0
    told = permutation_importance(Sum(), sparse, sparse.sum(axis=1), n_repeats=5)
    assert sum(asked[1:]) <= 2 * 5
    assert told.groups[0].mean == pytest.approx(2 / 400, rel=0.3)


def test_a_frame_with_text_can_be_shuffled():
    """Permutation needs no numbers: a column of formulas is as good."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"formula": ["Fe", "Cu"] * 50, "t": np.arange(100.0)})

    class Lookup:
        def predict(self, rows):
            return (rows["formula"] == "Fe").to_numpy(float)

    told = permutation_importance(Lookup(), frame, np.array([1.0, 0.0] * 50), names=["material", "t"])
    assert [one.name for one in told.groups] == ["material", "t"]
    assert told.groups[0].mean == pytest.approx(0.5, abs=0.1)
    assert told.groups[1].mean == 0
    assert frame["formula"].tolist() == ["Fe", "Cu"] * 50


def test_of_classes_the_balanced_error_counts():
    """Rare classes weigh as much as common ones."""
    y = (X[:, 0] > 1).astype(int)
    told = permutation_importance(LogisticRegression().fit(X, y), X, y)
    assert told.loss_name == "balanced error"
    assert told.groups[0].name == "input 1"
    assert balanced_error(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])) == 0.5


@given(st.integers(0, 300), st.integers(2, 10))
def test_precision_and_support_of_every_rule_are_what_counting_gives(seed, n_leaves):
    """Each rule is read as its sentence says, and counted by hand."""
    rng = np.random.default_rng(seed)
    matrix = np.round(rng.normal(size=(120, 3)), rng.integers(0, 6)) * rng.choice([1e-3, 1, 1e4], 3)
    said = np.where(matrix[:, 0] > 0, "high", np.where(rng.random(120) < 0.3, "high", "low"))
    measured = np.where(rng.random(120) < 0.8, said, "low")
    told = find_rules(matrix, said, ["a", "b", "c"], measured=measured, n_leaves=n_leaves)
    n_right = 0
    for rule in told.rules:
        rows = [row for row in range(120) if all(_by_hand(c, matrix[row, c.column]) for c in rule.conditions)]
        right = sum(said[row] == rule.then for row in rows)
        n_right += right
        assert rule.support == len(rows) / 120
        assert rule.precision == right / len(rows)
        assert rule.measured_precision == sum(measured[row] == rule.then for row in rows) / len(rows)
        assert rule.then in rule.sentence()
    assert sum(rule.n_holds for rule in told.rules) == 120, "each row is in exactly one rule"
    assert told.agreement == pytest.approx(n_right / 120)


def _by_hand(condition, value):
    return (condition.low is None or value > condition.low) and (condition.high is None or value <= condition.high)


def test_a_rule_that_is_true_is_found_and_said_shortly():
    """The sentence has the input's name, a round threshold and the unit."""
    rng = np.random.default_rng(1)
    matrix = np.column_stack([rng.uniform(0, 4, 500), rng.uniform(0, 1000, 500)])
    said = np.where((matrix[:, 0] > 2.1) & (matrix[:, 1] <= 300), "gap > 2 eV", "gap ≤ 2 eV")
    told = find_rules(matrix, said, ["mean electronegativity", "temperature"], [None, "K"])
    best = next(rule for rule in told.rules if rule.then == "gap > 2 eV")
    assert best.precision > 0.95
    assert best.measured_precision is None
    assert "mean electronegativity > 2.1:" in best.sentence().replace(" and temperature ≤ 300 K", "")
    assert "temperature ≤ 300 K" in best.sentence()
    assert told.agreement > 0.98


def test_conditions_on_one_input_are_joined():
    """`1 < x ≤ 3`, not `x > 0 and x > 1 and x ≤ 3`."""
    x = np.linspace(0, 5, 200)[:, None]
    told = find_rules(x, np.where((x[:, 0] > 1) & (x[:, 0] <= 3), "in", "out"), ["x"], ["mm"])
    inside = next(rule for rule in told.rules if rule.then == "in")
    assert len(inside.conditions) == 1
    assert str(inside.conditions[0]) == "1 < x ≤ 3 mm"


def test_a_model_that_always_says_the_same_has_one_rule():
    told = find_rules(X, ["low"] * 400, list("abcd"))
    assert [rule.sentence() for rule in told.rules] == ["always: low (precision 1.00, support 1.00)"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.floats(-1e6, 1e6), st.integers(0, 3))
def test_a_rounded_threshold_moves_no_more_values_than_it_may(values, threshold, may_move):
    known = np.sort(values)
    short = shortest(known, threshold, may_move)
    assert np.sum((known <= short) != (known <= threshold)) <= may_move


def test_a_condition_holds_where_it_says():
    condition = Condition("x", 0, low=1.0, high=2.0)
    np.testing.assert_array_equal(condition.holds(np.array([[1.0], [1.5], [2.0], [2.5]])), [False, True, True, False])
