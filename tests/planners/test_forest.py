"""A forest plans with the mean of its trees and with their disagreement."""

import numpy as np
import pytest

from matloop import Choice, Maximize, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.forest import Forest


def stairs(n: int, seed: int = 0) -> tuple[Space, list[Observation]]:
    space = Space(x=Real(0, 1), c=Choice(["a", "b", "c"]))
    rng = np.random.default_rng(seed)
    points = [
        {"x": round(float(x), 5), "c": str(c)} for x, c in zip(rng.random(n), rng.choice(list("abc"), n), strict=True)
    ]
    return space, [Observation(str(i), p, {"y": 2.0 * (p["c"] == "b") + (p["x"] > 0.5)}) for i, p in enumerate(points)]


@pytest.mark.parametrize("method", ["random_forest", "extra_trees"])
def test_it_finds_the_right_box(method: str) -> None:
    """On steps that a tree can express, without exploration, the proposal lies on the highest step."""
    space, seen = stairs(40)
    told = Forest(exploration=0, trees=30, method=method).propose(space, [Maximize("y")], seen, [], 1, generator(0, 41))
    assert told[0].point["c"] == "b"
    assert told[0].point["x"] > 0.45
    assert told[0].predicted["y"].mean == pytest.approx(3, abs=0.6)


def test_exploration_goes_where_trees_disagree() -> None:
    """With a large β the expected spread of the proposal is larger than without."""
    space, seen = stairs(25)
    near, far = (
        Forest(exploration=beta, trees=30).propose(space, [Maximize("y")], seen, [], 1, generator(0, 26))[0]
        for beta in (0.0, 50.0)
    )
    assert far.predicted["y"].std > near.predicted["y"].std


@pytest.mark.parametrize(("unit", "shift"), [(2.0**10, 2.0**12), (2.0**-40, 0.0)])
def test_a_shift_and_a_unit_change_nothing(unit: float, shift: float) -> None:
    """Outcomes in another unit, be it ever so small, or counted from another zero, lead to the same points."""
    space, seen = stairs(20)
    moved = [Observation(o.trial, o.point, {"y": unit * o.values["y"] + shift}) for o in seen]
    told = [Forest(trees=10).propose(space, [Maximize("y")], data, [], 3, generator(0, 21)) for data in (seen, moved)]
    assert [p.point for p in told[0]] == [p.point for p in told[1]]
