"""Active learning of a map goes where a measurement clears up most of it."""

import numpy as np
import pytest

from matloop import Maximize, Minimize, Real, Space
from matloop.core.parameter import Columns
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.designs import Random
from matloop.planners.mapping import Mapping, _Map
from matloop.planners.surrogates import fit_objectives

GRID = Space(x=Real(0, 1, step=0.02), z=Real(0, 1, step=0.1))


def hills(point: dict) -> float:
    return float(np.sin(9 * point["x"]) * np.cos(4 * point["z"]))


def test_the_promised_reduction_is_the_one_that_comes() -> None:
    """The gain of a point is the fall of the mean variance once the model knows that point."""
    seen = [Observation(str(x), {"x": x, "z": x}, {"y": hills({"x": x, "z": x})}) for x in (0.1, 0.3, 0.5, 0.9)]
    model = fit_objectives(GRID, [Maximize("y")], seen)["y"]
    columns: Columns = GRID.candidates()
    each = _Map(model, columns)
    for row in (7, 100, 350):
        noise = np.array([model.model.noise_variance_])
        known = model.model.condition(GRID.encode({v: c[[row]] for v, c in columns.items()}), noise_variance=noise)
        before, after = (m.predict(GRID.encode(columns), return_std=True)[1] for m in (model.model, known))
        fall = np.mean(before**2 - after**2) / model.model.outcome_scale_**2
        assert each.gain()[row] == pytest.approx(fall, rel=1e-6, abs=1e-9)
        assert np.diag(each.measured(row).covariance) == pytest.approx(
            after**2 / model.model.outcome_scale_**2, abs=1e-8
        )


def test_the_map_is_better_than_after_random_trials() -> None:
    """Thirty trials predict the whole space better than thirty random ones, in the median of six seeds."""

    def error(planner, seed: int) -> float:
        seen: list[Observation] = []
        for number in range(1, 31):
            point = planner.propose(GRID, [Maximize("y")], seen, [], 1, generator(seed, number))[0].point
            seen.append(Observation(str(number), point, {"y": hills(point)}))
        mean = fit_objectives(GRID, [Maximize("y")], seen)["y"].mean(GRID.candidates())
        truth = np.array([hills(point) for point in GRID.points(GRID.candidates())])
        return float(np.sqrt(np.mean((mean - truth) ** 2)))

    chosen, by_chance = (np.median([error(p, seed) for seed in range(6)]) for p in (Mapping(), Random()))
    assert chosen < 0.8 * by_chance


def test_the_direction_of_the_goal_does_not_matter() -> None:
    """To maximize or to minimize: the map is the same, and so are the trials."""
    seen = [Observation(str(x), {"x": x, "z": x}, {"y": hills({"x": x, "z": x})}) for x in (0.1, 0.3, 0.5, 0.9)]
    told = [Mapping(starts=2).propose(GRID, [w("y")], seen, [], 3, generator(0, 5)) for w in (Maximize, Minimize)]
    assert [p.point for p in told[0]] == [p.point for p in told[1]]
    assert "falls from" in told[0][0].reason
