"""CSV, Excel and JSON Lines: good records survive bad ones, and units are understood."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matloop.core.errors import InputError, TableError, UnitError
from matloop.datasets.reading import read_any
from matloop.datasets.stream import Stream, read_chunks

Write = Callable[[str, str | bytes], Path]

#: Lines that spoil a table of three columns, each with a piece of the reason.
BAD = (
    ("NaCl,1.0", "2 cells"),
    ("NaCl,1.0,a,b,c", "5 cells"),
    ("NaCl,wide,a", "'wide' is not a number"),
    ("NaCl,3 mV,a", "not a unit of the same dimension"),
    ("NaCl,<2,a", "a bound"),
    ("NaCl,1.2 ± 0.1,a", "uncertainty in the same cell"),
    ("NaCl,1-2,a", "a range"),
    ("NaCl,1e999,a", "too large"),
    ('"NaCl,2.0,a', "quotation mark"),
    ("Xx2,1.0,a", "no element 'Xx'"),
    (",1.0,a", "is the material"),
    ("Na(Cl,1.0,a", "not closed"),
)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_every_good_record_survives(write: Write, data: st.DataObject) -> None:
    """However many lines are bad, wherever they stand: the good ones are read, the bad ones have line and reason."""
    gaps = data.draw(st.lists(st.floats(0, 10), min_size=12, max_size=20))
    lines: list[tuple[str, str | None]] = [(f"NaCl,{gap!r},good", None) for gap in gaps]
    for bad in data.draw(st.lists(st.sampled_from(BAD), max_size=4)):
        lines.insert(data.draw(st.integers(0, len(lines))), bad)
    path = write("gaps.csv", "formula,gap (eV),remark\n" + "\n".join(line for line, _ in lines) + "\n")
    dataset = read_any(path)
    assert dataset.frame["gap"].tolist() == gaps
    told = {int(record.place.rpartition(":")[2]): record.reason for record in dataset.set_aside}
    expected = {number: reason for number, (_, reason) in enumerate(lines, 2) if reason}
    assert told.keys() == expected.keys()
    for number, reason in expected.items():
        assert reason in told[number]


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r")), st.floats(allow_infinity=False)),
        min_size=1,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_numbers_are_read_to_the_last_bit(write: Write, rows: list[tuple[str, float]]) -> None:
    """What Python's csv writes, quotes, line breaks and all, is read back: text stripped, numbers exact."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["remark", "x"])
    writer.writerows([f".{remark}.", repr(x)] for remark, x in rows)
    dataset = read_any(write("x.csv", text.getvalue()), kinds={"remark": "text", "x": "number"})
    assert dataset.set_aside == []
    assert dataset.frame["remark"].tolist() == [f".{remark}." for remark, _ in rows]
    np.testing.assert_array_equal(dataset.frame["x"], [x for _, x in rows])


def test_marks_within_a_cell_do_no_harm(write: Write) -> None:
    """An inch sign within quotes, which strict CSV would double, is part of its cell."""
    dataset = read_any(write("x.csv", 'pipe,gap\n"5" pipe",1\n6" pipe,2\n"7 ""pipe""",3\n'), kinds={"pipe": "text"})
    assert dataset.set_aside == []
    assert dataset.frame["pipe"].tolist() == ['5 pipe"', '6" pipe', '7 "pipe"']


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("band gap (eV)", "band gap", "eV"),
        ("gap [meV]", "gap", "meV"),
        ("density / kg/m3", "density", "kg/m3"),
        ("Conductivity (measured) (S/cm)", "Conductivity (measured)", "S/cm"),
        ("grain size ($\\mu$m)", "grain size", "µm"),
        ("Test temperature ($^\\circ$C)", "Test temperature", "°C"),
        ("T (C)", "T", "°C"),
        ("charge (C)", "charge", "C"),
        ("radius (A)", "radius", "Å"),
        ("current (A)", "current", "A"),
        ("dHdec (meV/atom)", "dHdec", "meV/atom"),
        ("elongation (%)", "elongation", "%"),
        ("frequency (cm-1)", "frequency", "cm-1"),
        ("log10(GPa)", "log10(GPa)", None),
        ("Conductivity (measured)", "Conductivity (measured)", None),
        ("potential (V vs SHE)", "potential (V vs SHE)", None),
        ("gap (GW)", "gap (GW)", None),
        ("power (GW)", "power (GW)", None),
        ("lowest (min)", "lowest (min)", None),
        ("annealing time (min)", "annealing time", "min"),
        ("index (-)", "index", None),
        ("intensity (a.u.)", "intensity", None),
        ("Temperature (Kelvin)", "Temperature", "K"),
        ("melting point (F)", "melting point", "°F"),
        ("T/K", "T", "K"),
        ("Pd/C", "Pd/C", None),
        ("gap, eV", "gap", "eV"),
        ("sigma in S/cm", "sigma", "S/cm"),
        ("yield in K", "yield in K", None),
        ("sigma / S cm^-1", "sigma", "S cm^-1"),
        ("conductivity (W/m K)", "conductivity", "W/(m K)"),
        ("band_gap_eV", "band_gap_eV", "eV"),
        ("density_g_cm3", "density_g_cm3", "g/cm3"),
        ("Tc_K", "Tc_K", "K"),
        ("x_K", "x_K", None),
    ],
)
def test_a_header_gives_name_and_unit(write: Write, header: str, name: str, unit: str | None) -> None:
    """Brackets that hold a unit give it; brackets that hold anything else belong to the name."""
    dataset = read_any(write("x.csv", f'formula,"{header}"\nNaCl,1.5\nKCl,2.5\n'))
    assert dataset.columns[name].unit == unit
    assert dataset.frame[name].tolist() == [1.5, 2.5]


def test_two_units_of_one_quantity_stay_two_columns(write: Write) -> None:
    """'E (eV)' and 'E (J)' would be one name: both keep their brackets."""
    dataset = read_any(write("x.csv", "formula,E (eV),E (J)\nNaCl,1,2\n"))
    assert [c.name for c in dataset.columns.values()][:3] == ["formula", "E (eV)", "E (J)"]


def test_mixed_units_are_converted(write: Write) -> None:
    """1.2 eV beside 800 meV are two numbers in eV; a number without a unit beside them is set aside, not guessed."""
    dataset = read_any(write("x.csv", "formula,gap\nNaCl,1.2 eV\nKCl,800 meV\nLiF,1.1 eV\nKF,3\nCsI,5 eV\n"))
    assert dataset.frame["gap"].tolist() == [1.2, 0.8, 1.1, 5.0]
    assert dataset.columns["gap"].unit == "eV"
    assert [record.place for record in dataset.set_aside] == ["x.csv:5"]


def test_a_unit_that_is_said_converts_the_header_s(write: Write) -> None:
    """--unit gap=eV turns meV of the header into eV, and 25 °C into 298.15 K."""
    path = write("x.csv", "formula,gap (meV),T (°C)\nNaCl,8500,25\nKCl,8.4 eV,298.15 K\n")
    dataset = read_any(path, units={"gap": "eV", "T": "K"})
    assert dataset.frame["gap"].to_numpy() == pytest.approx([8.5, 8.4])
    assert dataset.frame["T"].to_numpy() == pytest.approx([298.15, 298.15])


def test_a_unit_of_another_dimension_is_refused(write: Write) -> None:
    """Metres do not become electronvolts: the whole file is refused, with the column's name."""
    with pytest.raises(UnitError, match="gap"):
        read_any(write("x.csv", "formula,gap (m)\nNaCl,1\n"), units={"gap": "eV"})


@pytest.mark.parametrize("missing", ["", "nan", "NaN", "NA", "N/A", "null", "-", " "])
def test_missing_numbers_are_missing(write: Write, missing: str) -> None:
    """What says that there is no number is no number, and no mistake either."""
    dataset = read_any(write("x.csv", f"formula,gap\nNaCl,1\nKCl,{missing}\nLiF,2\nKF,3\n"))
    assert dataset.set_aside == []
    assert np.isnan(dataset.frame["gap"].iloc[1])


def test_sodium_is_no_missing_cell(write: Write) -> None:
    """In a column of text, NA is a word like others."""
    dataset = read_any(write("x.csv", "site,gap\nNA,1\nCL,2\n,3\n"))
    assert dataset.frame["site"].tolist() == ["NA", "CL", None]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("formula;gap\nNaCl;8,5\n", "x.csv"),
        ("formula\tgap\nNaCl\t8.5\n", "x.tsv"),
        ("formula|gap\nNaCl|8.5\n", "x.csv"),
        ("formula,gap\nNaCl,8.5\n".encode("utf-16-le"), "x.csv"),
        ("\ufeffformula,gap\r\nNaCl,8.5\r\n", "x.csv"),
        ("formula,gap\nNaCl,8.5\n".encode("utf-16"), "x.csv"),
        ("\n\nformula,gap\nNaCl,8.5\n\n", "x.csv"),
        ("formula,gap,,\nNaCl,8.5,,\n", "x.csv"),
        (",formula,gap\n0,NaCl,8.5\n", "x.csv"),
    ],
)
def test_what_spreadsheets_write_is_read(write: Write, content: str | bytes, name: str) -> None:
    """Semicolons with decimal commas, tabs, byte order marks, UTF-16, empty lines and columns, unnamed row numbers."""
    dataset = read_any(write(name, content))
    assert dataset.frame["formula"].tolist() == ["NaCl"]
    assert dataset.frame["gap"].tolist() == [8.5]


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        ("formula\tp\nNaCl\t1,5\nKCl\t0,125\n", [1.5, 0.125]),
        ('formula,p\nNaCl,"1,5 GPa"\nKCl,"2,25 GPa"\n', [1.5, 2.25]),
        ("formula;p\nNaCl;1.234,5\nKCl;12\n", [1234.5, 12.0]),
        ("formula;p\nNaCl;1,234\nKCl;2\n", [1.234, 2.0]),
        ("formula;p\nNaCl;1,234\nKCl;2.5\n", [1234.0, 2.5]),
        ('formula,p\nNaCl,"1,234"\nKCl,"12,000,000"\n', [1234.0, 12e6]),
        ("formula,p\nNaCl,1 234\nKCl,12'000.5\n", [1234.0, 12000.5]),
    ],
)
def test_commas_are_read_as_they_are_meant(write: Write, content: str, numbers: list[float]) -> None:
    """Decimal commas and marks between thousands are told apart, for a file read whole and in pieces."""
    path = write("x.csv", content)
    assert read_any(path).frame["p"].tolist() == numbers
    assert next(read_chunks(path, 10))["p"].tolist() == numbers


def test_names_keep_their_commas(write: Write) -> None:
    """Beside numbers with decimal commas, '2,4-xylenol' stays what it is."""
    dataset = read_any(write("x.csv", "name;p\n2,4-xylenol;1,5\n3,5-xylenol;2,5\n"))
    assert dataset.frame["name"].tolist() == ["2,4-xylenol", "3,5-xylenol"]


@pytest.mark.parametrize(
    "above",
    ["# of instrument 7, room 2\n# 2024\n", "Gaps of salts\n\n", "Gaps, of salts;\n", "Salts,\n", "# ", "#", "\r\n"],
)
def test_what_stands_above_the_header_is_passed_over(write: Write, above: str) -> None:
    """Comments and a title are no header, and lines are counted all the same."""
    path = write("x.csv", f"{above}formula,gap\nNaCl,8.5\nKCl,wide\nLiF,1\n")
    dataset = read_any(path)
    assert dataset.frame["formula"].tolist() == ["NaCl", "LiF"]
    assert dataset.set_aside[0].place == f"x.csv:{above.count(chr(10)) + 3}"
    assert next(read_chunks(path, 10, on_bad=lambda _: None))["formula"].tolist()[0] == "NaCl"


UNITS_BELOW = "formula,gap,T,phase\n-,eV,(K),\nNaCl,8.5,300,solid\nKCl,8.4,,solid\n"


@pytest.mark.parametrize("above", ["", "# of instrument 7\n", "\n"])
def test_a_row_of_units_below_the_header_says_the_units(write: Write, above: str) -> None:
    path = write("x.csv", above + UNITS_BELOW)
    dataset, stream = read_any(path), Stream(path)
    for columns in (dataset.columns, stream.columns):
        assert [columns[name].unit for name in ("formula", "gap", "T", "phase")] == [None, "eV", "K", None]
    assert dataset.frame["gap"].tolist() == [8.5, 8.4]
    assert not dataset.set_aside
    (chunk,) = stream.chunks(10)
    assert chunk["gap"].tolist() == [8.5, 8.4]


@pytest.mark.parametrize(
    "below",
    ["NaCl,nan,n/a\nKCl,8.4,301\n", "NaCl,,300\nKCl,8.4,\n", "NaCl,oops,300\nKCl,8.4,301\n", "NaCl,-1 234.5,1\n"],
)
@pytest.mark.parametrize("titled", ["", "units", "Unit:"])
def test_units_below_a_header_are_read_whatever_is_missing_or_bad_below_them(
    write: Write, below: str, titled: str
) -> None:
    """Each of these cells costs its own record at most, never the units of all."""
    path = write("x.csv", f"formula,gap,T\n{titled},eV,K\n{below}")
    for columns in (read_any(path).columns, Stream(path).columns):
        assert [columns[name].unit for name in ("formula", "gap", "T")] == [None, "eV", "K"]


def test_a_bad_cell_below_a_row_of_units_is_told_with_its_own_line(write: Write) -> None:
    dataset = read_any(write("x.csv", "# instrument\nformula,gap\n,eV\nNaCl,8.5\nKCl,oops\nLiF,9\n"))
    assert [record.place for record in dataset.set_aside] == ["x.csv:5"]


def test_a_unit_in_the_header_and_below_it_is_one_and_a_ph_has_none(write: Write) -> None:
    dataset = read_any(write("x.csv", "formula,gap (eV),acidity\n,[eV],pH\nNaCl,8.5,7\nKCl,8.4,6.5\n"))
    assert {column.name: column.unit for column in dataset.columns.values() if column.kind == "number"} == {
        "gap": "eV",
        "acidity": None,
    }


@pytest.mark.parametrize(
    ("content", "n"),
    [
        ("A,B,X\nK,V,F\nNa,Ti,F\n", 2),  # elements, of which each is a unit, too
        ("formula,gap,T\n,eV,x\nNaCl,8.5,300\n", 1),  # nobody knows what x is
        ("formula,gap\n,1\nNaCl,8.5\n", 1),  # a number without a material
    ],
)
def test_a_first_row_that_is_none_of_units_is_a_record(write: Write, content: str, n: int) -> None:
    dataset = read_any(write("x.csv", content))
    assert len(dataset) == n
    assert len(dataset) + len(dataset.set_aside) == content.count("\n") - 1


def test_a_byte_0_costs_its_record(write: Write) -> None:
    """What no text holds spoils the row in which it stands, and no other."""
    dataset = read_any(write("x.csv", b"formula,gap\nNaCl,8.5\nK\x00Cl,8.4\nLiF,13.6\n"))
    assert dataset.frame["formula"].tolist() == ["NaCl", "LiF"]
    assert dataset.set_aside[0].place == "x.csv:3"


@pytest.mark.parametrize("names", [["007", "012"], ["1234567890123456789", "1234567890123456790"]])
def test_names_of_digits_lose_none(write: Write, names: list[str]) -> None:
    """An id that begins with 0, or has more digits than a number holds, is text."""
    dataset = read_any(write("x.csv", f"id,formula,gap\n{names[0]},NaCl,1\n{names[1]},KCl,2\n"))
    assert dataset.frame["id"].tolist() == names


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "empty"),
        ("x" * 200_000, "no header"),
        ("\n\n", "empty"),
        ("formula,gap\n", "no rows"),
        ("formula,formula\nNaCl,1\n", "twice"),
        ("1.5,2.5\n1,2\n", "no header"),
        ("formula,\nNaCl,1\n", "without a name"),
        (b"\x00\x01\x02\xff" * 50, "not a text file"),
        ("formula,gap\nXx,1\nYy,2\n", "no record that can be used"),
    ],
)
def test_a_file_of_no_use_is_refused(write: Write, content: str | bytes, told: str) -> None:
    """Nothing, no header, no name, no text, no usable record: each is said in words."""
    with pytest.raises(InputError, match=told):
        read_any(write("x.csv", content), **({"kinds": {"formula": "composition"}} if "Xx" in str(content) else {}))


def test_a_file_without_header_is_read_with_names(write: Write) -> None:
    """--names gives a headerless file its columns, and its first line is a record."""
    dataset = read_any(write("x.csv", "1.5,2.5\n3.5,4.5\n"), names=["a", "b"], targets="b")
    assert dataset.frame["a"].tolist() == [1.5, 3.5]
    with pytest.raises(TableError, match="2 columns, but 3 names"):
        read_any(write("x.csv", "1.5,2.5\n"), names=["a", "b", "c"])


def test_options_name_columns_that_exist(write: Write) -> None:
    """A misspelt column is not ignored: the nearest one is named."""
    with pytest.raises(InputError) as refused:
        read_any(write("x.csv", "formula,gap\nNaCl,1\n"), targets="gpa")
    assert "gap" in refused.value.hint


@pytest.mark.parametrize(
    "options",
    [
        {"roles": {"gap": "goal"}},
        {"kinds": {"gap": "numbre"}},
        {"units": {"gap": "eW"}},
        {"format": "xls"},
        {"aim": "x"},
    ],
)
def test_an_option_that_is_none_is_refused(write: Write, options: dict[str, object]) -> None:
    """An unknown role, kind, unit, format or option is refused, not passed over."""
    with pytest.raises(InputError):
        read_any(write("x.csv", "formula,gap\nNaCl,1\n"), **options)


def test_each_record_has_origin_licence_and_hash(write: Write) -> None:
    """The line it came from, the licence that was said, a hash of what it says that does not depend on its place."""
    one = read_any(write("a.csv", "formula,gap\nNaCl,1\nKCl,2\n"), licence="CC-BY-4.0")
    two = read_any(write("b.csv", "formula,gap\nKCl,2.0\n"))
    assert one.frame["origin"].tolist() == ["a.csv:2", "a.csv:3"]
    assert set(one.frame["licence"]) == {"CC-BY-4.0"}
    assert one.frame["record_hash"].iloc[1] == two.frame["record_hash"].iloc[0]
    assert one.frame["record_hash"].nunique() == 2


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_excel_is_read_like_csv(tmp_path: Path) -> None:
    """Numbers, units in cells, empty rows and a bad row: the same rules, each place with sheet and row."""
    rows = [[None], ["formula", "gap (eV)"], ["NaCl", 8.5], ["KCl", "8400 meV"], [], ["LiF", "wide"], ["KF", None]]
    dataset = read_any(workbook(tmp_path / "a.xlsx", {"data": rows, "empty": []}))
    assert dataset.frame["formula"].tolist() == ["NaCl", "KCl", "KF"]
    assert dataset.frame["gap"].tolist()[:2] == [8.5, 8.4]
    assert [record.place for record in dataset.set_aside] == ["a.xlsx:data!6"]


def test_a_workbook_with_several_sheets_asks_which(tmp_path: Path) -> None:
    """No sheet is guessed where several have something in them."""
    path = workbook(tmp_path / "a.xlsx", {"one": [["gap"], [1]], "two": [["gap"], [2]]})
    with pytest.raises(InputError, match="2 sheets: 'one', 'two'"):
        read_any(path)
    assert read_any(path, sheet="two").frame["gap"].tolist() == [2.0]
    with pytest.raises(InputError, match="no sheet 'three'"):
        read_any(path, sheet="three")


def test_a_formula_that_was_never_computed_is_set_aside(tmp_path: Path) -> None:
    """Its cell looks empty to a reader; taking it for missing would lose a value in silence."""
    path = workbook(tmp_path / "a.xlsx", {"data": [["formula", "gap"], ["NaCl", 8.5], ["KCl", "=B2-0.1"], ["LiF", 13]]})
    dataset = read_any(path)
    assert dataset.frame["gap"].tolist() == [8.5, 13.0]
    assert "=B2-0.1" in dataset.set_aside[0].reason


def test_json_lines_need_not_have_the_same_fields(write: Write) -> None:
    """A field that a record lacks is missing; a line that is no object is set aside."""
    lines = [{"formula": "NaCl", "gap": 8.5}, {"formula": "KCl"}, [1], {"formula": "KF", "gap": 10, "tag": {"a": 1}}]
    path = write("x.jsonl", "\n".join(map(json.dumps, lines)) + "\nnonsense\n")
    dataset = read_any(path)
    assert dataset.frame["formula"].tolist() == ["NaCl", "KCl", "KF"]
    assert dataset.frame["tag"].tolist() == [None, None, '{"a":1}']
    assert [record.place for record in dataset.set_aside] == ["x.jsonl:3", "x.jsonl:5"]


def test_an_optimade_answer_becomes_structures(write: Write) -> None:
    """Entries in the shape of OPTIMADE are unfolded, their structures become cells."""
    attributes = {
        "chemical_formula_reduced": "ClNa",
        "lattice_vectors": [[4, 0, 0], [0, 4, 0], [0, 0, 4]],
        "cartesian_site_positions": [[0, 0, 0], [2, 2, 6]],
        "species_at_sites": ["Na", "Cl"],
        "species": [{"name": s, "chemical_symbols": [s], "concentration": [1.0]} for s in ("Na", "Cl")],
        "_x_gap": 8.5,
    }
    path = write("x.json", json.dumps({"data": [{"type": "structures", "id": "a1", "attributes": attributes}]}))
    dataset = read_any(path)
    assert dataset.material is not None
    assert dataset.material.kind == "structure"
    assert dataset.frame["_x_gap"].tolist() == [8.5]


def test_spectra_are_curves(write: Write) -> None:
    """A cell with x and y is a spectrum; one that makes no curve is set aside, and says why."""
    curves = [
        {"x": [1, 2], "y": [3, 4]},
        {"x": [1, 1], "y": [3, 4]},
        {"x": [1, 2], "y": [3]},
        {"x": [2, 1], "y": [0, 1]},
    ]
    path = write(
        "s.jsonl", "\n".join(json.dumps({"id": f"curve {i}", "raman": curve}) for i, curve in enumerate(curves))
    )
    dataset = read_any(path)
    assert dataset.columns["raman"].kind == "spectrum"
    assert dataset.frame["id"].tolist() == ["curve 0", "curve 3"]
    assert ["comes twice" in record.reason for record in dataset.set_aside] == [True, False]


@pytest.mark.parametrize(
    ("name", "content", "n_aside"),
    [
        ("x.json", '[{"formula":"NaCl","gap":8.5},\n {"formula":"KCl","gap":8.4}, {"formula":"Li', 1),
        ("x.jsonl", '[{"formula":"NaCl","gap":8.5},\n{"formula":"KCl","gap":8.4}]', 0),
        ("x.json", '{"formula":"NaCl","gap":8.5}\n{"formula":"KCl","gap":8.4}\n', 0),
        ("x.json", '{"formula":["NaCl","KCl"],"gap":[8.5,8.4]}', 0),
        ("x.json", '{"formula":{"0":"NaCl","1":"KCl"},"gap":{"0":8.5,"1":8.4}}', 0),
        ("x.json", '{"columns":["formula","gap"],"index":[0,1],"data":[["NaCl",8.5],["KCl",8.4]]}', 0),
        ("x.jsonl", '{"formula":"NaCl","gap":{"value":8.5,"unit":"eV"}}\n{"formula":"KCl","gap":"8.4 eV"}', 0),
    ],
)
def test_json_is_read_however_it_lists_records(write: Write, name: str, content: str, n_aside: int) -> None:
    """Lists, lines, columns, values beside their units; of a list that is cut off what stands before the cut."""
    dataset = read_any(write(name, content))
    assert dataset.frame["formula"].tolist() == ["NaCl", "KCl"]
    assert dataset.frame["gap"].tolist() == [8.5, 8.4]
    assert len(dataset.set_aside) == n_aside


def test_nested_cells_of_parquet_become_json(tmp_path: Path) -> None:
    """Lists and structs of another program's file are kept, as text."""
    frame = pd.DataFrame({"formula": ["NaCl", "KCl"], "peaks": [[1, 2], None], "how": [{"a": 1.5}, {"a": None}]})
    frame.to_parquet(tmp_path / "x.parquet")
    dataset = read_any(tmp_path / "x.parquet")
    assert dataset.frame["peaks"].tolist() == ["[1,2]", None]
    assert dataset.frame["how"].iloc[0] == '{"a":1.5}'


def test_a_row_of_units_in_a_sheet_says_the_units(tmp_path: Path) -> None:
    rows: list[list[object]] = [["formula", "gap"], [None, "eV"], ["NaCl", 8.5], ["KCl", 8.4]]
    dataset = read_any(workbook(tmp_path / "x.xlsx", {"data": rows}))
    assert dataset.columns["gap"].unit == "eV"
    assert dataset.frame["gap"].tolist() == [8.5, 8.4]


def test_a_title_above_a_sheet_s_header_is_passed_over(tmp_path: Path) -> None:
    """A row with one cell above rows with several is no header."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Gaps of salts"], [], ["formula", "gap"], ["NaCl", 8.5], ["KCl", 8.4]):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    assert read_any(tmp_path / "x.xlsx").frame["gap"].tolist() == [8.5, 8.4]


def test_a_header_with_empty_cells_behind_it_is_no_title(write: Write) -> None:
    """Only what stands above a row of names is a title: not above numbers, and not above one column."""
    assert read_any(write("x.csv", "formula,,\nNaCl,,\nKCl,,\n")).frame["formula"].tolist() == ["NaCl", "KCl"]
    with pytest.raises(TableError, match="without a name: column 2") as refused:
        read_any(write("y.csv", "formula,,\nNaCl,1,2\nKCl,2,3\n"))
    assert refused.value.hint == "all names stand in one row; this one reads formula, '', ''"


def test_numbers_typed_as_text_with_a_comma_are_numbers_in_a_sheet_too(tmp_path: Path) -> None:
    """'8,5' beside 8.4 is what German spreadsheets have; '1,234' alone stays a thousand and more, as in CSV."""
    rows: list[list[object]] = [
        ["formula", "gap", "n"],
        ["NaCl", "8,5", "1,234"],
        ["KCl", 8.4, "2,345"],
        ["LiF", "wide", 7],
    ]
    dataset = read_any(workbook(tmp_path / "x.xlsx", {"data": rows}))
    assert dataset.frame["gap"].tolist() == [8.5, 8.4]
    assert dataset.frame["n"].tolist() == [1234, 2345]


@pytest.mark.parametrize("column", ["sample", "label"])
@pytest.mark.parametrize("pattern", ["S{}", "C{}", "n{}", "s{}", "B{}", "CO-{}", "PCB{}", "NB{}F{}"])
def test_names_of_samples_are_no_materials(write: Write, column: str, pattern: str) -> None:
    """A series of names is one, though its members could be SMILES or formulas."""
    rows = "".join(f"{pattern.format(i, i)},{300 + i},{i * 1.5}\n" for i in range(1, 9))
    dataset = read_any(write("x.csv", f"{column},T,y\n{rows}"))
    assert (dataset.columns[column].role, dataset.columns[column].kind) == ("identity", "text")


@pytest.mark.parametrize(
    ("column", "cells", "kind"),
    [
        ("mixture", ["Fe10Ni90", "Fe20Ni80", "Fe30Ni70", "Fe40Ni60"], "composition"),
        ("alloy", ["FeNi", "FeNi2", "FeNi3", "Fe2Ni3"], "composition"),
        ("alloy", ["Fe1Ni1", "Fe1Ni2", "Fe1Ni3", "Fe2Ni3"], "composition"),
        ("material", ["O2", "N2", "H2", "F2"], "composition"),
        ("oxide", ["TiO2", "SiO2", "ZrO2", "Al2O3"], "composition"),
        ("solvent", ["CCO", "c1ccccc1", "C1CCOC1", "CC(C)=O"], "molecule"),
        ("ligand", ["L1", "L2", "L1", "L2"], "text"),
    ],
)
def test_materials_are_no_names_of_samples(write: Write, column: str, cells: list[str], kind: str) -> None:
    """What holds materials is told by them, however few digits they have."""
    rows = "".join(f"{cell},{300 + i},{i * 1.5}\n" for i, cell in enumerate(cells))
    its = read_any(write("x.csv", f"{column},T,y\n{rows}")).columns[column]
    assert (its.role, its.kind) == ("input" if kind == "text" else "material", kind)


def test_one_slip_in_a_column_of_alloys_costs_its_own_record_alone(write: Write) -> None:
    """The kind of a column is told by the cells that can be read, whatever the column is called."""
    rows = "".join(f"Fe{80 + i}Ni{20 - i},{300 + i}\n" for i in range(1, 20))
    dataset = read_any(write("x.csv", f"Legierung,y\n{rows}Fe60Xx40,7\n"))
    assert dataset.columns["Legierung"].kind == "composition"
    assert len(dataset) == 19
    assert [aside.reason for aside in dataset.set_aside] == ["Legierung: 'Fe60Xx40' has no element 'Xx'"]


def test_exported_trials_are_read_as_what_they_are(write: Write) -> None:
    """How a trial came about, and what was expected of it, is no input of the next model."""
    head = "trial,number,status,heat,gap_predicted [eV],formula,gap [eV],planner,reason,attempts\n"
    rows = "".join(f"a-{i},{i},done,{i}.5,1.4,Cu{i}S,1.{i},bayesian,told most,1\n" for i in range(1, 6))
    roles = {name: column.role for name, column in read_any(write("x.csv", head + rows)).columns.items()}
    assert [name for name, role in roles.items() if role == "input"] == ["heat", "gap"]
    assert roles["formula"] == "material"
    assert {roles["trial"], roles["number"]} == {"identity"}
    assert {roles[name] for name in ("status", "gap_predicted", "planner", "reason", "attempts")} == {"provenance"}


@pytest.mark.parametrize(("column", "role"), [("new_index", "identity"), ("SolventID", "identity"), ("time", "input")])
def test_a_number_that_counts_the_rows_names_them(write: Write, column: str, role: str) -> None:
    """From a row's number nothing is learned; what merely rises, such as time, is an input."""
    rows = "".join(f"{i},{i % 7},{i % 5}\n" for i in range(30))
    assert read_any(write("x.csv", f"{column},x,y\n{rows}")).columns[column].role == role


def test_a_merged_cell_stands_for_each_of_its_rows(tmp_path: Path) -> None:
    """What is written once beside several rows is said of each of them."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["formula", "T (K)", "gap"], ["NaCl", 300, 8.5], [None, 400, 8.4], ["KCl", 300, 8.3], [None, 400, 8.2]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.active.merge_cells("A4:A5")
    book.save(tmp_path / "x.xlsx")
    dataset = read_any(tmp_path / "x.xlsx")
    assert dataset.frame["formula"].tolist() == ["NaCl", "NaCl", "KCl", "KCl"]
