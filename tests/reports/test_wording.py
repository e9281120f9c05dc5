"""Numbers are short, exact where a person must set them, and never ambiguous."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matloop.reports.wording import duration, listed, moment, number, plain, setting, shortened


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (31.2345, "31.23"),
        (123456.7, "123457"),
        (0.000012345, "1.234e-05"),
        (1234567, "1234567"),
        (True, "true"),
        (math.nan, "–"),
    ],
)
def test_numbers_have_four_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(-1e12, 1e12))
def test_a_written_number_is_within_its_last_digit(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=6e-4)


@given(st.decimals(-99, 99, places=3))
def test_a_short_setting_is_written_exactly(value: float) -> None:
    assert float(setting(float(value))) == float(value)


@given(st.text())
def test_plain_text_holds_no_tag_and_no_line_break(text: str) -> None:
    assert not set("<>\n") & set(plain(text))


@given(st.text(), st.integers(2, 50))
def test_a_shortened_text_keeps_to_its_length(text: str, length: int) -> None:
    assert len(shortened(text, length)) <= length


def test_lists_and_durations_read_as_people_write_them() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert [duration(s) for s in (5, 600, 7200, 200_000)] == ["5 s", "10 min", "2 h", "2.31 days"]


def test_times_are_told_to_the_minute() -> None:
    """A page writes no seconds and no T; what is no time stays as it is."""
    assert moment("2026-11-28T08:15:26+00:00") == "2026-11-28 08:15 UTC"
    assert moment("2026-11-28T08:15:26.123+02:00") == "2026-11-28 08:15 +0200"
    assert moment("2026-11-28T08:15:26") == "2026-11-28 08:15"
    assert moment("2026-11-28 08:15 UTC") == "2026-11-28 08:15 UTC"
