"""The parameter that says how true a result is."""

import numpy as np
import pytest
from pydantic import ValidationError

from matloop import Choice, Fidelity, Integer, Maximize, Real, Space
from matloop.core.cost import cost_mistakes, price_of
from matloop.core.merit import counting
from matloop.core.trial import Observation
from matloop.planners.designs import GridDesign, LatinHypercube, Random, Sobol
from matloop.planners.forest import Forest
from matloop.planners.genetic import Genetic
from matloop.planners.mapping import Mapping
from matloop.planners.thompson import Thompson

SPACE = Space(x=Real(0, 1), method=Fidelity(["force field", "DFT", "experiment"], costs=[1, 5, 100]))


def test_the_space_has_true_points_only() -> None:
    """Samples and candidates are true; a rougher level may be tried and is no other point of the search."""
    assert set(SPACE.from_unit(np.random.default_rng(0).random((9, SPACE.width)))["method"]) == {"experiment"}
    finite = Space(n=Integer(1, 3), method=SPACE.parameters["method"])
    assert finite.n_points == 3
    assert finite.points(finite.candidates()) == [{"n": n, "method": "experiment"} for n in (1, 2, 3)]
    assert finite.problems({"n": 1, "method": "DFT"}) == []
    assert "none of force field, DFT, experiment" in finite.problems({"n": 1, "method": "guess"})[0]


def test_levels_lie_in_order_and_the_true_one_at_one() -> None:
    """A model sees how far below the truth a level lies, whatever it is called."""
    points = [{"x": 0.0, "method": level} for level in ("force field", "DFT", "experiment")]
    assert SPACE.encode(SPACE.columns(points))[:, 1].tolist() == [0.5, 0.75, 1.0]
    numbers = Space(x=Real(0, 1), mesh=Fidelity([8, 2, 1]))
    assert numbers.encode(numbers.columns([{"x": 0.0, "mesh": 2}]))[0, 1] == 0.75


def test_only_true_results_count() -> None:
    """What was measured roughly is no result, however good it looks."""
    seen = [Observation(str(i), {"x": 0.1, "method": m}, {"y": 1.0}) for i, m in enumerate(["DFT", "experiment"])]
    assert counting(SPACE, seen) == seen[1:]
    assert counting(Space(x=Real(0, 1)), seen) == seen


@pytest.mark.parametrize(
    "planner",
    [Random(), Sobol(), LatinHypercube(), GridDesign(), Genetic(), Forest(trees=3), Thompson(), Mapping()],
    ids=lambda planner: planner.kind,
)
def test_planners_that_know_no_fidelities_ask_for_the_truth(planner) -> None:
    """All other planners work in such a space, and ask for true results."""
    rng = np.random.default_rng(1)
    seen = [Observation(str(i), {"x": i / 7, "method": "experiment"}, {"y": i * (6 - i)}) for i in range(7)]
    for known in ([], seen):
        (proposal,) = planner.propose(SPACE, [Maximize("y")], known, [], 1, rng)
        assert proposal.point["method"] == "experiment"
        assert not SPACE.problems(proposal.point)


@pytest.mark.parametrize(
    ("levels", "settings", "message"),
    [
        (["a"], {}, "at least 2"),
        (["a", "a"], {}, "listed twice"),
        (["a", "b"], {"costs": [1]}, "1 costs for 2 levels"),
        (["a", "b"], {"costs": [0, 1]}, "more than 0"),
    ],
)
def test_mistakes_are_told(levels, settings, message) -> None:
    """Each mistake says what is wrong."""
    with pytest.raises(ValidationError, match=message):
        Fidelity(levels, **settings)


def test_mistakes_between_the_parts_are_told() -> None:
    """Two fidelities, nothing beside one, and costs said twice."""
    two = Space(x=Real(0, 1), a=Fidelity([1, 2]), b=Fidelity([1, 2]))
    assert [m.path for m in two.mistakes()] == ["space.b"]
    alone = Space(a=Fidelity([1, 2]))
    assert "nothing that can be varied" in alone.mistakes()[0].message
    assert "say it too" in cost_mistakes(3.0, SPACE)[0].message


def test_costs_follow_the_level_or_a_formula() -> None:
    """What a trial costs is said by the levels, or by a formula that may use them; without either nothing is known."""
    columns = SPACE.columns([{"x": 0.5, "method": m} for m in ("DFT", "experiment")])
    assert price_of(SPACE, None)(columns).tolist() == [5.0, 100.0]
    numbers = Space(x=Real(0, 1), mesh=Fidelity([1, 2]), solvent=Choice(["a", "b"]))
    columns = numbers.columns([{"x": 0.5, "mesh": m, "solvent": "a"} for m in (1, 2)])
    assert price_of(numbers, "mesh**3 + x")(columns).tolist() == [1.5, 8.5]
    assert price_of(numbers, None) is None
