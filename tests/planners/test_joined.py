"""Several goals joined in one number: the expected gain, by draws, over the best that is expected so far."""

import numpy as np
import pytest

from matloop import AtMost, Maximize, Minimize, Near
from matloop.models.gaussian_process import GaussianProcess
from matloop.planners.joined import ByChebyshev, ByDesirability, Joined
from matloop.planners.scalarization import desirability

GOALS = [Maximize("a"), Minimize("b")]
UNACCEPTABLE, SATISFIED = np.array([-1.0, -1.0]), np.array([1.5, 1.0])
DESIRED = ByDesirability(UNACCEPTABLE, SATISFIED, np.array([2.0, 1.0]))


def bench(n: int = 10) -> tuple[np.ndarray, dict[str, GaussianProcess], np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.random((n, 2))
    y = {"a": np.sin(4 * X[:, 0]) + X[:, 1], "b": X[:, 0] ** 2 - X[:, 1], "c": X.sum(axis=1)}
    return X, {k: GaussianProcess().fit(X, v) for k, v in y.items()}, rng.random((60, 2))


def test_it_is_what_plain_sampling_finds() -> None:
    """The mean gain in desirability over many draws agrees, but for few draws and the round corner."""
    X, models, P = bench()
    value = np.exp(Joined(GOALS, models, X, np.random.default_rng(0), DESIRED).log_value(P))
    rng = np.random.default_rng(1)

    def number(a, b):
        return desirability(np.stack([a, -b], axis=-1), UNACCEPTABLE, SATISFIED, [2.0, 1.0])

    best = number(models["a"].predict(X), models["b"].predict(X)).max()
    (mean_a, std_a), (mean_b, std_b) = (models[k].predict(P, return_std=True) for k in "ab")
    z = rng.standard_normal((2, 20_000, 1))
    exact = np.maximum(number(mean_a + std_a * z[0], mean_b + std_b * z[1]) - best, 0.0).mean(axis=0)
    np.testing.assert_allclose(value, exact, atol=0.01)
    assert np.corrcoef(value, exact)[0, 1] > 0.95


@pytest.mark.parametrize("joining", [DESIRED, ByChebyshev()])
def test_a_candidate_under_way_is_worth_little_more(joining) -> None:
    """Where a trial is pending the outcome counts as known."""
    X, models, P = bench()
    plain = Joined(GOALS, models, X, np.random.default_rng(0), joining)
    best = P[[int(plain.log_value(P).argmax())]]
    assert plain.with_pending(best).log_value(best)[0] < plain.log_value(best)[0]


def test_weights_are_drawn_anew_for_each_trial() -> None:
    """Of one state of knowledge, different trials go to different places."""
    X, models, P = bench()
    both = [Maximize("a"), Maximize("b")]
    values = [Joined(both, models, X, np.random.default_rng(i), ByChebyshev()).log_value(P) for i in range(12)]
    assert len({int(value.argmax()) for value in values}) > 2


def test_a_weight_is_added() -> None:
    """The logarithm of a chance, or of whatever else multiplies."""
    X, models, P = bench()
    joined, weight = Joined(GOALS, models, X, np.random.default_rng(0), DESIRED), -np.arange(60.0)
    np.testing.assert_allclose(joined.log_value(P, weight), joined.log_value(P) + weight)


def test_points_that_miss_a_threshold_are_not_the_best_so_far() -> None:
    """A threshold that leaves out the best raises what others are worth."""
    X, models, P = bench()

    def value(*thresholds):
        return Joined([*GOALS, *thresholds], models, X, np.random.default_rng(0), DESIRED).log_value(P)

    assert (value(AtMost("c", 0.8)) > value()).all()
    np.testing.assert_allclose(value(AtMost("c", -50.0)), value())


def test_what_is_unacceptable_is_inferred_where_nobody_said_it() -> None:
    """And lies below what satisfies, whatever is known."""
    known = np.array([[0.0, 5.0], [1.0, 6.0], [2.0, 7.0]])
    rule = ByDesirability(np.array([np.nan, np.nan]), np.array([4.0, 3.0]), np.ones(2)).rule(
        known, np.random.default_rng(0)
    )
    numbers = rule(known)
    assert (np.diff(numbers) > 0).all()
    assert numbers.max() < 1.0
    assert rule(np.array([4.0, 3.0])) == pytest.approx(1.0)


def test_where_all_is_unacceptable_there_is_a_slope_that_leads_out() -> None:
    """Less lacking is better, below every acceptable outcome."""
    rule = DESIRED.rule(np.zeros((1, 2)), np.random.default_rng(0))
    worse, bad, good = rule(np.array([[-3.0, -3.0], [-2.0, -1.5], [-0.9, -0.9]]))
    assert worse < bad < 0.0 < good


def test_extremes_of_data_are_survived() -> None:
    """One observation, equal outcomes, a near goal, a candidate that was measured: all values are numbers."""
    for n in (1, 3):
        X = np.full((n, 2), 0.5)
        models = {k: GaussianProcess().fit(X, np.ones(n)) for k in "ab"}
        for goals in (GOALS, [Maximize("a"), Near("b", 1.0)]):
            for joining in (ByChebyshev(), ByDesirability(np.full(2, np.nan), np.zeros(2), np.ones(2))):
                joined = Joined(goals, models, X, np.random.default_rng(0), joining)
                assert np.isfinite(joined.log_value(np.array([[0.5, 0.5], [0.0, 1.0]]))).all()
