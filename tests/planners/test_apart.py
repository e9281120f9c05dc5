"""A batch that is kept apart by penalties instead of by imagined results."""

import numpy as np
import pytest

from matloop import AtMost, Bayesian, Maximize, Minimize, Prior, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.beliefs import Beliefs

SPACE = Space(x=Real(0, 1), z=Real(0, 1))
GOAL = [Maximize("y")]
SEEN = [
    Observation(str(i), {"x": float(x), "z": float(z)}, {"y": float(-((x - 0.4) ** 2) - (z - 0.6) ** 2), "w": float(x)})
    for i, (x, z) in enumerate(np.random.default_rng(0).random((9, 2)))
]
BY_PENALTY = Bayesian(batch_by="penalization")


def places(planner: Bayesian, n: int, pending=(), wishes=GOAL) -> np.ndarray:
    proposals = planner.propose(SPACE, wishes, SEEN, list(pending), n, generator(0, 1))
    return np.array([[p.point["x"], p.point["z"]] for p in proposals])


def test_the_first_of_a_batch_is_where_it_would_be_alone() -> None:
    """Nothing pending, no penalty: the first point is that of the planner without penalties."""
    np.testing.assert_array_equal(places(BY_PENALTY, 4)[0], places(Bayesian(), 1)[0])


@pytest.mark.parametrize("wishes", [[Maximize("y")], [Maximize("y"), AtMost("w", 0.5)]], ids=["goal", "threshold"])
def test_a_batch_lies_apart_and_clear_of_what_is_pending(wishes) -> None:
    """No two points of a batch, or of a batch and a pending trial, are close."""
    pending = [{"x": 0.4, "z": 0.6}]
    all_of_them = np.concatenate([[[0.4, 0.6]], places(BY_PENALTY, 3, pending, wishes)])
    distances = np.linalg.norm(all_of_them[:, None] - all_of_them[None], axis=2)[np.triu_indices(4, 1)]
    assert distances.min() > 0.02


def test_what_is_pending_changes_no_model() -> None:
    """The same predictions with and without pending points, and a lower score around these."""
    beliefs = Beliefs(SPACE, [Minimize("y")], SEEN, generator(0, 1)).keeping_apart()
    point = {"x": 0.9, "z": 0.1}
    later = beliefs.with_pending([point])
    assert later.predictions(point) == beliefs.predictions(point)
    columns = SPACE.columns([point])
    assert later.score(columns)[0] < beliefs.score(columns)[0] - 0.5
    assert later.rough(columns)[0] == pytest.approx(later.score(columns)[0], abs=1e-2)


def test_it_is_for_a_plain_goal_without_a_prior() -> None:
    """A prior beside it is told as a mistake."""
    planner = Bayesian(batch_by="penalization", prior={"y": Prior(column="x")})
    (mistake,) = planner.mistakes(SPACE, [Maximize("y")])
    assert mistake.path == "planner.batch_by"
