"""Records of the same material: by composition, by molecule, by structure, or by all conditions together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from matloop.core.composition import FormulaError, canonical_formula
from matloop.core.errors import InputError, MissingExtra, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.core.structure import Structure, StructureError
from matloop.datasets.column import Column
from matloop.datasets.conversion import to_pymatgen
from matloop.datasets.dataset import Dataset

By = Literal["conditions", "material", "composition", "molecule", "structure"]
WAYS: tuple[By, ...] = get_args(By)
#: Digits to which numbers must agree to be the same condition.
DIGITS = 10
_AT_ONCE = 500
#: The groups of the structures that were matched last, by their hash: one import asks for them up to four times.
_MATCHED: dict[int, np.ndarray] = {}


def groups_of(dataset: Dataset, by: By = "material", progress: Progress = silent) -> np.ndarray:
    """A number for each record (n,), equal where the records are of the same; -1 where that cannot be told.

    `conditions` are the material and all inputs together. Raises InputError where the dataset has nothing to go by,
    MissingExtra where that takes a package that is not installed.
    """
    if by not in WAYS:
        raise InputError(f"there is no way '{by}' to group records", did_you_mean(by, WAYS))
    if by == "conditions":
        return _of_conditions(dataset, progress)
    column = _column(dataset, by)
    cells = dataset.frame[column.name].tolist()
    if by == "structure":
        return structure_groups(cells, progress)
    if by == "composition":
        return _numbered([composition_key(cell, column.kind) for cell in cells])
    if by == "molecule" or column.kind == "molecule":
        return _numbered(inchi_keys(cells, progress))
    if column.kind == "structure":
        return structure_groups(cells, progress)
    return _numbered([composition_key(c, column.kind) if column.kind == "composition" else c for c in cells])


def _column(dataset: Dataset, by: By) -> Column:
    """The column that says what is grouped: the material, or one that has its kind."""
    wanted = {"composition": ("composition", "structure"), "molecule": ("molecule",), "structure": ("structure",)}
    kinds = wanted.get(by, ())
    order = [dataset.material] if dataset.material else []
    for column in [*order, *dataset.columns.values()]:
        if column.kind in kinds or (not kinds and column.role == "material"):
            return column
    raise InputError(
        f"the dataset has no column to group by {by}", "say which column is the material: --role NAME=material"
    )


def _of_conditions(dataset: Dataset, progress: Progress) -> np.ndarray:
    parts = [] if dataset.material is None else [groups_of(dataset, "material", progress)]
    for column in dataset.inputs:
        cells = dataset.frame[column.name]
        if column.kind == "number":
            parts.append(_numbered([_rounded(cell) for cell in cells.to_numpy(float, na_value=np.nan).tolist()], True))
        else:
            parts.append(_numbered(cells.tolist(), True))
    if not parts:
        raise InputError("the dataset has neither a material nor inputs to group by", "say them: --role NAME=material")
    whole = np.stack(parts, axis=1)
    made = np.unique(whole, axis=0, return_inverse=True)[1].reshape(-1)
    return np.where(parts[0] < 0, -1, made) if dataset.material is not None else made


def _rounded(value: float) -> str:
    return f"{value:.{DIGITS}g}"


def _numbered(keys: Sequence[Any], is_missing_a_value: bool = False) -> np.ndarray:
    """A number for each distinct key, in the order in which they come; None is no key, unless it counts as one."""
    numbers: dict[Any, int] = {}
    return np.array(
        [-1 if key is None and not is_missing_a_value else numbers.setdefault(key, len(numbers)) for key in keys], int
    )


def composition_key(cell: str | None, kind: str) -> str | None:
    """The one way to write the composition of a formula or a structure; None where there is none."""
    if cell is None:
        return None
    try:
        return Structure.from_json(cell).formula if kind == "structure" else canonical_formula(cell)
    except (FormulaError, StructureError):
        return None


def inchi_keys(cells: Sequence[str | None], progress: Progress = silent) -> list[str | None]:
    """The InChIKey of each SMILES: the same for every way to write a molecule. Raises MissingExtra."""
    try:
        from rdkit import Chem, rdBase
    except ImportError as error:
        raise MissingExtra("rdkit", "molecules") from error
    made: dict[str, str | None] = {}
    with rdBase.BlockLogs():
        for i, cell in enumerate(cells):
            if not i % _AT_ONCE:
                progress(i, len(cells), "InChIKeys")
            if cell is not None and cell not in made:
                molecule = Chem.MolFromSmiles(cell)
                made[cell] = (Chem.MolToInchiKey(molecule) or None) if molecule is not None else None
    return [None if cell is None else made[cell] for cell in cells]


def structure_groups(cells: Sequence[str | None], progress: Progress = silent) -> np.ndarray:
    """Structures that match up to symmetry, choice of cell and small distortions, by pymatgen's StructureMatcher.

    Those of different composition are never compared, and each is compared only with the first of every group. A
    structure without a cell matches none but its own copy. What was asked last is remembered. Raises MissingExtra.
    """
    key = hash(tuple(cells))
    made = _MATCHED.get(key)
    if made is None:
        made = _matched(cells, progress)
        _MATCHED.clear()  # another thread may ask for others meanwhile
        _MATCHED[key] = made
    return made.copy()


def _matched(cells: Sequence[str | None], progress: Progress) -> np.ndarray:
    try:
        from pymatgen.analysis.structure_matcher import StructureMatcher
    except ImportError as error:
        raise MissingExtra("pymatgen", "structures") from error
    matcher = StructureMatcher()
    firsts: dict[str, list[tuple[int, Any, str]]] = {}
    groups = np.full(len(cells), -1)
    for i, cell in enumerate(cells):
        if not i % _AT_ONCE:
            progress(i, len(cells), "matching structures")
        formula = composition_key(cell, "structure")
        if cell is None or formula is None:
            continue
        same = firsts.setdefault(formula, [])
        structure = Structure.from_json(cell)
        other = None if structure.lattice is None else to_pymatgen(structure)
        known = next((group for group, first, text in same if text == cell or _match(matcher, first, other)), None)
        groups[i] = i if known is None else known
        if known is None:
            same.append((i, other, cell))
    return np.where(groups < 0, -1, np.unique(groups, return_inverse=True)[1] - (groups < 0).any())


def _match(matcher: Any, one: Any, two: Any) -> bool:
    try:
        return one is not None and two is not None and bool(matcher.fit(one, two))
    except Exception:  # noqa: BLE001 - pymatgen raises whatever its parts raise; what cannot be compared is not the same
        return False
