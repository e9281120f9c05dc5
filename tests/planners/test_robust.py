"""No history makes a planner fail: random campaigns, each as odd as Hypothesis can draw it.

A normal run plays 150 of them, the same every time; HYPOTHESIS_PROFILE=explore plays 10,000 new ones, or as many as
MATLOOP_ROBUST says.
"""

import math
import os
import warnings
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from matloop import AtLeast, Bayesian, Choice, Maximize, Near, Pool, Real, Space
from matloop.core.errors import PlannerError
from matloop.core.event import Proposal
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.forest import Forest
from matloop.planners.genetic import Genetic
from matloop.planners.level_set import LevelSet
from matloop.planners.mapping import Mapping
from matloop.planners.portfolio import Portfolio
from matloop.planners.thompson import Thompson

from .campaigns import RandomCampaign, campaigns

BAYESIAN = [
    Bayesian(),
    Bayesian(starts=1),
    Bayesian(starts=2, design="random"),
    Bayesian(starts=4, design="sobol"),
    Bayesian(design="latin_hypercube"),
    Bayesian(starts=2, replicates=2),
    Bayesian(starts=2, robust=True),
    Bayesian(starts=2, per_cost=True).priced(lambda columns: np.arange(len(next(iter(columns.values())))) % 3.0),
    Bayesian(starts=2, reference={"y": 0.2}),
    Bayesian(starts=2, several="chebyshev"),
    Bayesian(starts=2, several="desirability", satisfied={"y": 0.7}, weights={"w": 2.0}),
    Bayesian(starts=2, batch_by="penalization"),
]
OTHERS = [
    Forest(starts=2, trees=3),
    Forest(starts=2, trees=3, method="extra_trees"),
    Genetic(starts=2),
    Thompson(starts=2),
    Portfolio(starts=2),
    Mapping(starts=2),
    LevelSet(starts=2),
    LevelSet(starts=2, level=0.5),
]

#: The examples of the whole run, where new ones are looked for.
FULL = int(os.environ.get("MATLOOP_ROBUST", "10000")) if os.environ.get("HYPOTHESIS_PROFILE") == "explore" else None
#: Results that keep coming while a campaign is played.
ODD = (0.3, -1e-9, 2e6, 0.3)


def examples(n: int, share: float) -> settings:
    """n examples, or their share of the whole run."""
    few_or_many = n if FULL is None else round(share * FULL)
    return settings(max_examples=few_or_many, deadline=None, suppress_health_check=list(HealthCheck))


def asked(planner, campaign: RandomCampaign, seen: list[Observation]) -> list[Proposal] | None:
    """What is proposed, every warning an error; None where the planner says that it cannot, and why."""
    rng = generator(campaign.seed, len(seen) + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return planner.propose(campaign.space, campaign.wishes, seen, campaign.pending, campaign.batch, rng)
        except PlannerError as refused:
            event(refused.message[:40])
            return None if refused.hint else pytest.fail(f"no hint: {refused.message}")


def check(planner, campaign: RandomCampaign, seen: list[Observation], proposals: list[Proposal]) -> None:
    """Each may be tried, is new, says why, and predicts numbers; there are as many as asked for, or nothing is left."""
    space, most = campaign.space, getattr(planner, "replicates", 1)
    times = Counter(map(space.key, [*(o.point for o in seen), *campaign.pending]))
    new = [space.key(proposal.point) for proposal in proposals]
    assert len(set(new)) == len(new)
    assert all(times[key] < most for key in new)
    for proposal in proposals:
        assert space.problems(proposal.point) == []
        assert proposal.reason
        assert "failed (" not in proposal.reason  # that the ladder of fallbacks would have caught it is no excuse
        assert all(math.isfinite(p.mean) and 0 <= p.std < math.inf for p in proposal.predicted.values())
    if len(proposals) < campaign.batch and math.isfinite(space.n_points):
        every = {space.key(point) for point in space.points(space.candidates(limit=10**7))}
        assert every <= times.keys() | set(new)


def play(planner, campaign: RandomCampaign) -> None:
    """What is proposed, twice; then results for it, and what is proposed next."""
    seen = list(campaign.seen)
    first = asked(planner, campaign, seen)
    assert asked(planner, campaign, seen) == first
    if first is None:
        return
    check(planner, campaign, seen, first)
    for proposal in first:
        values = {wish.name: ODD[(len(seen) + i) % 4] for i, wish in enumerate(campaign.wishes)}
        seen.append(Observation(str(len(seen)), proposal.point, values))
    if (then := asked(planner, campaign, seen)) is not None:
        check(planner, campaign, seen, then)


@examples(100, 0.8)
@given(campaign=campaigns(), planner=st.sampled_from(BAYESIAN))
def test_no_campaign_is_too_odd_for_the_bayesian_planner(campaign: RandomCampaign, planner) -> None:
    """Whatever was measured, proposals keep the contract, without a warning, and the same history repeats them."""
    play(planner, campaign)


@examples(50, 0.2)
@given(campaign=campaigns(), planner=st.sampled_from(OTHERS))
def test_no_campaign_is_too_odd_for_the_other_learners(campaign: RandomCampaign, planner) -> None:
    """The same holds for all planners that learn."""
    play(planner, campaign)


def measured(space: Space, n: int, times: int = 1) -> list[Observation]:
    """n noisy results of a smooth landscape, so many at each of fewer points."""
    rng = np.random.default_rng(0)
    columns = space.from_unit(rng.random((n // times, space.width)))
    heights = np.sin(3 * space.encode(columns)).sum(axis=1)
    points = space.points(columns)
    rows = np.repeat(np.arange(len(points)), times)
    return [
        Observation(str(i), points[row], {"y": heights[row] + 0.1 * rng.standard_normal()})
        for i, row in enumerate(rows)
    ]


@pytest.mark.parametrize(("width", "times"), [(4, 1), (4, 10), (50, 1)])
def test_a_thousand_results_and_fifty_parameters(width: int, times: int) -> None:
    """A thousand results, each at its own point or ten at one, in four or fifty dimensions, stop no planner."""
    space = Space(**{f"x{i}": Real(0, 1) for i in range(width)})
    play(Bayesian(), RandomCampaign(space, [Maximize("y")], measured(space, 1000, times), [], 1, 0))


@pytest.mark.parametrize("wish", [Maximize("y"), Near("y", 1e6), AtLeast("y", 1e6)], ids=lambda wish: wish.goal)
def test_an_outlier_of_a_million(wish) -> None:
    """Among fifty results of order one, a reading of a million leaves finite predictions."""
    space = Space(x=Real(0, 1), z=Real(0, 1), c=Choice(["a", "b"]))
    seen = [Observation(o.trial, o.point, {"y": 1e6} if o.trial == "20" else o.values) for o in measured(space, 50)]
    play(Bayesian(), RandomCampaign(space, [wish], seen, [], 3, 0))


@pytest.mark.parametrize("planner", [*BAYESIAN, *OTHERS[:6]], ids=lambda planner: planner.kind)
def test_a_pool_of_one(planner) -> None:
    """The only candidate is proposed once, and then nothing."""
    campaign = RandomCampaign(Space(pick=Pool(table={"mass": (1.0,)})), [Maximize("y")], [], [], 2, 0)
    (only,) = asked(planner, campaign, [])
    assert only.point == {"mass": 1.0}
    assert asked(planner, campaign, [Observation("1", only.point, {"y": 1.0})]) == []


def test_candidates_that_look_alike_come_once_each() -> None:
    """Of candidates between which no model can tell, a batch names each once, as a start and later."""
    space = Space(x=Real(0, 1, step=1), pick=Pool(table={"id": tuple("abcdefgh")}, label="id"), constraints=["x >= 1"])
    play(Bayesian(starts=2), RandomCampaign(space, [Maximize("y")], [], [], 4, 0))


@pytest.mark.parametrize("design", ["sobol", "random", "latin_hypercube", "representative"])
def test_a_start_finds_the_last_point_that_is_left(design: str) -> None:
    """Where points were measured twice, a design does not end before each point was tried once."""
    space = Space(c=Choice(["a", "b", "c"]))
    seen = [Observation(str(i), {"c": c}, {"y": 1.0}) for i, c in enumerate("abb")]
    (last,) = Bayesian(starts=4, design=design).propose(space, [Maximize("y")], seen, [], 1, generator(0, 4))
    assert last.point == {"c": "c"}


def test_candidates_with_names_alone_are_drawn_at_random() -> None:
    """Where there is nothing to learn from, the planner goes on and says so."""
    space = Space(pick=Pool(table={"id": tuple("abcdefgh")}, label="id"))
    seen = [Observation(str(i), {"id": name}, {"y": float(i)}) for i, name in enumerate("abcd")]
    (told,) = Bayesian(starts=2).propose(space, [Maximize("y")], seen, [], 1, generator(0, 5))
    assert "drawn at random" in told.reason
    assert told.point["id"] in "efgh"


@pytest.mark.parametrize("wishes", [[Maximize("y")], [Maximize("y"), Near("w", 0.5)]], ids=len)
def test_a_result_from_far_away_does_no_harm(wishes) -> None:
    """Achieved values in a wrong unit, billions of ranges away, leave the Gaussian process at work."""
    space = Space(x=Real(1e9, 1e9 + 1), z=Real(0, 1))
    seen = [Observation(str(i), {"x": 1e9 + i / 9, "z": i % 3 / 2}, {"y": i / 9, "w": i % 2 / 2}) for i in range(9)]
    seen += [replace(seen[i], trial=f"far {i}", achieved={"x": 3e9 + i / 9}) for i in range(3)]
    play(Bayesian(starts=2), RandomCampaign(space, wishes, seen, [], 2, 0))
