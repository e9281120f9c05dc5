"""Several fidelities: rough trials teach at a fraction of the cost, and only true ones count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matloop import Bayesian, Fidelity, Maximize, Minimize, Pool, Real, Space
from matloop.core.cost import price_of
from matloop.core.merit import counting
from matloop.core.seeds import generator
from matloop.core.trial import Observation

SPACE = Space(x=Real(0, 1), z=Real(0, 1), level=Fidelity(["rough", "true"], costs=[0.1, 1]))


def hill(point, shift=0.0) -> float:
    """A hill whose top lies at (0.7, 0.4); the rough one is moved and lifted."""
    return float(np.exp(-8 * ((point["x"] - 0.7 - shift) ** 2 + (point["z"] - 0.4) ** 2)))


def measured(point) -> dict[str, float]:
    value = hill(point) if point["level"] == "true" else 5 + 2 * hill(point, 0.03)
    return {"y": value, "w": -point["x"]}


def campaign(planner, space, cost, seed=0) -> list[Observation]:
    """Trials until this much is spent."""
    seen: list[Observation] = []
    price, left = price_of(space, None), cost
    while left > 1e-9:
        for proposal in planner.propose(space, [Maximize("y")], seen, [], 1, generator(seed, len(seen) + 1)):
            assert not space.problems(proposal.point)
            seen.append(Observation(str(len(seen) + 1), proposal.point, measured(proposal.point)))
            left -= float(price(space.columns([proposal.point]))[0]) if price else 1.0
    return seen


def levels(seen) -> list[str]:
    return [o.point["level"] for o in seen]


def best(seen) -> float:
    return max(o.values["y"] for o in seen if o.point["level"] == "true")


def test_rough_trials_are_chosen_where_they_are_cheap_and_tell_much() -> None:
    """Ten times cheaper and much alike: more rough trials than true ones, and a top that is found with few of these."""
    seen = campaign(Bayesian(), SPACE, 8)
    assert levels(seen).count("rough") > levels(seen).count("true")
    assert best(seen) > 0.97


def test_equal_cost_means_true_trials_alone() -> None:
    """A rough result that costs as much is never worth it once levels were compared, nor one of unknown cost."""
    same = Space(x=Real(0, 1), z=Real(0, 1), level=Fidelity(["rough", "true"], costs=[1, 1]))
    assert "rough" not in levels(campaign(Bayesian(), same, 16)[8:])
    unknown = Space(x=Real(0, 1), z=Real(0, 1), level=Fidelity(["rough", "true"]))
    assert "rough" not in levels(campaign(Bayesian(), unknown, 8))


def test_a_rough_level_that_tells_nothing_is_left() -> None:
    """Noise in place of a rough result: after the starts hardly anything is spent on it, and the top is found."""
    rng = np.random.default_rng(0)
    seen: list[Observation] = []
    while levels(seen).count("true") < 16:
        point = Bayesian().propose(SPACE, [Maximize("y")], seen, [], 1, generator(0, len(seen) + 1))[0].point
        value = hill(point) if point["level"] == "true" else float(rng.standard_normal())
        seen.append(Observation(str(len(seen) + 1), point, {"y": value}))
    assert levels(seen[8:]).count("rough") <= levels(seen).count("true")
    assert best(seen) > 0.95


def test_starts_are_compared_at_every_level_then_rough() -> None:
    """Three places are tried at both levels, so that these can be compared; two more at the rough one."""
    seen = campaign(Bayesian(), SPACE, 3.5)[:8]
    assert levels(seen) == ["rough", "true"] * 3 + ["rough"] * 2
    places = [(o.point["x"], o.point["z"]) for o in seen]
    assert places[0] == places[1]
    assert len(set(places)) == 5


@pytest.mark.parametrize("wishes", [[Maximize("y")], [Maximize("y"), Minimize("w")]], ids=["one goal", "two goals"])
@given(n=st.integers(1, 4), seed=st.integers(0, 99))
def test_nothing_is_proposed_twice_in_a_batch(wishes, n, seed) -> None:
    """A batch holds different settings, none of which was tried or is pending."""
    rng = np.random.default_rng(seed)
    points = [{"x": x, "z": z, "level": level} for x, z in rng.random((6, 2)).tolist() for level in ("rough", "true")]
    seen = [Observation(str(i), point, measured(point)) for i, point in enumerate(points[:10])]
    told = Bayesian(starts=1).propose(SPACE, wishes, seen, points[10:], n, generator(seed, 11))
    keys = {SPACE.key(p.point) for p in told} | {SPACE.key(point) for point in points}
    assert len(keys) == n + len(points)


def test_a_pool_has_fidelities_too() -> None:
    """Rows of a table at either level: none of them twice at one level, and in the end all of them at the true one."""
    space = Space(
        row=Pool(table={"x": (0.1, 0.4, 0.6, 0.9), "z": (0.2, 0.4, 0.4, 0.7)}), level=SPACE.parameters["level"]
    )
    seen: list[Observation] = []
    while told := Bayesian().propose(space, [Maximize("y")], seen, [], 1, generator(0, len(seen) + 1)):
        seen.append(Observation(str(len(seen)), told[0].point, measured(told[0].point)))
    assert len({space.key(o.point) for o in seen}) == len(seen)
    assert levels(seen).count("true") == 4


def test_the_reason_names_level_share_and_cost() -> None:
    """Who reads the reason learns what the rough trial tells, and for how much."""
    seen = campaign(Bayesian(), SPACE, 3.5)
    told = Bayesian().propose(SPACE, [Maximize("y")], seen, [], 6, generator(0, len(seen) + 1))
    rough = next(p for p in told if p.point["level"] == "rough")
    assert "at level rough, which tells" in rough.reason
    assert "for 10% of the cost" in rough.reason


def test_predictions_are_of_the_level_that_is_tried() -> None:
    """The rough hill stands on 5: so does what is predicted of a rough trial."""
    seen = campaign(Bayesian(), SPACE, 4)
    told = Bayesian().propose(SPACE, [Maximize("y")], seen, [], 6, generator(0, len(seen) + 1))
    for proposal in told:
        mean = proposal.predicted["y"].mean
        assert mean > 4 if proposal.point["level"] == "rough" else mean < 2


def test_worth_by_cost_takes_the_cheaper_of_two_equals() -> None:
    """What is known is the same on both sides: the side where a trial is cheaper is chosen, whichever it is."""
    space = Space(x=Real(0, 1))
    seen = [Observation(str(x), {"x": x}, {"y": -((abs(x - 0.5) - 0.3) ** 2)}) for x in (0.0, 0.35, 0.5, 0.65, 1.0)]
    for cost, is_chosen in (("1 + 9 * x", lambda x: x < 0.5), ("10 - 9 * x", lambda x: x > 0.5)):
        planner = Bayesian(starts=1, per_cost=True).priced(price_of(space, cost))
        (proposal,) = planner.propose(space, [Maximize("y")], seen, [], 1, generator(0, 6))
        assert is_chosen(proposal.point["x"])


def test_a_constraint_on_the_level_holds() -> None:
    """Where a level is not allowed at a point, it is not asked for there."""
    level = Fidelity([1, 4], costs=[1, 10])
    space = Space(x=Real(0, 10), z=Real(0, 1), level=level, constraints=["level >= 2 or x <= 5"])
    seen: list[Observation] = []
    while len(seen) < 14:
        point = Bayesian().propose(space, [Maximize("y")], seen, [], 1, generator(0, len(seen) + 1))[0].point
        assert space.problems(point) == []
        seen.append(Observation(str(len(seen)), point, {"y": point["x"] * (9 - point["x"]) + point["z"]}))


def test_what_was_carried_out_roughly_is_no_result() -> None:
    """A trial planned true and done at the rough level does not count, and the other way round it does."""
    point = {"x": 0.5, "z": 0.5, "level": "true"}
    done_rough = Observation("1", point, {"y": 9.0}, achieved={"level": "rough"})
    done_true = Observation("2", {**point, "level": "rough"}, {"y": 1.0}, achieved={"level": "true"})
    assert counting(SPACE, [done_rough, done_true]) == [done_true]


def test_a_level_that_costs_as_much_anywhere_is_not_compared() -> None:
    """With a price that does not depend on the level, and with a rough level that is dearer, all trials are true."""
    constant = Bayesian().priced(price_of(SPACE, 5.0))
    assert set(levels(campaign(constant, SPACE, 6))) == {"true"}
    dearer = Space(x=Real(0, 1), z=Real(0, 1), level=Fidelity(["rough", "true"], costs=[3, 1]))
    assert set(levels(campaign(Bayesian(), dearer, 6))) == {"true"}


def test_only_true_results_are_measured_again() -> None:
    """Replicates are of true trials: a rough one would be compared on another scale."""
    rng = np.random.default_rng(0)
    seen: list[Observation] = []
    while len(seen) < 24:
        number = len(seen) + 1
        (told,) = Bayesian(replicates=4).propose(SPACE, [Maximize("y")], seen, [], 1, generator(0, number))
        assert told.point["level"] == "true" or not told.reason.startswith("measured again")
        noisy = measured(told.point)["y"] + 0.3 * rng.standard_normal()
        seen.append(Observation(str(number), told.point, {"y": float(noisy)}))
