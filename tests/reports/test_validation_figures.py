"""The figures of a model card show all rows and all classes apart."""

from matloop.discovery.card import OutOfFold
from matloop.reports.columns import Column
from matloop.reports.figures.validation import parity, roc

TARGET = Column("diffusivity", "cm²/s")


def test_skewed_values_stand_on_logarithmic_axes() -> None:
    """Values of many powers of ten would else lie in one corner; both axes are alike."""
    values = [10.0**-power for power in range(3, 15)]
    told = parity(TARGET, OutOfFold(split="random", n_rows=12, measured=values, predicted=values[::-1])).layout
    assert told["xaxis"]["type"] == told["yaxis"]["type"] == "log"
    low, high = told["xaxis"]["range"]
    assert -15 < low < -14
    assert -3 < high < -2


def test_values_below_zero_stand_on_linear_axes() -> None:
    """A prediction below zero has no logarithm, and must be seen."""
    values = [10.0**-power for power in range(3, 15)]
    predicted = [-1e-3, *values[1:]]
    told = parity(TARGET, OutOfFold(split="random", n_rows=12, measured=values, predicted=predicted)).layout
    assert "type" not in told["xaxis"]


def test_no_two_of_many_classes_look_alike() -> None:
    """Twelve curves differ in colour or in kind of line."""
    curves = {f"class {i}": ([0.0, 1.0], [0.0, 1.0]) for i in range(12)}
    lines = [trace["line"] for trace in roc(OutOfFold(split="random", n_rows=9, roc=curves)).data[1:]]
    assert len({(line["color"], line["dash"]) for line in lines}) == 12
