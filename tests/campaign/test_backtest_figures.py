"""What rehearsals tell: curves, factors and recommendations, against cases whose answer is known."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matloop import (
    AtLeast,
    Bayesian,
    Campaign,
    EmulatorLab,
    FunctionLab,
    Integer,
    Maximize,
    Minimize,
    Near,
    Pool,
    Random,
    Real,
    ReplayLab,
    Space,
    TwinLab,
    backtest,
)
from matloop.campaign.rehearsal.compare import Result, acceleration, enhancement, quartiles
from matloop.campaign.rehearsal.ledger import FILE
from matloop.campaign.rehearsal.measure import Measure, Target, volumes
from matloop.campaign.rehearsal.noise import Noise
from matloop.campaign.rehearsal.scene import Configuration
from matloop.campaign.rehearsal.verdict import verdict
from matloop.core.errors import InputError

KNOWN = np.linspace(0, 100, 201)[:, None]


def result(scores, label="random", batch=1, budget=None) -> Result:
    planner = Random() if label == "random" else Bayesian()
    scores = np.asarray(scores, float)
    named = np.full(len(scores), np.nan)
    return Result(
        Configuration(label, planner, label, batch, Noise()),
        scores,
        None,
        named,
        budget or scores.shape[1],
        0.0,
        0.0,
        scores.size,
    )


def rising(step: float, n_seeds: int = 12, n: int = 50) -> np.ndarray:
    """Campaigns that gain so much with every trial; seeds differ a little."""
    return np.minimum(np.arange(1, n + 1) * step + np.linspace(0, 1, n_seeds)[:, None], 100)


def measure(objective=None, known=KNOWN) -> Measure:
    return Measure([objective or Maximize("y")], known, is_complete=True)


def test_twice_as_fast_is_an_acceleration_of_two():
    """A planner that gains twice as much with each trial reaches everything in half the trials."""
    slow, fast = result(rising(1)), result(rising(2), "quick")
    factor = acceleration(fast, slow, Target("40", 40))
    assert factor.median == pytest.approx(2, rel=0.05)
    assert not factor.at_least
    assert acceleration(slow, slow, Target("40", 40)).median == 1


def test_what_random_search_never_reaches_gives_a_lower_bound():
    """Where random search does not get there while it is followed, the factor says at least."""
    slow, fast = result(rising(0.5)), result(rising(2), "quick")
    factor = acceleration(fast, slow, Target("60", 60))
    assert factor.at_least
    assert factor.text.startswith("≥")
    assert acceleration(slow, fast, Target("60", 60)) is None


@pytest.mark.parametrize(("goal", "sign"), [(Maximize("y"), 1), (Minimize("y"), -1)])
def test_enhancement_is_above_one_for_who_is_ahead(goal, sign):
    """The ratio is turned so that more than one is better, whether high or low is wanted."""
    ahead, behind = (200 + sign * rising(step) for step in (2, 1))
    ours, theirs = (result(sign * values, name) for values, name in ((ahead, "quick"), (behind, "random")))
    factors = enhancement(ours, theirs, measure(goal, sign * (200 + sign * KNOWN)))
    assert (factors[1, 5:40] > 1).all()


def test_there_is_no_ratio_across_zero():
    """Values on both sides of zero have no enhancement factor."""
    assert enhancement(result(rising(2) - 20, "quick"), result(rising(1) - 20), measure()) is None


@given(st.lists(st.one_of(st.integers(1, 60).map(float), st.just(np.inf)), min_size=1, max_size=9))
def test_quartiles_keep_infinity(values):
    """They are in order, never not-a-number, and infinite only where a campaign did not get there."""
    low, middle, high = quartiles(np.array(values))
    assert low <= middle <= high
    assert np.isfinite(high) or np.inf in values
    if np.isfinite(values).all():
        assert middle == np.median(values)


def test_a_clear_lead_is_recommended_with_its_probability():
    """Who is ahead in every seed is taken; how much earlier and how sure stands in the sentence."""
    told = verdict([result(rising(2.5), "quick"), result(rising(1))], measure(), measure().targets())
    assert told.take == "quick, batch 1"
    assert "p < 0.001" in told.sentence
    assert "ahead in 12 of 12 seeds, behind in 0" in told.sentence


def test_equal_campaigns_cannot_be_told_apart():
    """Where nothing differs, nothing is recommended."""
    same = [result(rising(2.2), "quick"), result(rising(2.2))]
    assert verdict(same, measure(), measure().targets()).take is None
    few = [result(rising(2.5, 3), "quick"), result(rising(1, 3))]
    told = verdict(few, measure(), measure().targets())
    assert told.take is None
    assert "No difference can be told apart with these 3 seeds" in told.sentence


def test_of_equals_the_larger_batch_is_taken():
    """A batch that needs about as many trials needs fewer rounds."""
    shift = np.tile([0.2, -0.2], 6)[:, None]
    equals = [result(rising(2.5), "quick"), result(rising(2.5) + shift, "quick", 4), result(rising(1))]
    told = verdict(equals, measure(), measure().targets())
    assert told.take == "quick, batch 4"
    assert "no difference to quick, batch 1" in told.sentence


def test_nothing_is_made_of_a_flat_landscape():
    """Where all designs are equally good there is nothing to reach and nobody to recommend."""
    flat = measure(known=np.ones((9, 1)))
    assert flat.targets() == []
    assert verdict([result(np.ones((6, 4)), "quick"), result(np.ones((6, 4)))], flat, []).take is None


def test_the_way_to_the_best_does_not_depend_on_where_zero_is():
    """Targets move with the values, and turn over with the goal."""
    higher = measure(known=KNOWN + 1000).targets()
    assert [t.score - 1000 for t in higher] == pytest.approx([t.score for t in measure().targets()])
    lower = measure(Minimize("y"))
    assert lower.targets(7.0)[0].score == -7


def test_the_volume_of_a_front_only_grows_and_ends_at_that_of_the_front():
    """Trial by trial: two corners and a dominated point between them."""
    trials = np.array([[1.0, 3.0], [0.5, 0.5], [3.0, 1.0], [-np.inf, -np.inf]])
    assert volumes(trials, np.zeros(2)).tolist() == [3, 3, 5, 5]


def pool_campaign(tmp_path, wishes, **settings) -> Campaign:
    rng = np.random.default_rng(0)
    x, z = rng.random((2, 60))
    rows = "\n".join(f"{a:.4f},{b:.4f},{a + b:.4f},{(1 - a) * b:.4f}" for a, b in zip(x, z, strict=True))
    (tmp_path / "t.csv").write_text(f"x,z,y,w\n{rows}\n", encoding="utf-8")
    space = Space(design=Pool("t.csv", columns=("x", "z")))
    return Campaign(space, wishes, lab=ReplayLab("t.csv"), budget=60, folder=tmp_path, store=":memory:", **settings)


def test_who_tries_a_whole_pool_finds_all_of_its_top(tmp_path):
    """After the last candidate the best is known, all of the top 5 % is found, and every target is reached."""
    told = backtest(pool_campaign(tmp_path, [Maximize("y")]), planners=["random"], seeds=2, workers=1, progress=False)
    (row,) = told.rows
    assert row.top == (1, 1, 1)
    assert set(row.reached.values()) == {1.0}


def test_several_goals_are_measured_by_their_front(tmp_path):
    """The measure says that it is a hypervolume; of the whole pool it is all of it."""
    campaign = pool_campaign(tmp_path, [Maximize("y"), Maximize("w")])
    told = backtest(campaign, planners=["sobol"], seeds=2, workers=1, progress=False)
    assert "hypervolume" in told.measure.name
    assert all(row.best == pytest.approx((1, 1, 1)) for row in told.rows)
    assert "hypervolume" in told.report(tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("wishes", [[Near("y", 1.0)], [AtLeast("y", 1.5)]], ids=["near", "condition"])
def test_every_kind_of_wish_has_a_measure(tmp_path, wishes):
    """A distance or a shortfall falls to what the best candidate has."""
    told = backtest(pool_campaign(tmp_path, wishes), planners=["random"], seeds=2, workers=1, progress=False)
    assert 0 <= told.rows[0].best[1] < 0.05
    assert told.targets


BARREL = Space(theta=Real(0, 200), t=Real(0.7, 1.4))


def small(**settings) -> Campaign:
    lab = FunctionLab(lambda point: point["t"] * (200 - abs(point["theta"] - 80)), effect="none")
    return Campaign(BARREL, [Maximize("y")], lab=lab, budget=5, store=":memory:", **settings)


def rehearse(folder, **settings):
    return backtest(small(), folder=folder, workers=1, progress=False, **{"planners": ["sobol"], "seeds": 2} | settings)


def test_a_folder_goes_on_where_it_was_left(tmp_path):
    """What is in the folder is not done again, a line that was cut off is, and more seeds cost only themselves."""
    first = rehearse(tmp_path)
    lines = (tmp_path / FILE).read_text(encoding="utf-8")
    (tmp_path / FILE).write_text(lines[:-20], encoding="utf-8")
    again = rehearse(tmp_path)
    assert again.rows == first.rows
    assert len((tmp_path / FILE).read_text(encoding="utf-8").splitlines()) == 5
    rehearse(tmp_path, seeds=3)
    assert (tmp_path / FILE).read_text(encoding="utf-8").startswith(lines.splitlines()[0])
    assert len((tmp_path / FILE).read_text(encoding="utf-8").splitlines()) == 7


def test_a_folder_of_something_else_is_refused(tmp_path):
    """Records of another budget cannot stand beside these; the message says what differs."""
    rehearse(tmp_path)
    with pytest.raises(InputError, match="budget differ"):
        rehearse(tmp_path, budget=4)
    (tmp_path / FILE).write_text("no records\n", encoding="utf-8")
    with pytest.raises(InputError, match="no file of rehearsals"):
        rehearse(tmp_path)


def test_planners_are_named_in_every_way(tmp_path):
    """Objects, kinds, tables as text or as mappings, and files of tables; what is the same counts once."""
    (tmp_path / "p.toml").write_text('[dense]\nkind = "latin_hypercube"\nsize = 5\n', encoding="utf-8")
    ways = [Random(), "sobol", {"kind": "sobol"}, "{ kind = 'grid', levels = 3 }", str(tmp_path / "p.toml")]
    told = rehearse(None, planners=ways)
    assert [row.planner for row in told.rows] == ["sobol", "grid (levels 3)", "dense", "random"]


@pytest.mark.parametrize("planner", ["sobbol", "{ kind = ", "{ kind = 'sobol', speed = 3 }", "none.toml"])
def test_a_planner_that_is_none_is_refused(planner):
    """A mistake in a planner is a message, before anything is rehearsed."""
    with pytest.raises(InputError):
        rehearse(None, planners=[planner])


def test_the_facts_are_plain_data(tmp_path):
    """They can be written as JSON, with a curve for each configuration."""
    from matloop.campaign.rehearsal.facts import facts

    told = facts(rehearse(tmp_path, noises=[0, "10%"], batches=[1, 2]))
    assert len(told["configurations"]) == 6
    assert len(told["configurations"][0]["curve"]["median"]) == 5
    json.dumps(told)


@pytest.mark.parametrize("kind", ["replay", "emulator", "twin"])
def test_each_page_says_what_its_lab_is(tmp_path, kind):
    """The figures of a page come from one lab, and its kind stands on top."""
    lab = {"replay": ReplayLab("t.csv"), "emulator": EmulatorLab("t.csv"), "twin": TwinLab("crossed_barrel")}[kind]
    if kind == "twin":
        space = Space(n=Integer(6, 12, step=2), theta=Real(0, 200), r=Real(1.5, 2.5), t=Real(0.7, 1.4))
        campaign = Campaign(space, [Maximize("toughness")], lab=lab, budget=3, store=":memory:")
    else:
        pool_campaign(tmp_path, [Maximize("y")])
        space = Space(x=Real(0, 1), z=Real(0, 1))
        campaign = Campaign(space, [Maximize("y")], lab=lab, budget=3, folder=tmp_path, store=":memory:")
    told = backtest(campaign, planners=["sobol"], seeds=2, workers=1, progress=False)
    page = told.report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert f'<span class="badge simulated">{kind}</span>' in page
    assert told.measure.definition[4:60] in page


def test_campaigns_without_chance_are_told_of(tmp_path) -> None:
    """Where all seeds of a planner give one and the same campaign, the page says so; other random starts differ."""
    pool = Pool(table={"x": tuple(i / 40 for i in range(41))})
    campaign = Campaign(
        Space(row=pool), [Maximize("y")], lab=FunctionLab(lambda x: {"y": x * (1.4 - x)}, effect="none"), budget=6
    )
    settings = {"planners": ["bayesian"], "seeds": 3, "workers": 1, "progress": False}
    assert backtest(campaign, **settings).alike == ["bayesian, batch 1"]
    assert backtest(campaign, starts=3, **settings).alike == []
