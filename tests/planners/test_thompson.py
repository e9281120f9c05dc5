"""Thompson sampling visits a point as often as it may be the best one."""

import numpy as np

from matloop import Maximize, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.learner import Task
from matloop.planners.outlook import GaussianOutlook
from matloop.planners.thompson import Thompson

SPACE = Space(x=Real(0, 1, step=0.1))
SEEN = [Observation(str(x), {"x": x}, {"y": y}) for x, y in ((0.0, 0.0), (0.3, 1.0), (0.7, 0.8), (1.0, -0.5))]


def test_choices_follow_the_probability_of_being_best() -> None:
    """Over many seeds each untried point is chosen as often as independent joint draws have their maximum there."""
    wishes = [Maximize("y")]
    told = [
        Thompson(starts=2).propose(SPACE, wishes, SEEN, [], 1, generator(seed, 5))[0].point["x"] for seed in range(400)
    ]
    task = Task(SPACE, wishes, SEEN, [], frozenset(), generator(0, 1))
    left = {"x": np.array([0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9])}
    model = GaussianOutlook.of(task).models["y"]
    mean, covariance = model.model.predict(SPACE.encode(left), return_cov=True)
    draws = np.random.default_rng(1).multivariate_normal(mean, covariance, size=20_000, method="eigh")
    expected = np.bincount(draws.argmax(axis=1), minlength=7) / len(draws)
    found = np.array([np.mean(np.array(told) == x) for x in left["x"]])
    assert np.abs(found - expected).max() < 4 * np.sqrt(0.25 / 400)


def test_a_batch_is_spread_as_the_draws_are() -> None:
    """Where little is known a batch has different points in different places."""
    space = Space(x=Real(0, 1), z=Real(0, 1))
    seen = [Observation(str(x), {"x": x, "z": 0.5}, {"y": np.sin(9 * x)}) for x in (0.1, 0.4, 0.9)]
    batch = Thompson(starts=2).propose(space, [Maximize("y")], seen, [], 6, generator(0, 4))
    places = np.array([[p.point["x"], p.point["z"]] for p in batch])
    assert len(np.unique(places, axis=0)) == 6
    assert np.ptp(places, axis=0).max() > 0.3
