"""Why a trial was planned: by what was known then, and not by what came after."""

from __future__ import annotations

import pytest

from matloop import Bayesian, Campaign, Fidelity, Maximize, Real, Space
from matloop.core.merit import usable
from matloop.planners.surrogates import fit_objectives

SPACE = Space(x=Real(0, 1, step=0.05), z=Real(0, 1, step=0.05))


def played(batch: int = 1) -> Campaign:
    planner = Bayesian(starts=5, batch=batch)
    made = Campaign(SPACE, [Maximize("y", unit="J")], planner=planner, store=":memory:", budget=9)
    made.run(lambda x, z: x - (z - 0.4) ** 2, progress=False)
    return made


def test_only_what_was_known_then_counts() -> None:
    """The expectation is that of a model of the results before the trial, and those after change nothing."""
    made = played()
    trial, told = made.why(8)
    known = usable(made.spec.objectives, made.observations[:7])
    mean, _ = fit_objectives(SPACE, made.spec.objectives, known)["y"].predict(SPACE.columns([trial.point]))
    assert told.n_results == 7
    assert told.explanation.expected["y"][0] == pytest.approx(mean[0])
    assert {near.trial for near in told.explanation.nearest} <= {o.trial for o in known}
    assert abs(sum(told.relevance["y"].values()) - 1) < 1e-9


def test_a_batch_was_planned_before_any_of_its_results() -> None:
    """All trials of one breath knew the same."""
    made = played(batch=2)
    assert made.why(7)[1].n_results == made.why(8)[1].n_results


def test_the_first_trials_knew_nothing() -> None:
    """A start is told as such."""
    assert played().why(1)[1].explanation is None


def test_rough_results_are_known_and_never_the_best() -> None:
    """What is told of a trial is what the planner expected, rough results included; the best trial is a true one."""
    space = Space(x=Real(0, 1), z=Real(0, 1), level=Fidelity(["rough", "true"], costs=[0.1, 1]))
    made = Campaign(space, [Maximize("y")], name="levels", store=":memory:", budget=12)
    made.run(lambda x, z, level: x - (z - 0.4) ** 2 + (50 if level == "rough" else 0), progress=False)
    trial, told = made.why(12)
    assert told.explanation.expected["y"][0] == pytest.approx(trial.predicted["y"].mean, rel=1e-6)
    assert {t.point["level"] for t in made.best} == {"true"}
    assert made.forecast() is None or made.forecast().sentence()
