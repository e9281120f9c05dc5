"""A model that fails numerically ends no campaign: another rung proposes, and says so."""

import numpy as np
import pytest

from matloop.core.objective import Maximize
from matloop.core.parameter import Real
from matloop.core.seeds import generator
from matloop.core.space import Space
from matloop.core.trial import Observation
from matloop.planners.bayesian import Bayesian

SPACE = Space(x=Real(0, 1), z=Real(0, 1))
GOAL = [Maximize("y")]


def observations(n=8):
    rng = np.random.default_rng(0)
    points = [{"x": float(x), "z": float(z)} for x, z in rng.random((n, 2))]
    return [Observation(str(i), p, {"y": p["x"]}) for i, p in enumerate(points)]


def proposals(monkeypatch, *broken):
    for place in broken:
        monkeypatch.setattr(place, breaks)
    return Bayesian().propose(SPACE, GOAL, observations(), [], 2, generator(0, 9))


def breaks(*_, **__):
    raise np.linalg.LinAlgError("not positive definite")


GAUSSIAN = "matloop.models.gaussian_process.GaussianProcess.fit"
FOREST = "matloop.planners.forest.ForestOutlook.of"


def test_a_broken_gaussian_process_gives_way_to_a_forest(monkeypatch):
    told = proposals(monkeypatch, GAUSSIAN)
    assert len(told) == 2
    for proposal in told:
        assert proposal.reason.startswith("the Gaussian process failed (not positive definite), so instead: ")
        assert "100 trees" in proposal.reason
        assert not SPACE.problems(proposal.point)


def test_where_the_forest_breaks_too_chance_chooses(monkeypatch):
    told = proposals(monkeypatch, GAUSSIAN, FOREST)
    assert len(told) == 2
    assert all("drawn at random" in proposal.reason for proposal in told), told


@pytest.mark.parametrize("error", [FloatingPointError, OverflowError])
def test_every_numerical_failure_counts(monkeypatch, error):
    def fails(*_, **__):
        raise error("odd")

    monkeypatch.setattr(GAUSSIAN, fails)
    assert "failed (odd)" in Bayesian().propose(SPACE, GOAL, observations(), [], 1, generator(0, 9))[0].reason


@pytest.mark.parametrize("error", [KeyError, ValueError])
def test_mistakes_of_the_program_are_not_hidden(monkeypatch, error):
    def fails(*_, **__):
        raise error("a mistake in the program")

    monkeypatch.setattr(GAUSSIAN, fails)
    with pytest.raises(error):
        Bayesian().propose(SPACE, GOAL, observations(), [], 1, generator(0, 9))
