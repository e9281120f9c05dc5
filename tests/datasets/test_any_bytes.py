"""Whatever a file holds, and whatever it is called: a dataset or a message, never a traceback."""

import contextlib
import gzip
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matloop import Column, Dataset
from matloop.core.errors import MatloopError
from matloop.datasets.quality import examine
from matloop.datasets.reading import read_any
from matloop.datasets.saving import as_bytes
from matloop.datasets.stream import read_chunks

Write = Callable[[str, str | bytes], Path]

TABLE = 'formula,gap (eV),note\nNaCl,8.5,a\nKCl,8.4 eV,"b\nc"\n'
CIF = "data_a\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n_cell_angle_alpha 90\n_cell_angle_beta 90\n"
CIF += "_cell_angle_gamma 90\nloop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
CIF += "Na 0 0 0\n"
MOLECULE = (
    "m\n  made\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0000    0.0000    0.0000 C   0  0\nM  END\n$$$$\n"
)


def zipped(name: str, content: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def workbook() -> bytes:
    file = io.BytesIO()
    pd.DataFrame({"formula": ["NaCl"], "gap": [8.5]}).to_excel(file, index=False)
    return file.getvalue()


def parquet() -> bytes:
    frame = pd.DataFrame({"formula": ["NaCl", "KCl"], "gap": [8.5, 8.4]})
    return as_bytes(Dataset(frame, [Column("gap", role="target", unit="eV")]))


#: A sound file of each format, to be damaged.
SOUND = {
    "x.csv": TABLE.encode(),
    "x.tsv": TABLE.replace(",", "\t").encode(),
    "x.csv.gz": gzip.compress(TABLE.encode()),
    "x.jsonl": b'{"formula": "NaCl", "gap": 8.5}\n{"formula": "KCl", "tag": [1]}\n',
    "x.json": b'[{"formula": "NaCl", "gap": 8.5}]',
    "x.parquet": parquet(),
    "x.xlsx": workbook(),
    "x.smi": b"CCO ethanol\nc1ccccc1 benzene\n",
    "x.smi.gz": gzip.compress(b"CCO ethanol\nc1ccccc1 benzene\n"),
    "x.sdf": MOLECULE.encode(),
    "x.cif": CIF.encode(),
    "x.zip": zipped("a.cif", CIF),
    "POSCAR": b"a\n1.0\n4 0 0\n0 4 0\n0 0 4\nNa\n1\nDirect\n0 0 0\n",
    "x.extxyz": b'1\nLattice="4 0 0 0 4 0 0 0 4" gap=1.5\nNa 0 0 0\n',
    "x.db": b"SQLite format 3\x00" + b"\x00" * 200,
}
NEEDS = {"sdf": "rdkit", "cif": "pymatgen", "zip": "pymatgen", "POSCAR": "pymatgen", "extxyz": "ase", "db": "ase"}


@pytest.fixture(params=SOUND)
def name(request: pytest.FixtureRequest) -> str:
    """A file name of each format whose package is installed."""
    needed = NEEDS.get(request.param.rsplit(".", 1)[-1])
    if needed:
        pytest.importorskip(needed)
    return str(request.param)


def is_harmless(path: Path) -> None:
    """Reading it gives a dataset that can be examined and saved, or raises what a person can read."""
    try:
        dataset = read_any(path)
    except MatloopError:
        return
    assert len(dataset)
    as_bytes(dataset)
    examine(dataset)


def test_a_sound_file_is_read(write: Write, name: str) -> None:
    """What is damaged below is sound before: the fuzzing is not of files that nobody would read."""
    if not name.endswith(".db"):
        assert len(read_any(write(name, SOUND[name])))


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_any_bytes_are_harmless(write: Write, name: str, content: bytes) -> None:
    """Bytes that are nothing at all."""
    is_harmless(write(name, content))


@given(st.integers(0, 2**32 - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_a_damaged_file_is_harmless(write: Write, name: str, seed: int) -> None:
    """A sound file with a few bytes changed, cut off, doubled or swapped."""
    chance = random.Random(seed)
    content = bytearray(SOUND[name])
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(content) or 1)
        how = chance.randrange(4)
        if how == 0 and content:
            content[place] = chance.choice(b'\x00\xff\n",;0-{}e')
        elif how == 1:
            del content[place:]
        elif how == 2:
            content[place:place] = content[place : place + 40]
        else:
            content[place:place] = chance.choice(
                [b"\xed\xa0\x80", b'"', b"nan", b"-1", b"1e999", b"\\ud800", b"99999999"]
            )
    is_harmless(write(name, bytes(content)))


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"formula,gap\n{text}".encode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet", "x.smi", "x.smi.gz"])
def test_streams_are_harmless(write: Write, name: str, content: bytes) -> None:
    """Reading in pieces gives tables or a message."""
    path = write(name, content)
    with contextlib.suppress(MatloopError):
        assert all(len(frame) for frame in read_chunks(path, 2, on_bad=lambda record: None))


@pytest.mark.parametrize("name", ["nothing.csv", "x.docx", "x", "x.exe"])
def test_a_file_that_is_not_there_or_not_known(write: Write, name: str) -> None:
    """A missing file is said to be missing; an unknown ending lists the formats."""
    if name != "nothing.csv":
        write(name, b"abc")
    with pytest.raises(MatloopError) as refused:
        read_any(write("a", b"").parent / name)
    assert refused.value.hint or "there is no file" in refused.value.message
