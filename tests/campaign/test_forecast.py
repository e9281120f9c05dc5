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
from matloop.planners.experience import chance_of_reach, expected_trials
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
        ((1.0,) * 10, "about 1 more trial (80 %: 1 to 1)"),
        (tuple(range(1, 11)), "about 5 more trials (80 %: 1 to 9)"),
        ((2.0, 4.0, 4.0, 4.0, 4.0, *[math.inf] * 5), "about 4 more trials (80 %: 2 to more than 50)"),
        ((2.0, *[math.inf] * 9), "more than 50 trials (hardly before 2)"),
        ((math.inf,) * 10, "after more than 50 trials"),
    ],
)
def test_the_sentence_says_what_the_numbers_say(trials: tuple[float, ...], words: str) -> None:
    """Medians, the interval of 80 %, and where they are not known that they are not."""
    told = Forecast("y >= 3", 0.5, trials, 50, 8).sentence()
    assert told.startswith("y >= 3: within reach with a chance of 50%, then after")
    assert words in told


def test_what_is_hardly_within_reach_has_no_number_of_trials() -> None:
    """A chance that nobody would bet on is told as such."""
    assert "hardly within reach" in Forecast("y >= 3", 0.004, (2.0,) * 10, 50, 8).sentence()


def test_the_rest_of_the_budget_is_set_beside_it() -> None:
    """The chance within the budget is that of reaching the goal at all, times that of being there in time."""
    told = Forecast("y > 1", 0.5, (2.0, 4.0, 8.0, 9.0), 50, 8).sentence(5)
    assert "within the 5 left of the budget with a chance of 25%" in told


def test_experience_widens_what_was_imagined() -> None:
    """However sure the imagined campaigns are, the interval is not; more of them count for more than few."""
    needed = np.full(100, 5.0)
    told = expected_trials(needed, np.ones(100, bool), 20, math.inf, 100)
    assert (np.diff(np.minimum(told, 1e3)) >= 0).all()
    assert told[20] < 5 < told[180]
    few = expected_trials(needed[:3], np.ones(3, bool), 20, math.inf, 100)
    assert few[180] > told[180]


def test_with_nothing_imagined_the_number_of_results_tells() -> None:
    """After twice as many trials in vain it takes twice as long, and never longer than there are points."""
    nothing = np.full(100, np.inf), np.zeros(100, bool)
    short, long = (np.median(expected_trials(*nothing, n, math.inf, 1000)) for n in (20, 40))
    assert long == pytest.approx(2 * short, rel=0.1)
    assert expected_trials(*nothing, 20, 12, 1000).max() == 12


def test_the_chance_of_reach_grows_with_what_was_imagined() -> None:
    """It is never nought or one, for a model may be wrong."""
    chances = [chance_of_reach(np.arange(100) < n) for n in range(0, 101, 10)]
    assert (np.diff(chances) > 0).all()
    assert 0.0 < chances[0] < chances[-1] < 1.0


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
    assert "more trial" in campaign("y > 9", 8).forecast().sentence()
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
