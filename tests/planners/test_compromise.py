"""What a user says of several goals: what fits is used, and what does not is told with its path."""

import numpy as np
import pytest

from matloop import AtMost, Bayesian, Maximize, Minimize, Near, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.beliefs import Beliefs
from matloop.planners.compromise import Compromise, utilities

SPACE = Space(x=Real(0, 1), z=Real(0, 1))
GOALS = [Maximize("strength"), Minimize("cost")]
WISHES = [*GOALS, AtMost("mass", 1.2)]


def observed(n: int = 8) -> list[Observation]:
    rng = np.random.default_rng(0)
    points = [{"x": float(x), "z": float(z)} for x, z in rng.random((n, 2))]
    values = [
        {"strength": 60 * p["x"] - 10 * p["z"] ** 2, "cost": 9 * p["x"] + p["z"], "mass": p["x"] + p["z"]}
        for p in points
    ]
    return [Observation(str(i), p, v) for i, (p, v) in enumerate(zip(points, values, strict=True))]


def told(settings: dict, objectives=WISHES) -> list[str]:
    return [str(mistake) for mistake in Bayesian(**settings).mistakes(SPACE, objectives)]


SATISFIED = {"strength": 50, "cost": 2}


@pytest.mark.parametrize(
    "settings",
    [
        {"reference": {"strength": 20, "cost": 10}},
        {"reference": {"cost": 10}},
        {"several": "chebyshev"},
        {"several": "desirability", "satisfied": SATISFIED},
        {"several": "desirability", "satisfied": SATISFIED, "reference": {"cost": 10}, "weights": {"strength": 2}},
    ],
)
def test_what_fits_is_no_mistake(settings) -> None:
    """Whole and partial tables, for the ways that use them."""
    assert told(settings) == []


@pytest.mark.parametrize(
    ("settings", "objectives", "path", "words"),
    [
        ({"reference": {"strenght": 20}}, WISHES, "planner.reference.strenght", "did you mean 'strength'"),
        ({"reference": {"mass": 2}}, WISHES, "planner.reference.mass", "is no goal"),
        ({"reference": {"strength": 2}}, [Maximize("strength")], "planner.reference", "several goals"),
        ({"several": "chebyshev"}, [Maximize("strength")], "planner.several", "several goals"),
        ({"several": "chebyshev", "reference": {"cost": 1}}, WISHES, "planner.reference", "does not use it"),
        ({"weights": {"cost": 1}}, WISHES, "planner.weights", "'hypervolume' does not use it"),
        ({"satisfied": {"cost": 1}}, WISHES, "planner.satisfied", "'hypervolume' does not use it"),
        ({"several": "desirability", "satisfied": {"cost": 2}}, WISHES, "planner.satisfied.strength", "good enough"),
        (
            {"several": "desirability", "satisfied": SATISFIED, "reference": {"cost": 2}},
            WISHES,
            "planner.reference.cost",
            "no worse than 2",
        ),
        ({"reference": {"gap": 1.4}}, [*GOALS, Near("gap", 1.4)], "planner.reference.gap", "no worse than 1.4"),
        ({"batch_by": "penalization"}, WISHES, "planner.batch_by", "single goal"),
        ({"batch_by": "penalization"}, [Near("gap", 1.4)], "planner.batch_by", "single goal"),
    ],
)
def test_what_does_not_fit_is_told_with_its_path(settings, objectives, path, words) -> None:
    """One sentence, the key where it stands, and what to do."""
    (mistake,) = told(settings, objectives)
    assert mistake.startswith(f"{path}: ")
    assert words in mistake


def test_numbers_that_are_none_and_weights_of_nothing_are_refused() -> None:
    """Infinite references and weights of zero never reach the planner."""
    for settings in ({"reference": {"a": float("inf")}}, {"weights": {"a": 0.0}}, {"several": "sum"}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            Bayesian(**settings)


def test_a_reference_is_in_the_goals_own_units_and_may_be_partial() -> None:
    """What is to be small is turned round, a distance is one on either side; what is not given is inferred."""
    goals = [*GOALS, Near("gap", 1.4)]
    given = utilities(goals, {"strength": 20.0, "cost": 10.0, "gap": 1.0})
    np.testing.assert_allclose(given, [20.0, -10.0, -0.4])
    np.testing.assert_allclose(utilities(goals, {"gap": 1.8, "cost": 3.0}), [np.nan, -3.0, -0.4])
    whole = Beliefs(SPACE, WISHES, observed(), generator(0, 1)).joint.reference
    part = Beliefs(SPACE, WISHES, observed(), generator(0, 1), compromise=Compromise(reference={"cost": 3.0})).joint
    np.testing.assert_allclose(part.reference, [whole[0], -3.0])


def test_thresholds_count_before_the_leaders_are_chosen() -> None:
    """Of thousands of candidates the best that is likely to meet a hard threshold is worked out fully."""
    wishes = [*GOALS, AtMost("mass", 0.25)]
    seen = [*observed(), Observation("9", {"x": 0.1, "z": 0.1}, {"strength": 5.9, "cost": 1.0, "mass": 0.2})]
    beliefs = Beliefs(SPACE, wishes, seen, generator(0, 1))
    u = np.random.default_rng(5).random((4000, 2))
    together = beliefs.score({"x": u[:, 0], "z": u[:, 1]})
    apart = np.concatenate([beliefs.score({"x": p[:, 0], "z": p[:, 1]}) for p in np.array_split(u, 40)])
    assert together.argmax() == apart.argmax()
    assert together.max() == pytest.approx(apart.max())


def campaign(planner: Bayesian, n: int = 24) -> list[Observation]:
    """A cheap one is weak: cost 9x + z, strength 60x − 10z²; the best compromises have z = 0."""
    seen: list[Observation] = []
    for i in range(n):
        p = planner.propose(SPACE, GOALS, seen, [], 1, generator(0, i))[0].point
        values = {"strength": 60 * p["x"] - 10 * p["z"] ** 2, "cost": 9 * p["x"] + p["z"]}
        seen.append(Observation(str(i), p, values))
    return seen


def test_nothing_is_sought_beyond_the_reference() -> None:
    """With what costs more than 4.5 ruled out, the later trials cost less and spread below it."""
    seen = campaign(Bayesian(reference={"strength": 5, "cost": 4.5}))
    costs = np.array([o.values["cost"] for o in seen[10:]])
    assert (costs < 4.7).mean() > 0.9
    assert np.ptp(costs) > 2


def test_desirability_finds_the_one_that_was_wished_for() -> None:
    """The best compromise of what is too bad and what good enough, in a tenth of the front's extent."""
    wished = {"strength": 60.0, "cost": 0.0}
    seen = campaign(Bayesian(several="desirability", reference={"strength": 0, "cost": 9}, satisfied=wished))
    assert abs(seen[-1].values["strength"] - 30) < 6
    assert seen[-1].values["cost"] == pytest.approx(4.5, abs=0.9)


def test_random_weights_spread_along_the_front() -> None:
    """The Chebyshev scalarization leaves no half of the front without a trial."""
    seen = campaign(Bayesian(several="chebyshev"))
    on_front = sorted(o.point["x"] for o in seen[6:] if o.point["z"] < 0.05)
    assert len(on_front) >= 12
    assert on_front[0] < 0.1
    assert on_front[-1] > 0.9
    assert np.diff(on_front).max() < 0.4


@pytest.mark.parametrize("several", ["chebyshev", "desirability"])
def test_the_reason_says_how_goals_were_joined(several) -> None:
    """And a batch holds different points."""
    satisfied = {"strength": 50.0, "cost": 2.0} if several == "desirability" else {}
    planner = Bayesian(several=several, satisfied=satisfied)
    proposals = planner.propose(SPACE, WISHES, observed(), [], 3, generator(0, 1))
    assert len({tuple(p.point.values()) for p in proposals}) == 3
    assert {"chebyshev": "weights drawn for this trial", "desirability": "desirability"}[several] in proposals[0].reason
