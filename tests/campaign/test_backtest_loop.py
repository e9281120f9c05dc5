"""Rehearsed campaigns: the same as real ones on the same lab, but for the journal and the noise."""

import multiprocessing

import numpy as np
import pytest

from matloop import (
    AtMost,
    Bayesian,
    Campaign,
    FunctionLab,
    Integer,
    Maximize,
    Random,
    Real,
    ReplayLab,
    Sobol,
    Space,
    TwinLab,
    backtest,
)
from matloop.campaign.backtest import scene_of
from matloop.campaign.rehearsal.loop import Interrupted, rehearse
from matloop.campaign.rehearsal.noise import read_noise
from matloop.core.errors import InputError
from matloop.core.trial import Outcome

BARREL = Space(n=Integer(6, 12, step=2), theta=Real(0, 200), r=Real(1.5, 2.5), t=Real(0.7, 1.4))


def barrel(noise=None, **settings) -> Campaign:
    lab = settings.pop("lab", TwinLab("crossed_barrel", noise=noise))
    return Campaign(BARREL, [Maximize("toughness")], lab=lab, budget=14, store=":memory:", **settings)


def scene(campaign=None, planners=(), batches=(), noises=(0,), budget=None, starts=0):
    return scene_of(campaign or barrel(), planners, batches, noises, budget, starts)


def of_planner(made, kind="bayesian"):
    return next(c for c in made.configurations if c.planner.kind == kind)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_rehearsal_without_noise_is_the_very_campaign(batch):
    """Without noise, the rehearsal of a seed tries the same points in the same order as a real run with that seed."""
    campaign = barrel(noise=0, planner=Bayesian(batch=batch, starts=5), seed=3)
    done = rehearse(made := scene(campaign), of_planner(made), 3)
    campaign.run(progress=False)
    measured = [trial.outcome.values["toughness"] for trial in campaign.state.trials.values()]
    assert done.true[:, 0].tolist() == measured
    assert done.named == campaign.best[0].number - 1


def test_the_same_seed_gives_the_same_campaign_and_another_seed_another():
    """Planner, replicates and noise follow from the seed alone."""
    made = scene(noises=[2])
    first, again, other = (rehearse(made, of_planner(made), seed).true for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_noise_misleads_a_campaign_but_not_its_figures():
    """Added noise changes what is tried, never the truth by which it is judged."""
    made = scene(barrel(noise=0), noises=[0, 1000])
    quiet, noisy = (
        rehearse(made, next(c for c in made.at_level(level) if not c.is_random), 0) for level in made.levels
    )
    assert quiet.true.tolist() != noisy.true.tolist()
    assert noisy.true.max() < 100


def test_all_planners_begin_with_the_starts_that_are_asked_for():
    """With `starts`, the first trials of a seed are the same for every planner, random search among them."""
    made = scene(planners=[Bayesian(), Sobol()], starts=4)
    begun = [rehearse(made, c, 5).true[:4].tolist() for c in made.configurations]
    assert begun[0] == begun[1] == begun[2]


def test_random_search_goes_on_where_its_budget_ends():
    """Random search is followed beyond the budget, and within it is what a random campaign of that seed is."""
    made = scene(barrel(noise=0, planner=Random()), budget=6)
    done = rehearse(made, of_planner(made, "random"), 2)
    assert done.n_trials == 6
    assert len(done.true) == 60
    longer = scene(barrel(noise=0, planner=Random()), budget=12)
    assert done.true[:12].tolist() == rehearse(longer, of_planner(longer, "random"), 2).true[:12].tolist()


def test_a_small_space_ends_a_campaign(tmp_path):
    """A campaign that has tried everything ends; what it had stands for the rest of the budget."""
    (tmp_path / "t.csv").write_text("x,y\n1,5\n2,9\n3,7\n", encoding="utf-8")
    few = Campaign(Space(x=Integer(1, 3)), [Maximize("y")], lab=ReplayLab("t.csv"), budget=8, folder=tmp_path)
    told = backtest(few, seeds=3, workers=1, progress=False)
    assert told.scene.budget == 3
    assert all(row.best == (9, 9, 9) for row in told.rows)


class Broken(Random):
    """A planner that gives up."""

    kind: str = "broken"  # type: ignore[assignment]

    def propose(self, space, objectives, observations, pending, n, rng):
        if len(observations) >= 3:
            raise RuntimeError("no idea")
        return super().propose(space, objectives, observations, pending, n, rng)


def test_a_planner_that_breaks_ends_its_campaign_alone():
    """What a planner raises is told with its seed, and the others go on."""
    told = backtest(barrel(), planners=[Broken()], seeds=2, workers=1, progress=False)
    assert told.stopped == [f"broken, batch 1, seed {seed}: the planner failed: no idea" for seed in (0, 1)]
    assert all(np.isfinite(row.best).all() for row in told.rows)


def test_faults_of_the_lab_end_a_campaign_as_they_pause_a_real_one():
    """After so many faults in a row nothing more is tried (pause_after); a fault teaches nothing."""

    def broken(point) -> Outcome:
        return Outcome(failed="the press is stuck", is_fault=True)

    lab = FunctionLab(broken, effect="none")
    campaign = barrel(lab=lab, pause_after=(2, 3))
    made = scene(campaign, planners=["sobol"])
    done = rehearse(made, of_planner(made, "sobol"), 0)
    assert len(done.true) == 2
    assert np.isnan(done.true).all()
    assert "2 of the last 3 trials failed" in done.stopped


def test_conditions_are_part_of_the_truth():
    """A design that misses a condition never counts as the best, however good it is."""
    lab = FunctionLab(lambda point: {"y": point["x"], "price": point["x"]}, effect="none")
    wishes = [Maximize("y"), AtMost("price", 0.5)]
    campaign = Campaign(Space(x=Real(0, 1)), wishes, lab=lab, budget=10, store=":memory:")
    told = backtest(campaign, planners=["sobol"], seeds=3, workers=1, progress=False)
    assert all(0.3 < row.best[1] <= 0.5 for row in told.rows)


@pytest.mark.parametrize(
    ("lab", "said"),
    [(None, "a person carries"), (FunctionLab(lambda point: 1.0), "a function carries")],
    ids=["person", "function"],
)
def test_only_simulated_labs_are_rehearsed_on(lab, said):
    """A lab that touches the world is refused with a hint, before anything is sent to it."""
    campaign = Campaign(BARREL, [Maximize("toughness")], lab=lab, budget=5, store=":memory:")
    with pytest.raises(InputError, match=said) as refused:
        backtest(campaign, seeds=1, progress=False)
    assert refused.value.hint


def test_processes_change_nothing():
    """Two processes find what one finds, also for a function that lives nowhere but here; none is left behind."""
    lab = FunctionLab(lambda point: -((point["x"] - 0.3) ** 2), effect="none")
    campaign = Campaign(Space(x=Real(0, 1)), [Maximize("y")], lab=lab, budget=8, store=":memory:")
    one, two = (backtest(campaign, seeds=3, workers=workers, progress=False) for workers in (1, 2))
    assert one.rows == two.rows
    assert multiprocessing.active_children() == []


def test_a_rehearsal_can_be_told_to_stop():
    """Between two trials it is asked whether to go on."""
    made = scene()
    with pytest.raises(Interrupted):
        rehearse(made, of_planner(made), 0, lambda: True)


@pytest.mark.parametrize("text", ["a lot", "-1", "nan", "inf", "%"])
def test_what_is_no_noise_is_refused(text):
    """A level of noise is a number, or a percentage, of 0 or more."""
    with pytest.raises(InputError, match="no level of noise"):
        read_noise(text, [Maximize("y")])


def test_noise_of_several_objectives_is_given_in_percent():
    """One number cannot be the noise of quantities in different units."""
    wishes = [Maximize("a"), Maximize("b")]
    with pytest.raises(InputError, match="2 objectives"):
        read_noise("1.5", wishes)
    assert read_noise("15%", wishes).size == 15
