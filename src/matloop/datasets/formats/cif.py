"""CIF files: every data block that has a cell and atoms is a structure, read with pymatgen."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from itertools import pairwise

from matloop.core.errors import MatloopError
from matloop.core.structure import Structure, StructureError
from matloop.datasets.conversion import from_pymatgen
from matloop.datasets.dataset import SetAside
from matloop.datasets.formats import cif_block
from matloop.datasets.raw import Found

_BLOCK = re.compile(r"^(?:;|data_(\S*))", re.IGNORECASE | re.MULTILINE)
_FIELDS = {
    "icsd": r"_database_code_ICSD",
    "csd refcode": r"_database_code_CSD",
    "ccdc number": r"_database_code_depnum_ccdc_archive",
    "cod id": r"_cod_database_code",
    "compound": r"_chemical_name_(?:common|mineral|systematic|structure_type)",
    "doi": r"_(?:citation|journal_paper)_doi",
}
_PATTERNS = {
    name: re.compile(rf"^{tag}[ \t]+('[^'\n]*'|\"[^\"\n]*\"|\S+)", re.IGNORECASE | re.MULTILINE)
    for name, tag in _FIELDS.items()
}
_WITHIN = re.compile(r"^\s*data_", re.IGNORECASE | re.MULTILINE)
_CELL = re.compile(r"^_cell_length_a\b", re.IGNORECASE | re.MULTILINE)
_ATOMS = re.compile(r"^\s*_atom_site_(?:fract_x|cartn_x)\b", re.IGNORECASE | re.MULTILINE)
#: What the databases write into what a licensee exports.
_OWNERS = {
    "icsd": re.compile(
        r"^_database_code_ICSD[ \t]+['\"]?\d|Inorganic Crystal Structure Database|FIZ Karlsruhe", re.I | re.M
    ),
    "csd": re.compile(r"^_database_code_CSD[ \t]+['\"]?\w|CSD CIF EXPORT|Cambridge Structural Database", re.I | re.M),
}


def found(text: str, name: str) -> Iterator[Found | SetAside]:
    """Each structure of the file, or why it is none."""
    starts = list(_starts(text))
    if not starts:
        yield SetAside(name, "it is no CIF: it has no data_ block", text[:200])
        return
    head = text[: starts[0][0]]
    blocks = [text[begin:end] for (begin, _), (end, _) in pairwise([*starts, (len(text), "")])]
    with_atoms = [i for i, block in enumerate(blocks) if _CELL.search(block) or _ATOMS.search(block)]
    for i in with_atoms or [0]:  # what else a file holds, a citation or powder data, is no structure
        place = f"{name}:{starts[i][1]}" if len(blocks) > 1 else name
        owner = next((owner for owner, words in _OWNERS.items() if words.search(blocks[i]) or words.search(head)), None)
        yield _structure(blocks[i], place, _identifier(name, starts[i][1], len(with_atoms) > 1), owner)


def _starts(text: str) -> Iterator[tuple[int, str]]:
    """Where each data block begins, and its name; within a text field, between lines that start with ';', none does."""
    is_within_text = False
    for match in _BLOCK.finditer(text):
        if match.group() == ";":
            is_within_text = not is_within_text
        elif not is_within_text:
            yield match.start(), match.group(1)


def _identifier(name: str, block: str, is_one_of_several: bool) -> str:
    stem = re.sub(r"\.cif(?:\.gz)?$", "", name.rsplit("/", 1)[-1], flags=re.IGNORECASE)
    return f"{stem}:{block}" if is_one_of_several else stem


def _structure(block: str, place: str, identifier: str, owner: str | None) -> Found | SetAside:
    if not _CELL.search(block):
        return SetAside(place, "it has no cell", block[:200])
    if not _ATOMS.search(block):
        return SetAside(place, "it has no atoms with coordinates", block[:200])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # pymatgen takes a text within a block that begins like a block for one
            structure = _read(block[:5] + _WITHIN.sub("text_", block[5:]))
        fields = {"id": identifier, "structure": structure.to_json(), "formula": structure.formula}
    except MatloopError as error:
        return SetAside(place, error.message, block[:200])
    except Exception as error:  # noqa: BLE001 - pymatgen raises whatever its parts raise
        return SetAside(place, f"pymatgen cannot read it: {_told(error)}", block[:200])
    said = {name: match.group(1).strip("'\"") for name, p in _PATTERNS.items() if (match := p.search(block))}
    return Found(place, fields | {name: text for name, text in said.items() if text not in ("?", ".", "")}, owner)


def _read(block: str) -> Structure:
    """The structure of a block. Raises StructureError, and whatever pymatgen raises."""
    from pymatgen.io.cif import CifBlock, CifParser

    try:
        data = CifBlock.from_str(block).data
    except (ValueError, ZeroDivisionError) as error:
        raise StructureError("one of its tables is cut off: it does not have a value for each column") from error
    if problem := cif_block.problem(data):
        raise StructureError(problem)
    if (plain := cif_block.plain_structure(data)) is not None:
        return plain
    parser = CifParser.from_str(block, occupancy_tolerance=1.0)
    parsed = parser.parse_structures(primitive=False, check_occu=True, on_error="raise")
    group = cif_block.names_a_group(data)
    if group and any("Defaulting to P1" in told for told in parser.warnings):
        raise StructureError(f"its space group '{group[:40]}' is not known, and it lists no operations of symmetry")
    return from_pymatgen(parsed[0])


def _told(error: Exception) -> str:
    """What is told last, which says why; the first line says only that it failed."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
