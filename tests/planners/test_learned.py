"""What models tell of a campaign agrees with the function that was measured."""

import numpy as np
import pytest

from matloop import Choice, Maximize, Minimize, Mixture, Pool, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.designs import Random
from matloop.planners.learned import learned
from matloop.planners.surrogates import fit_objectives

HIGHEST = (Maximize("y"),)


def lessons(space: Space, truth, n: int = 40, wishes=HIGHEST):
    points = [p.point for p in Random().propose(space, wishes, [], [], n, generator(0, 1))]
    seen = [Observation(str(i), point, truth(point)) for i, point in enumerate(points)]
    return learned(space, wishes, seen, fit_objectives(space, wishes, seen)), seen


def test_what_moves_the_result_is_relevant() -> None:
    """A parameter that does all gets nearly the whole share, one that does nothing nearly none; shares sum to one."""
    space = Space(strong=Real(0, 1), idle=Real(0, 1), weak=Real(0, 1))
    told, _ = lessons(space, lambda p: {"y": 10 * p["strong"] ** 2 + p["weak"]})
    shares = told.relevance["y"]
    assert sum(shares.values()) == pytest.approx(1)
    assert next(iter(shares)) == "strong"
    assert shares["strong"] > 0.9
    assert shares["idle"] < 0.02


def test_slices_follow_the_function_through_the_best_point() -> None:
    """Along each variable the prediction is the function's own course, all others at the best point."""
    space = Space(x=Real(0, 1), z=Real(0, 1))
    told, seen = lessons(space, lambda p: {"y": -((p["x"] - 0.4) ** 2) + 0.3 * p["z"]})
    centre = max(seen, key=lambda o: o.values["y"]).point
    along = {s.variable: s for s in told.slices}
    at = np.array(along["x"].at)
    assert along["x"].mean == pytest.approx(-((at - 0.4) ** 2) + 0.3 * centre["z"], abs=0.03)
    assert (along["z"].std >= 0).all()


def test_every_kind_of_parameter_has_its_place() -> None:
    """Choices are sliced by option, mixtures and pools count as they are drawn, each objective has its own."""
    space = Space(
        c=Choice(["a", "b"]),
        m=Mixture(["p", "q"]),
        d=Pool(table={"mass": tuple(float(i) for i in range(60)), "sort": tuple("ab" * 30)}),
    )
    wishes = (Maximize("y"), Minimize("w"))
    told, _ = lessons(space, lambda p: {"y": p["p"] + (p["c"] == "a"), "w": p["mass"]}, wishes=wishes)
    assert set(told.relevance) == {"y", "w"}
    assert next(s.at for s in told.slices if s.variable == "c") == ["a", "b"]


def test_noise_is_estimated() -> None:
    """The noise of one measurement is found within a factor of two."""
    rng = np.random.default_rng(0)
    told, _ = lessons(Space(x=Real(0, 1)), lambda p: {"y": np.sin(3 * p["x"]) + 0.1 * rng.standard_normal()}, n=80)
    assert 0.05 < told.noise["y"] < 0.2
