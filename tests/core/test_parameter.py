"""Parameters: values from uniform numbers, what models see, and what may be tried."""

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from core_strategies import PARAMETERS, integers, mixtures, reals, uniform
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matloop.core.choice import Choice
from matloop.core.mixture import Mixture
from matloop.core.parameter import Grid, Integer, Real


def rows(parameter, columns):
    names = parameter.variables("p")
    return [dict(zip(names, row, strict=True)) for row in zip(*(columns[n].tolist() for n in names), strict=True)]


def uniform_rows(parameter, n=40):
    return parameter.from_unit("p", uniform(n, parameter.width))


@given(PARAMETERS)
def test_every_value_from_uniform_numbers_may_be_tried(parameter):
    columns = uniform_rows(parameter)
    assert set(columns) == set(parameter.variables("p"))
    for row in rows(parameter, columns):
        assert parameter.problem("p", row) is None
        assert parameter.coerce("p", row) == row


@given(PARAMETERS)
def test_what_a_model_sees_lies_between_zero_and_one(parameter):
    encoded = parameter.encode("p", uniform_rows(parameter))
    assert encoded.shape == (40, len(parameter.features("p")))
    assert np.all((encoded >= -1e-9) & (encoded <= 1 + 1e-9))


@given(PARAMETERS)
def test_every_lists_each_setting_once(parameter):
    if not parameter.n_points <= 2000:
        return
    found = [tuple(row.values()) for row in rows(parameter, parameter.every("p"))]
    assert len(found) == len(set(found)) == parameter.n_points
    assert all(parameter.problem("p", row) is None for row in rows(parameter, parameter.every("p")))


@given(PARAMETERS)
def test_uniform_numbers_give_settings_from_the_list(parameter):
    if not parameter.n_points <= 2000:
        return
    listed = {tuple(row.values()) for row in rows(parameter, parameter.every("p"))}
    assert {tuple(row.values()) for row in rows(parameter, uniform_rows(parameter))} <= listed


@given(PARAMETERS)
def test_plain_data_and_pickles_give_the_same_parameter_back(parameter):
    kind = type(parameter)
    assert kind.model_validate(parameter.model_dump()) == parameter
    assert kind.model_validate_json(parameter.model_dump_json()) == parameter
    assert pickle.loads(pickle.dumps(parameter)) == parameter


@given(PARAMETERS, st.sampled_from([math.nan, math.inf, "x", None, [], {}, 10**400, "nan", b"x", object()]))
def test_foreign_values_are_a_problem_and_no_crash(parameter, value):
    problem = parameter.problem("p", dict.fromkeys(parameter.variables("p"), value))
    assert isinstance(problem, str)


@given(st.integers(-300, 300), st.integers(1, 400), st.sampled_from(["0.1", "0.05", "0.3", "0.7", "1e-18", "0.0625"]))
def test_grid_values_are_the_decimals_a_person_would_write(first, n, step):
    exact = Fraction(step)
    grid = Grid(float(first * exact), float((first + n) * exact), float(step))
    assert grid.n == n + 1
    assert grid.at(np.arange(n + 1)).tolist() == [float((first + k) * exact) for k in range(n + 1)]


@given(reals())
def test_log_scales_and_grids_stay_inside(real):
    values = uniform_rows(real)["p"]
    assert np.all((values >= real.low) & (values <= real.high))


def test_a_log_scale_is_even_in_the_logarithm():
    values = Real(1e-3, 1e3, log=True).from_unit("p", np.linspace(0, 1, 7)[:, None])["p"]
    np.testing.assert_allclose(values, 10.0 ** np.arange(-3, 4), rtol=1e-12)


def test_each_grid_value_gets_an_equal_share_of_uniform_numbers():
    values = Integer(6, 12, step=2).from_unit("p", ((np.arange(400) + 0.5) / 400)[:, None])["p"]
    assert np.unique(values, return_counts=True)[1].tolist() == [100] * 4


@given(integers())
def test_integers_are_whole_in_type_too(integer):
    assert uniform_rows(integer)["p"].dtype == np.int64
    assert integer.every("p")["p"].dtype == np.int64
    assert type(integer.coerce("p", {"p": float(integer.low)})["p"]) is int


@given(mixtures())
def test_mixtures_sum_to_their_total_within_their_bounds(mixture):
    amounts = np.column_stack(list(uniform_rows(mixture, 200).values()))
    slack = 1e-9 * mixture.total
    np.testing.assert_allclose(amounts.sum(axis=1), mixture.total, atol=slack, rtol=0)
    for amount, component in zip(amounts.T, mixture.components.values(), strict=True):
        assert np.all(amount >= component.low - slack)
        assert np.all(amount <= component.high + slack)


def test_a_free_mixture_is_uniform_on_the_simplex():
    """Each of k shares has mean 1/k and variance (k-1)/(k²(k+1)) (a flat Dirichlet distribution)."""
    amounts = np.column_stack(list(Mixture(["a", "b", "c"]).from_unit("m", uniform(20_000, 3)).values()))
    np.testing.assert_allclose(amounts.mean(axis=0), 1 / 3, atol=0.01)
    np.testing.assert_allclose(amounts.var(axis=0), 2 / (9 * 4), atol=0.003)


def test_tight_highs_do_not_press_a_mixture_to_its_bounds():
    """Three shares of at most 0.4: the allowed triangle has its centre at 1/3, and few points lie on its edge."""
    mixture = Mixture({name: {"high": 0.4} for name in "abc"})
    amounts = np.column_stack(list(mixture.from_unit("m", uniform(5000, 3)).values()))
    np.testing.assert_allclose(amounts.mean(axis=0), 1 / 3, atol=0.005)
    assert np.isclose(amounts, 0.4, atol=1e-6).any(axis=1).mean() < 0.01


def test_a_trace_component_uses_the_full_range_that_a_model_sees():
    mixture = Mixture({"dye": {"high": 0.01}, "water": {"low": 0.9}})
    assert np.ptp(mixture.encode("m", mixture.from_unit("m", uniform(500, 2))), axis=0).min() > 0.9


def test_counting_mixtures_takes_no_time_however_fine_the_step():
    assert Mixture(["a", "b", "c"], total=100, step=0.001).n_points == math.comb(100_002, 2)
    assert Mixture({"a": {"high": 0.5}, "b": {}}, step=1e-6).n_points == 500_001


def test_choices_keep_the_types_of_their_options():
    choice = Choice([1, 2.5, "none"])
    assert [choice.coerce("p", {"p": value})["p"] for value in (1.0, "2.5", np.int64(1), "none")] == [1, 2.5, 1, "none"]
    assert type(choice.coerce("p", {"p": 1.0})["p"]) is int
    dry = Choice([True, False])
    assert dry.coerce("p", {"p": np.True_})["p"] is True
    assert dry.problem("p", {"p": 1}) is not None
    assert {type(value) for value in dry.from_unit("p", uniform(9, 1))["p"].tolist()} == {bool}


def test_two_options_lie_at_the_distance_of_the_two_ends_of_a_range():
    encoded = Choice(["a", "b", "c"]).every("p")["p"]
    points = Choice(["a", "b", "c"]).encode("p", {"p": encoded})
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(1)


def test_values_a_hair_outside_are_put_onto_the_bound():
    assert Real(0, 1).coerce("p", {"p": -1e-12}) == {"p": 0.0}
    assert Mixture(["a", "b"]).coerce("p", {"a": -1e-9, "b": 1.0}) == {"a": 0.0, "b": 1.0}
    assert Mixture(["a", "b"], step=0.1).coerce("p", {"a": 0.1 + 0.2, "b": 0.7 - 1e-12}) == {"a": 0.3, "b": 0.7}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Real, {"low": 1, "high": 0}),
        (Real, {"low": 0, "high": 1, "log": True}),
        (Real, {"low": 0, "high": 1, "step": 2}),
        (Real, {"low": 0, "high": 1, "step": 1e-300}),
        (Real, {"low": -1e308, "high": 1e308}),
        (Real, {"low": 0, "high": math.nan}),
        (Real, {"low": 0, "high": math.inf}),
        (Real, {"low": 0, "high": 1, "self": 3}),
        (Integer, {"low": 0, "high": 10**400}),
        (Integer, {"low": 0.5, "high": 2}),
        (Choice, {"options": []}),
        (Choice, {"options": [1, 1.0]}),
        (Choice, {"options": [math.nan]}),
        (Mixture, {"components": ["a"]}),
        (Mixture, {"components": ["a", "a"]}),
        (Mixture, {"components": ["a", "b"], "step": 1e-12}),
        (Mixture, {"components": ["a", "b"], "total": 1e308, "step": 1e-308}),
        (Mixture, {"components": {"a": {"high": 0.2}, "b": {"high": 0.2}}}),
        (Mixture, {"components": {"a": {"low": 0.15}, "b": {}}, "step": 0.1}),
    ],
)
def test_impossible_settings_are_refused(kind, settings):
    with pytest.raises(ValidationError):
        kind.model_validate(settings)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=9))
def test_continuous_values_have_no_more_digits_than_can_be_set(low: float, width: float, u: list[float]) -> None:
    """Between the bounds values are rounded to a fine share of the range: they print short, and lie where u says."""
    parameter = Real(low, low + width)
    values = parameter.from_unit("x", np.array(u)[:, None])["x"]
    assert (values >= parameter.low).all()
    assert (values <= parameter.high).all()
    assert values == pytest.approx(low + np.array(u) * width, abs=1e-4 * width)
    inner = [v for v in values.tolist() if v not in (parameter.low, parameter.high)]
    assert all(len(f"{v:.12g}") <= 14 for v in inner)
