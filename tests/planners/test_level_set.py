"""A level set is looked for at the border, and nowhere else."""

import numpy as np
import pytest

from matloop import AtLeast, AtMost, Maximize, Near, Real, Space
from matloop.core.errors import PlannerError
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.level_set import LevelSet

SPACE = Space(x=Real(0, 1), z=Real(0, 1))


def trials(planner: LevelSet, wishes, truth, n: int = 40) -> list[Observation]:
    seen: list[Observation] = []
    for number in range(1, n + 1):
        point = planner.propose(SPACE, wishes, seen, [], 1, generator(0, number))[0].point
        seen.append(Observation(str(number), point, truth(point)))
    return seen


@pytest.mark.parametrize(
    ("planner", "wish"),
    [(LevelSet(level=0.5), Maximize("y")), (LevelSet(), AtLeast("y", 0.5)), (LevelSet(), AtMost("y", 0.5))],
)
def test_trials_gather_at_the_border(planner: LevelSet, wish) -> None:
    """Most later trials lie near the circle where the value is crossed, and all around it."""
    seen = trials(planner, [wish], lambda p: {"y": np.hypot(p["x"], p["z"])})[20:]
    assert np.mean([abs(o.values["y"] - 0.5) < 0.1 for o in seen]) > 0.6
    assert np.ptp([np.arctan2(o.point["z"], o.point["x"]) for o in seen]) > 1.2


def test_with_several_conditions_the_border_of_their_common_region_is_found() -> None:
    """The region x ≥ 0.5 and z ≥ 0.5: trials lie at its two edges rather than at the borders' other halves."""
    seen = trials(LevelSet(), [AtLeast("y", 0.5), AtLeast("w", 0.5)], lambda p: {"y": p["x"], "w": p["z"]})[15:]
    at_edge = [abs(min(o.point["x"], o.point["z"]) - 0.5) < 0.12 for o in seen]
    assert np.mean(at_edge) > 0.6


def test_the_score_is_the_straddle() -> None:
    """β σ − |margin| of the condition that is met least, by hand."""
    margins, doubts = np.array([[0.5, -0.2], [0.1, 0.3]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    assert LevelSet(exploration=2.0, level=0)._straddle(margins, doubts) == pytest.approx([6.0 - 0.1, 4.0 - 0.2])


@pytest.mark.parametrize(
    ("planner", "wishes", "hint"),
    [
        (LevelSet(), [Maximize("y")], "`level`"),
        (LevelSet(level=1), [Maximize("y"), Maximize("w")], "own limit"),
        (LevelSet(level=1), [AtLeast("y", 2), Near("w", 3)], "leave `level` out"),
    ],
)
def test_what_has_no_level_is_refused(planner: LevelSet, wishes, hint: str) -> None:
    """Before the first trial, with what to write instead."""
    with pytest.raises(PlannerError) as told:
        planner.propose(SPACE, wishes, [], [], 1, generator(0, 1))
    assert hint in told.value.hint
