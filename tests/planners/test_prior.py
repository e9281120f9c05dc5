"""What is known before the first trial: predictions of candidates, earlier results, a trained model."""

from collections.abc import Callable

import numpy as np
import pytest

from matloop import AtMost, Bayesian, Choice, Maximize, Minimize, Mixture, Near, Pool, Prior, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.earlier import learned_from
from matloop.planners.informed import InformedSpace

BOX = Space(x=Real(0, 1), y=Real(0, 1))
RNG = np.random.default_rng(0)
A, B = RNG.random((2, 120))
TRUTH = np.sin(6 * A) * np.cos(4 * B) + A


def pool(**columns: np.ndarray) -> Space:
    return Space(candidate=Pool(table={"a": A, "b": B, **columns}))


def hill(p: dict) -> float:
    return float(np.sin(5 * p["x"]) + p["y"] ** 2)


def hill_of(columns: dict) -> np.ndarray:
    return np.sin(5 * columns["x"]) + columns["y"] ** 2


def campaign(space: Space, planner: Bayesian, value: Callable[[dict], float], n: int) -> tuple[list, list]:
    known: list[Observation] = []
    reasons = []
    for trial in range(1, n + 1):
        told = planner.propose(space, [Maximize("q")], known, [], 1, generator(0, trial))[0]
        reasons.append(told.reason)
        known.append(Observation(str(trial), told.point, {"q": value(told.point)}))
    return known, reasons


@pytest.mark.parametrize("wish", [Maximize("q"), Minimize("q"), Near("q", 0.4)])
def test_an_exact_prior_finds_the_best_at_once(wish):
    """The first trial is the best of all candidates, whichever way is better."""
    space = pool(predicted=TRUTH)
    planner = Bayesian(prior={"q": Prior(column="predicted")})
    first = planner.propose(space, [wish], [], [], 1, generator(0, 1))[0]
    assert first.point["predicted"] == TRUTH[np.argmax(wish.utility(TRUTH))]
    assert "where the prior expects most" in first.reason


def test_a_constant_prior_changes_nothing():
    """What expects the same everywhere leaves every proposal as it was."""
    with_it, _ = campaign(BOX, Bayesian(prior={"q": Prior(model=lambda c: np.full(len(c["x"]), 7.0))}), hill, 8)
    without, _ = campaign(BOX, Bayesian(), hill, 8)
    assert [o.point for o in with_it] == [o.point for o in without]


@pytest.mark.parametrize(("scale", "shift"), [(1e-6, 0.0), (1e6, -3e6)])
def test_the_unit_of_a_prior_does_not_matter(scale, shift):
    """A prior in another unit leads to the same points."""
    points = []
    planner = Bayesian(prior={"q": Prior(column="predicted")})
    for prior in (TRUTH, scale * TRUTH + shift):
        known, _ = campaign(pool(predicted=prior), planner, lambda p: float(np.sin(9 * p["a"])), 8)
        points.append([(o.point["a"], o.point["b"]) for o in known])
    assert points[0] == points[1]


def test_a_misleading_prior_is_dropped_and_the_best_is_found():
    """With the opposite of the truth, the reasons soon say that it is not trusted, and the campaign succeeds."""
    planner = Bayesian(prior={"q": Prior(model=lambda c: -hill_of(c))})
    known, reasons = campaign(BOX, planner, hill, 14)
    assert "the prior is trusted by 0%" in reasons[-1]
    assert max(o.values["q"] for o in known) > 1.95


def test_the_column_of_predictions_is_no_input_of_the_model():
    """What the prior leaves over is modelled on the other columns; where there are no others, on that one."""
    informed = InformedSpace.of(pool(predicted=TRUTH), {"q": Prior(column="predicted")})
    assert informed.model("q").n_inputs == 2
    alone = InformedSpace.of(Space(c=Pool(table={"predicted": TRUTH})), {"q": Prior(column="predicted")})
    assert alone.model("q").n_inputs == 1


def test_a_regressor_gets_the_frame_that_it_was_fitted_to():
    """A scikit-learn model that was fitted to named columns is asked with them."""
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(pd.DataFrame({"y": B, "x": A}), A - B)
    first = Bayesian(prior={"q": Prior(model=model)}).propose(BOX, [Maximize("q")], [], [], 1, generator(0, 1))[0]
    assert first.point["x"] > 0.95
    assert first.point["y"] < 0.05


def test_an_earlier_campaign_on_fewer_variables_is_learned_from():
    """What the earlier table does not have is left out of its model."""
    told = learned_from(BOX, {"x": A, "q": np.sin(5 * A), "note": B}, "q")
    assert told is not None
    expected, spread = told
    at = np.linspace(0.1, 0.9, 9)
    np.testing.assert_allclose(expected({"x": at, "y": at}), np.sin(5 * at), atol=0.02)
    assert spread == pytest.approx(np.std(np.sin(5 * A)))


def test_earlier_results_without_any_order_are_not_used():
    """Where nothing can be found in the earlier results, the planner does as it does without them."""
    assert learned_from(BOX, {"x": A, "q": RNG.permutation(np.sin(5 * A))}, "q") is None


def test_earlier_results_with_gaps_other_options_and_a_missing_component_are_used():
    """Rows without a number are left out, unknown options count as unlike all others, absent components as 0."""
    blend = Mixture(["resin", "filler", "dye"])
    space = Space(s=Choice(["water", "dmf"]), blend=blend, x=Real(0, 1), p=Pool(table={"k": ["u", "v"]}))
    table = {
        "s": np.array(["water", "dmf", "thf"] * 40, object),
        "k": np.array(["u", "v", "w"] * 40, object),
        "resin": A,
        "filler": 1 - A,
        "x": np.where(B < 0.1, np.nan, B),
        "q": A + 0 * B,
    }
    told = learned_from(space, table, "q")
    assert told is not None
    columns = space.columns([{"s": "dmf", "k": "u", "resin": 0.5, "filler": 0.5, "dye": 0.0, "x": 0.4}])
    assert told[0](columns) == pytest.approx(0.5, abs=0.1)


def test_priors_of_several_objectives_and_batches():
    """A goal and a threshold with a prior each, a goal without: a batch of different points with their predictions."""
    space = pool(first=TRUTH, second=B)
    planner = Bayesian(prior={"q": Prior(column="first"), "cost": Prior(column="second")})
    wishes = [Maximize("q"), Minimize("r"), AtMost("cost", limit=0.8)]
    known = [
        Observation(str(i), point, {"q": float(TRUTH[i]), "r": float(A[i]), "cost": float(B[i])})
        for i, point in enumerate(space.points(space.candidates())[:6])
    ]
    told = planner.propose(space, wishes, known, [], 3, generator(0, 7))
    assert len({space.key(p.point) for p in told}) == 3
    assert set(told[0].predicted) == {"q", "r", "cost"}


def test_what_failed_is_avoided_beside_a_prior():
    """Failures and priors act together."""
    space = pool(predicted=TRUTH)
    points = space.points(space.candidates())
    known = [
        Observation(str(i), p, {"q": float(TRUTH[i])} if i % 2 else {}, failed=None if i % 2 else "cracked")
        for i, p in enumerate(points[:10])
    ]
    assert Bayesian(prior={"q": Prior(column="predicted")}).propose(
        space, [Maximize("q")], known, [], 1, generator(0, 9)
    )


@pytest.mark.parametrize(
    ("prior", "path", "said", "hint"),
    [
        ({"r": Prior(column="x")}, "planner.prior.r", "'r' is no objective", "q"),
        ({"q": Prior(column="xx")}, "planner.prior.q.column", "'xx' is no variable", "did you mean 'x'?"),
        ({"q": Prior(file="old.csv").read({"x": A, "Q": A}, "")}, "planner.prior.q.value", "no column 'q'", "'Q'?"),
        ({"q": Prior(file="old.csv").read({"z": A, "q": A}, "")}, "planner.prior.q.file", "no variable", "z"),
        ({"q": Prior(file="old.csv").read({"x": A * np.nan, "q": A}, "")}, "planner.prior.q.file", "no row", "numbers"),
    ],
)
def test_a_prior_that_cannot_be_used_is_a_mistake_with_a_hint(prior, path, said, hint):
    """Each mistake names its place, what is wrong, and what was probably meant."""
    (mistake,) = Bayesian(prior=prior).mistakes(BOX, [Maximize("q")])
    assert mistake.path == path
    assert said in mistake.message
    assert hint in mistake.hint


@pytest.mark.parametrize("settings", [{}, {"column": "a", "file": "b"}, {"model": 3}, {"column": "a", "trust": 1.0}])
def test_a_prior_needs_one_source_and_a_chance_below_one(settings):
    """None, two, or what is no model is refused."""
    with pytest.raises(ValueError, match=r"prior needs one of|is no model|less than 1"):
        Prior(**settings)
