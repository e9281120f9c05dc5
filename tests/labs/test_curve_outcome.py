"""What a lab may report as a curve, what is refused, and that nothing of it is lost."""

import json

import numpy as np
import pytest
from lab_bench import settled, trial

from matloop.core.curve import Curve
from matloop.core.objective import Match, Maximize
from matloop.labs.outcome import outcome_of

X = (400.0, 500.0, 600.0)
WISH = Match("a", (X, (0.1, 0.5, 0.2)))
Y = [0.2, 0.5, 0.2]


@pytest.mark.parametrize(
    "given",
    [
        Y,
        np.array(Y),
        tuple(Y),
        {"a": Y},
        {"a": np.array(Y)},
        {"x": X, "y": Y},
        {"a": {"x": X, "y": Y}},
        {"a": {"x": X[::-1], "y": Y[::-1]}},
        {"a": {"y": Y}},
        {"a": Curve(X, Y)},
        {"values": {"a": Y}},
        {"values": {"a": {"x": [300, *X, 700], "y": [9, *Y, 9]}}},
    ],
)
def test_every_way_to_say_a_curve_gives_the_same_distance(given):
    outcome = outcome_of(given, [WISH])
    assert outcome.failed is None
    assert outcome.values["a"] == pytest.approx(0.1 / np.sqrt(3))
    assert WISH.resampled(outcome.curves["a"]).tolist() == Y


def test_a_curve_is_kept_on_its_own_x_and_compared_on_that_of_the_target():
    outcome = outcome_of({"a": {"x": [390, 410, 610], "y": [0.0, 0.2, 0.2]}}, [WISH])
    assert outcome.curves["a"].x == (390, 410, 610)
    assert WISH.resampled(outcome.curves["a"]) == pytest.approx([0.1, 0.2, 0.2])


def test_units_of_a_curve_are_converted():
    wish = Match("a", (X, (1, 2, 3)), unit="V")
    for given in (
        {"a": {"y": [1000, 2000, 3000], "unit": "mV"}},
        {"values": {"a": [1e3, 2e3, 3e3]}, "units": {"a": "mV"}},
    ):
        assert outcome_of(given, [wish]).values["a"] == pytest.approx(0, abs=1e-12)
    assert "unit" in outcome_of({"a": {"y": [1, 2, 3], "unit": "kg"}}, [wish]).failed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": [0.1, 0.2]}, "2 numbers where the target has 3 points"),
        ({"a": [0.1, float("nan"), 0.3]}, "y[1] of the curve is nan"),
        ({"a": [0.1, None, 0.3]}, "y[1] of the curve is 'None', which is not a number"),
        ({"a": [0.1, "high", 0.3]}, "not a number"),
        ({"a": 0.3}, "no curve"),
        ({"a": "0.3"}, "no curve"),
        ({"a": {"x": X}}, "needs x and y"),
        ({"a": {"x": X[:2], "y": Y}}, "2 and 3"),
        ({"a": {"x": [450, 500, 600], "y": Y}}, "needed from 400 to 600"),
        ({"a": [[1, 2], [3, 4], [5, 6]]}, "not a number"),
        ({"a": "spectrum.csv"}, "no file"),
        ({"b": Y}, "there is no value for a"),
    ],
)
def test_what_is_no_such_curve_is_refused_in_words_and_stays_in_the_log(given, said):
    outcome = outcome_of(given, [WISH])
    assert outcome.is_fault
    assert said in outcome.failed
    assert "what came" in outcome.log


def test_a_long_refused_spectrum_can_be_saved_from_the_log():
    """All of its numbers, not the first few."""
    y = [i / 1000 for i in range(2000)]
    outcome = outcome_of({"a": y}, [WISH])
    assert "2000 numbers" in outcome.failed
    assert all(f"{value}" in outcome.log for value in y)


def test_a_failed_trial_needs_no_curve_and_keeps_the_one_it_has():
    assert outcome_of({"failed": "cracked"}, [WISH]).curves == {}
    assert outcome_of({"failed": "cracked", "a": Y}, [WISH]).curves["a"].y == tuple(Y)


def test_curves_and_numbers_come_side_by_side():
    outcome = outcome_of({"a": Y, "strength": 3.0}, [WISH, Maximize("strength")])
    assert outcome.values["strength"] == 3.0
    assert set(outcome.curves) == {"a"}


@pytest.mark.parametrize("header", ["wavelength,absorbance\n", ""])
def test_a_program_may_name_the_file_of_its_spectrometer(tmp_path, make_lab, header):
    """Two columns, with a header or without; the path counts from the folder in which the program runs."""
    rows = "".join(f"{x},{y}\n" for x, y in zip(X, Y, strict=True))
    (tmp_path / "scan.csv").write_text(header + rows, encoding="utf-8")
    lab = make_lab('print(\'{"a": "scan.csv"}\')', objectives=[WISH])
    lab.submit(trial())
    assert settled(lab).curves["a"] == Curve(X, Y)


def test_a_program_may_print_the_numbers(make_lab):
    lab = make_lab(f"print('measuring'); print({json.dumps({'a': Y})!r})", objectives=[WISH])
    lab.submit(trial())
    assert settled(lab).curves["a"] == Curve(X, Y)


def test_a_file_of_three_columns_is_no_curve(tmp_path):
    (tmp_path / "scan.csv").write_text("x,y,z\n1,2,3\n", encoding="utf-8")
    assert "3 columns" in outcome_of({"a": "scan.csv"}, [WISH], files_from=tmp_path).failed
