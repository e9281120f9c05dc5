"""Whoever judges a campaign judges by what its planner believes: by its priors, and by what has failed."""

from __future__ import annotations

import numpy as np
import pytest

from matloop import Bayesian, Campaign, ChanceBelow, GainBelow, Integer, Maximize, Prior, Real, Space
from matloop.core.errors import InputError
from matloop.core.expression import parse
from matloop.core.merit import usable
from matloop.core.standing import Standing
from matloop.core.trial import Observation
from matloop.planners.beliefs import Beliefs
from matloop.planners.believed import Believed
from matloop.planners.gains import Gains
from matloop.planners.genetic import Genetic
from matloop.planners.imagined import trials_until
from matloop.planners.informed import informed_by

LINE = Space(n=Integer(0, 60))
TOLD = Bayesian(prior={"y": Prior(model=lambda columns: -((columns["n"] - 50.0) ** 2))})


def standing(points, value, planner=None, fails=lambda n: False) -> Standing:
    found = [
        Observation(f"t-k-{i:04d}", {"n": n}, {}, failed="it cracked")
        if fails(n)
        else Observation(f"t-k-{i:04d}", {"n": n}, {"y": value(n)})
        for i, n in enumerate(points, start=1)
    ]
    return Standing(LINE, (Maximize("y"),), tuple(found), planner=planner)


def test_the_judges_and_the_planner_expect_the_same() -> None:
    """With a prior and with failures: means, deviations and chances are those by which the planner chooses."""
    seen = standing(range(0, 40, 4), lambda n: -((n - 50.0) ** 2) + n % 3, TOLD, fails=lambda n: n == 12)
    columns = LINE.candidates()
    judged = Believed.of(seen)
    known = usable(seen.objectives, seen.observations)
    informed = informed_by(TOLD.prior, LINE, seen.objectives)
    chosen = Beliefs(LINE, seen.objectives, known, np.random.default_rng(0), judged.success, informed)
    for mine, its in zip(judged.models["y"].predict(columns), chosen.models["y"].predict(columns), strict=True):
        np.testing.assert_array_equal(mine, its)
    assert judged.probability(columns)[12] < judged.probability(columns)[40]
    assert Gains(seen).models["y"].space is judged.space or type(Gains(seen).models["y"].space) is type(judged.space)


def test_a_rule_hears_of_the_prior() -> None:
    """Results that level off: without the prior little is to be gained; with one that tells of a peak, much is."""
    points = [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]

    def value(n):
        return -((n - 50.0) ** 2)

    plain, told = (Gains(standing(points, value, planner)) for planner in (None, TOLD))
    at = np.concatenate([[50]])
    assert told.believed.models["y"].mean({"n": at})[0] == pytest.approx(0.0, abs=60.0)
    assert told.expected.max() > plain.expected.max() or told.chance(100.0, 256) > plain.chance(100.0, 256)
    assert told.chance(300.0, 512) > 0.9


def test_what_fails_is_nothing_to_be_gained() -> None:
    """Where the model expects more, but all that was tried there failed, a rule may end the campaign."""
    points = [*range(0, 31, 3), *range(33, 61, 3)]
    seen = standing(points, lambda n: 2.0 * n, fails=lambda n: n > 30)
    free = Standing(LINE, seen.objectives, tuple(o for o in seen.observations if o.failed is None))
    assert Gains(seen).expected.max() < 0.5 * Gains(free).expected.max()
    assert Gains(seen).chance(1.0, 512) < Gains(free).chance(1.0, 512) - 0.1
    assert GainBelow(8.0).reason(seen) is not None
    assert GainBelow(8.0).reason(free) is None
    assert ChanceBelow(limit=0.05, margin=40.0).reason(seen) is not None


def test_no_imagined_campaign_reaches_a_goal_where_all_fails() -> None:
    """A goal that lies among failures alone is within reach half as often as where nobody knows of these, or less."""
    points = [*range(0, 31, 3), *range(33, 61, 3)]
    seen = standing(points, lambda n: 2.0 * n, fails=lambda n: n > 30)
    free = Standing(LINE, seen.objectives, tuple(o for o in seen.observations if o.failed is None))
    goal = parse("y >= 65")
    assert trials_until(seen, goal, 30)[1].mean() <= 0.5 * trials_until(free, goal, 30)[1].mean()


def test_children_that_rather_fail_are_not_tried() -> None:
    """Half of the square fails: after twenty results nearly all children lie in the other."""
    space = Space(x=Real(0, 1), z=Real(0, 1))
    rng = np.random.default_rng(0)
    found = []
    for i in range(24):
        x, z = rng.random(2)
        failed = "it cracked" if x > 0.5 else None
        found.append(Observation(f"t-{i}", {"x": x, "z": z}, {} if failed else {"y": x + z}, failed=failed))
    wasted = 0
    for seed in range(10):
        told = Genetic().propose(space, [Maximize("y")], found, [], 4, np.random.default_rng(seed))
        wasted += sum(p.point["x"] > 0.55 for p in told)
    assert wasted <= 2


def test_where_everything_failed_the_genetic_planner_still_proposes() -> None:
    """A small space whose untried points all rather fail is tried on, the likeliest first."""
    space = Space(n=Integer(0, 11))
    found = [
        Observation(f"t-{n}", {"n": n}, {} if n > 2 else {"y": float(n)}, failed="it cracked" if n > 2 else None)
        for n in range(9)
    ]
    told = Genetic().propose(space, [Maximize("y")], found, [], 3, np.random.default_rng(0))
    assert sorted(p.point["n"] for p in told) == [9, 10, 11]


def test_why_tells_by_the_prior_of_then() -> None:
    """The model of the script is at hand in the campaign; from the journal alone it is said to be missing."""
    made = Campaign(LINE, [Maximize("y")], planner=TOLD, store=":memory:", budget=8)
    made.run(lambda n: -((n - 50.0) ** 2), progress=False)
    trial, told = made.why(8)
    assert told.missing == ""
    known = usable(made.spec.objectives, made.observations[:7])
    expected = Believed.of(Standing(LINE, made.spec.objectives, tuple(known), planner=TOLD)).models["y"]
    assert told.explanation.expected["y"][0] == pytest.approx(expected.mean(LINE.columns([trial.point]))[0])
    from matloop.campaign.why import why

    alone = why(made.journal.store.read(made.name), trial.id, made.folder)
    assert "prior" in alone.missing
    assert alone.explanation is not None


def test_a_prior_that_is_not_at_hand_is_said() -> None:
    """No judge quietly judges without it."""
    lost = Bayesian.model_validate(TOLD.model_dump(mode="json"))
    with pytest.raises(InputError, match="not at hand"):
        Believed.of(standing(range(6), float, lost))


def test_the_forecast_hears_of_the_prior() -> None:
    """A prior that knows where the top is brings the goal within reach; the results alone hardly do."""
    points = [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]
    goal = parse("y >= -200")
    told, plain = (trials_until(standing(points, lambda n: -((n - 50.0) ** 2), p), goal, 40)[1] for p in (TOLD, None))
    assert told.mean() > 0.9
    assert told.mean() > plain.mean() + 0.2
