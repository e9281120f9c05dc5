"""Forecasts: right where the answer is known, and silent where nothing can be said."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from matloop import Campaign, GridDesign, Integer, Maximize, Minimize, Reached, Real, Space
from matloop.campaign.forecast import Outlook
from matloop.core.expression import parse
from matloop.core.forecast import Forecast
from matloop.core.standing import Standing
from matloop.core.trial import Observation
from matloop.planners.imagined import trials_until

SPACE = Space(n=Integer(0, 60))


def hill(n: float) -> float:
    return 10 - (n - 30) ** 2 / 60


def standing(points, wishes=(Maximize("y"),)) -> Standing:  # noqa: B008
    found = [Observation(f"t-k-{i:04d}", {"n": n}, {"y": hill(n)}) for i, n in enumerate(points, start=1)]
    return Standing(SPACE, wishes, tuple(found))


def test_a_goal_next_door_takes_a_trial_or_two() -> None:
    """Where the model knows the hill, its top is reached soon in nearly all imagined campaigns."""
    needed, can = trials_until(standing([0, 8, 16, 24, 36, 44, 52, 60]), parse("y >= 9.9"), 30)
    assert can.mean() > 0.8
    assert np.median(needed[can]) <= 3


def test_what_no_model_believes_is_out_of_reach() -> None:
    """A goal far above everything is met in none of them, and no number is made up."""
    needed, can = trials_until(standing(range(0, 61, 4)), parse("y >= 1000"), 30)
    assert not can.any()
    assert np.isinf(needed).all()


def test_a_goal_on_settings_alone_waits_for_luck() -> None:
    """The condition may speak of settings: only points that have them can meet it."""
    _, can = trials_until(standing(range(0, 61, 4)), parse("y >= -100 and n == 4"), 30)
    assert not can.any()  # it was tried
    needed, can = trials_until(standing(range(0, 61, 4)), parse("y >= -100 and n == 5"), 60)
    assert can.all()
    assert np.isfinite(needed).all()


def test_a_harder_goal_takes_no_fewer_trials() -> None:
    """On the very same imagined campaigns."""
    seen = standing([0, 10, 20, 44, 52, 60])
    easy, hard = (trials_until(seen, parse(f"y >= {goal}"), 50)[0] for goal in (8.5, 9.8))
    assert np.mean(np.minimum(hard, 50)) >= np.mean(np.minimum(easy, 50))


def test_the_same_results_give_the_same_forecast() -> None:
    """Nothing is left to the clock."""
    seen, goal = standing([0, 10, 20, 44, 52, 60]), parse("y >= 9")
    assert [list(a) for a in trials_until(seen, goal, 20)] == [list(a) for a in trials_until(seen, goal, 20)]


def test_it_looks_ahead_in_a_continuous_space_with_several_wishes() -> None:
    """Two goals and a goal condition on both: a forecast all the same."""
    space = Space(a=Real(0, 1), b=Real(0, 1), constraints=["a + b <= 1.5"])
    rng = np.random.default_rng(0)
    found = []
    for i in range(12):
        a, b = rng.random(2) * 0.75
        found.append(Observation(f"t-k-{i:04d}", {"a": a, "b": b}, {"y": a + b, "z": a * b}))
    seen = Standing(space, (Maximize("y"), Minimize("z")), tuple(found))
    needed, can = trials_until(seen, parse("y >= 1.2 and z <= 0.4"), 20)
    assert can.mean() > 0.5
    assert np.isfinite(needed[can]).mean() > 0.3


# -- in words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ((1.0, 1.0, 1.0, 1.0), "about 1 more trial (middle half: 1 to 1)"),
        ((2.0, 4.0, 8.0, math.inf), "about 4 more trials (middle half: 2 to 8)"),
        ((2.0, 4.0, math.inf, math.inf), "about 4 more trials (middle half: 2 to more than 50)"),
        ((2.0, math.inf, math.inf, math.inf), "more than 50 trials (a quarter of them after 2)"),
        ((math.inf,) * 4, "after more than 50 trials"),
    ],
)
def test_the_sentence_says_what_the_numbers_say(trials: tuple[float, ...], words: str) -> None:
    """Medians, quartiles, and where they are not known that they are not."""
    told = Forecast("y >= 3", 0.5, trials, 50, 8).sentence()
    assert told.startswith("y >= 3: within reach in 50% of 8 imagined campaigns")
    assert words in told


def test_the_rest_of_the_budget_is_set_beside_it() -> None:
    """The chance within the budget counts all imagined campaigns, those that cannot reach it too."""
    assert "within the 5 left of the budget in 25% of all" in Forecast(
        "y > 1", 0.5, (2.0, 4.0, 8.0, 9.0), 50, 8
    ).sentence(5)


def campaign(goal: str, budget: int, **rule) -> Campaign:
    made = Campaign(
        SPACE, [Maximize("y")], planner=GridDesign(), stop=Reached(goal, **rule), store=":memory:", budget=budget
    )
    made.run(hill, progress=False)
    return made


def test_a_campaign_tells_it_or_why_not() -> None:
    """Too few results, a goal that is reached, one that asks for replicates: each is said; no goal, no forecast."""
    told = {goal: campaign(goal, budget).forecast() for goal, budget in (("y > 99", 3), ("y > -3", 20))}
    assert "needs at least 5 results" in told["y > 99"].sentence()
    assert told["y > -3"].is_reached
    assert "replicates" in campaign("y > 9", 8, replicates=3).forecast().sentence()
    assert "imagined campaigns" in campaign("y > 9", 8).forecast().sentence()
    free = Campaign(SPACE, [Maximize("y")], planner=GridDesign(), store=":memory:", budget=2)
    assert free.forecast() is None


def test_who_watches_a_run_pays_little_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a forecast there is a pause of fifty times as long, and of five seconds at least."""
    made, now = campaign("y > 9", 8), [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watched, calls = Outlook(made.spec), []

    def slow(*_):
        calls.append(now[0])
        now[0] += 1.0
        return Forecast("y > 9", 0.5, (2.0,), 50, 2)

    monkeypatch.setattr("matloop.campaign.forecast.forecast", slow)
    for _ in range(200):
        watched.look(made.state)
        now[0] += 1.0
    assert len(calls) == 4
