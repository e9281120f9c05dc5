"""Why a point: what is told of it is true."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from matloop import Choice, Integer, Maximize, Mixture, Pool, Real, Space
from matloop.core.trial import Observation
from matloop.planners.binding import holding
from matloop.planners.explanation import explain, exploring_share
from matloop.planners.surrogates import fit_objectives

SPACE = Space(
    heat=Real(0, 100, unit="degC"),
    cycles=Integer(1, 9),
    solvent=Choice(["water", "ethanol"]),
    constraints=["heat + 10 * cycles <= 120"],
)
WISHES = [Maximize("strength", unit="MPa")]


def observed(*points: dict) -> list[Observation]:
    """The strength is the heat."""
    return [Observation(f"t-k-{i:04d}", p, {"strength": float(p["heat"])}) for i, p in enumerate(points, start=1)]


KNOWN = observed(
    {"heat": 10.0, "cycles": 2, "solvent": "water"},
    {"heat": 70.0, "cycles": 3, "solvent": "water"},
    {"heat": 40.0, "cycles": 8, "solvent": "ethanol"},
    {"heat": 20.0, "cycles": 5, "solvent": "water"},
)


def explained(point: dict, known=KNOWN, space=SPACE, n=1):
    return explain(space, WISHES, known, fit_objectives(space, WISHES, known), point, n)


def test_the_nearest_trial_is_told_with_its_result_and_the_differences() -> None:
    """In words of the parameters, the largest share of the known range first."""
    told = explained({"heat": 80.0, "cycles": 4, "solvent": "water"})
    assert told.nearest[0].trial == "t-k-0002"
    sentence = "trial 2 (strength 70 MPa), from which it differs by cycles +1, heat +10 degC"
    assert told.nearest[0].sentence() == sentence
    assert sentence in told.sentence()


def test_a_choice_differs_by_its_name() -> None:
    """Options have no sign: the one stands instead of the other."""
    told = explained({"heat": 70.0, "cycles": 3, "solvent": "ethanol"}, n=4)
    (other,) = (near for near in told.nearest if near.trial == "t-k-0002")
    assert other.differences == ("solvent ethanol instead of water",)


def test_nearest_come_in_order_of_distance() -> None:
    """Distances grow, and a point that was measured is its own neighbour."""
    told = explained(dict(KNOWN[0].point), n=4)
    distances = [near.distance for near in told.nearest]
    assert distances == sorted(distances)
    assert distances[0] == 0
    assert "at the same point" in told.nearest[0].sentence()


def test_the_expectation_includes_the_noise_of_measuring() -> None:
    """It is that of the model, with the variance of one measurement on top."""
    models = fit_objectives(SPACE, WISHES, KNOWN)
    point = {"heat": 60.0, "cycles": 3, "solvent": "water"}
    mean, std = models["strength"].predict(SPACE.columns([point]))
    told = explain(SPACE, WISHES, KNOWN, models, point)
    variance = models["strength"].model.noise_variance_
    assert told.expected["strength"] == pytest.approx((mean[0], np.sqrt(std[0] ** 2 + variance)))


@pytest.mark.parametrize(("gain", "std", "share"), [(-1.0, 1.0, 1.0), (0.0, 1.0, 1.0), (5.0, 0.0, 0.0)])
def test_exploring_has_its_limits(gain: float, std: float, share: float) -> None:
    """Without a gain in the mean all improvement is luck; without uncertainty none of it is."""
    assert exploring_share(gain, std) == share


def test_exploring_falls_as_the_gain_grows() -> None:
    """Between the limits the share falls steadily."""
    shares = [exploring_share(gain, 1.0) for gain in np.linspace(0, 5, 20)]
    assert all(a > b for a, b in pairwise(shares))


# -- what holds a point -------------------------------------------------------------------------------------------


def test_ends_of_ranges_hold() -> None:
    """A value at the end of its range is told with that end; one inside is not."""
    assert holding(SPACE, {"heat": 100.0, "cycles": 1, "solvent": "water"})[:2] == (
        "heat at its highest (100 degC)",
        "cycles at its lowest (1)",
    )
    assert holding(SPACE, {"heat": 50.0, "cycles": 3, "solvent": "water"}) == ()


def test_an_active_constraint_holds_with_its_directions() -> None:
    """Only the directions that it closes are told, and only where it is active."""
    (told,) = holding(SPACE, {"heat": 70.0, "cycles": 5, "solvent": "water"})
    assert told == "the constraint heat + 10 * cycles <= 120, which keeps heat from rising and cycles from rising"


def test_a_constraint_that_is_no_line_holds_too() -> None:
    """Found by small steps, so that any formula will do."""
    space = Space(a=Real(0, 10), b=Real(0, 10), constraints=["a * b >= 6 or a < 1"])
    (told,) = holding(space, {"a": 2.0, "b": 3.0})
    assert told.endswith("which keeps a from falling and b from falling")


def test_equalities_are_not_told() -> None:
    """What holds everywhere in the space is no news."""
    space = Space(a=Real(0, 1), b=Real(0, 1), constraints=["a + b == 1"])
    assert holding(space, {"a": 0.4, "b": 0.6}) == ()


def test_components_of_a_mixture_have_ends() -> None:
    """A component at its least or most is held there."""
    space = Space(blend=Mixture({"resin": {"low": 0.4}, "filler": {}, "dye": {"high": 0.1}}, unit="g"))
    found = holding(space, {"resin": 0.5, "filler": 0.4, "dye": 0.1})
    assert found == ("dye at its highest (0.1 g)",)


def test_tried_points_that_promise_more_are_counted_in_a_finite_space() -> None:
    """A pool offers none of them twice, which is why this point comes next."""
    pool = Space(pick=Pool(table={"heat": tuple(float(h) for h in range(0, 100, 10))}))
    known = observed(*({"heat": float(h)} for h in (10, 30, 60, 80, 90)))
    told = explained({"heat": 0.0}, known, pool)
    assert told.n_better_tried >= 4
    assert "none is tried twice" in told.sentence()


def test_a_space_of_every_kind_can_be_explained() -> None:
    """Booleans, texts and numbers in one pool give words and no error."""
    pool = Space(pick=Pool(table={"id": ("a", "b", "c"), "wet": (True, False, True), "heat": (1.0, 2.0, 3.0)}))
    known = observed({"id": "a", "wet": True, "heat": 1.0}, {"id": "b", "wet": False, "heat": 2.0})
    assert "id c instead of" in explained({"id": "c", "wet": True, "heat": 3.0}, known, pool).sentence()
