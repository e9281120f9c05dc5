"""Noisy expected hypervolume improvement: its limits, what it leaves alone, and agreement with plain sampling."""

import numpy as np
import pytest

from matloop import AtLeast, AtMost, Maximize, Minimize, Near
from matloop.models.gaussian_process import GaussianProcess
from matloop.models.pareto import hypervolume
from matloop.planners.excess import Ramp, Tent
from matloop.planners.hypervolume import FreeRegion
from matloop.planners.hypervolume_noisy import NoisyHypervolume, excess_of
from matloop.planners.reference import inferred_reference

GOALS = [Maximize("a"), Minimize("b")]
REFERENCE = np.array([-1.5, -1.5])


def bench(noise: float = 0.05, n: int = 14) -> tuple[np.ndarray, dict[str, GaussianProcess], np.ndarray]:
    """Inputs, models of three quantities and candidates."""
    rng = np.random.default_rng(0)
    X, P = rng.random((n, 2)), rng.random((40, 2))
    y = {"a": np.sin(4 * X[:, 0]) + X[:, 1], "b": X[:, 0] ** 2 - X[:, 1], "c": X[:, 0] + X[:, 1]}
    known = np.full(n, noise**2)
    models = {
        k: GaussianProcess().fit(X, v + noise * rng.standard_normal(n), noise_variance=known) for k, v in y.items()
    }
    return X, models, P


def test_every_objective_has_its_shape():
    """Maximize rises, Minimize falls, Near is a tent."""
    assert excess_of(Maximize("y")) == Ramp(1.0)
    assert excess_of(Minimize("y")) == Ramp(-1.0)
    assert excess_of(Near("y", 3.0)) == Tent(3.0)


def test_without_noise_it_is_the_exact_improvement_over_the_measured_front():
    """Where measurements are exact there is one front, and the models' own predictions are used as they are."""
    X, models, P = bench(noise=1e-6)
    value = NoisyHypervolume(GOALS, models, X, np.random.default_rng(0), reference=REFERENCE).log_value(P)
    front = np.column_stack([models["a"].predict(X), -models["b"].predict(X)])
    mean, std = zip(*(models[k].predict(P, return_std=True) for k in "ab"), strict=True)
    exact = FreeRegion([front], REFERENCE).log_expected_improvement(
        [Ramp(), Ramp(-1.0)], np.array(mean)[:, None], np.array(std)
    )
    likely = exact > exact.max() - 12
    np.testing.assert_allclose(value[likely], exact[likely], atol=1e-2)


@pytest.mark.parametrize(
    "goals", [GOALS, [Maximize("a"), Near("b", 0.2)], [Maximize("a"), Minimize("b"), Near("c", 1.0)]]
)
@pytest.mark.parametrize("pending", [None, np.array([[0.4, 0.9], [0.9, 0.9]])])
def test_it_is_what_plain_sampling_of_everything_finds(goals, pending):
    """The mean growth over joint draws at known, pending and candidate points agrees within sampling error."""
    X, models, P = bench(noise=0.15, n=8)
    reference = np.full(len(goals), -1.5)
    rng = np.random.default_rng(1)
    acquisition = NoisyHypervolume(goals, models, X, rng, pending, reference, n_samples=1024)
    tried = X if pending is None else np.concatenate([X, pending])
    P = P[:2]
    draws = []
    for goal in goals:
        mean, covariance = models[goal.name].predict(np.concatenate([tried, P]), return_cov=True)
        draws.append(goal.utility(rng.multivariate_normal(mean, covariance, size=800, method="eigh")))
    joint = np.stack(draws, axis=2)
    for i, value in enumerate(np.exp(acquisition.log_value(P))):
        growth = [
            hypervolume(rows[[*range(len(tried)), len(tried) + i]], reference)
            - hypervolume(rows[: len(tried)], reference)
            for rows in joint
        ]
        assert abs(value - np.mean(growth)) < 4.5 * np.std(growth) / np.sqrt(len(growth)) + 0.02 * value + 2e-4


def test_a_candidate_under_way_is_worth_little_more():
    """Where a trial is pending, another one is expected to add far less, however the pending one came in."""
    X, models, P = bench()
    plain = NoisyHypervolume(GOALS, models, X, np.random.default_rng(0), reference=REFERENCE, n_samples=64)
    best = int(plain.log_value(P).argmax())
    given = NoisyHypervolume(
        GOALS, models, X, np.random.default_rng(0), pending=P[[best]], reference=REFERENCE, n_samples=64
    )
    for later in (plain.with_pending(P[[best]]), given):
        assert later.log_value(P[[best]])[0] < plain.log_value(P[[best]])[0] - 2
    far = plain.log_value(P) > -8
    np.testing.assert_allclose(plain.with_pending(P[[best]]).log_value(P)[far], given.log_value(P)[far], atol=1.0)


def test_it_is_lower_where_more_is_under_way():
    """Trials under way can only lower the expected improvement of others, but for the sampling."""
    X, models, P = bench()
    plain = NoisyHypervolume(GOALS, models, X, np.random.default_rng(0), reference=REFERENCE, n_samples=128)
    before, after = np.exp(plain.log_value(P)), np.exp(plain.with_pending(P[:3]).log_value(P))
    assert (after < before * 1.1 + 1e-4).all()


def test_points_that_miss_a_threshold_do_not_count_on_the_front():
    """A threshold that nothing meets empties the front: all that exceeds the reference is then improvement."""
    X, models, P = bench(noise=0.01)

    def value(*thresholds):
        wishes = [*GOALS, *thresholds]
        return NoisyHypervolume(wishes, models, X, np.random.default_rng(0), reference=REFERENCE).log_value(P)

    free, hopeless, harmless = value(), value(AtMost("c", -50.0)), value(AtLeast("c", -50.0))
    np.testing.assert_allclose(harmless, free, atol=0.1)
    assert (hopeless > free).all()
    mean, std = zip(*(models[k].predict(P, return_std=True) for k in "ab"), strict=True)
    alone = FreeRegion([np.empty((0, 2))], REFERENCE).log_expected_improvement(
        [Ramp(), Ramp(-1.0)], np.array(mean)[:, None], np.array(std)
    )
    np.testing.assert_allclose(hopeless, alone, atol=1e-2)


def test_the_reference_point_is_inferred_from_what_is_expected_where_it_was_measured():
    """Without a reference the expected utilities of those that meet the thresholds give one."""
    X, models, _ = bench()
    wishes = [*GOALS, AtMost("c", 1.0)]
    expected = np.column_stack([models["a"].predict(X), -models["b"].predict(X)])
    meets = models["c"].predict(X) <= 1.0
    acquisition = NoisyHypervolume(wishes, models, X, np.random.default_rng(0))
    np.testing.assert_allclose(acquisition.reference, inferred_reference(expected[meets]))


def test_the_same_seed_gives_the_same_values():
    """All chance comes from the generator; replicates of a point change the draws only through the models."""
    X, models, P = bench()
    first, second = (NoisyHypervolume(GOALS, models, X, np.random.default_rng(7)).log_value(P) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    doubled = NoisyHypervolume(GOALS, models, np.concatenate([X, X]), np.random.default_rng(7)).log_value(P)
    np.testing.assert_array_equal(doubled, first)


def test_extremes_of_data_are_survived():
    """One observation, equal outcomes, a candidate that was measured: all values are numbers."""
    for n in (1, 2, 5):
        X = np.full((n, 2), 0.5)
        models = {k: GaussianProcess().fit(X, np.ones(n)) for k in "ab"}
        acquisition = NoisyHypervolume(GOALS, models, X, np.random.default_rng(0))
        assert np.isfinite(acquisition.log_value(np.array([[0.5, 0.5], [0.0, 1.0]]))).all()


def test_a_weight_is_looked_at_before_the_best_are_chosen():
    """Where all but a few of many candidates are improbable, the best of these few is worked out fully."""
    X, models, _ = bench()
    P = np.random.default_rng(3).random((2000, 2))
    acquisition = NoisyHypervolume(GOALS, models, X, np.random.default_rng(0), reference=REFERENCE)
    worst = np.argsort(acquisition.log_value(P))[:100]
    weight = np.full(2000, -1e3)
    weight[worst] = 0.0
    values = acquisition.log_value(P, weight)
    assert values.argmax() in worst
    np.testing.assert_allclose(values.max(), acquisition.log_value(P[worst]).max())


@pytest.mark.parametrize("noise", [0.02, 0.5])
def test_of_many_candidates_the_best_is_worked_out_fully(noise):
    """The highest value of many candidates, and its place, are those that working out all of them would give."""
    X, models, _ = bench(noise)
    P = np.random.default_rng(3).random((3000, 2))
    acquisition = NoisyHypervolume(GOALS, models, X, np.random.default_rng(0), reference=REFERENCE)
    acquisition = acquisition.with_pending(P[:2])
    together = acquisition.log_value(P)
    few = np.concatenate([acquisition.log_value(part) for part in np.array_split(P, 30)])
    assert together.argmax() == few.argmax()
    np.testing.assert_allclose(together.max(), few.max())
    assert (together[few < few.max() - 1] < together.max()).all()
