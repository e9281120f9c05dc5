"""The genetic algorithm ranks as NSGA-II does, and its children are points like any other."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matloop import AtLeast, Choice, Maximize, Minimize, Pool, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.genetic import Genetic, crowding, survivors
from matloop.planners.genome import Genome

from .spaces import spaces


def seen(*rows: tuple[float, float]) -> list[Observation]:
    return [Observation(str(i), {"x": 0.1 * i}, {"y": y, "w": w}) for i, (y, w) in enumerate(rows)]


def test_fronts_come_first_and_within_a_front_the_lonely() -> None:
    """Two fronts of five: the ends of the first, then its loneliest middle, then the second front."""
    told = survivors([Maximize("y"), Maximize("w")], seen((0, 10), (9, 1), (8, 2), (3, 7), (10, 0), (1, 1)), 6)
    assert set(told[:2]) == {0, 4}
    assert told[2] == 3
    assert told[-1] == 5


def test_thresholds_come_before_goals() -> None:
    """What meets the threshold precedes all that does not; the others follow by how much they miss it."""
    told = survivors([Maximize("y"), AtLeast("w", 1.0)], seen((9, 0.5), (1, 1.5), (5, 0.9), (2, 2.0)), 4)
    assert told == [3, 1, 2, 0]


def test_crowding_is_the_side_of_the_cuboid() -> None:
    """By hand: the ends are infinite, the middle one sums its neighbours' distances over the ranges."""
    assert crowding(np.array([[0.0, 4.0], [1.0, 3.0], [4.0, 0.0]])) == pytest.approx([np.inf, 2.0, np.inf])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(space=spaces(), seed=st.integers(0, 99))
def test_the_genes_of_a_point_make_that_point(space: Space, seed: int) -> None:
    """From a point to its genes and back nothing is lost but the digits that nobody sets."""
    rng = np.random.default_rng(seed)
    drawn = space.from_unit(rng.random((20, space.width)))
    genome = Genome(space, rng)
    again, ok = genome.columns(genome.genes(space.points(drawn)))
    assert (ok == space.feasible(drawn)).all()
    assert space.encode(again) == pytest.approx(space.encode(drawn), abs=3e-5)


def test_children_resemble_their_parents() -> None:
    """In the mean a child lies much nearer to its nearest parent than a random point does."""
    space = Space(**{f"x{i}": Real(0, 1) for i in range(4)})
    rng = np.random.default_rng(0)
    points = space.points(space.from_unit(rng.random((12, 4))))
    known = [Observation(str(i), p, {"y": float(i)}) for i, p in enumerate(points)]
    told = Genetic(starts=2, population=5).propose(space, [Maximize("y")], known, [], 40, generator(0, 13))
    best = space.encode(space.columns(points[-5:]))

    def distance(x: np.ndarray) -> float:
        return float(np.mean(np.linalg.norm(x[:, None] - best[None], axis=2).min(axis=1)))

    children = distance(space.encode(space.columns([p.point for p in told])))
    assert children < 0.5 * distance(rng.random((1000, 4)))
    assert told[0].reason.startswith("a child of ")


def test_children_of_a_pool_are_neighbours_by_their_properties() -> None:
    """Rows in any order: what is near the best in its columns is tried first."""
    rng = np.random.default_rng(0)
    mass = tuple(rng.permutation(200).astype(float).tolist())
    space = Space(pick=Pool(table={"mass": mass}), c=Choice(["a"]))
    known = [Observation(str(m), {"mass": m, "c": "a"}, {"y": -abs(m - 100)}) for m in (10.0, 60.0, 100.0, 103.0)]
    told = Genetic(starts=2, population=2).propose(space, [Maximize("y")], known, [], 6, generator(0, 5))
    assert np.median([abs(p.point["mass"] - 101) for p in told]) < 20


def test_two_goals_reach_the_front() -> None:
    """On the first problem of Zitzler, Deb & Thiele 2000 the population comes close to the known front."""
    space = Space(**{f"x{i}": Real(0, 1) for i in range(5)})
    known: list[Observation] = []
    while len(known) < 600:
        for p in Genetic().propose(space, [Minimize("f"), Minimize("g")], known, [], 20, generator(0, len(known) + 1)):
            f, g = p.point["x0"], 1 + 9 * np.mean([p.point[f"x{i}"] for i in range(1, 5)])
            known.append(Observation(str(len(known) + 1), p.point, {"f": f, "g": g * (1 - np.sqrt(f / g))}))
    excess = [o.values["g"] - (1 - np.sqrt(o.values["f"])) for o in known[-100:]]
    assert np.median(excess) < 0.5, "random points lie 3 above the front"
