"""What all planners that learn have in common, whatever they learn with."""

import numpy as np
import pytest

from matloop import AtLeast, AtMost, Maximize, Minimize, Mixture, Near, Pool, Real, Space
from matloop.core.errors import PlannerError
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.forest import Forest
from matloop.planners.genetic import Genetic
from matloop.planners.level_set import LevelSet
from matloop.planners.mapping import Mapping
from matloop.planners.portfolio import Portfolio
from matloop.planners.starts import n_missing, n_starts, starts
from matloop.planners.thompson import Thompson

SEEKERS = [Forest(starts=4, trees=10), Genetic(starts=4), Thompson(starts=4), Portfolio(starts=4)]
LEARNERS = [*SEEKERS, Mapping(starts=4), LevelSet(starts=4, level=0.5)]
learners = pytest.mark.parametrize("planner", LEARNERS, ids=lambda planner: planner.kind)
seekers = pytest.mark.parametrize("planner", SEEKERS, ids=lambda planner: planner.kind)

SQUARE = Space(x=Real(0, 1, step=0.05), z=Real(0, 1, step=0.05))
OBJECTIVES = [
    [Minimize("y")],
    [Near("y", 0.5)],
    [AtLeast("y", 0.2)],
    [AtMost("y", -5.0), AtLeast("w", 0.0)],
    [Maximize("y"), Minimize("w")],
    [Maximize("y"), AtLeast("w", 0.0)],
    [Near("y", 0.1), Near("w", 0.3), AtLeast("v", 0.1)],
]


def campaign(planner, space, wishes, truth, n, seed=0, batch=1) -> list[Observation]:
    seen: list[Observation] = []
    while len(seen) < n:
        for proposal in planner.propose(space, wishes, seen, [], batch, generator(seed, len(seen) + 1)):
            seen.append(Observation(str(len(seen) + 1), proposal.point, truth(proposal.point)))
    return seen


@pytest.mark.parametrize("planner", [*SEEKERS, Mapping(starts=4)], ids=lambda planner: planner.kind)
@pytest.mark.parametrize("wishes", OBJECTIVES, ids=lambda wishes: "+".join(wish.goal for wish in wishes))
def test_every_kind_of_objective_is_planned_for(planner, wishes) -> None:
    """Any objectives, several at once, lead to points that may be tried, each with a reason."""
    space = Space(x=Real(0, 1), c=Mixture(["a", "b"]))
    told = campaign(
        planner, space, wishes, lambda p: {"y": np.sin(3 * p["x"]), "w": p["x"] - 0.4, "v": 0.2}, 8, batch=2
    )
    assert all(space.problems(observation.point) == [] for observation in told)


@seekers
def test_a_hill_is_climbed(planner) -> None:
    """Trials lie higher than the space does on average, once the starts are over, and one of them near the top."""
    hill = lambda p: -np.hypot(p["x"] - 0.7, p["z"] - 0.2)  # noqa: E731
    seen = campaign(planner, SQUARE, [Maximize("y")], lambda p: {"y": hill(p)}, 40)
    heights = [observation.values["y"] for observation in seen]
    anywhere = np.mean([hill({"x": x, "z": z}) for x in np.linspace(0, 1, 41) for z in np.linspace(0, 1, 41)])
    assert np.mean(heights[10:]) > anywhere + 0.1
    assert max(heights) > -0.08


@seekers
def test_a_threshold_comes_before_the_goal(planner) -> None:
    """Most of the later trials meet a threshold that a third of the space meets and that opposes the goal."""
    wishes = [Maximize("y"), AtMost("w", 0.33)]
    seen = campaign(planner, SQUARE, wishes, lambda p: {"y": p["x"] + 0.1 * p["z"], "w": p["x"]}, 30)
    met = [observation.values["w"] <= 0.33 for observation in seen[15:]]
    assert np.mean(met) >= 0.5


@seekers
def test_a_target_value_is_found(planner) -> None:
    """With `near` the later trials gather around the value, on either side of it."""
    space = Space(x=Real(0, 3, step=0.01))
    seen = campaign(planner, space, [Near("gap", 1.4)], lambda p: {"gap": 0.5 + 0.6 * p["x"]}, 30)
    assert min(abs(observation.values["gap"] - 1.4) for observation in seen) < 0.05


@seekers
def test_several_goals_spread_over_the_front(planner) -> None:
    """Two opposed goals are both served: trials near either end of the front, and the detour is avoided."""
    truth = lambda p: {"y": p["x"] - p["z"], "w": p["x"] + p["z"]}  # noqa: E731
    seen = campaign(planner, SQUARE, [Maximize("y"), Minimize("w")], truth, 40)[20:]
    assert np.mean([observation.point["z"] for observation in seen]) < 0.3
    assert np.ptp([observation.point["x"] for observation in seen]) > 0.5


@learners
def test_failures_and_missing_values_do_not_disturb(planner) -> None:
    """Failed trials and results without the objective are no data for the model, and no reason to stop."""
    space = Space(x=Real(0, 1))
    seen = [Observation(str(i), {"x": i / 9}, {"y": i / 9}) for i in range(5)]
    seen += [Observation("f", {"x": 0.61}, failed="cracked"), Observation("m", {"x": 0.72}, {"other": 1.0})]
    assert len(planner.propose(space, [Maximize("y")], seen, [], 2, generator(0, 8))) == 2


@learners
@pytest.mark.parametrize("value", [0.0, 1e-300, 1e12, -5e8])
def test_constant_and_extreme_results(planner, value: float) -> None:
    """Equal results, tiny or huge, leave the planner working."""
    space = Space(x=Real(0, 1), y=Real(-1e-6, 1e9))
    seen = [Observation(str(i), {"x": i / 9, "y": i * 1e8}, {"y": value}) for i in range(6)]
    proposal = planner.propose(space, [Maximize("y")], seen, [], 1, generator(0, 7))[0]
    assert space.problems(proposal.point) == []


@learners
def test_pending_trials_are_not_proposed_again(planner) -> None:
    """In a small space, what is under way is left out, and a batch has no point twice."""
    space = Space(x=Real(0, 1, step=0.1))
    seen = [Observation(str(i), {"x": x}, {"y": x}) for i, x in enumerate((0.0, 0.3, 0.6, 1.0))]
    pending = [{"x": 0.9}, {"x": 0.8}]
    told = [p.point["x"] for p in planner.propose(space, [Maximize("y")], seen, pending, 9, generator(0, 7))]
    assert sorted(told) == [0.1, 0.2, 0.4, 0.5, 0.7]


@learners
def test_starts_are_told_from_what_follows(planner) -> None:
    """The first trials say that they are starts; the later ones have a reason of their own."""
    space = Space(x=Real(0, 1))
    first = planner.propose(space, [Maximize("y")], [], [], 6, generator(0, 1))
    assert all(p.reason.startswith("start from a Latin hypercube of 4") for p in first)
    seen = [Observation(str(i), p.point, {"y": p.point["x"]}) for i, p in enumerate(first)]
    assert "start" not in planner.propose(space, [Maximize("y")], seen, [], 1, generator(0, 7))[0].reason


@pytest.mark.parametrize("planner", [Thompson(), Portfolio(), Mapping(), LevelSet(level=1)], ids=lambda p: p.kind)
def test_names_alone_teach_nothing(planner) -> None:
    """A pool of names without properties is refused with a hint, as soon as there would be something to learn."""
    space = Space(pick=Pool(table={"id": tuple(f"m{i}" for i in range(20))}, label="id"))
    seen = [Observation(str(i), {"id": f"m{i}"}, {"y": float(i)}) for i in range(9)]
    with pytest.raises(PlannerError) as told:
        planner.propose(space, [Maximize("y")], seen, [], 1, generator(0, 10))
    assert "properties" in told.value.message


def test_starts_are_two_for_each_dimension_and_two() -> None:
    """In a small space they are a quarter of it, and never more than two dozen; failed and pending ones count."""
    assert n_starts(Space(x=Real(0, 1), m=Mixture(["a", "b", "c"]))) == 10
    assert n_starts(Space(x=Real(0, 1, step=0.1))) == 2
    assert n_starts(Space(**{f"x{i}": Real(0, 1) for i in range(40)})) == 24
    space = Space(x=Real(0, 1))
    assert n_missing(space, [Observation("1", {"x": 0.5}, failed="cracked")], [{"x": 0.1}]) == 2
    assert starts(space, set(), 0, generator(0, 1)) == []
