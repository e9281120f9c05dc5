"""Measuring again or measuring new."""

import numpy as np
import pytest

from matloop import AtLeast, Bayesian, Match, Maximize, Minimize, Near, Pool, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.again import gains
from matloop.planners.draws import joint
from matloop.planners.surrogates import fit_objectives

SPACE = Space(x=Real(0, 1, step=0.125))


def noisy(noise: float, n: int, wishes, planner, space: Space = SPACE, batch: int = 1) -> list:
    """The proposals of n trials of a slope with noise, none of which comes twice in a batch."""
    rng, seen, proposals = np.random.default_rng(3), [], []
    while len(seen) < n:
        told = planner.propose(space, wishes, seen, [], batch, generator(0, len(seen) + 1))
        if not told:
            break
        assert len({proposal.point["x"] for proposal in told}) == len(told)
        proposals += told
        for proposal in told:
            y = 0.3 * proposal.point["x"] + noise * rng.standard_normal()
            seen.append(Observation(str(len(seen)), proposal.point, {"y": y, "w": 1.0}))
    return proposals


def times(proposals) -> np.ndarray:
    return np.unique([proposal.point["x"] for proposal in proposals], return_counts=True)[1]


def test_no_point_comes_twice_unless_it_is_allowed() -> None:
    """However strong the noise, the default measures each point once."""
    assert list(times(noisy(1.0, 30, [Maximize("y")], Bayesian()))) == [1] * 9


@pytest.mark.parametrize("wishes", [[Maximize("y")], [Near("y", 0.2)], [Minimize("y"), AtLeast("w", 0.0)]])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_point_is_measured_as_often_as_allowed_and_no_more(wishes, batch: int) -> None:
    """In a small space with strong noise points are repeated up to the limit, and never within one batch."""
    proposals = noisy(1.0, 99, wishes, Bayesian(replicates=3), batch=batch)
    assert times(proposals).max() == 3


def test_a_repeated_point_says_so() -> None:
    """The reason of a replicate, and of no other trial, tells that it is one and how often it was measured before."""
    seen = set()
    for proposal in noisy(1.0, 24, [Maximize("y")], Bayesian(replicates=3)):
        assert proposal.reason.startswith("measured again") == (proposal.point["x"] in seen)
        seen.add(proposal.point["x"])
    assert "once so far" in " ".join(p.reason for p in noisy(1.0, 24, [Maximize("y")], Bayesian(replicates=3)))


def test_without_noise_nothing_is_repeated_while_something_is_new() -> None:
    """Where a measurement leaves nothing open, all new points come before the first replicate."""
    proposals = noisy(0.0, 9, [Maximize("y")], Bayesian(replicates=3))
    assert list(times(proposals)) == [1] * 9


def test_failed_attempts_count_as_trials() -> None:
    """A point that keeps failing is not tried more often than a point may be measured."""
    seen = [Observation(str(i), {"x": i / 8}, {"y": i / 8}) for i in range(9)]
    seen += [Observation("f1", {"x": 1.0}, failed="cracked"), Observation("f2", {"x": 1.0}, failed="cracked")]
    proposal = Bayesian(replicates=3).propose(SPACE, [Maximize("y")], seen, [], 1, generator(0, 12))[0]
    assert proposal.point["x"] != 1.0


def test_a_point_that_is_no_longer_allowed_is_not_repeated() -> None:
    """Points from before the space was narrowed teach, and are left alone."""
    narrowed = Space(x=Real(0, 0.5, step=0.125))
    seen = [Observation(str(i), {"x": i / 8}, {"y": i / 8 + 0.3 * (-1) ** i}) for i in range(9)]
    told = [
        Bayesian(replicates=9).propose(narrowed, [Maximize("y")], seen, [], 1, generator(0, k))[0] for k in range(5)
    ]
    assert all(proposal.point["x"] <= 0.5 for proposal in told)


def test_the_gain_is_what_imagined_measurements_bring() -> None:
    """The closed form agrees with a simulation: draw what would be measured, fit it in, and take the best mean."""
    space = Space(pick=Pool(table={"x": tuple(np.linspace(0, 1, 7))}))
    rng, points = np.random.default_rng(0), space.points(space.candidates())
    seen = [Observation(str(i), points[i % 4], {"y": float(rng.standard_normal())}) for i in range(12)]
    model = fit_objectives(space, [Maximize("y")], seen)["y"]
    tried, new = space.columns(points[:4]), space.columns(points[4:])
    told = gains(Maximize("y"), model, tried, new)
    mean, covariance = joint(model, space.columns(points))
    for i in (0, 3, 5):
        size = np.sqrt(covariance[i, i] + model.model.noise_variance_)
        may = [0, 1, 2, 3] + ([i] if i > 3 else [])
        after = []
        for y in mean[i] + size * rng.standard_normal(700):
            better = model.model.condition(space.encode(space.columns([points[i]])), [y])
            after.append(better.predict(space.encode(space.columns([points[j] for j in may]))).max())
        error = np.std(after) / np.sqrt(len(after))
        assert told[i] == pytest.approx(np.mean(after) - mean[:4].max(), abs=4 * error + 1e-3)


def test_measuring_again_is_worth_nothing_without_noise() -> None:
    """The gain at a tried point vanishes with the noise, and grows with it at the leader."""
    space = Space(x=Real(0, 1))
    tried, new = {"x": np.array([0.1, 0.5, 0.9])}, {"x": np.array([0.3, 0.7])}
    found = []
    for std in (1e-6, 0.3):
        seen = [
            Observation(str(i), {"x": x}, {"y": y}, std={"y": std})
            for i, (x, y) in enumerate(((0.1, 0.0), (0.5, 1.0), (0.9, 0.9)))
        ]
        model = fit_objectives(space, [Maximize("y")], seen)["y"]
        model.model.theta_ = np.append(model.model.theta_[:-1], np.log((std / model.model.outcome_scale_) ** 2))
        found.append(gains(Maximize("y"), model, tried, new))
    assert found[0][:3] == pytest.approx(0.0, abs=1e-5)
    assert found[1][1] > 0.01


def test_several_goals_and_curves_are_refused() -> None:
    """Where replicates cannot be weighed, the definition says so before the first trial."""
    curve = Match("y", target={"x": (1.0, 2.0), "y": (0.0, 1.0)})
    for wishes in ([Maximize("y"), Minimize("w")], [AtLeast("y", 1.0)], [curve]):
        (mistake,) = Bayesian(replicates=2).mistakes(SPACE, wishes)
        assert mistake.path == "planner.replicates"
    assert Bayesian(replicates=2).mistakes(SPACE, [Maximize("y"), AtLeast("w", 0.0)]) == []
