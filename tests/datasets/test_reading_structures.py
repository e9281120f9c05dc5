"""CIF, POSCAR, XYZ, SDF, SMILES and ASE databases: every sound record becomes one, every other has its reason."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from matloop.core.errors import InputError, TableError
from matloop.core.structure import Structure
from matloop.datasets.dataset import Dataset
from matloop.datasets.reading import read_any

Write = Callable[[str, str | bytes], Path]

CIF = """data_{name}
_cell_length_a 5.64
_cell_length_b 5.64
_cell_length_c 5.64
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Na1 Na 0.0 0.0 0.0 1.0
Cl1 Cl 0.5 0.5 {z} {share}
"""
#: What spoils a CIF, each with what is said of it.
SPOILED = {
    "no cell": ("_cell_length_a 5.64\n", "", "it has no cell"),
    "half a cell": ("_cell_length_b 5.64\n", "", "pymatgen cannot read it"),
    "a cell turned inside out": ("_cell_length_b 5.64\n", "_cell_length_b -5.64\n", "its cell length b is '-5.64'"),
    "an unknown length": ("_cell_length_b 5.64\n", "_cell_length_b ?\n", "its cell length b is '?'"),
    "a table cut off": ("0.5 0.5 0.5 1.0", "0.5 0.5", "one of its tables is cut off"),
    "an unknown group": ("'P 1'", "'F o o'", "its space group 'F o o' is not known"),
    "the same atom twice": ("Cl1 Cl 0.5 0.5 0.5", "Na1 Na 0.0 0.0 0.0", "0 Å apart"),
    "no coordinates": ("_atom_site_fract_x\n", "", "it has no atoms with coordinates"),
    "no number": ("Na1 Na 0.0 0.0", "Na1 Na here 0.0", "site 1 has 'here' for its coordinate x"),
    "too much": ("0.5 0.5 0.5 1.0", "0.5 0.5 0.5 1.8", "Occupancy 1.8 exceeded"),
    "two in one place": ("0.5 0.5 0.5 1.0", "0.0 0.0 0.02 1.0", "0.11 Å apart"),
    "no element": ("Cl1 Cl ", "Q1 Q ", ""),
}


def cif(name: str = "salt", z: float = 0.5, share: float = 1.0) -> str:
    return CIF.format(name=name, z=z, share=share)


def structures(dataset: Dataset) -> list[Structure]:
    assert dataset.material is not None
    return [Structure.from_json(cell) for cell in dataset.frame[dataset.material.name]]


def reasons(dataset: Dataset) -> dict[str, str]:
    return {record.place: record.reason for record in dataset.set_aside}


@pytest.fixture(autouse=True)
def _needs_structures() -> None:
    pytest.importorskip("pymatgen")
    pytest.importorskip("ase")


@pytest.mark.parametrize("z", [0.5, 1.5, -0.5])
def test_a_site_outside_its_cell_is_wrapped(write: Write, z: float) -> None:
    """Wherever a CIF writes a site, it stands inside the cell."""
    (salt,) = structures(read_any(write("salt.cif", cif(z=z))))
    assert salt.fractional[1] == pytest.approx([0.5, 0.5, 0.5])
    assert salt.problem() is None


def test_partial_occupancy_is_kept(write: Write) -> None:
    """Half a chlorine is half a chlorine, in the sites and in the formula."""
    (salt,) = structures(read_any(write("salt.cif", cif(share=0.5))))
    assert salt.occupancy[1] == {"Cl": 0.5}
    assert salt.formula == "ClNa2"


@pytest.mark.parametrize("operation", ["", "loop_\n_symmetry_equiv_pos_as_xyz\n'x, y, z'\n"])
def test_plain_structures_are_those_that_pymatgen_reads(write: Write, operation: str) -> None:
    """Without symmetry the table of sites is the structure: cell, elements and places are as pymatgen has them."""
    from pymatgen.core import Structure as Pymatgen

    text = cif(z=0.25).replace("_cell_angle_beta 90", "_cell_angle_beta 101.5(3)").replace("loop_", operation + "loop_")
    text = text.replace("Na1 Na ", "Na1 Na1+ ").replace("0.25", "0.2500(7)")
    path = write("salt.cif", text)
    (ours,), theirs = structures(read_any(path)), Pymatgen.from_file(path)
    assert np.allclose(ours.lattice, theirs.lattice.matrix)
    assert list(ours.symbols) == [site.specie.symbol for site in theirs]
    assert np.allclose(ours.positions, theirs.cart_coords)


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    """A file that a folder only points to is none of it; what links within the folder point to is."""
    folder = tmp_path / "cifs"
    folder.mkdir()
    (folder / "a.cif").write_text(cif())
    (tmp_path / "secret.cif").write_text(cif())
    (folder / "out.cif").symlink_to(tmp_path / "secret.cif")
    (folder / "in.cif").symlink_to("a.cif")
    (folder / "gone.cif").symlink_to("b.cif")
    dataset = read_any(folder)
    assert dataset.frame["origin"].tolist() == ["a.cif", "in.cif"]
    assert reasons(dataset) == {
        "out.cif": "it is a link that leads out of the folder",
        "gone.cif": "it is a link to nothing",
    }


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_cif_is_set_aside_and_the_others_read(write: Write, how: str) -> None:
    """One file that cannot be used costs none of the others in its folder."""
    old, new, told = SPOILED[how]
    write("crystals/a.cif", cif())
    assert old in cif()
    folder = write("crystals/b.cif", cif().replace(old, new)).parent
    dataset = read_any(folder)
    assert dataset.frame["id"].tolist() == ["a"]
    assert list(reasons(dataset)) == ["b.cif"]
    assert told in reasons(dataset)["b.cif"]


def test_each_block_of_a_cif_is_a_record(write: Write) -> None:
    """Several structures in one file are told apart; a block without atoms is no structure, and no mistake."""
    text = cif("one") + "data_citation\n_x ;\n" + cif("two", z=0.4) + "_x\n;\ndata_no_block_in_a_text\n;\n"
    dataset = read_any(write("both.cif", text))
    assert dataset.frame["id"].tolist() == ["both:one", "both:two"]
    assert dataset.set_aside == []


def test_records_of_licensed_databases_are_marked(write: Write) -> None:
    """An ICSD code or the CSD's own words make a record proprietary, and no other record of the folder."""
    write("c/open.cif", cif())
    write("c/icsd.cif", cif(z=0.4) + "_database_code_ICSD 18189\n")
    folder = write("c/csd.cif", "# CSD CIF EXPORT\n" + cif(z=0.3)).parent
    dataset = read_any(folder)
    assert dataset.is_proprietary
    assert dict(zip(dataset.frame["id"], dataset.frame["proprietary"], strict=True)) == {
        "open": None,
        "icsd": "icsd",
        "csd": "csd",
    }


def test_a_zip_is_read_but_not_where_it_leads_out(tmp_path: Path) -> None:
    """Entries whose path leaves the archive are refused, absolute or with '..'; the others are read."""
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        for name in (
            "in/a.cif",
            "../out.cif",
            "/root.cif",
            "in/../../out2.cif",
            "C:\\out3.cif",
            "../x.txt",
            "notes.txt",
        ):
            archive.writestr(name, cif())
    dataset = read_any(tmp_path / "c.zip")
    assert dataset.frame["origin"].tolist() == ["in/a.cif"]
    assert set(reasons(dataset).values()) == {"its path leads out of the archive"}
    assert len(dataset.set_aside) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.zip"]


def test_a_zip_bomb_is_not_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that declares too much is refused before it is read; the others are read."""
    monkeypatch.setattr("matloop.datasets.archive.MOST_OF_ONE", 100_000)
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.cif", cif())
        archive.writestr("bomb.cif", b"0" * 1_000_000)
    dataset = read_any(tmp_path / "c.zip")
    assert dataset.frame["id"].tolist() == ["a"]
    assert "would expand to 1 MB" in reasons(dataset)["bomb.cif"]


def test_a_zip_that_lies_about_its_size_is_caught(tmp_path: Path) -> None:
    """An entry that holds more than it declares gives no more than it declared, and is set aside."""
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.cif", cif())
        archive.writestr("liar.cif", b"0" * 1_000_000)
    data = path.read_bytes()
    size = (1_000_000).to_bytes(4, "little")
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, (100).to_bytes(4, "little")))
    dataset = read_any(path)
    assert dataset.frame["id"].tolist() == ["a"]
    assert "damaged" in reasons(dataset)["liar.cif"]


def test_a_gzip_bomb_is_not_expanded(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gzipped text is expanded up to a bound, whatever it says of itself."""
    monkeypatch.setattr("matloop.datasets.archive.gunzipped.__defaults__", (10_000,))
    with pytest.raises(TableError, match="expands to more than 10 kB"):
        read_any(write("x.smi.gz", gzip.compress(b"C" * 1_000_000)))


def test_what_shrank_too_far_is_a_bomb(tmp_path: Path) -> None:
    """A small file that would fill the memory is refused before it does, alone or within an archive."""
    zeros = b"0" * 60_000_000
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(zeros, 1))
    with pytest.raises(TableError, match="gzip bomb"):
        read_any(tmp_path / "x.csv.gz")
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.cif", cif())
        archive.writestr("bomb.cif", zeros)
    dataset = read_any(tmp_path / "x.zip")
    assert len(dataset) == 1
    assert "bomb" in dataset.set_aside[0].reason


def test_a_workbook_that_is_a_bomb_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes that an .xlsx declares are added up before a byte of it is expanded."""
    monkeypatch.setattr("matloop.datasets.formats.excel.MOST_OF_WORKBOOK", 100_000)
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 1_000_000)
    with pytest.raises(TableError, match="would expand to 1 MB"):
        read_any(tmp_path / "x.xlsx")


POSCAR = "salt\n1.0\n5.64 0 0\n0 5.64 0\n0 0 5.64\n{elements}1 1\nDirect\n0 0 0\n0.5 0.5 1.5\n"


def test_poscar_is_read_by_its_name(write: Write) -> None:
    """POSCAR files have no ending: their name tells, and their sites are wrapped."""
    (salt,) = structures(read_any(write("POSCAR_salt", POSCAR.format(elements="Na Cl\n"))))
    assert salt.symbols == ("Na", "Cl")
    assert salt.fractional[1] == pytest.approx([0.5] * 3)


def test_a_poscar_of_vasp_4_may_name_its_elements_above(write: Write) -> None:
    """Where the sixth line has counts, the first may have the elements: one for each count."""
    (salt,) = structures(read_any(write("POSCAR", POSCAR.format(elements="").replace("salt", "Na Cl"))))
    assert salt.symbols == ("Na", "Cl")


def test_a_poscar_without_elements_is_not_guessed(write: Write) -> None:
    """VASP 4 wrote no elements: hydrogen and helium in their place would be an invention."""
    with pytest.raises(InputError, match="which elements"):
        read_any(write("POSCAR", POSCAR.format(elements="")))


XYZ = '2\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3 gap={gap} pbc="T T T"\nNa 0 0 0\nCl 2 2 6\n'


def test_xyz_frames_survive_what_stands_between_them(write: Write) -> None:
    """A damaged frame costs itself alone; cells and properties of the others are read, molecules have no cell."""
    broken = "3\nLattice=\nNa 0 0 0\n"
    water = "3\n\nO 0 0 0\nH 0.96 0 0\nH -0.24 0.93 0\n"
    text = XYZ.format(gap=8.5) + "garbage\n" + broken + XYZ.format(gap=8.6) + water
    dataset = read_any(write("s.extxyz", text), targets="gap")
    assert dataset.frame["gap"].tolist()[:2] == [8.5, 8.6]
    assert np.isnan(dataset.frame["gap"].iloc[2])
    one, _, molecule = structures(dataset)
    assert one.fractional[1] == pytest.approx([0.5] * 3)
    assert molecule.lattice is None
    assert {record.place for record in dataset.set_aside} == {"s.extxyz:5", "s.extxyz:6"}


def test_an_ase_database_gives_structures_and_key_values(tmp_path: Path) -> None:
    """Each row is a record, its key-value pairs are columns, its energy is in eV."""
    from ase.build import bulk
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.db import connect

    for name in ("a.db", "a.json"):
        with connect(str(tmp_path / name)) as database:
            for symbol, gap in (("Si", 1.1), ("C", 5.5)):
                atoms = bulk(symbol)
                atoms.calc = SinglePointCalculator(atoms, energy=-1.0)
                database.write(atoms, gap=gap, source="made up")
        dataset = read_any(tmp_path / name, targets="gap")
        assert dataset.frame["gap"].tolist() == [1.1, 5.5]
        assert dataset.columns["energy"].unit == "eV"
        assert [structure.formula for structure in structures(dataset)] == ["Si", "C"]


def test_smiles_that_do_not_parse_are_set_aside(write: Write) -> None:
    """Each line that is no molecule says why; gzipped or not, with names or without."""
    pytest.importorskip("rdkit")
    text = b"CCO ethanol\nC(C)(C)(C)(C)C five bonds\nc1ccc no ring\nc1ccccc1\n"
    for path in (write("m.smi", text), write("m.smi.gz", gzip.compress(text))):
        dataset = read_any(path)
        assert dataset.frame["smiles"].tolist() == ["CCO", "c1ccccc1"]
        assert dataset.frame["id"].tolist() == ["ethanol", None]
        told = reasons(dataset)
        assert "valence" in told[f"{path.name}:2"]
        assert "is no SMILES" in told[f"{path.name}:3"]


def test_sdf_records_are_read_one_by_one(tmp_path: Path) -> None:
    """A record that RDKit refuses does not end the file; data fields are columns."""
    chem = pytest.importorskip("rdkit.Chem")
    blocks = []
    for smiles, gap in (("CCO", "1.5"), ("c1ccccc1", "2.5")):
        molecule = chem.MolFromSmiles(smiles)
        blocks.append(f"{chem.MolToMolBlock(molecule)}>  <gap (eV)>\n{gap}\n\n$$$$\n")
    (tmp_path / "m.sdf").write_text(blocks[0] + "nonsense\n$$$$\n" + blocks[1].replace(" C  ", " Qx ") + blocks[1])
    dataset = read_any(tmp_path / "m.sdf", targets="gap")
    assert dataset.frame["smiles"].tolist() == ["CCO", "c1ccccc1"]
    assert dataset.frame["gap"].tolist() == [1.5, 2.5]
    assert dataset.columns["gap"].unit == "eV"
    assert len(dataset.set_aside) == 2


def test_an_sdf_record_without_its_end_swallows_none(write: Write) -> None:
    """Where $$$$ is missing, the next molecule is a record all the same."""
    pytest.importorskip("rdkit")
    from rdkit import Chem

    blocks = [Chem.MolToMolBlock(Chem.MolFromSmiles(smiles)) for smiles in ("CCO", "CCN", "CCC")]
    dataset = read_any(write("x.sdf", f"{blocks[0]}>  <mp>\n1\n\n{blocks[1]}$$$$\n{blocks[2]}$$$$\n"))
    assert dataset.frame["smiles"].tolist() == ["CCO", "CCN", "CCC"]


def test_a_smiles_file_with_a_header_keeps_its_columns(write: Write) -> None:
    """As many parts as the header names are told apart; commas may part them too."""
    dataset = read_any(write("x.smi", "SMILES name logP\nCCO ethanol -0.3\nCCN ethylamine -0.1\n"))
    assert dataset.frame["logP"].tolist() == [-0.3, -0.1]
    assert read_any(write("y.smi", "CCO,ethanol\nCCN,ethylamine\n")).frame["id"].tolist() == ["ethanol", "ethylamine"]


def test_the_words_of_an_xyz_comment_are_no_columns(write: Write) -> None:
    """A comment that is no list of key=value is one text."""
    dataset = read_any(write("x.xyz", "1\nwater, frame 7\nO 0 0 0\n"))
    assert dataset.frame["comment"].tolist() == ["water, frame 7"]
    assert "water" not in dataset.columns


def test_a_damaged_row_of_an_ase_database_costs_only_itself(tmp_path: Path) -> None:
    """The rows behind one that cannot be read are read."""
    import sqlite3

    from ase.build import bulk
    from ase.db import connect

    for metal in ("Cu", "Ag", "Au"):
        connect(tmp_path / "m.db").write(bulk(metal))
    with sqlite3.connect(tmp_path / "m.db") as database:
        database.execute("UPDATE systems SET positions = x'00' WHERE id = 2")
    dataset = read_any(tmp_path / "m.db")
    assert dataset.frame["formula"].tolist() == ["Cu", "Au"]
    assert [record.place for record in dataset.set_aside] == ["m.db:2"]


@pytest.mark.parametrize("packed", [False, True])
def test_several_processes_read_what_one_reads_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    """Also what they set aside, and what is a link or not to be opened."""
    folder = tmp_path / "cifs"
    folder.mkdir()
    for i in range(40):
        text = cif(f"salt{i}", z=0.5 + 0.001 * i).replace(
            "_cell_length_a 5.64", "" if i % 7 == 3 else "_cell_length_a 6"
        )
        (folder / f"{i:02}.cif").write_text(text)
    (folder / "05.xyz").write_text("1\n\nFe 0 0 0\n")
    path = folder
    if packed:
        path = tmp_path / "cifs.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
            archive.writestr("../out.cif", cif())
    else:
        (folder / "12.vasp").symlink_to(tmp_path / "elsewhere")
    alone = read_any(path)
    monkeypatch.setattr("matloop.datasets.formats.structures._MANY", 2)
    monkeypatch.setattr("matloop.datasets.formats.structures.n_cores", lambda: 2)
    together = read_any(path)
    assert len(alone) == 35
    assert together.frame.equals(alone.frame)
    assert together.set_aside == alone.set_aside
