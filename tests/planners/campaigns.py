"""Whole random campaigns, drawn by Hypothesis: any space, any wishes, and results of any size, however odd."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from matloop import (
    AtLeast,
    AtMost,
    Choice,
    Fidelity,
    Integer,
    Match,
    Maximize,
    Minimize,
    Mixture,
    Near,
    Pool,
    Real,
    Space,
)
from matloop.core.curve import Curve
from matloop.core.errors import PlannerError
from matloop.core.objective import Objective
from matloop.core.space import STREAMABLE, Point
from matloop.core.trial import Observation
from matloop.planners.sampling import Sampler

from .spaces import choices, integers, mixtures, pools, reals

TARGET = {"x": (1.0, 2.0, 3.0, 4.0), "y": (0.0, 1.0, 0.5, 0.0)}
WISHES: list[list[Objective]] = [
    [Maximize("y")],
    [Minimize("y")],
    [Near("y", 0.5)],
    [Near("y", 1e6)],
    [AtLeast("y", 0.2)],
    [AtMost("y", -1e-300), AtLeast("w", 0.0)],
    [Maximize("y"), AtLeast("w", 0.0)],
    [Minimize("y"), AtMost("w", 1e6)],
    [Near("y", 0.0), AtLeast("w", 1e300)],
    [Maximize("y"), Minimize("w")],
    [Maximize("y"), Maximize("w"), AtMost("v", 0.5)],
    [Near("y", 0.1), Near("w", 0.3), AtLeast("v", 0.1)],
    [Match("y", target=TARGET)],
    [Match("y", target=TARGET), AtLeast("w", 0.0)],
]
#: Finite spaces with more points are looked through for seconds, and for up to a minute until they are only sampled.
MOST = 50_000
#: How large the results are; the square of the largest is still a number.
SIZES = (0.0, 1e-300, 1e-12, 1.0, 1.0, 1.0, 1e6, 1e12, 1e150)


@dataclass(frozen=True)
class RandomCampaign:
    """What a planner is asked: all of `propose` but the generator."""

    space: Space
    wishes: list[Objective]
    seen: list[Observation]
    pending: list[Point]
    batch: int
    seed: int


# -- spaces ----------------------------------------------------------------------------------------------------

wide_reals = st.sampled_from(
    [
        Real(0, 1),
        Real(-1e-9, 1e-9),
        Real(1e9, 1e9 + 1),
        Real(-1e12, 1e12),
        Real(1e-12, 1e12, log=True),
        Real(0, 1, step=1),
        Real(1, 1e4, log=True, step=1),
        Integer(0, 1),
        Integer(-(10**9), 10**9),
    ]
)
odd_choices = st.sampled_from(
    [
        Choice(["only"]),
        Choice([0.1, "text", True]),
        Choice(["a", "b", "c"], descriptors={"size": (1.0, 2.0, 1e6), "same": (3.0, 3.0, 3.0)}),
        Choice([f"o{i}" for i in range(30)]),
    ]
)
odd_mixtures = st.sampled_from(
    [
        Mixture(["p", "q"], step=0.5),
        Mixture(["p", "q", "r", "s", "t"], at_most=2),
        Mixture({"p": {"low": 0.2}, "q": {"low": 0.3}, "r": {"high": 0.6}}, at_most=2, at_least=2),
        Mixture(["p", "q", "r", "s"], at_most=2, step=0.25),
        Mixture({"p": {"low": 0.999}, "q": {}, "r": {}}),
    ]
)
odd_pools = st.sampled_from(
    [
        Pool(table={"mass": (1.0,)}),
        Pool(table={"id": ("m0", "m1", "m2"), "mass": (7.0, 7.0, 7.0)}, label="id"),
        Pool(table={"id": tuple(f"m{i}" for i in range(9))}, label="id"),
        Pool(table={"mass": (1.0, 1.0, 2.0, 2.0), "same": (5.0,) * 4, "sort": ("a", "a", "b", "b")}),
        Pool(table={"mass": (0.0, 1e-300, 1e6, 1e12), "gap": (1.0, 1.0 + 1e-15, 1.0, 2.0)}),
    ]
)
fidelities = st.sampled_from(
    [
        Fidelity(["rough", "true"], costs=[0.1, 1]),
        Fidelity([8, 2, 1], costs=[1e-9, 1, 1e9]),
        Fidelity(["rough", "true"]),
    ]
)


@st.composite
def any_spaces(draw):
    """One to six parameters of every kind, sometimes up to fifty; and conditions that one point at least meets."""
    n_numbers = draw(st.sampled_from([0, 0, 1, 1, 2, 3, 4, 12, 50]))
    if n_numbers > 4:
        parameters = {f"x{i}": (Real(0, 1), Integer(0, 5), Real(1, 100, log=True))[i % 3] for i in range(n_numbers)}
    else:
        parameters = {f"x{i}": draw(st.one_of(reals(), wide_reals, integers())) for i in range(n_numbers)}
    kinds = {
        "c": st.one_of(choices, odd_choices),
        "blend": st.one_of(mixtures, odd_mixtures),
        "pick": st.one_of(pools, odd_pools),
    }
    for name, kind in kinds.items():
        if draw(st.integers(0, 2)) == 0 or (name == "pick" and not parameters):
            parameters[name] = draw(kind)
    if draw(st.integers(0, 4)) == 0:
        parameters = {"level": draw(fidelities), **parameters}
    while MOST < math.prod(p.n_points for p in parameters.values()) <= STREAMABLE:
        parameters.popitem()
    space = Space(**parameters)
    (anchor,) = space.points(space.from_unit(np.random.default_rng(draw(st.integers(0, 9))).random((1, space.width))))
    return Space(constraints=draw(conditions(parameters, anchor)), **parameters)


@st.composite
def conditions(draw, parameters, anchor: Point):
    """Up to two conditions that the anchor meets, on whatever can be calculated with."""
    numbers = [name for name, p in parameters.items() if isinstance(p, Real | Integer)]
    numbers += [c for p in parameters.values() if isinstance(p, Mixture) for c in p.components]
    if not numbers or draw(st.booleans()):
        return []
    a, b = draw(st.sampled_from(numbers)), draw(st.sampled_from(numbers))
    at_a, at_b = float(anchor[a]), float(anchor[b])
    possible = [f"{a} <= {at_a!r}", f"{a} + {b} <= {at_a + at_b!r}", f"{a} * {b} >= {at_a * at_b!r}"]
    possible += [f"{a} == {at_a!r} or {b} >= {at_b!r}", f"never {a} > {at_a!r} and {b} < {at_b!r}"]
    if isinstance(anchor.get("c"), str):
        possible.append(f"if c == '{anchor['c']}' then {a} <= {at_a!r}")
    return draw(st.lists(st.sampled_from(possible), min_size=1, max_size=2, unique=True))


# -- results ---------------------------------------------------------------------------------------------------


@st.composite
def values(draw, n: int):
    """n results of one quantity, (n,): all equal, noise, steps, with an outlier, of any size."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.sampled_from(SIZES))
    kind = draw(st.sampled_from(["noise", "noise", "equal", "steps", "orders", "outlier"]))
    y = rng.standard_normal(n)
    if kind == "equal":
        y[:] = y[:1]
    elif kind == "steps":
        y = np.sign(y)
    elif kind == "orders":
        y = y * 10.0 ** rng.uniform(-12, 0, n)
    elif kind == "outlier" and n:
        y[rng.integers(n)] *= 1e6
    return np.clip(size * y, -1e150, 1e150)


@st.composite
def campaigns(draw):
    """Any space, any wishes, and a history of up to fifteen results."""
    space = draw(any_spaces())
    wishes = draw(st.sampled_from(WISHES))
    n = draw(st.sampled_from([0, 1, 2, 3, 5, 8, 15]))
    n_pending = draw(st.sampled_from([0, 0, 0, 1, 3]))
    seed = draw(st.integers(0, 999))
    points = _points(space, n + n_pending, seed, draw(st.sampled_from(["different", "different", "same", "pairs"])))
    tables = {wish.name: draw(values(n)) for wish in wishes}
    std = draw(st.sampled_from([None, None, 0.0, 1e-300, 0.1, 1e6, 1e150]))
    seen = []
    for i, point in enumerate(points[:n]):
        told = {name: float(table[i]) for name, table in tables.items()}
        known = {} if std is None or i % 3 == 0 else dict.fromkeys(told, std)
        observation = draw(spoiled(Observation(str(i), point, told, known)))
        seen.append(_with_curve(wishes, observation, draw(st.booleans())))
    return RandomCampaign(space, wishes, seen, points[n:], draw(st.sampled_from([1, 1, 1, 2, 4])), seed)


def _points(space: Space, n: int, seed: int, repeated: str) -> list[Point]:
    """n points that may be tried (none where chance finds none): all the same, each twice, or as they come."""
    rng = np.random.default_rng(seed)
    try:
        found = space.points(Sampler(space).draw(lambda k: rng.random((k, space.width)), max(n, 1))[1])
    except PlannerError:
        return []
    shown = {"different": 1, "pairs": 2, "same": n or 1}[repeated]
    return [_at_a_level(space, found[(i // shown) % len(found)], rng) for i in range(n)]


def _at_a_level(space: Space, point: Point, rng: np.random.Generator) -> Point:
    """The point at any of the levels, where the space has a fidelity."""
    if space.fidelity is None:
        return point
    name, fidelity = space.fidelity
    return {**point, name: fidelity.levels[rng.integers(len(fidelity.levels))]}


@st.composite
def spoiled(draw, seen: Observation):
    """Now and then a result that failed, one that lacks a value, or one that was measured elsewhere."""
    what = draw(st.sampled_from(["", "", "", "", "failed", "lacking", "outside", "elsewhere"]))
    if what == "failed":
        return replace(seen, values={}, std={}, failed="cracked")
    if what == "lacking":
        return replace(seen, values={k: v for k, v in seen.values.items() if k != "w"})
    numbers = {k: float(v) for k, v in seen.point.items() if isinstance(v, float | int) and not isinstance(v, bool)}
    if what == "outside":
        return replace(seen, achieved={k: 3.0 * v + 1.0 for k, v in numbers.items()})
    if what == "elsewhere":
        return replace(seen, achieved={k: v * (1 + 1e-9) for k, v in numbers.items()})
    return seen


def _with_curve(wishes: list[Objective], seen: Observation, is_kept: bool) -> Observation:
    """Of a wish for a curve the value is a distance, and the curve may have come with it."""
    for wish in wishes:
        if isinstance(wish, Match) and wish.name in seen.values:
            value = min(abs(seen.values[wish.name]), 1e12)
            curve = wish.curve([y + value * (i + 1) for i, y in enumerate(wish.target.y)])
            assert isinstance(curve, Curve)
            seen = replace(
                seen,
                values={**seen.values, wish.name: wish.distance_of(curve)},
                curves={wish.name: curve} if is_kept else {},
            )
    return seen
