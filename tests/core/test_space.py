"""Spaces: points, columns, constraints between parameters."""

import json
import pickle
import tomllib

import numpy as np
import pytest
from core_strategies import CONSTRAINTS, as_toml, constrained_spaces, is_enumerable, spaces, uniform
from hypothesis import given
from hypothesis import strategies as st

from matloop.core.choice import Choice
from matloop.core.errors import InputError
from matloop.core.mixture import Mixture
from matloop.core.parameter import Integer, Real
from matloop.core.pool import Pool
from matloop.core.space import Space


def some_points(space, n=15):
    return space.points(space.from_unit(uniform(n, space.width)))


@given(spaces())
def test_every_point_from_uniform_numbers_lies_in_the_space(space):
    for point in some_points(space):
        assert space.problems(point) == []
        assert space.point(point) == point


@given(spaces())
def test_points_and_columns_are_the_same_thing_with_the_same_types(space):
    points = some_points(space)
    again = space.points(space.columns(points))
    assert again == points
    for a, b in zip(again, points, strict=True):
        assert [type(value) for value in a.values()] == [type(value) for value in b.values()]


@given(spaces())
def test_a_point_has_plain_types_only(space):
    for point in some_points(space):
        assert tuple(point) == space.variables
        assert {type(value) for value in point.values()} <= {float, int, str, bool}


@given(spaces())
def test_what_models_see_has_a_label_for_each_column_and_stays_within_the_unit_cube(space):
    encoded = space.encode(space.columns(some_points(space)))
    assert encoded.shape == (15, len(space.features))
    assert np.all((encoded >= -1e-9) & (encoded <= 1 + 1e-9))


@given(spaces())
def test_candidates_are_all_points_once(space):
    if not is_enumerable(space):
        return
    points = space.points(space.candidates())
    assert len(points) == len({space.key(point) for point in points}) == space.n_points
    assert all(not space.problems(point) for point in points[:50])


@given(spaces())
def test_plain_data_and_pickles_give_the_same_space_back(space):
    assert Space.model_validate(space.model_dump()) == space
    assert Space.model_validate_json(space.model_dump_json()) == space
    assert pickle.loads(pickle.dumps(space)) == space


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(spaces(), st.data())
def test_problems_and_point_agree_for_whatever_is_entered(space, data):
    entered = dict(some_points(space)[2])
    for variable in data.draw(st.lists(st.sampled_from([*space.variables, "foreign"]), max_size=2)):
        entered[variable] = data.draw(ANYTHING)
    problems = space.problems(entered)
    if problems:
        with pytest.raises(InputError, match="cannot be tried"):
            space.point(entered)
    else:
        point = space.point(entered)
        assert space.problems(point) == []
        assert space.point(point) == point


@given(spaces())
def test_a_space_written_as_toml_is_read_back(space):
    data = space.model_dump(mode="json")
    text = "\n".join(f"{json.dumps(name)} = {as_toml(value)}" for name, value in data.items())
    assert Space.model_validate(tomllib.loads(text)) == space


@given(constrained_spaces(), st.integers(0, 99))
def test_no_feasible_point_breaks_a_constraint_or_leaves_its_grid(space, seed):
    columns = space.from_unit(uniform(400, space.width, seed))
    ok = space.feasible(columns)
    points = space.points({name: column[ok] for name, column in columns.items()})
    for point in points[:40]:
        assert space.problems(point) == []
        assert space.point(point) == point


@pytest.mark.parametrize("text", CONSTRAINTS)
def test_chance_meets_each_kind_of_constraint(text):
    space = Space(
        a=Real(0, 10),
        b=Real(-2, 10, step=0.4),
        c=Real(0, 10),
        n=Integer(0, 6),
        s=Choice(["water", "ethanol", "none"]),
        m=Mixture({"k": {"low": 0.1}, "na": {"high": 0.6}, "cs": {}}, at_most=2),
        constraints=[text],
    )
    assert space.mistakes() == []
    assert space.feasible(space.from_unit(uniform(1000, space.width))).mean() > 0.05


@given(spaces())
def test_the_blocks_cover_what_models_see(space):
    blocks = space.blocks
    assert [block.start for block in blocks] == [0, *(block.stop for block in blocks)][: len(blocks)]
    assert (blocks[-1].stop if blocks else 0) == len(space.features)


def test_different_options_lie_at_distance_one_and_descriptors_tell_how_far():
    space = Space(s=Choice(["a", "b", "c"]), d=Choice(["x", "y", "z"], descriptors={"pKa": [2, 4, 6]}))
    seen = space.encode(space.columns([{"s": "a", "d": "x"}, {"s": "c", "d": "x"}, {"s": "a", "d": "y"}]))
    assert [(b.start, b.stop, b.kind) for b in space.blocks] == [(0, 3, "choice"), (3, 4, "number")]
    np.testing.assert_allclose(((seen - seen[0]) ** 2).sum(axis=1), [0, 1, 0.25])


@given(spaces(), st.integers(1, 50))
def test_pieces_are_the_candidates_in_their_order(space, size):
    if not is_enumerable(space):
        return
    pieces = list(space.chunks(size))
    assert all(len(next(iter(piece.values()))) <= size for piece in pieces)
    assert [point for piece in pieces for point in space.points(piece)] == space.points(space.candidates())
    assert space.n_candidates == space.n_points


def test_pieces_hold_only_what_meets_the_constraints_and_are_never_empty():
    space = Space(a=Integer(0, 299), b=Integer(0, 299), c=Integer(0, 4), constraints=["a + b <= 20", "c == 3"])
    assert space.candidates() is None
    assert space.n_candidates == 231
    assert all(len(piece["a"]) for piece in space.chunks(1000))


def test_an_endless_space_has_no_pieces():
    space = Space(a=Real(0, 1))
    assert not space.is_streamable
    assert space.n_candidates is None
    with pytest.raises(ValueError, match="continuous"):
        next(space.chunks())


def test_single_values_that_constraints_speak_of_are_hit():
    space = Space(a=Real(0, 1), b=Real(0, 1), constraints=["a == 0 or b == 0.25", "a + b <= 1"])
    assert space.width == 4
    columns = space.from_unit(uniform(1000, 4))
    assert 0.2 < (columns["a"] == 0).mean() < 0.8
    assert 0.2 < (columns["b"] == 0.25).mean() < 0.8
    plain = space.from_unit(uniform(1000, 2))
    assert (plain["a"] == 0).mean() < 0.01


def test_a_text_that_is_no_option_is_a_mistake_with_the_nearest():
    space = Space(s=Choice(["water", "ethanol"]), constraints=["s != 'watr'"])
    assert [str(mistake) for mistake in space.mistakes()] == [
        "space.constraints[0]: 'watr' is no option of 's' (did you mean 'water'?)"
    ]


def test_constraints_are_kept_by_candidates_and_by_problems():
    space = Space(a=Integer(0, 4), b=Integer(0, 4), constraints=["a + b <= 3", "a != 2"])
    points = space.points(space.candidates())
    assert len(points) == 8
    assert {point["a"] for point in points} == {0, 1, 3}
    assert space.problems({"a": 3, "b": 1}) == ["breaks the constraint a + b <= 3"]


def test_a_choice_of_numbers_can_be_constrained():
    space = Space(n=Choice([1, 2, 5]), dry=Choice([True, False]), constraints=["n <= 2 or dry"])
    assert len(space.points(space.candidates())) == 5
    assert space.mistakes() == []


def test_candidates_are_none_where_there_are_too_many():
    assert Space(a=Integer(0, 9), b=Integer(0, 9)).candidates(limit=99) is None
    assert Space(a=Real(0, 1)).candidates() is None


def test_every_problem_of_a_point_is_named():
    space = Space(x=Real(0, 1), s=Choice(["a", "b"]))
    assert space.problems({"x": 0.5}) == ["no value for s"]
    problems = space.problems({"x": 2, "s": "c", "y": 1})
    assert len(problems) == 3
    with pytest.raises(InputError, match=r"x = 2 lies outside 0 to 1"):
        space.point({"x": 2, "s": "a"})


def test_points_are_put_onto_their_grids_and_into_their_types():
    space = Space(x=Real(0, 1, step=0.1), n=Integer(1, 5))
    point = space.point({"x": np.float64(0.1) + 0.2, "n": 3.0})
    assert point == {"x": 0.3, "n": 3}
    assert type(point["n"]) is int


def test_mistakes_between_parameters_are_all_named():
    space = Space(
        x=Real(0, 1),
        m=Mixture(["x", "water"]),
        s=Choice(["a", "b"]),
        constraints=["x + watr <= 1", "x > y"],
    )
    found = [str(mistake) for mistake in space.mistakes()]
    assert found == [
        "space.m: the variable 'x' is defined twice",
        "space.constraints[0]: 'watr' is no variable of this space (did you mean 'water'?)",
        "space.constraints[1]: 'y' is no variable of this space (one of: x, water, s)",
    ]


def test_a_constraint_that_calculates_with_text_is_a_mistake():
    space = Space(x=Real(0, 1), s=Choice(["a", "b"]), constraints=["x <= 1", "s + x <= 1", "s <= 3"])
    assert [mistake.path for mistake in space.mistakes()] == ["space.constraints[1]", "space.constraints[2]"]


@pytest.mark.parametrize("name", ["", " ", " x", "x ", "a\nb", "a\tb", "\x00"])
def test_a_name_that_cannot_be_seen_is_a_mistake(name):
    assert Space.model_validate({name: Real(0, 1)}).mistakes()


def test_a_pool_that_has_not_been_read_can_be_checked_and_kept():
    space = Space(p=Pool("pool.csv", columns=["a"]), x=Real(0, 1), constraints=["a + x <= 1"])
    assert space.mistakes() == []
    assert Space.model_validate(space.model_dump()) == space
    read = space.parameters["p"].model_copy()
    read.load({"a": np.array([0.0, 0.5])})
    assert space.features == ("x",)
    assert space.model_copy(update={"parameters": {**space.parameters, "p": read}}).features == ("a", "x")


def test_parameters_may_be_called_like_parts_of_a_space():
    space = Space.model_validate({"parameters": Real(0, 1), "real": Real(0, 1)})
    assert space.variables == ("parameters", "real")
    assert Space.model_validate(space.model_dump()) == space
