"""Several files become one dataset: below each other, or side by side."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from matloop.core.errors import InputError, UnitError
from matloop.datasets.combine import concatenated, joined
from matloop.datasets.options import Options
from matloop.datasets.reading import read_any, read_several

Write = Callable[[str, str | bytes], Path]


def test_below_each_other_units_agree(write: Write) -> None:
    """Numbers are in the unit of the first file, columns of one file alone are empty for the others."""
    one = read_any(write("a.csv", "formula,gap (eV)\nNaCl,8.5\n"))
    two = read_any(write("b.csv", "formula,gap (meV),phase\nKCl,8400,solid\nLiF,13000,solid\n"))
    both = concatenated([one, two])
    assert both.frame["gap"].to_numpy() == pytest.approx([8.5, 8.4, 13.0])
    assert both.frame["phase"].tolist() == [None, "solid", "solid"]
    assert both.frame["origin"].tolist() == ["a.csv:2", "b.csv:2", "b.csv:3"]
    assert both.origin == "a.csv; b.csv"


def test_what_does_not_fit_is_refused(write: Write) -> None:
    """A number here and text there, or a unit of another dimension, or none at all beside one: each is said."""
    one = read_any(write("a.csv", "formula,gap (eV)\nNaCl,8.5\n"))
    with pytest.raises(InputError, match=r"is a number in a\.csv and a text in b\.csv"):
        concatenated([one, read_any(write("b.csv", "formula,gap\nKCl,wide\n"))])
    with pytest.raises(UnitError):
        concatenated([one, read_any(write("c.csv", "formula,gap (K)\nKCl,3\n"))])
    with pytest.raises(UnitError, match="no unit"):
        concatenated([one, read_any(write("d.csv", "formula,gap\nKCl,3\n"))])


def test_side_by_side_by_a_key(write: Write) -> None:
    """Each record of the first file gets the columns of its partner; partners of nobody are set aside."""
    one = read_any(write("a.csv", "id,formula\nm1,NaCl\nm2,KCl\nm3,LiF\n"))
    two = read_any(write("b.csv", "id,gap (eV),formula\nm3,13.6,LiF\nm1,8.5,NaCl\nm9,1,CsI\n"), targets="gap")
    both = joined([one, two], "id")
    np.testing.assert_array_equal(both.frame["gap"], [8.5, np.nan, 13.6])
    assert both.columns["gap"].role == "target"
    assert both.material is not None
    assert both.material.name == "formula"
    assert both.frame["formula (b)"].tolist() == ["NaCl", None, "LiF"]
    assert [(record.place, record.reason) for record in both.set_aside] == [("b.csv:4", "no 'id' of a.csv is 'm9'")]


def test_a_key_that_says_nothing_is_refused(write: Write) -> None:
    """A key that comes twice, is in no file, or never agrees."""
    one = read_any(write("a.csv", "id,formula\nm1,NaCl\n"))
    for text, key in (("id,gap\nm1,1\nm1,2\n", "id"), ("id,gap\nm1,1\n", "key"), ("id,gap\nx1,1\n", "id")):
        with pytest.raises(InputError):
            joined([one, read_any(write("b.csv", text))], key)


def test_a_file_of_no_use_costs_only_itself(write: Write) -> None:
    """Of several files, one that cannot be read is set aside as a whole; alone, it is an error."""
    good, bad = write("a.csv", "formula,gap\nNaCl,8.5\n"), write("b.csv", "")
    datasets = read_several([bad, good], Options.given(targets="gap"))
    assert [len(dataset) for dataset in datasets] == [1]
    assert [(record.place, record.reason) for record in datasets[0].set_aside] == [("b.csv", "b.csv is empty")]
    with pytest.raises(InputError, match="empty"):
        read_several([bad], Options())


def test_an_option_may_speak_of_one_file(write: Write) -> None:
    """A column that only one of the files has can be named; one that none has is refused."""
    files = [write("a.csv", "formula,gap\nNaCl,8.5\n"), write("b.csv", "formula,mass\nNaCl,58\n")]
    one, two = read_several(files, Options.given(targets="mass"))
    assert not one.targets or one.targets[0].name == "gap"
    assert [column.name for column in two.targets] == ["mass"]
    with pytest.raises(InputError, match="no column 'mess'"):
        read_several(files, Options.given(targets="mess"))


def test_a_target_that_was_said_is_the_only_one(write: Write) -> None:
    """Where somebody says what is to be predicted, no other column is taken for it, in that file or in another."""
    files = [write("a.csv", "formula,gap,target\nNaCl,8.5,1\n"), write("b.csv", "formula,mass\nNaCl,58\n")]
    one, two = read_several(files, Options.given(targets="gap"))
    assert [column.name for column in one.targets] == ["gap"]
    assert two.targets == []
