"""Units: converted within a dimension, refused across, and never a way to do harm."""

import math
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matloop.core.errors import UnitError
from matloop.core.units import check_unit, convert, parse_quantity

PAIRS = [
    ("mm", "inch"),
    ("degC", "K"),
    ("°F", "degC"),
    ("degC/min", "K/s"),
    ("wt%", "ppm"),
    ("S/cm", "mS/m"),
    ("kJ/mol", "J/mol"),
    ("degree", "rad"),
    ("μm", "µm"),
    ("cm⁻¹", "1/m"),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
@pytest.mark.parametrize("value", [0.0, 1.0, -7.25, 1e6])
def test_there_and_back_gives_the_value_again(a, b, value):
    assert convert(convert(value, a, b), b, a) == pytest.approx(value, abs=1e-9, rel=1e-12)


def test_temperatures_are_shifted_and_their_rates_are_not():
    assert convert(25, "degC", "K") == pytest.approx(298.15)
    assert convert(25, "°C", "K") == convert(25, "℃", "K") == convert(25, "degC", "K")
    assert convert(60, "degC/min", "K/s") == pytest.approx(1)


def test_a_missing_unit_means_the_target_s_own():
    assert convert(3.0, None, "mm") == convert(3.0, "", "mm") == convert(3.0, "mm", "mm") == 3.0


@pytest.mark.parametrize(
    ("unit", "target"), [("mm", "kg"), ("eV", "nm"), ("mm", None), ("bogus", "mm"), ("wt%", "mol%"), ("vol%", "w%")]
)
def test_another_dimension_is_refused(unit, target):
    with pytest.raises(UnitError):
        convert(1.0, unit, target)


def test_shares_of_the_same_whole_and_plain_percent_agree():
    assert convert(5, "wt%", "%") == convert(5, "wt. %", "w%") == convert(5, "mol%", "at.%") == 5


@given(st.text(max_size=30) | st.text("mkgs°C%/*^()0129.⁻¹ ", max_size=20))
@example("m**9**9**9**9")
@example("9**9**9**9")
@example("(" * 10_000)
@example("m*" * 50_000 + "m")
@example("__import__('os')")
@example("lambda: 1")
@example("m,m")
@example("\ud800")
def test_any_text_is_a_unit_or_refused_soon(text):
    try:
        check_unit(text)
    except UnitError as error:
        str(error).encode()


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "mm", " kJ/mol", " %"]))
def test_a_written_quantity_is_read_back_exactly(number, unit):
    assert parse_quantity(f"{number!r}{unit}") == (number, unit.strip() or None)


@given(st.text(max_size=20) | st.text("0123456789_.eE+-, \n", max_size=12))
@example("1__0")
@example("1_")
@example("1e999")
@example("9" * 400)
@example("1" * 100_000)
def test_any_text_is_a_finite_quantity_or_refused(text):
    try:
        number, _ = parse_quantity(text)
    except UnitError:
        return
    assert math.isfinite(number)


def test_a_typographic_minus_is_a_minus():
    assert parse_quantity("−5.5 mV") == (-5.5, "mV")


def test_the_registry_is_read_only_when_a_unit_occurs():
    code = """
import sys
from matloop.core.parameter import Real
from matloop.core.objective import Maximize
from matloop.core.space import Space
assert not Space(x=Real(0, 1), constraints=["x <= 1"]).mistakes()
assert "pint" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
