"""Mixtures of which only some components are present."""

import itertools

import numpy as np
import pytest
from core_strategies import sparse_mixtures, uniform
from hypothesis import given
from pydantic import ValidationError

from matloop.core.mixture import Mixture
from matloop.core.partitions import Partitions
from matloop.core.space import Space
from matloop.core.subsets import Subsets

PARTS = {"a": {"low": 20, "required": True}, "b": {"low": 10, "high": 40}, "c": {}, "d": {"high": 50}, "e": {"low": 30}}


def amounts_of(mixture, n=2000):
    return np.column_stack(list(mixture.from_unit("m", uniform(n, mixture.width)).values()))


@given(sparse_mixtures())
def test_each_component_is_absent_or_within_its_bounds_and_their_number_is_right(mixture):
    amounts = amounts_of(mixture, 100)
    slack, total = 1e-6 * mixture.total, mixture.total
    np.testing.assert_allclose(amounts.sum(axis=1), total, atol=slack, rtol=0)
    for amount, component in zip(amounts.T, mixture.components.values(), strict=True):
        there = amount > slack
        assert np.all((amount[there] >= component.low - slack) & (amount[there] <= (component.high or total) + slack))
        assert not component.required or there.all()
    n = (amounts > slack).sum(axis=1)
    assert n.min() >= (mixture.at_least or 1)
    assert n.max() <= mixture.at_most


@given(sparse_mixtures())
def test_the_uniform_numbers_behind_amounts_give_these_amounts_again(mixture):
    columns = mixture.from_unit("m", uniform(100, mixture.width))
    behind = mixture.to_unit(columns)
    again = mixture.from_unit("m", behind)
    assert behind.shape[1] == mixture.width
    for component, amounts in columns.items():
        np.testing.assert_allclose(again[component], amounts, atol=1e-6 * mixture.total, rtol=0)


@pytest.mark.parametrize("limits", [{"at_most": 3}, {"at_most": 3, "at_least": 2}, {"at_least": 4}])
def test_every_mixture_on_the_grid_is_listed_once_and_equally_likely(limits):
    mixture = Mixture(PARTS, total=100, step=10, **limits)
    grid = itertools.product(range(0, 101, 10), repeat=4)
    whole = [dict(zip("abcde", (*row, 100 - sum(row)), strict=True)) for row in grid if sum(row) <= 100]
    allowed = {tuple(point.values()) for point in whole if mixture.problem("m", point) is None}
    listed = np.column_stack(list(mixture.every("m").values()))
    assert {tuple(row) for row in listed.tolist()} == allowed
    assert len(listed) == mixture.n_points == len(allowed)
    _, counts = np.unique(amounts_of(mixture, 200 * len(allowed)), axis=0, return_counts=True)
    assert len(counts) == len(allowed)
    assert 120 < counts.min() <= counts.max() < 280


def test_without_a_step_each_combination_is_equally_likely():
    present = amounts_of(Mixture(list("abcd"), at_most=2), 10_000) > 0
    _, counts = np.unique(present, axis=0, return_counts=True)
    assert len(counts) == 4 + 6
    assert counts.min() > 850
    assert counts.max() < 1150


def test_many_components_need_no_list_of_their_combinations():
    mixture = Mixture({f"c{i}": {"low": 5} for i in range(60)}, total=100, at_most=6)
    columns = mixture.from_unit("m", uniform(500, mixture.width))
    assert Space(m=mixture).feasible(columns).all()
    assert len(np.unique(np.column_stack(list(columns.values())) > 0, axis=0)) > 400


@pytest.mark.parametrize(
    ("amounts", "problem"),
    [
        ((20, 40, 40, 0, 0), None),
        ((100, 0, 0, 0, 0), None),
        ((0, 40, 60, 0, 0), "a = 0 lies outside 20 to 100"),
        ((20, 5, 75, 0, 0), "b = 5 is neither 0 nor at least 10"),
        ((20, 45, 35, 0, 0), "b = 45 lies outside 0 to 40"),
        ((20, 20, 30, 30, 0), "m has 4 components instead of at most 3"),
        ((20, 20, 40, 0, 0), "the components of m sum to 80 instead of 100"),
    ],
)
def test_what_speaks_against_a_mixture_is_said(amounts, problem):
    mixture = Mixture(PARTS, total=100, at_most=3)
    assert mixture.problem("m", dict(zip("abcde", amounts, strict=True))) == problem


def test_a_required_component_without_a_low_may_not_be_absent():
    mixture = Mixture({"a": {"required": True}, "b": {}}, at_most=2)
    assert mixture.problem("m", {"a": 0.0, "b": 1.0}) == "a is required and absent"
    assert amounts_of(mixture)[:, 0].min() > 0


def test_too_few_components_are_told():
    mixture = Mixture(["a", "b", "c"], at_least=2)
    assert mixture.problem("m", {"a": 1.0, "b": 0.0, "c": 0.0}) == "m has 1 components instead of at least 2"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"components": ["a", "b"], "at_most": 0}, "greater than or equal to 1"),
        ({"components": ["a", "b"], "at_most": 1, "at_least": 2}, "at least 2 components cannot be present"),
        ({"components": {"a": {"high": 0.2}, "b": {"high": 0.7}}, "at_most": 1}, "no combination of components"),
        ({"components": {"a": {"low": 0.6}, "b": {"low": 0.6}}, "at_least": 2}, "no combination of components"),
        ({"components": {"a": {"high": 0.2}, "b": {"high": 0.7}}, "at_most": 1, "step": 0.1}, "no combination"),
        ({"components": {"a": {"required": True}, "b": {"required": True}}, "at_most": 1}, "2 components are required"),
        ({"components": {"a": {"required": True}, "b": {}}}, "required says nothing without at_most"),
        ({"components": list("abcdefgh"), "at_most": 6, "step": 1e-6}, "too small to count"),
    ],
)
def test_mixtures_that_cannot_be_are_refused_with_the_reason(settings, said):
    with pytest.raises(ValidationError, match=said):
        Mixture.model_validate(settings)


def test_partitions_with_more_ways_than_floats_can_count_stay_within_their_bounds():
    parts = Partitions(400, [1] * 30, [40] * 30, [True] * 30, (5, 25))
    units = parts.from_unit(uniform(300, 30))
    assert parts.n > 2**60
    assert (units.sum(axis=1) == 400).all()
    assert units.max() <= 40
    assert ((units > 0).sum(axis=1) >= 5).all()
    assert ((units > 0).sum(axis=1) <= 25).all()


def test_subsets_are_numbered_there_and_back():
    subsets = Subsets([True, False, False, False, False], 2, 4, lambda masks: np.ones(len(masks), bool))
    masks = subsets.choose((np.arange(subsets.n) + 0.5) / subsets.n)
    assert len(np.unique(masks, axis=0)) == subsets.n == 4 + 6 + 4
    np.testing.assert_array_equal(subsets.choose(subsets.to_unit(masks)), masks)
    np.testing.assert_array_equal(subsets._number(masks), np.arange(subsets.n))
