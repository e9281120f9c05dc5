"""What failed trials teach: where trials succeed is learned, and weighed against what they are worth."""

import numpy as np
import pytest

from matloop import AtLeast, Bayesian, Choice, Maximize, Minimize, Near, Pool, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.beliefs import Beliefs
from matloop.planners.forest import Forest
from matloop.planners.mapping import Mapping
from matloop.planners.portfolio import Portfolio
from matloop.planners.success import Success
from matloop.planners.thompson import Thompson

SQUARE = Space(x=Real(0, 1), z=Real(0, 1))
WISHES = [[Maximize("y")], [Near("y", 0.9)], [AtLeast("y", 0.8)], [Maximize("y"), Minimize("w")]]


def ids(wishes) -> str:
    return "+".join(wish.goal for wish in wishes)


def observed(points, fails, value=lambda p: p["x"]) -> list[Observation]:
    """Outcomes of these points: failed where `fails`, else a value y."""
    return [
        Observation(str(i), p, {}, failed="cracked") if fails(p) else Observation(str(i), p, {"y": value(p)})
        for i, p in enumerate(points)
    ]


def square(n, seed=0) -> list[dict]:
    return [{"x": x, "z": z} for x, z in np.random.default_rng(seed).random((n, 2)).tolist()]


def campaign(planner, space, fails, value, n, wishes=None, seed=0) -> list[Observation]:
    seen: list[Observation] = []
    while len(seen) < n:
        proposals = planner.propose(space, wishes or [Maximize("y")], seen, [], 1, generator(seed, len(seen) + 1))
        seen += observed([p.point for p in proposals], fails, value)
    return seen


def test_the_chance_is_high_among_successes_and_low_among_failures() -> None:
    """Thirty trials tell two halves of a square apart."""
    success = Success.learned(SQUARE, observed(square(30), lambda p: p["x"] > 0.6))
    assert success.probability({"x": 0.2, "z": 0.5}) > 0.85
    assert success.probability({"x": 0.9, "z": 0.5}) < 0.2


def test_without_a_failure_nothing_is_learned() -> None:
    """Successes alone cost nothing and change nothing; names alone teach nothing."""
    assert Success.learned(SQUARE, observed(square(9), lambda p: False)) is None
    names = Space(pick=Pool(table={"id": ("a", "b", "c")}, label="id"))
    assert Success.learned(names, [Observation("1", {"id": "a"}, failed="cracked")]) is None


def test_a_result_without_the_objective_is_no_failure() -> None:
    """What was carried out succeeded, whether or not everything was measured."""
    seen = [Observation("1", {"x": 0.1, "z": 0.5}, {"other": 1.0}), Observation("2", {"x": 0.9, "z": 0.5}, failed="no")]
    success = Success.learned(SQUARE, seen)
    assert success.probability({"x": 0.1, "z": 0.5}) > success.probability({"x": 0.9, "z": 0.5})


def test_failures_teach_where_they_really_happened() -> None:
    """The achieved settings count, not the planned ones."""
    seen = [Observation("1", {"x": 0.5, "z": 0.5}, failed="no", achieved={"x": 1.0})]
    success = Success.learned(SQUARE, seen)
    assert success.probability({"x": 1.0, "z": 0.5}) < success.probability({"x": 0.5, "z": 0.5})


@pytest.mark.parametrize("wishes", WISHES, ids=ids)
def test_the_logarithm_of_the_chance_is_added_to_every_kind_of_worth(wishes) -> None:
    """A score with failures is the one without them plus log P(success), for whatever objectives."""
    seen = [Observation(str(i), p, {"y": p["x"], "w": p["z"]}) for i, p in enumerate(square(8))]
    success = Success.learned(SQUARE, [*seen, Observation("f", {"x": 0.95, "z": 0.5}, failed="cracked")])
    columns = SQUARE.columns(square(40, seed=1))
    blind = Beliefs(SQUARE, wishes, seen, generator(0, 1))
    told = Beliefs(SQUARE, wishes, seen, generator(0, 1), success)
    gap = success.log_weight(SQUARE.encode(columns))
    np.testing.assert_allclose(told.score(columns) - blind.score(columns), gap, atol=1e-9)
    np.testing.assert_allclose(told.rough(columns) - blind.rough(columns), gap, atol=1e-3)


def test_a_hidden_cliff_costs_few_trials() -> None:
    """The value rises towards a region that fails: thirty trials waste few, and end close to its edge."""
    seen = campaign(Bayesian(), SQUARE, lambda p: p["x"] > 0.7, lambda p: p["x"] - (p["z"] - 0.4) ** 2, 30)
    assert sum(o.failed is not None for o in seen) <= 10
    assert max(o.values.get("y", 0.0) for o in seen) > 0.65


def test_an_option_that_always_fails_is_left_alone() -> None:
    """After a few trials, the option with the highest promise and no success is hardly tried again."""
    space = Space(x=Real(0, 1), base=Choice(["water", "oil", "wax", "tar"]))
    seen = campaign(Bayesian(), space, lambda p: p["base"] == "tar", lambda p: p["x"], 25)
    assert sum(o.failed is not None for o in seen[8:]) <= 2


@pytest.mark.parametrize("design", ["representative", "random", "sobol"])
def test_where_nearly_all_fails_it_looks_for_where_it_does_not(design) -> None:
    """Of a space that fails but for a fifth, more than half of the trials succeed once the first has."""
    fails = lambda p: np.hypot(p["x"] - 0.8, p["z"] - 0.7) > 0.27  # noqa: E731
    seen = campaign(Bayesian(design=design), SQUARE, fails, lambda p: p["z"], 30)
    good = [i for i, o in enumerate(seen) if o.failed is None]
    assert good[0] < 10
    assert len(good) > 0.5 * (30 - good[0])


@pytest.mark.parametrize("wish", WISHES, ids=ids)
def test_one_success_among_failures_is_enough_to_go_on(wish) -> None:
    """With a single result, for whatever objectives, the next trial is near it, and its reason is the model's."""
    seen = observed(square(9), lambda p: True)
    seen.append(Observation("s", {"x": 0.5, "z": 0.5}, {"y": 0.3, "w": 0.1}))
    proposal = Bayesian().propose(SQUARE, wish, seen, [], 2, generator(0, 11))[1]
    assert proposal.predicted


def test_a_first_failure_moves_the_next_start_away() -> None:
    """The chance to succeed weighs already while there is nothing to model; and the reason tells it."""
    first = Bayesian().propose(SQUARE, [Maximize("y")], [], [], 1, generator(0, 1))[0].point
    seen = [Observation(str(i), p, failed="cracked") for i, p in enumerate(square(12))]
    proposal = Bayesian().propose(SQUARE, [Maximize("y")], seen, [], 1, generator(0, 13))[0]
    nearest = min(np.hypot(proposal.point["x"] - o.point["x"], proposal.point["z"] - o.point["z"]) for o in seen)
    assert nearest > 0.2
    assert "hardly anything has succeeded" in proposal.reason
    assert "likely to succeed" in proposal.reason
    assert first != proposal.point


def test_the_reason_tells_a_doubtful_chance_and_only_that() -> None:
    """Next to failures the chance is told; where all has succeeded it is not."""
    doubtful = observed(square(12), lambda p: p["x"] > 0.5)
    told = Bayesian().propose(SQUARE, [Maximize("y")], doubtful, [], 1, generator(0, 13))[0].reason
    assert "% likely to succeed" in told
    sure = observed(square(12), lambda p: False)
    assert "likely" not in Bayesian().propose(SQUARE, [Maximize("y")], sure, [], 1, generator(0, 13))[0].reason


def test_batches_and_large_pools_know_of_failures() -> None:
    """Of a table with 30,000 rows, a batch after some failures avoids the half that fails."""
    x = np.random.default_rng(0).random((30_000, 2)).round(6)
    space = Space(pick=Pool(table={"x": tuple(x[:, 0].tolist()), "z": tuple(x[:, 1].tolist())}))
    seen = observed(square(25), lambda p: p["x"] > 0.5)
    batch = Bayesian().propose(space, [Maximize("y")], seen, [], 4, generator(0, 26))
    assert np.median([p.point["x"] for p in batch]) < 0.62


@pytest.mark.parametrize("planner", [Forest(trees=5), Portfolio(), Thompson(), Mapping()], ids=lambda p: p.kind)
def test_the_other_learners_heed_it_too(planner) -> None:
    """They, too, waste few of their later trials in the part that fails, though values rise towards it."""
    space = Space(x=Real(0, 1, step=0.05), z=Real(0, 1, step=0.05))
    seen = campaign(planner, space, lambda p: p["x"] > 0.6, lambda p: p["x"], 30)
    assert sum(o.failed is not None for o in seen[20:]) <= 4
