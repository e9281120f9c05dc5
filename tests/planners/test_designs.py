"""Designs stay stratified where not every combination is allowed, and follow the trial's number."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from matloop import Choice, LatinHypercube, Maximize, Mixture, Pool, Random, Real, Sobol, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.sampling import Sampler
from matloop.planners.stratify import stratified

TIGHT = {"cement": {"low": 0.1, "high": 0.13}, "water": {"low": 0.1, "high": 0.2}, "sand": {"low": 0.3, "high": 0.5}}
RNG = np.random.default_rng(0)
SPACES = {
    "corner": Space(x=Real(0, 1), y=Real(0, 1), z=Real(0, 1), constraints=["x + y + z <= 1"]),
    "ring": Space(x=Real(-1, 1), y=Real(-1, 1), constraints=["x*x + y*y <= 1", "x*x + y*y >= 0.8"]),
    "mixture": Space(m=Mixture({"p": {"high": 0.5}, "q": {"low": 0.1}, "r": {}})),
    "tight mixture": Space(m=Mixture({**TIGHT, "gravel": {"low": 0.3, "high": 0.4}, "dye": {"high": 0.02}})),
    "pool": Space(p=Pool(table={"a": tuple(RNG.normal(size=600)), "b": tuple(RNG.exponential(size=600))})),
}


def design(planner, space: Space, n: int, seed: int = 0) -> list[dict]:
    return [p.point for p in planner.propose(space, [Maximize("y")], [], [], n, generator(seed, 1))]


def covered(space: Space, everywhere: np.ndarray, points: list[dict]) -> float:
    """The share of strata of equal content that hold a point, over all columns."""
    here, n = space.encode(space.columns(points)), len(points)
    edges = np.quantile(everywhere, np.linspace(0, 1, n + 1)[1:-1], axis=0)
    strata = [len(set(np.searchsorted(edge, column))) for edge, column in zip(edges.T, here.T, strict=True)]
    return float(np.mean(strata) / n)


@pytest.mark.parametrize("name", SPACES)
def test_a_latin_hypercube_is_stratified_in_what_is_allowed(name: str) -> None:
    """It covers more strata than a Sobol sequence, and its nearest points lie farther apart, in the mean of six."""
    space = SPACES[name]
    columns = space.candidates() or Sampler(space).draw(lambda n: RNG.random((n, space.width)), 5000)[1]
    everywhere = space.encode(columns)
    designs = {p.kind: [design(p, space, 20, seed) for seed in range(6)] for p in (LatinHypercube(size=20), Sobol())}
    coverage = {
        kind: np.mean([covered(space, everywhere, points) for points in told]) for kind, told in designs.items()
    }
    nearest = {
        kind: np.mean([pdist(space.encode(space.columns(points))).min() for points in told])
        for kind, told in designs.items()
    }
    assert coverage["latin_hypercube"] > coverage["sobol"] + 0.05
    assert coverage["latin_hypercube"] > 0.72
    assert nearest["latin_hypercube"] > nearest["sobol"]


def test_options_come_in_their_shares() -> None:
    """Where a constraint keeps an option rare it is rare in the design, and the others are balanced."""
    space = Space(x=Real(0, 1), c=Choice(["a", "b", "c"]), constraints=["c != 'c' or x <= 0.5"])
    kinds = [point["c"] for point in design(LatinHypercube(size=20), space, 20)]
    assert [kinds.count(c) for c in "abc"] == [8, 8, 4]


def test_a_choice_out_of_candidates_holds_each_stratum_once() -> None:
    """Among independent columns every stratum of every column gets its point, or all but a few do."""
    features = np.random.default_rng(1).random((1000, 3))
    chosen = stratified(features, 20, np.random.default_rng(2))
    assert len(set(chosen.tolist())) == 20
    ranks = features.argsort(axis=0).argsort(axis=0)[chosen] * 20 // 1000
    assert sum(len(set(column)) for column in ranks.T) >= 58


@pytest.mark.parametrize("name", SPACES)
def test_one_by_one_gives_the_same_points_as_all_at_once(name: str) -> None:
    """A design is one sequence: whether planned singly, in batches or in advance, and it goes on after its end."""
    space, planner = SPACES[name], LatinHypercube(size=8)
    together = design(planner, space, 20)
    seen: list[Observation] = []
    for number in range(1, 21):
        proposal = planner.propose(space, [Maximize("y")], seen, [], 1, generator(0, number))[0]
        seen.append(Observation(str(number), proposal.point, {"y": 0.0}))
    assert [observation.point for observation in seen] == together
    assert len({space.key(point) for point in together}) == 20


def test_a_mixture_obeys_linear_constraints_between_its_components() -> None:
    """Equalities and slivers between components, and with other parameters, hold in every point."""
    space = Space(
        m=Mixture({"a": {}, "b": {}, "c": {"high": 0.6}, "d": {"high": 0.1}}),
        t=Real(0, 100),
        constraints=["a == 2 * b", "50 * d + t <= 30"],
    )
    for planner in (LatinHypercube(size=10), Sobol(), Random()):
        points = design(planner, space, 10)
        assert len(points) == 10
        assert all(space.problems(point) == [] for point in points)


def test_a_large_hypercube_costs_no_patience() -> None:
    """Five thousand points of a mixture are planned point by point in blocks; any one of them comes at once."""
    space, planner = SPACES["mixture"], LatinHypercube(size=5000)
    point = planner.propose(space, [Maximize("y")], [], [], 1, generator(0, 4321))[0].point
    assert space.problems(point) == []


def test_a_tight_mixture_is_not_pressed_to_its_bounds() -> None:
    """Within tight bounds every component takes all of its range: its middle half holds a third of the draws or more,
    and next to none lie exactly at a bound."""
    space = SPACES["tight mixture"]
    seen = space.encode(space.from_unit(np.random.default_rng(3).random((4000, space.width))))
    assert np.mean((seen <= 1e-9) | (seen >= 1 - 1e-9)) < 0.001
    assert np.mean(np.abs(seen - 0.5) < 0.25, axis=0).min() > 1 / 3
