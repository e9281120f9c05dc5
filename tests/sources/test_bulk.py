"""Databases that come as files, in the shapes in which they are offered; of any length."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from optimade_server import rock_salt

from matloop.core.errors import InputError
from matloop.core.structure import Structure
from matloop.datasets.dataset import Dataset, SetAside
from matloop.sources import bulk_tables
from matloop.sources.bulk import KINDS, read_bulk
from matloop.sources.core_mof import read_core_mof
from matloop.sources.units import as_unit
from matloop.sources.writing import DatasetWriter


def chain(number: int) -> str:
    """A different SMILES for each number."""
    return "".join("CNO"[int(digit)] for digit in _ternary(number)) + "C"


def _ternary(number: int) -> str:
    return (_ternary(number // 3) if number >= 3 else "") + str(number % 3)


def read(kind: str, *files: Path, **options) -> tuple[Dataset, Dataset, int]:
    """What was written, as it is read again; what the call returned."""
    output = files[0].parent / "out.parquet"
    told, n = read_bulk(kind, files, output, **options)
    return Dataset.read(output), told, n


def test_zinc_as_smiles_files_of_several_tranches(tmp_path: Path) -> None:
    """With a header or without, gzipped or not: one dataset, each record with the file and place that it comes from."""
    (tmp_path / "AA.smi").write_text("smiles zinc_id\nCCO ZINC01\nCCN ZINC02\n")
    with gzip.open(tmp_path / "AB.smi.gz", "wt") as file:
        file.write("CCC\tZINC03\nnot a smiles!\tZINC04\nCCF\tZINC05\n")
    made, told, n = read("zinc", tmp_path / "AA.smi", tmp_path / "AB.smi.gz")
    assert n == len(made) == 4
    assert made.frame["smiles"].tolist() == ["CCO", "CCN", "CCC", "CCF"]
    assert made.frame["zinc_id"].tolist() == ["ZINC01", "ZINC02", "ZINC03", "ZINC05"]
    assert made.frame["origin"].tolist() == ["AA.smi#0", "AA.smi#1", "AB.smi.gz#0", "AB.smi.gz#2"]
    assert "permission" in made.frame["licence"][0]
    assert made.frame["record_hash"].is_unique
    assert [record.reason for record in made.set_aside] == ["it has no SMILES"]
    assert made.columns == told.columns
    assert made.material is not None


def test_zinc_as_a_table_of_properties(tmp_path: Path) -> None:
    """The text tables of its tranches, and the CSV that models are trained on."""
    (tmp_path / "a.txt").write_text("smiles\tzinc_id\tmwt\tlogp\nCCO\tZINC1\t46.07\t-0.2\n")
    made, _, _ = read("zinc", tmp_path / "a.txt")
    assert made.columns["molecular_weight"].unit == "g/mol"
    (tmp_path / "b.csv").write_text("smiles,logP,qed,SAS\nCCO,-0.2,0.4,1.9\n")
    made, _, _ = read("zinc", tmp_path / "b.csv")
    assert made.frame["synthetic_accessibility"].tolist() == [1.9]


def test_gdb_is_smiles_alone(tmp_path: Path) -> None:
    (tmp_path / "GDB17.smi").write_text("".join(f"{chain(i)}\n" for i in range(100)))
    made, _, n = read("gdb17", tmp_path / "GDB17.smi", most=60)
    assert n == len(made) == 60
    assert made.frame["smiles"][59] == chain(59)


def test_cep_has_units(tmp_path: Path) -> None:
    header = "id,SMILES_str,stoich_str,mass,pce,voc,jsc,e_homo_alpha,e_gap_alpha,e_lumo_alpha,tmp_smiles_str"
    (tmp_path / "moldata.csv").write_text(f"{header}\n655365,c1ccccc1,C6H6,78.1,5.16,0.867,91.5,-5.4,2.0,-3.4,C1=CC\n")
    made, _, _ = read("cep", tmp_path / "moldata.csv")
    units = {name: column.unit for name, column in made.columns.items() if column.unit}
    assert units == {
        "mass": "g/mol",
        "pce": "percent",
        "voc": "V",
        "jsc": "mA/cm^2",
        "homo": "eV",
        "gap": "eV",
        "lumo": "eV",
    }
    assert {column.name for column in made.targets} >= {"pce", "homo"}


def test_rdkit_reads_what_looks_like_a_smiles(tmp_path: Path) -> None:
    pytest.importorskip("rdkit")
    (tmp_path / "a.smi").write_text("CCO x\nC1CC y\nCC(C z\nc1ccccc1 w\n")
    made, _, _ = read("zinc", tmp_path / "a.smi", is_checked=True)
    assert made.frame["zinc_id"].tolist() == ["x", "w"]
    assert len(made.set_aside) == 2


def test_pieces_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{chain(i)} Z{i}" if i % 7 else "? ? ?" for i in range(300)]
    (tmp_path / "a.smi").write_text("\n".join(lines))
    whole, _, _ = read("zinc", tmp_path / "a.smi")
    monkeypatch.setattr(bulk_tables, "PIECE", 11)
    pieces, _, _ = read("zinc", tmp_path / "a.smi")
    assert pieces.frame.equals(whole.frame)
    assert len(pieces.set_aside) == len(whole.set_aside) > 40


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_molecules(tmp_path: Path) -> None:
    """Five times as many molecules need no more than a quarter more memory."""
    program = (
        "import resource, sys; from pathlib import Path; from matloop.sources.bulk import read_bulk\n"
        "n = read_bulk('gdb13', [Path(sys.argv[1])], Path(sys.argv[2]))[1]\n"
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for n in (60_000, 300_000):
        with gzip.open(tmp_path / f"{n}.smi.gz", "wt", compresslevel=1) as file:
            file.writelines(f"{chain(i)}\n" for i in range(n))
        words = [sys.executable, "-c", program, str(tmp_path / f"{n}.smi.gz"), str(tmp_path / f"{n}.parquet")]
        told = subprocess.run(words, capture_output=True, text=True, check=True, env=os.environ).stdout.split()
        assert int(told[0]) == n == pq.read_metadata(tmp_path / f"{n}.parquet").num_rows
        peaks.append(int(told[1]))
    assert peaks[1] < 1.25 * peaks[0]


def test_records_set_aside_do_not_fill_the_memory_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some are kept with their reason, of the rest the number."""
    monkeypatch.setattr("matloop.sources.writing.MOST_ASIDE", 5)
    (tmp_path / "a.smi").write_text("CCO good\n" + "!? bad\n" * 50)
    made, _, _ = read("zinc", tmp_path / "a.smi")
    assert len(made.set_aside) == 6
    assert "45 more" in made.set_aside[-1].reason


def test_what_is_written_piece_by_piece_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    from matloop.datasets.column import Column

    columns = [Column("a"), Column("b", kind="text")]
    import pandas as pd

    def fail() -> None:
        with DatasetWriter(tmp_path / "x.parquet", columns) as writer:
            writer.write(pd.DataFrame({"a": [1.0], "b": ["x"]}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []
    with DatasetWriter(tmp_path / "x.parquet", columns, licence="MIT") as writer:
        writer.write(pd.DataFrame({"a": [1.0, float("nan")], "b": ["x", None]}))
        writer.leave_out([SetAside("here", "why")])
    made = Dataset.read(tmp_path / "x.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["x.parquet"]
    assert made.licence == "MIT"
    assert made.set_aside == [SetAside("here", "why")]
    assert made.frame["b"].tolist() == ["x", None]
    assert list(made.columns.values()) == columns


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("zinc", "a.smi", ""),
        ("zinc", "a.smi", "!!! x\n"),
        ("cep", "a.csv", "x,y\n1,2\n"),
        ("zinc", "a.smi.gz", "no gzip"),
        ("gdb13", "a.xyz", "CCO"),
        ("gdb14", "a.smi", "CCO"),
        ("core-mof", "a.csv", "x,y\n1,2\n"),
    ],
)
def test_files_that_hold_nothing_of_the_kind(tmp_path: Path, kind: str, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError):
        read_bulk(kind, [tmp_path / name], tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


# -- frameworks and licensed databases ------------------------------------------------------------------------


def cif(name: str, constant: float, extra: str = "") -> str:
    structure = Structure.from_json(rock_salt("Zn", "O", constant))
    sites = "\n".join(
        f"{symbol}{i} {symbol} {x:.5f} {y:.5f} {z:.5f}"
        for i, (symbol, (x, y, z)) in enumerate(zip(structure.symbols, structure.fractional, strict=True))
    )
    lengths = "".join(f"_cell_length_{axis} {constant}\n" for axis in "abc")
    angles = "".join(f"_cell_angle_{angle} 90\n" for angle in ("alpha", "beta", "gamma"))
    loop = "loop_\n_atom_site_label\n_atom_site_type_symbol\n"
    loop += "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
    return f"data_{name}\n{extra}_symmetry_space_group_name_H-M 'P 1'\n{lengths}{angles}{loop}{sites}\n"


@pytest.fixture
def frameworks(tmp_path: Path) -> Path:
    pytest.importorskip("pymatgen")
    pytest.importorskip("ase")
    folder = tmp_path / "core"
    folder.mkdir()
    for i, name in enumerate(("ABAVIJ_clean", "ABAYIO_clean", "XYZZY_clean")):
        (folder / f"{name}.cif").write_text(cif(name, 4.2 + i))
    (folder / "broken.cif").write_text("data_broken\n_cell_length_a 5\n")
    header = "filename,LCD,PLD,LFPD,cm3_g,ASA_m2_cm3,ASA_m2_g,AV_VF,AV_cm3_g,All_Metals,Has_OMS"
    rows = [
        "ABAVIJ_clean,4.1,3.0,4.0,1.59,300,200,0.4,0.25,Zn,Yes",
        "ABAYIO_clean,5.1,4.0,5.0,1.60,310,210,0.5,0.35,Zn,No",
        "NOFILE_clean,6.1,5.0,6.0,1.61,320,220,0.6,0.45,Cu,No",
    ]
    (folder / "2019-ASR.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder


def test_frameworks_are_joined_with_their_table(frameworks: Path, tmp_path: Path) -> None:
    """By name; with units; a framework without row has no values, a row without framework is set aside."""
    made, n = read_bulk("core-mof", [frameworks], tmp_path / "mof.parquet")
    made = Dataset.read(tmp_path / "mof.parquet")
    by_id = made.frame.set_index("id")
    assert n == 3
    assert by_id.loc["ABAYIO_clean", "LCD"] == 5.1
    assert by_id.loc["ABAYIO_clean", "All_Metals"] == "Zn"
    assert by_id["LCD"].isna()["XYZZY_clean"]
    units = {name: column.unit for name, column in made.columns.items() if column.unit}
    assert units == {
        "LCD": "Å",
        "PLD": "Å",
        "LFPD": "Å",
        "ASA_m2_cm3": "m2/cm3",
        "ASA_m2_g": "m2/g",
        "AV_cm3_g": "cm3/g",
    }
    assert made.material is not None
    assert made.material.kind == "structure"
    reasons = {record.place: record.reason for record in made.set_aside}
    assert "there is no CIF file for it" in reasons["2019-ASR.csv: nofile_clean"]
    assert any(place.startswith("broken") for place in reasons)


def test_a_table_of_other_frameworks_is_refused(frameworks: Path) -> None:
    (frameworks / "2019-ASR.csv").write_text("filename,LCD\nother,1\n")
    with pytest.raises(InputError, match="no column"):
        read_core_mof([frameworks], None, "")
    (frameworks / "second.csv").write_text("filename,LCD\nABAVIJ_clean,1\n")
    with pytest.raises(InputError, match="one table"):
        read_core_mof([frameworks], None, "")
    assert len(read_core_mof([frameworks, frameworks / "second.csv"], None, "")) == 3


@pytest.mark.parametrize("owner", ["icsd", "csd"])
def test_records_of_licensed_databases_are_marked_and_not_passed_on(owner: str, tmp_path: Path) -> None:
    pytest.importorskip("pymatgen")
    pytest.importorskip("ase")
    from matloop.datasets.export import ProprietaryError, export

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.cif").write_text(cif("one", 4.3))
    read_bulk(owner, [tmp_path / "in"], tmp_path / "out.parquet")
    made = Dataset.read(tmp_path / "out.parquet")
    assert made.is_proprietary
    assert made.frame["proprietary"].tolist() == [owner]
    assert "proprietary" in made.frame["licence"][0]
    with pytest.raises(ProprietaryError):
        export(made, tmp_path / "out.csv")


def test_every_bulk_database_says_what_to_cite() -> None:
    assert all("https://doi.org/10." in kind.citation for kind in KINDS.values())


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("m2/g", "m2/g"),
        ("ug.mL-1", "ug.mL-1"),
        ("A", "angstrom"),
        ("eV/atom", "eV/atom"),
        ("inapplicable", None),
        ("furlongs!", None),
    ],
)
def test_units_as_databases_write_them(written: str, unit: str | None) -> None:
    assert as_unit(written)[0] == unit


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from matloop.cli.main import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.smi").write_text("CCO x\n!! y\n")
    monkeypatch.setattr("sys.argv", ["matloop", "fetch", "bulk", "zinc", "a.smi", "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code in (0, None)
    facts = json.loads(capsys.readouterr().out)
    assert (facts["file"], facts["records"], facts["set_aside"]) == ("zinc.parquet", 1, 1)


@pytest.mark.parametrize(
    ("harm", "n"),
    [
        (lambda packed: packed[: len(packed) // 2], None),
        (lambda packed: packed + b"something else", 500),
        (lambda packed: packed + packed, 1000),
    ],
    ids=["cut off", "something behind it", "two in one"],
)
def test_a_packed_file_that_is_damaged_at_its_end_gives_what_is_before(tmp_path: Path, harm: Any, n: Any) -> None:
    """And it is said from where on nothing can be read."""
    lines = [f"{'C' * (1 + i % 30)}O{'N' * (i % 7)} ZINC{i:012d}" for i in range(500)]
    (tmp_path / "a.smi.gz").write_bytes(harm(gzip.compress("\n".join([*lines, ""]).encode())))
    _, written = read_bulk("zinc", [tmp_path / "a.smi.gz"], tmp_path / "a.parquet")
    dataset = Dataset.read(tmp_path / "a.parquet")
    whole = lines if n is None else (lines + lines)[:n]
    assert dataset.frame["zinc_id"].tolist() == [line.split()[1] for line in whole[:written]]
    assert written == n or 0 < written < 500
    assert [record.reason[:31] for record in dataset.set_aside] == ["the rest of the file cannot be "] * (n != 1000)


def test_a_packed_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    """Nobody knows which of its lines are as they were."""
    content = bytearray(gzip.compress(b"".join(b"CCO ZINC%012d\n" % i for i in range(500))))
    content[-6] ^= 0xFF
    (tmp_path / "a.smi.gz").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        read_bulk("zinc", [tmp_path / "a.smi.gz"], tmp_path / "a.parquet")
    assert not (tmp_path / "a.parquet").exists()


def test_lines_that_hold_no_molecule_are_set_aside(tmp_path: Path) -> None:
    """One of millions of letters, and one that is no text."""
    (tmp_path / "a.smi").write_bytes(b"CCO a\n" + b"C" * 3_000_000 + b" b\n\xff\xfe c\nCCN d\n")
    read_bulk("zinc", [tmp_path / "a.smi"], tmp_path / "a.parquet")
    dataset = Dataset.read(tmp_path / "a.parquet")
    assert dataset.frame["zinc_id"].tolist() == ["a", "d"]
    assert [record.place for record in dataset.set_aside] == ["a.smi:2", "a.smi:3"]
    assert "3,000,003 characters" in dataset.set_aside[0].reason
