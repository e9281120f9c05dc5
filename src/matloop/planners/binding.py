"""What holds a point where it is: ends of ranges, and constraints that a small step would break."""

from __future__ import annotations

import numpy as np

from matloop.core.mixture import Mixture
from matloop.core.parameter import Columns, Integer, Real
from matloop.core.space import Point, Space

#: A small step of a continuous variable: this share of its range.
STEP = 0.005


def holding(space: Space, point: Point) -> tuple[str, ...]:
    """In words: "t at its highest (1.4 mm)", "the constraint a + b <= 5, which keeps a from rising"."""
    return (*_ends(space, point), *_constraints(space, point))


def _ends(space: Space, point: Point) -> list[str]:
    """The variables that lie at an end of their range."""
    found = []
    for variable, (low, high, unit) in _ranges(space).items():
        value = float(point[variable])
        for end, word in ((low, "lowest"), (high, "highest")):
            if abs(value - end) <= 1e-9 * (high - low):
                found.append(f"{variable} at its {word} ({end:g}" + (f" {unit})" if unit else ")"))
    return found


def _constraints(space: Space, point: Point) -> list[str]:
    """The constraints that a small step of one variable would break, with the directions that they close.

    What breaks in both directions is an equality, or a forbidden combination next door: that says nothing.
    """
    if not space.constraints:
        return []
    steps = {variable: STEP * (high - low) for variable, (low, high, _) in _ranges(space).items()}
    for name, parameter in space.parameters.items():
        if isinstance(parameter, Real | Integer) and parameter.step:
            steps[name] = float(parameter.step)
    if not steps:
        return []
    columns = _moved(space, point, steps)
    found = []
    for constraint in space.constraints:
        rises, falls = (~constraint.holds(columns)).reshape(2, -1)
        closed = [f"{v} from rising" for v, up, down in zip(steps, rises, falls, strict=True) if up and not down]
        closed += [f"{v} from falling" for v, up, down in zip(steps, rises, falls, strict=True) if down and not up]
        if closed:
            found.append(f"the constraint {constraint.text}, which keeps {' and '.join(closed)}")
    return found


def _moved(space: Space, point: Point, steps: dict[str, float]) -> Columns:
    """The point with one variable moved up in each row, then those moved down; other conditions are left aside."""
    columns = space.columns([point] * (2 * len(steps)))
    for i, (variable, step) in enumerate(steps.items()):
        column = np.asarray(columns[variable], float).copy()
        column[[i, len(steps) + i]] += (step, -step)
        columns[variable] = column
    return columns


def _ranges(space: Space) -> dict[str, tuple[float, float, str | None]]:
    """Each variable that lies between two ends: low, high and unit."""
    ranges: dict[str, tuple[float, float, str | None]] = {}
    for name, parameter in space.parameters.items():
        if isinstance(parameter, Real | Integer):
            ranges[name] = (parameter.low, parameter.high, parameter.unit)
        elif isinstance(parameter, Mixture):
            for component, bounds in parameter.components.items():
                high = parameter.total if bounds.high is None else min(bounds.high, parameter.total)
                ranges[component] = (bounds.low, high, parameter.unit)
    return ranges
