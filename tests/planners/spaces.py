"""Spaces of every kind, drawn by Hypothesis, and campaigns played on them."""

import numpy as np
from hypothesis import strategies as st

from matloop import Choice, Integer, Maximize, Mixture, Pool, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation

NUMBER = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))


@st.composite
def reals(draw):
    low = draw(NUMBER)
    high = low + draw(st.floats(0.1, 1e3)).__round__(3)
    if low > 0 and draw(st.booleans()):
        return Real(low, high, log=True)
    step = draw(st.sampled_from([None, None, round((high - low) / 7, 4)]))
    return Real(low, high, **({"step": step} if step else {}))


@st.composite
def integers(draw):
    low = draw(st.integers(-20, 20))
    return Integer(low, low + draw(st.integers(2, 30)), step=draw(st.sampled_from([1, 2])))


choices = st.sampled_from([Choice(["a", "b", "c"]), Choice([1, 5, 9]), Choice([True, False])])
mixtures = st.sampled_from(
    [
        Mixture(["p", "q", "r"]),
        Mixture({"p": {"high": 0.5}, "q": {"low": 0.1}, "r": {}}),
        Mixture(["p", "q", "r", "s"], total=100, step=10),
    ]
)
pools = st.sampled_from(
    [
        Pool(table={"mass": (1.0, 2.0, 3.5, 4.0, 7.0, 8.0, 9.5), "sort": tuple("aabbabc")}),
        Pool(table={"id": tuple(f"m{i}" for i in range(40)), "gap": tuple(i * 0.1 for i in range(40))}, label="id"),
    ]
)


@st.composite
def spaces(draw):
    """One to four parameters; where there are two continuous numbers, sometimes a constraint between them."""
    parameters = {f"x{i}": draw(reals()) for i in range(draw(st.integers(0, 2)))}
    for name, kind in (("n", integers()), ("c", choices), ("blend", mixtures), ("pick", pools)):
        if draw(st.integers(0, 3)) == 0:
            parameters[name] = draw(kind)
    parameters = parameters or {"x0": draw(reals())}
    constraints = []
    if {"x0", "x1"} <= parameters.keys() and draw(st.booleans()):
        a, b = parameters["x0"], parameters["x1"]
        level = round(0.4 * (a.low + b.low) + 0.6 * (a.high + b.high), 3)
        constraints.append(f"x0 + x1 <= {level}")
    return Space(constraints=constraints, **parameters)


def score(point: dict) -> float:
    """A smooth landscape on whatever a point holds."""
    numbers = [float(v) for v in point.values() if isinstance(v, int | float)]
    return float(sum(np.sin(x / 3) for x in numbers)) + len(str(point)) % 3


def play(planner, space: Space, n: int, seed: int = 0, batch: int = 1) -> list[dict]:
    """The points of a campaign of n trials, results taken at once after each batch."""
    seen: list[Observation] = []
    while len(seen) < n:
        number = len(seen) + 1
        proposals = planner.propose(space, [Maximize("y")], seen, [], batch, generator(seed, number))
        if not proposals:
            break
        seen += [Observation(str(number + i), p.point, {"y": score(p.point)}) for i, p in enumerate(proposals)]
    return [observation.point for observation in seen]
