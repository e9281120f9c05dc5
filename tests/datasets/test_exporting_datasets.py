"""Datasets leave in other formats; records of a licensed database do not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from matloop import Column, Dataset
from matloop.core.errors import InputError
from matloop.core.structure import Structure
from matloop.datasets.combine import concatenated, joined
from matloop.datasets.dataset import DatasetError
from matloop.datasets.export import ProprietaryError
from matloop.datasets.reading import read_any
from matloop.datasets.saving import KEY, schema

SALT = Structure.of(np.eye(3) * 4, ["Na", "Cl"], [[0, 0, 0], [2, 2, 2]])


def salts(owners: list[str | None] | None = None) -> Dataset:
    frame = pd.DataFrame({"structure": [SALT.to_json()] * 2, "id": ["a/1", "b"], "gap": [8.5, 8.25]})
    columns = [Column("gap", role="target", unit="eV"), Column("id", role="identity", kind="text")]
    if owners is not None:
        frame["proprietary"] = pd.Series(owners, dtype=object)
        columns.append(Column("proprietary", role="provenance", kind="text"))
    return Dataset(frame, columns, name="salts", is_proprietary=any(owners or []))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet", "a.extxyz", "a.zip"])
def test_an_export_is_read_back(tmp_path: Path, name: str) -> None:
    """Each format can be imported again, with the same structures; the tables with values and unit too."""
    if name.endswith(("xyz", "zip")):
        pytest.importorskip("ase")
        pytest.importorskip("pymatgen")
    again = read_any(salts().export(tmp_path / name))
    assert again.material is not None
    for cell in again.frame[again.material.name]:
        structure = Structure.from_json(cell)
        assert structure.positions == pytest.approx(SALT.positions, abs=1e-5)
        assert structure.symbols == SALT.symbols
    if not name.endswith("zip"):
        assert again.frame["gap"].tolist() == [8.5, 8.25]
    if name.endswith(("csv", "parquet")):
        assert again.columns["gap"].unit == "eV"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet", "a.extxyz", "a.zip"])
@pytest.mark.parametrize("owners", [["icsd", "icsd"], ["icsd", None]])
def test_proprietary_records_do_not_leave(tmp_path: Path, name: str, owners: list[str | None]) -> None:
    """In no format, not even beside open ones, and nothing is written."""
    with pytest.raises(ProprietaryError, match="ICSD"):
        salts(owners).export(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_the_open_records_may_leave(tmp_path: Path) -> None:
    """--only-open leaves the others out, and what was set aside from the files with them."""
    from matloop.datasets.dataset import SetAside

    mixed = salts(["csd", None]).with_facts(set_aside=[SetAside("a.cif", "no cell", "data_of_the_csd")])
    mixed.export(tmp_path / "a.parquet", only_open=True)
    again = Dataset.read(tmp_path / "a.parquet")
    assert again.frame["id"].tolist() == ["b"]
    assert not again.is_proprietary
    assert b"data_of_the_csd" not in (schema(tmp_path / "a.parquet").metadata or {})[KEY]
    with pytest.raises(ProprietaryError):
        salts(["csd", "csd"]).export(tmp_path / "b.parquet", only_open=True)


def test_a_dataset_marked_as_a_whole_does_not_leave(tmp_path: Path) -> None:
    """Without a column that tells record from record, all of a proprietary dataset stays."""
    with pytest.raises(ProprietaryError):
        salts().with_facts(is_proprietary=True).export(tmp_path / "a.csv", only_open=True)


def test_what_a_format_cannot_hold_is_said(tmp_path: Path) -> None:
    """No structures for XYZ, shared sites in XYZ, an unknown format: a message and no file."""
    pytest.importorskip("ase")
    shared = Structure(SALT.lattice, SALT.positions, ({"Na": 0.5, "K": 0.5}, {"Cl": 1.0})).to_json()
    frame = pd.DataFrame({"structure": [shared]})
    for dataset, name in (
        (Dataset(pd.DataFrame({"gap": [1.0]})), "a.extxyz"),
        (Dataset(frame), "a.extxyz"),
        (Dataset(pd.DataFrame({"structure": [SALT.to_json(), None]})), "a.cif"),
    ):
        with pytest.raises(DatasetError):
            dataset.export(tmp_path / name)
    with pytest.raises(InputError, match="cannot export to 'docx'"):
        salts().export(tmp_path / "a.docx")
    assert not list(tmp_path.iterdir())


def test_no_way_of_combining_frees_a_record(tmp_path: Path) -> None:
    """Put below others, joined to them or described anew: what holds a proprietary value stays."""

    def read(name: str, text: str, **options: str) -> Dataset:
        (tmp_path / name).write_text(text)
        return read_any(tmp_path / name, **options)

    free = read("a.csv", "formula,gap\nNaCl,1\nKCl,2\nSi,3\n")
    owned = read("b.csv", "formula,gap\nLiF,3\n", proprietary="csd")
    beside = read("c.csv", "formula,density\nNaCl,2.2\nKCl,2\n", proprietary="icsd")
    flagged = Dataset(pd.DataFrame({"formula": ["MgO"], "gap": [7.8]}), is_proprietary=True)
    for mixed, n_free in (
        (concatenated([free, owned]), 3),
        (concatenated([flagged, owned, free]), 3),
        (joined([concatenated([free, owned]), beside], "formula"), 1),
        (joined([free, beside], "formula"), 1),
    ):
        assert mixed.is_proprietary
        with pytest.raises(ProprietaryError):
            mixed.export(tmp_path / "out.csv")
        mixed.export(tmp_path / "out.csv", only_open=True)
        assert len(read_any(tmp_path / "out.csv")) == n_free
    again = read_any(free.save(tmp_path / "free.parquet"), proprietary="icsd")
    with pytest.raises(ProprietaryError, match="ICSD"):
        again.export(tmp_path / "out2.csv", only_open=True)
