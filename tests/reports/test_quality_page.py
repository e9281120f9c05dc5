"""The page of a dataset's quality: its histograms lose no record, and its words are for people."""

import json

import numpy as np
import pandas as pd

from matloop import Column, Dataset
from matloop.datasets.dataset import SetAside
from matloop.datasets.examination.outliers import scale_of
from matloop.datasets.quality import examine
from matloop.reports.columns import Column as Shown
from matloop.reports.figures.distribution import histogram, replicates
from matloop.reports.figures.style import Figure
from matloop.reports.quality import render


def drawn(values: np.ndarray) -> Figure:
    return histogram(Shown("y", "V"), values, scale_of(values))


def notes(figure: Figure) -> list[str]:
    return [note["text"] for note in figure.layout["annotations"]]


def test_far_outliers_are_counted_beyond_the_axis() -> None:
    """Outliers a million times larger leave the shape of all others visible, and are told on each side."""
    values = np.random.default_rng(0).normal(size=300)
    values[:3] = 1e6, -4e5, -2e6
    figure = drawn(values)
    assert sum(figure.data[0]["y"]) == 297
    assert max(figure.data[0]["y"]) < 100
    assert notes(figure) == ["◂ 2 below", "1 above ▸"]


def test_outliers_that_are_not_far_stay_on_the_axis() -> None:
    """An outlier within the reach of the axis is a red mark there, and no words are needed."""
    values = np.append(np.random.default_rng(0).normal(size=200), 6.0)
    figure = drawn(values)
    assert sum(figure.data[0]["y"]) == 201
    assert figure.data[1]["x"] == [6.0]
    assert notes(figure) == []


def test_zeros_on_a_logarithmic_axis_are_counted() -> None:
    """A logarithm has no place for zeros: the figure says how many there are."""
    values = np.concatenate([np.zeros(40), np.random.default_rng(0).lognormal(0, 1.5, 200)])
    figure = drawn(values)
    assert "tickvals" in figure.layout["xaxis"]
    assert sum(figure.data[0]["y"]) == 200
    assert notes(figure) == ["◂ 40 at zero"]


def test_few_records_have_no_halves() -> None:
    """The axis of a count has ticks at whole numbers only."""
    assert drawn(np.array([1.1, 1.4, 9.0])).layout["yaxis"]["dtick"] == 1
    assert "dtick" not in drawn(np.arange(300.0)).layout["yaxis"]


def test_replicates_that_are_all_the_same_make_no_figure() -> None:
    """Conditions that came twice, all with the value 0, would be one point in an empty figure."""
    assert replicates(Shown("y"), np.zeros(6), np.array([0, 0, 1, 1, 2, 2])) is None
    assert replicates(Shown("y"), np.arange(6.0), np.array([0, 0, 1, 1, 2, 2])) is not None


def test_what_was_set_aside_is_told_by_name() -> None:
    """A row set aside is told cell by cell, another text as it stands; neither as JSON."""
    aside = [
        SetAside(
            "a.csv:3", "gap: 'abc' is not a number", json.dumps({"formula": "GaAs", "gap (eV)": "abc", "note": ""})
        ),
        SetAside("a.csv:9", "cut off", "<b>GaN"),
    ]
    frame = pd.DataFrame({"formula": ["Si", "GaP"], "gap": [1.1, 2.2]})
    dataset = Dataset(frame, [Column("gap", role="target", unit="eV")], set_aside=aside)
    page = render(dataset, examine(dataset))
    assert "formula = GaAs, gap (eV) = abc</td>" in page
    assert "&lt;b&gt;GaN</td>" in page
    assert "<b>1</b><span>target</span>" in page
    assert "<b>2</b><span>set aside</span>" in page


def test_few_different_values_stand_at_their_place() -> None:
    """Two classes that are numbers are two bars at these numbers, not the ends of a range."""
    figure = drawn(np.array([-1.0, 1, 1, 1, -1] * 20))
    assert figure.data[0]["x"] == [-1, 1]
    assert figure.data[0]["y"] == [40, 60]
    assert figure.layout["xaxis"]["ticktext"] == ["-1", "1"]


def test_classes_to_be_predicted_have_a_figure() -> None:
    """How many records each class has is what a classification hangs on: the commonest of them, and how many more."""
    labels = ["spinel"] * 5 + ["<b>garnet"] * 3 + [f"class {i}" for i in range(20)]
    dataset = Dataset(pd.DataFrame({"x": range(28), "type": labels}), [Column("type", role="target", kind="text")])
    page = render(dataset, examine(dataset))
    assert "Values of type" in page
    assert "Values of x" not in page
    assert '"x":[5.0,3.0,1.0,' in page
    assert "records, 15 of 22" in page
    assert "<b>garnet" not in page
