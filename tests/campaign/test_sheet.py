"""Sheets: written for a spreadsheet, and read back whatever the spreadsheet made of them."""

import csv
import math
from contextlib import suppress

import pytest
from by_hand import BOTH, bench, definition
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matloop.campaign import cells
from matloop.campaign.headers import Headers
from matloop.campaign.person import propose
from matloop.campaign.sheet import read_sheet, write_sheet
from matloop.core.errors import InputError, MatloopError, TableError, UnitError
from matloop.core.objective import Maximize
from matloop.core.parameter import Integer, Real
from matloop.core.pool import Pool
from matloop.core.space import Space


def read(tmp_path, content, name="r.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_sheet(path)


def rows(sheet):
    return [row.cells for row in sheet.rows]


# -- writing


def test_a_sheet_has_a_row_for_each_trial_and_room_for_results(tmp_path):
    spec, journal = bench(2, BOTH)
    path = write_sheet(spec, list(journal.state.trials.values()), tmp_path / "s.csv")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    header, first, second = csv.reader(content.decode("utf-8-sig").splitlines())
    assert header == ["trial", "number", "n", "theta [degree]", "solvent", "toughness [J]", "cost", "note"]
    assert first[:2] == ["bench-ab12-0001", "1"]
    assert first[-3:] == ["", "", ""]
    assert second[1] == "2"


@given(st.floats(0, 200))
def test_floats_come_back_exactly(tmp_path_factory, theta):
    folder = tmp_path_factory.mktemp("sheet")
    spec, journal = bench(1)
    trial = journal.state.trials["bench-ab12-0001"]
    trial.point["theta"] = theta
    cell = read_sheet(write_sheet(spec, [trial], folder / "s.csv")).rows[0].cells[3]
    assert float(cell) == theta


def test_a_sheet_that_may_have_been_filled_in_is_not_overwritten(tmp_path):
    spec, journal = bench(2)
    trials = list(journal.state.trials.values())
    path = write_sheet(spec, trials, tmp_path / "s.csv")
    assert write_sheet(spec, trials, path) == path, "the same sheet, untouched, needs no second file"
    path.write_text("filled in")
    assert write_sheet(spec, trials, path).name == "s-2.csv"
    assert write_sheet(spec, trials[:1], path).name == "s-3.csv"
    assert path.read_text() == "filled in"


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    spec, _ = bench(1)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="there is no folder"):
        write_sheet(spec, [], tmp_path / "file" / "s.csv")
    with pytest.raises(InputError, match=r"\.csv"):
        write_sheet(spec, [], tmp_path / "s.xlsx")


def test_columns_of_ours_give_way_to_variables_of_the_same_name(tmp_path):
    spec, journal = bench(1, space=Space(number=Integer(1, 9), trial=Real(0, 1), note=Real(0, 1)))
    sheet = read_sheet(write_sheet(spec, list(journal.state.trials.values()), tmp_path / "s.csv"))
    assert sheet.header == ["trial id", "trial number", "number", "trial", "note", "toughness [J]", "notes"]
    roles = [column.role for column in Headers(spec).match(sheet.header, "s.csv")]
    assert roles == ["trial", "number", "variable", "variable", "variable", "objective", "note"]


# -- reading


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_encoding_and_delimiter_of_a_spreadsheet_is_read(tmp_path, encoding, delimiter):
    text = delimiter.join(["trial", "toughness", "note"]) + "\r\n" + delimiter.join(["1", "2", " wärme "]) + "\r\n"
    sheet = read(tmp_path, text.encode(encoding))
    assert (sheet.header, rows(sheet)) == (["trial", "toughness", "note"], [["1", "2", "wärme"]])


def test_blank_lines_and_the_line_that_names_the_delimiter_are_passed_over(tmp_path):
    sheet = read(tmp_path, "sep=;\n\ntrial;toughness\n\n1;2\n;\n   \n3;4\n")
    assert [(row.line, row.cells) for row in sheet.rows] == [(5, ["1", "2"]), (8, ["3", "4"])]


def test_a_short_row_is_filled_up_and_a_long_one_is_a_problem(tmp_path):
    short, long, good = read(tmp_path, "trial,toughness,note\n1,2\n1,2,3,4\n1,2,3\n").rows
    assert (short.cells, short.problem) == (["1", "2", ""], "")
    assert "4 cells" in long.problem
    assert good.problem == ""


def test_cells_to_the_right_of_an_unnamed_header_are_no_problem(tmp_path):
    assert read(tmp_path, "trial,toughness,,\n1,2,,dropped\n").rows[0].problem == ""


def test_a_forgotten_quotation_mark_spoils_its_own_row_only(tmp_path):
    sheet = read(tmp_path, 'trial,toughness,note\n1,2,"oops\n2,3,ok\n3,4,"ok\n5,6,fine\n')
    assert [bool(row.problem) for row in sheet.rows] == [True, False, True, False]
    sheet = read(tmp_path, 'trial,toughness,note\n1,2,"two\nlines"\n2,"3" ,5" tube\n')
    assert rows(sheet) == [["1", "2", "two\nlines"], ["2", "3", '5" tube']]


def test_a_huge_cell_spoils_its_own_row_only(tmp_path):
    sheet = read(tmp_path, "trial,toughness\n1," + "9" * 200_000 + "\n2,3\n")
    assert [bool(row.problem) for row in sheet.rows] == [True, False]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"trial,toughness\n1,\x00\n", "not a text file"),
        (b"trial,toughness,toughness\n1,2,3\n", "'toughness' twice"),
        (b'trial,"toughness\n1,2\n', "quotation mark"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, content, said):
    with pytest.raises(TableError, match=said):
        read(tmp_path, content)


def test_a_missing_file_and_an_unknown_kind_are_refused(tmp_path):
    for name in ("none.csv", "none.parquet", "x.xlsx", "a" * 5000 + ".csv", "nul\0.csv"):
        with pytest.raises(TableError):
            read_sheet(tmp_path / name)
    with pytest.raises(TableError):
        read_sheet(tmp_path)


def test_parquet_and_json_lines_are_read_as_well(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"trial": ["a-1", "a-2"], "toughness": [0.1, math.nan], "ok": [True, False]})
    frame.to_parquet(tmp_path / "r.parquet")
    frame.to_json(tmp_path / "r.jsonl", orient="records", lines=True)
    for name in ("r.parquet", "r.jsonl"):
        sheet = read_sheet(tmp_path / name)
        assert sheet.header == ["trial", "toughness", "ok"]
        assert [cell[:2] for cell in rows(sheet)] == [["a-1", "0.1"], ["a-2", ""]]


# -- headers


@pytest.mark.parametrize("header", ["toughness", "Toughness", " TOUGHNESS [J]", "toughness (J)", "toughness[]"])
def test_a_header_is_matched_without_its_unit_and_in_any_case(header):
    column = Headers(definition()).column(header)
    assert (column.role, column.name) == ("objective", "toughness")


def test_a_name_with_brackets_of_its_own_comes_first():
    spec = definition((Maximize("Qpva(%)", unit="percent"), Maximize("Q")), space=Space(x=Real(0, 1)))
    headers = Headers(spec)
    assert headers.column("Qpva(%)").given is None
    assert headers.column("qpva(%) [percent]").name == "Qpva(%)"
    assert headers.column("Q std").role == "std"


def test_names_that_differ_in_case_alone_are_told_apart_and_never_guessed():
    headers = Headers(definition(space=Space(T=Real(0, 1), t=Real(0, 1), Size=Real(0, 1), SIZE=Real(0, 1))))
    assert headers.column("T").name == "T"
    assert headers.column("t").name == "t"
    assert headers.column("size") is None


def test_a_unit_with_brackets_inside_is_found():
    spec = definition((Maximize("k", unit="W/m/K"),))
    assert Headers(spec).column("k (W/(m K))").given == "W/(m K)"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["trial", "toughnes"], "did you mean 'toughnes'"),
        (["trial", "toughness", "Toughness [J]"], "two columns for toughness"),
        (["trial", "toughness [kg]"], "same dimension"),
        (["trial", "toughness (mean of 3)"], "unknown unit"),
        (["toughness", "n"], "theta, solvent"),
    ],
)
def test_a_header_of_no_use_is_refused_with_what_was_probably_meant(header, said):
    with pytest.raises(TableError) as refused:
        Headers(definition()).match(header, "r.csv")
    assert said in str(refused.value)


# -- cells


@pytest.mark.parametrize("cell", ["", " ", "-", "–", "n/a", "N/A", "NaN", "#DIV/0!", "#WERT!", "none", None])
def test_what_spreadsheets_write_for_nothing_is_nothing(cell):
    assert cells.is_missing(cell)


@pytest.mark.parametrize(
    ("cell", "decimal", "value"),
    [
        ("31.2", ".", 31.2),
        (" '31.2 ", ".", 31.2),
        ("−3", ".", -3),
        ("1,234", ",", 1.234),
        ("1.234", ".", 1.234),
        ("31,25", ".", 31.25),
        ("0,250", ".", 0.25),
        ("3,1E-05", ",", 3.1e-5),
        ("31200 mJ", ".", 31.2),
        ("31,2J", ",", 31.2),
        ("0.0312 kJ", ".", 31.2),
    ],
)
def test_a_number_is_read_with_its_unit(cell, decimal, value):
    assert cells.quantity(cell, None, "J", decimal).value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("cell", "decimal"),
    [
        ("1,234", "."),
        ("1.234", ","),
        ("1,234", ""),
        ("1,234.5", "."),
        ("1.234.567", ","),
        ("1 234", "."),
        ("1'234", "."),
    ],
)
def test_thousands_separators_are_refused_not_guessed(cell, decimal):
    with pytest.raises(InputError, match=r"ambiguous|thousands"):
        cells.quantity(cell, None, "J", decimal)


@pytest.mark.parametrize(
    "cell", ["1e400", "inf", "abc", "0x1F", "1e308 MJ", "9" * 5000, "3 9**9**9", True, [1], math.inf]
)
def test_what_is_no_finite_number_is_refused(cell):
    with pytest.raises(InputError):
        cells.quantity(cell, None, "J")


def test_another_dimension_is_refused():
    with pytest.raises(UnitError, match="dimension"):
        cells.quantity("3 kg", None, "J")


@given(st.floats(-1e300, 1e300))
def test_a_written_number_is_read_as_itself(value):
    assert cells.quantity(repr(value), None, None).value == value


@given(st.floats(-1e6, 1e6), st.sampled_from(["mJ", "kJ", "eV", "J"]))
def test_a_conversion_and_its_inverse_give_the_number_back(value, unit):
    there = cells.quantity(value, unit, "J").value
    assert cells.quantity(there, "J", unit).value == pytest.approx(value, rel=1e-12)


def test_a_spread_is_converted_as_a_difference():
    assert cells.spread("2", "kelvin", "degC") == pytest.approx(2)
    with pytest.raises(InputError, match="negative"):
        cells.spread("-2", None, "J")


@pytest.mark.parametrize(
    ("texts", "otherwise", "mark"),
    [
        (["1.234", "0.5"], ",", "."),
        (["1,234", "31,2"], ".", ","),
        (["1,234", "5"], ",", ","),
        (["0.5", "31,2"], ",", ""),
        ([], ".", "."),
    ],
)
def test_the_decimal_mark_is_the_one_that_the_cells_prove(texts, otherwise, mark):
    assert cells.decimal_mark(texts, otherwise) == mark


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("failed: cracked", "cracked"),
        ("FAILED", "failed"),
        ("failure - dissolved", "dissolved"),
        ("fails", None),
        (3, None),
    ],
)
def test_a_failure_is_told_from_a_number(cell, reason):
    assert cells.failure(cell) == reason


def test_an_option_is_found_by_text_case_or_number():
    options = {"water": "water", "True": True, "1": 1, "2.5": 2.5}
    found = [cells.option(cell, options, ",") for cell in ("Water", "TRUE", "1,0", "2,5")]
    assert found == ["water", True, 1, 2.5]
    with pytest.raises(InputError, match="none of the options") as refused:
        cells.option("watr", options)
    assert "water" in refused.value.hint


def test_the_options_of_a_pool_are_its_texts():
    pool = Pool(table={"name": ("NaOH", "KOH"), "pH": (13.0, 14.0)})
    headers = Headers(definition(space=Space(base=pool)))
    assert headers.column("name").options == {"NaOH": "NaOH", "KOH": "KOH"}
    assert headers.column("pH").options is None


# -- whatever comes

CELLS = st.text(max_size=20) | st.sampled_from(["1,5", "1e400", "#DIV/0!", '"', "failed", "3 kg", "\u2028", "x" * 300])


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=400)
    | st.lists(st.lists(CELLS, max_size=5).map(";".join)).map(lambda a: "\n".join(a).encode("utf-8", "replace"))
)
@example(b"\xff\xfe\x00")
@example(b'trial,"')
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("fuzz")
    for name in ("r.csv", "r.tsv", "r.parquet", "r.jsonl"):
        with suppress(MatloopError):
            sheet = read(folder, content, name)
            assert all(row.problem or len(row.cells) == len(sheet.header) for row in sheet.rows)
            Headers(definition()).match(sheet.header, name)


def test_proposed_trials_fit_the_sheet_and_back(tmp_path):
    spec, journal = bench(3)
    sheet = read_sheet(write_sheet(spec, propose(spec, journal, 0), tmp_path / "s.csv"))
    assert [row.cells[1] for row in sheet.rows] == ["1", "2", "3"]
