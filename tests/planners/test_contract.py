"""What every planner promises, on spaces of every kind."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matloop import (
    AtLeast,
    Bayesian,
    GridDesign,
    LatinHypercube,
    Maximize,
    Minimize,
    Mixture,
    Near,
    Random,
    Real,
    Sobol,
    Space,
)
from matloop.core.contracts import Planner
from matloop.core.errors import PlannerError
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.forest import Forest
from matloop.planners.genetic import Genetic
from matloop.planners.level_set import LevelSet
from matloop.planners.mapping import Mapping
from matloop.planners.portfolio import Portfolio
from matloop.planners.thompson import Thompson

from .spaces import play, score, spaces

PLANNERS = [Random(), Sobol(), LatinHypercube(size=6), GridDesign(levels=3), GridDesign(levels=3, shuffle=True)]
PLANNERS += [Bayesian(starts=4), Bayesian(starts=3, design="random")]
PLANNERS += [Forest(starts=4, trees=3), Genetic(starts=4), Thompson(starts=4), Portfolio(starts=4)]
PLANNERS += [Mapping(starts=4), LevelSet(starts=4, level=0.5)]
planners = pytest.mark.parametrize("planner", PLANNERS, ids=lambda planner: planner.kind)
slow = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@planners
def test_it_keeps_the_contract(planner) -> None:
    """Each is a Planner by its methods alone."""
    assert isinstance(planner, Planner)


@planners
@slow
@given(space=spaces(), seed=st.integers(0, 99), batch=st.integers(1, 3))
def test_every_proposal_may_be_tried_and_is_new(planner, space: Space, seed: int, batch: int) -> None:
    """No proposal breaks a constraint, leaves its grid or repeats an earlier one."""
    points = play(planner, space, 9, seed, batch)
    assert points
    assert all(space.problems(point) == [] for point in points)
    assert len({space.key(point) for point in points}) == len(points)


@planners
@slow
@given(space=spaces(), seed=st.integers(0, 99))
def test_the_same_history_gives_the_same_proposal(planner, space: Space, seed: int) -> None:
    """Planners have no memory but what they are given: bit for bit."""
    assert play(planner, space, 7, seed) == play(planner, space, 7, seed)


@planners
def test_a_finite_space_is_exhausted_and_then_nothing_is_proposed(planner) -> None:
    """Every candidate comes once; after the last one the answer is an empty list."""
    space = Space(x=Real(0, 1, step=0.25), m=Mixture(["a", "b"], step=0.5))
    points = [space.key(point) for point in play(planner, space, 99)]
    assert len(points) == 15
    assert set(points) == {space.key(point) for point in space.points(space.candidates())}


@planners
def test_contradicting_constraints_are_named(planner) -> None:
    """Where nothing is feasible the error says which constraints there are; a grid is simply empty."""
    space = Space(x=Real(0, 1), y=Real(0, 1), constraints=["x + y <= 0.5", "x * y >= 0.9"])
    if planner.kind == "grid":
        assert planner.propose(space, [Maximize("y")], [], [], 1, generator(0, 1)) == []
        return
    with pytest.raises(PlannerError) as told:
        planner.propose(space, [Maximize("y")], [], [], 1, generator(0, 1))
    assert "x * y >= 0.9" in told.value.hint


@planners
@pytest.mark.parametrize(
    "constraint", ["x + y + z == 1.5", "x + y + z <= 0.02", "x - y == 0", "2 <= 2*x + 2*y <= 2.01"]
)
def test_narrow_constraints_hold(planner, constraint: str) -> None:
    """Equalities and slivers that chance would hardly hit are met exactly."""
    space = Space(x=Real(0, 1), y=Real(0, 1), z=Real(0, 1), constraints=[constraint])
    if planner.kind == "grid":
        pytest.skip("a grid meets an equality only where its levels do")
    points = play(planner, space, 8)
    assert len(points) == 8
    assert all(space.problems(point) == [] for point in points)


OBJECTIVES = [
    [Minimize("y")],
    [Near("y", 0.5)],
    [AtLeast("y", 0.2)],
    [Maximize("y"), Minimize("w")],
    [Maximize("y"), AtLeast("w", 0.0)],
    [Near("y", 0.1), Near("w", 0.3), AtLeast("v", 0.1)],
]


@pytest.mark.parametrize("wishes", OBJECTIVES, ids=lambda wishes: "+".join(wish.goal for wish in wishes))
def test_every_kind_of_objective_is_planned_for(wishes) -> None:
    """Any objectives, several at once, lead to valid proposals with a reason and a prediction."""
    space, planner, seen = Space(x=Real(0, 1), c=Mixture(["a", "b"])), Bayesian(starts=4), []
    for number in range(1, 12):
        proposal = planner.propose(space, wishes, seen, [], 1, generator(0, number))[0]
        x = proposal.point["x"]
        seen.append(Observation(str(number), proposal.point, {"y": np.sin(3 * x), "w": x - 0.4, "v": 0.2 + x}))
    assert set(proposal.predicted) == {wish.name for wish in wishes}
    assert "expected" in proposal.reason


def test_pending_trials_are_not_proposed_again() -> None:
    """What is under way shapes the next proposal: it lies elsewhere."""
    space = Space(x=Real(0, 1))
    seen = [Observation(str(i), {"x": i / 7}, {"y": score({"x": i})}) for i in range(8)]
    first = Bayesian().propose(space, [Maximize("y")], seen, [], 1, generator(0, 9))[0].point
    second = Bayesian().propose(space, [Maximize("y")], seen, [first], 1, generator(0, 9))[0].point
    assert abs(first["x"] - second["x"]) > 1e-3


def test_failures_and_missing_values_do_not_disturb() -> None:
    """Failed trials and results without the objective are no data for the model, and no reason to stop."""
    space = Space(x=Real(0, 1))
    seen = [Observation(str(i), {"x": i / 9}, {"y": i / 9}) for i in range(5)]
    seen += [Observation("f", {"x": 0.61}, failed="cracked"), Observation("m", {"x": 0.72}, {"other": 1.0})]
    assert Bayesian(starts=3).propose(space, [Maximize("y")], seen, [], 2, generator(0, 8))


@pytest.mark.parametrize("value", [0.0, 1e-300, 1e12, -5e8])
def test_constant_and_extreme_results(value: float) -> None:
    """Equal results, tiny or huge, leave the planner working."""
    space = Space(x=Real(0, 1), y=Real(-1e-6, 1e9))
    seen = [Observation(str(i), {"x": i / 9, "y": i * 1e8}, {"y": value}) for i in range(6)]
    proposal = Bayesian(starts=3).propose(space, [Maximize("y")], seen, [], 1, generator(0, 7))[0]
    assert space.problems(proposal.point) == []


def test_achieved_settings_train_the_model() -> None:
    """The model learns where a result was really measured, not where it was planned."""
    space = Space(x=Real(0, 1))
    truth = [Observation(str(i), {"x": i / 9}, {"y": -((i / 9 - 0.3) ** 2)}) for i in range(8)]
    moved = [Observation(o.trial, {"x": 0.5}, o.values, achieved=o.point) for o in truth]
    same = [
        p.propose(space, [Maximize("y")], seen, [], 1, generator(0, 9))[0]
        for p in [Bayesian()]
        for seen in (truth, moved)
    ]
    assert same[0].point["x"] == pytest.approx(same[1].point["x"], abs=0.02)


def test_a_known_optimum_is_found() -> None:
    """On a smooth hill in three dimensions with a constraint, thirty trials come close to the top."""
    space = Space(x=Real(0, 1), y=Real(0, 1), z=Real(0, 1), constraints=["x + y <= 1"])
    seen = []
    for number in range(1, 31):
        point = Bayesian().propose(space, [Maximize("f")], seen, [], 1, generator(1, number))[0].point
        f = -((point["x"] - 0.6) ** 2) - (point["y"] - 0.6) ** 2 - (point["z"] - 0.2) ** 2
        seen.append(Observation(str(number), point, {"f": f}))
    best = max(o.values["f"] for o in seen)
    assert best > -0.025, "the top on the edge of the constraint is −0.02"
