"""Without the optional packages, tables are still read; what needs one says which."""

import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from matloop import Column, Dataset
from matloop.core.errors import InputError, MissingExtra
from matloop.datasets.deduplicate import deduplicate
from matloop.datasets.quality import examine
from matloop.datasets.reading import read_any

Write = Callable[[str, str | bytes], Path]


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on an instrument PC: no rdkit, no pymatgen, no ase."""
    for name in list(sys.modules):
        if name.split(".")[0] in ("rdkit", "pymatgen", "ase"):
            monkeypatch.delitem(sys.modules, name)
    for name in ("rdkit", "pymatgen", "ase"):
        monkeypatch.setitem(sys.modules, name, None)


def test_smiles_are_taken_as_they_are(write: Write) -> None:
    """Without rdkit nobody can tell whether a SMILES is a molecule: all are kept, and the report says so."""
    dataset = read_any(write("m.csv", "smiles,logS\nCCO,1\nc1ccccc1,2\nCC(=O)O,3\n"))
    assert dataset.material == Column("smiles", role="material", kind="molecule")
    assert len(dataset) == 3
    unchecked = [finding for finding in examine(dataset).findings if finding.subject == "unchecked"]
    assert unchecked
    assert 'pip install "matloop[molecules]"' in unchecked[0].hint


@pytest.mark.parametrize("pattern", ["s{}", "n{}", "C{}", "B{}"])
def test_names_of_samples_are_no_smiles(write: Write, pattern: str) -> None:
    """Without rdkit too: rings that are opened and never closed make no molecule, in whatever column."""
    rows = "".join(f"{pattern.format(i)},{i}\n" for i in (1, 12, 35, 71, 70, 126))
    assert read_any(write("m.csv", f"what,y\n{rows}")).material is None


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("m.sdf", "molecules"),
        ("a.cif", "structures"),
        ("POSCAR", "structures"),
        ("a.xyz", "structures"),
        ("a.db", "structures"),
    ],
)
def test_a_format_names_the_package_it_needs(write: Write, name: str, extra: str) -> None:
    """The message is the line that installs it."""
    with pytest.raises(MissingExtra) as missing:
        read_any(write(name, "x\n"))
    assert f"matloop[{extra}]" in missing.value.hint


def test_merging_molecules_needs_rdkit() -> None:
    """Two spellings of a molecule cannot be told to be one: better no merging than a wrong one."""
    dataset = Dataset(pd.DataFrame({"smiles": ["OCC", "CCO"], "logS": [1.0, 2.0]}))
    with pytest.raises(MissingExtra):
        deduplicate(dataset, "mean")


def test_a_folder_without_structures_needs_no_package_to_say_so(write: Write) -> None:
    """What it does hold is named."""
    folder = write("gaps.csv", "formula,gap\nSi,1.1\n").parent
    with pytest.raises(InputError, match="holds no structure") as told:
        read_any(folder)
    assert "gaps.csv" in told.value.hint
