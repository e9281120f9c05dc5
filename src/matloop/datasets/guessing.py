"""What the columns of a table probably are, from their names and their cells; whoever knows better says so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.composition import FormulaError, parse_formula
from matloop.datasets.column import MATERIALS, Column, Kind, Role

if TYPE_CHECKING:
    import pandas as pd

#: So many cells are looked at, spread over the column; and this share of them must be of a kind.
LOOKED_AT, MOST = 200, 0.75
#: Text of which at least this share is distinct names the records of a table with so many.
DISTINCT, LARGE = 0.9, 20
#: With fewer texts no series can be told.
FEW = 3
_BEFORE = r"(?:.*[ _-])?"  # 'material_id' is an id, 'acid' is none
_IDENTITY = re.compile(
    _BEFORE + r"(?:ids?|uuid|inchi|inchi[ _-]?key|cas|names?|identifier|iupac)"
    r"|(?:(?:entry|sample|record|rec\.|serial|cas|row|trial|experiment|run)[ _-]*)?(?:number|no\.?|nr\.?|index|#)"
    r"|mpid|cid|refcode|unnamed: \d+|entry|row|sample",
    re.IGNORECASE,
)
_PROVENANCE = re.compile(
    _BEFORE + r"(?:dois?|titles?|references?|refs?|url|citation|year|authors?|journal|comments?|notes?)"
    r"|(?:data[ _-]?)?sources?|link|licen[cs]e|paper|date|origin|record_hash|proprietary",
    re.IGNORECASE,
)
_UNCERTAINTY = re.compile(
    r"(?P<of>.+?)[ _-]*(?:std|sd|stdev|stddev|sigma|σ|err|error|uncertainty|unc|standard[ _-]deviation)"
    r"|(?:std|sd|stdev|sigma|σ|error|uncertainty|unc|standard[ _-]deviation)[ _-]*(?:of|in)?[ _(-]*(?P<of2>.+?)\)?",
    re.IGNORECASE,
)
#: What the trials of a campaign are exported with (`reports.export`), beside variables and results.
_OF_TRIALS: Mapping[str, Role] = {
    "trial": "identity",
    "number": "identity",
    "status": "provenance",
    "planner": "provenance",
    "reason": "provenance",
    "attempts": "provenance",
    "failed": "provenance",
}
_PREDICTED = "_predicted"
_TARGET = re.compile(r"targets?", re.IGNORECASE)
_MATERIAL_NAME = re.compile(
    r"(?:.*[ _-])?(?:formulas?|compositions?|smiles|structures?|material|compound|alloys?|molecule)",
    re.IGNORECASE,
)
_SMILES_NAME = re.compile(r"(?:.*[ _-])?(?:smiles|smi)(?:[ _-].*)?", re.IGNORECASE)
_FORMULA_NAME = re.compile(_BEFORE + r"(?:formulae?|formulas|compositions?|stoichiometry)(?:[ _-].*)?", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"\W*(?:canonical[ _-])?(?:smiles|formula|composition|structure)\W*", re.IGNORECASE)
_SMILES_SIGNS = re.compile(r"[=#@\[\]()/\\]|[a-z]\d|\d[a-z]|c1|C\d|CC")
_COUNTER = re.compile(r".*(?:index|number|no\.?|nr\.?|id|#|key)", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_SERIES = re.compile(r"(?:[A-Za-z]{1,2}\d{1,4}|[A-Za-z]{1,4}[-_#. ]\d{1,5})\Z")
_SMILES = re.compile(r"(?:[BCNOPSFIbcnops]|Cl|Br|\[\d*[A-Za-z*][^\[\],]*\]|[=#@()/\\.+\-:~$*%]|\d)+\Z")


def guess(frame: pd.DataFrame, known: Mapping[str, Column] | None = None) -> dict[str, Column]:
    """A column for each of the frame's that is not known yet; `known` may describe columns beside it as well."""
    known = known or {}
    kinds = {str(name): guessed_kind(str(name), frame[name]) for name in frame.columns if str(name) not in known}
    described = guessed_roles(
        {name: column.kind for name, column in known.items()} | kinds,
        {name: column.role for name, column in known.items()},
        [name for name, kind in kinds.items() if names_records(name, kind, frame[name])],
    )
    return {name: described[name] for name in kinds}


def guessed_roles(
    kinds: Mapping[str, Kind], said: Mapping[str, Role], labels: Collection[str] = ()
) -> dict[str, Column]:
    """A column for each name, with the role that was said or that its name and its kind suggest.

    `labels` are the columns that name records, whatever they are called (`names_records`).
    """
    material = None if "material" in said.values() else _material({n: k for n, k in kinds.items() if n not in said})
    has_material = material is not None or "material" in said.values()
    made = {name: _guessed(name, kind, material, has_material, kinds) for name, kind in kinds.items()}
    made |= {name: _with_role(made[name], "identity") for name in labels if made[name].role == "input"}
    made |= {name: _with_role(made[name], role) for name, role in _of_trials(kinds).items()}
    made |= {name: _with_role(made[name], role) for name, role in said.items()}
    return _with_a_target(made, said) if has_material else made


def _of_trials(names: Collection[str]) -> dict[str, Role]:
    """What is known of the columns of an exported campaign; of another table nothing.

    What a model predicted before a trial is where the trial came from, and no input of the next model.
    """
    if not {"trial", "number", "status", "planner"} <= set(names):
        return {}
    told: dict[str, Role] = {name: role for name, role in _OF_TRIALS.items() if name in names}
    return told | {name: "provenance" for name in names if name.removesuffix(_PREDICTED) in set(names) - {name}}


def _with_role(column: Column, role: Role) -> Column:
    return column.model_copy(update={"role": role, "of": column.of if role == "uncertainty" else None})


def guessed_kind(name: str, cells: Any) -> Kind:
    """What the cells are, from a sample of them."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(cells):
        return "text"
    if pd.api.types.is_numeric_dtype(cells):
        return "number"
    sample = sampled(cells)
    if not sample:
        return "text"
    if all(text.startswith("{") for text in sample):
        return _kind_of_json(sample)
    names_smiles, names_formula = bool(_SMILES_NAME.fullmatch(name)), bool(_FORMULA_NAME.fullmatch(name))
    if not names_smiles and not names_formula and is_series(sample, bool(_MATERIAL_NAME.fullmatch(name))):
        return "text"
    smiles = share(sample, _looks_like_smiles)
    formulas = share(sample, _looks_like_formula)
    if names_smiles and smiles >= MOST:
        return "molecule"
    if names_formula and formulas >= MOST:
        return "composition"
    if formulas >= 0.95 and not names_smiles:
        return _composition_or_text(name, [text for text in sample if _looks_like_formula(text)])
    if smiles >= 0.95 and share(sample, lambda text: bool(_SMILES_SIGNS.search(text))) >= 0.5:
        return "molecule" if _are_molecules(sample) else "text"
    return "text"


def sampled(cells: Any) -> list[str]:
    """Up to LOOKED_AT cells that are not missing, spread evenly, as text."""
    present = cells[cells.notna()]
    step = max(1, len(present) // LOOKED_AT)
    texts = (str(cell).strip() for cell in present.iloc[::step][: 2 * LOOKED_AT])
    return [text for text in texts if text]


def share(sample: Iterable[str], is_one: Any) -> float:
    """Which part of the texts passes the test."""
    passed = [bool(is_one(text)) for text in sample]
    return sum(passed) / len(passed) if passed else 0.0


def names_records(name: str, kind: Kind, cells: Any) -> bool:
    """Whether a column names the records: text with hardly one cell like another, or a number that counts the rows."""
    if kind == "text":
        return _tells_apart(cells)
    if kind != "number" or len(cells) < LARGE or not _COUNTER.fullmatch(name):
        return False
    values = np.asarray(cells, float)
    return bool((np.diff(values) == 1).all())


def _tells_apart(cells: Any) -> bool:
    """Whether text has hardly one cell like another, in a table large enough to say so, or is a series of names."""
    n = int(cells.notna().sum())
    n_distinct = int(cells[cells.notna()].astype(str).nunique())
    if n < LARGE:
        return n_distinct == n >= FEW and is_series(sampled(cells))
    return n_distinct >= DISTINCT * n


def is_series(sample: Sequence[str], names_materials: bool = False) -> bool:
    """Whether the texts are a series of names, S1 to S40 or NB-1 to NB-9, though each may be a molecule or a formula.

    In a column of materials, several numbers must stand behind the same letters, as in O2 and N2 they do not.
    'Fe10Ni90' and 'Fe20Ni80' are no series: what they hold adds up to the same.
    """
    distinct = set(sample)
    letters = {_DIGITS.sub("#", text) for text in distinct}
    if (
        len(letters) == 1 < FEW <= len(distinct)
        and not names_materials
        and re.fullmatch(r"[^.#]*#(?:[^.#]+#)*", min(letters))
    ):
        sums = {sum(map(int, _DIGITS.findall(text))) for text in distinct}
        return len(sums) > 1
    is_one = share(sample, lambda text: bool(_SERIES.match(text))) >= MOST
    return is_one and (not names_materials or 2 * len(letters) <= len(distinct))


def is_label(name: str) -> bool:
    """Whether a column of this name tells records apart, or where they are from, rather than what they are like."""
    return bool(_IDENTITY.fullmatch(name) or _PROVENANCE.fullmatch(name))


def _kind_of_json(sample: list[str]) -> Kind:
    if all('"species_at_sites"' in text for text in sample):
        return "structure"
    return "spectrum" if all('"x"' in text and '"y"' in text for text in sample) else "text"


def _looks_like_formula(text: str) -> bool:
    if len(text) > 120 or text[:1].islower():
        return False
    try:
        parse_formula(text)
    except FormulaError:
        return False
    return True


def _looks_like_smiles(text: str) -> bool:
    return bool(_SMILES.match(text))


def _is_closed(text: str) -> bool:
    """Whether a SMILES closes each ring and bracket that it opens; the name 'C12' does not."""
    plain = re.sub(r"\[[^\[\]]*\]", "", text)
    rings = Counter(re.findall(r"%\d\d|\d", plain))
    return plain.count("(") == plain.count(")") and all(count % 2 == 0 for count in rings.values())


def _are_molecules(sample: Sequence[str]) -> bool:
    """Whether RDKit reads most of the texts; where it is not installed, whether most close what they open."""
    try:
        from rdkit import Chem, rdBase
    except ImportError:
        return share(sample, _is_closed) >= MOST
    with rdBase.BlockLogs():
        return share(sample, lambda text: Chem.MolFromSmiles(text) is not None) >= MOST


def _composition_or_text(name: str, sample: list[str]) -> Kind:
    """What cells are that read as formulas: 'BCC' and 'FCC', or mere symbols of elements, tell of phases and sites."""
    if _MATERIAL_NAME.fullmatch(name):
        return "composition"
    distinct = set(sample)
    several = share(distinct, lambda text: len(parse_formula(text)) > 1)
    has_amounts = share(distinct, lambda text: any(sign.isdigit() or sign.islower() for sign in text))
    varied = len(distinct) >= min(10, 0.5 * len(sample))
    return "composition" if several >= 0.5 and has_amounts >= 0.5 and varied else "text"


def _material(kinds: Mapping[str, Kind]) -> str | None:
    """The one column that is the material: the most telling kind, and of several the one that is named so."""
    for kind in MATERIALS:
        names = [name for name, its in kinds.items() if its == kind]
        plain = [name for name in names if _PLAIN_NAME.fullmatch(name)]
        if len(names) == 1 or plain:
            return (plain or names)[0]
        named = [name for name in names if _MATERIAL_NAME.fullmatch(name)]
        if names and kind == "composition":
            return (named or names)[0]
        if len(names) > 1:
            return None  # a ligand and a solvent: each is an input, the record is about neither
    return None


def _guessed(name: str, kind: Kind, material: str | None, has_material: bool, everyone: Mapping[str, Kind]) -> Column:
    if name == material:
        return Column(name, role="material", kind=kind)
    if kind in MATERIALS:
        return Column(name, role="identity" if has_material else "input", kind=kind)
    if (of := _uncertain(name, everyone)) is not None and kind == "number":
        return Column(name, role="uncertainty", kind=kind, of=of)
    if _IDENTITY.fullmatch(name):
        return Column(name, role="identity", kind=kind)
    if _PROVENANCE.fullmatch(name):
        return Column(name, role="provenance", kind=kind)
    if _TARGET.fullmatch(name):
        return Column(name, role="target", kind=kind)
    return Column(name, kind=kind)


def _uncertain(name: str, everyone: Mapping[str, Kind]) -> str | None:
    match = _UNCERTAINTY.fullmatch(name)
    if not match:
        return None
    wanted = re.sub(r"[\W_]+", "", (match.group("of") or match.group("of2") or "").casefold())
    return next(
        (other for other in everyone if other != name and re.sub(r"[\W_]+", "", other.casefold()) == wanted), None
    )


def _with_a_target(made: dict[str, Column], said: Mapping[str, Role]) -> dict[str, Column]:
    """Where nothing is called a target and one column alone stands beside the material, that one is it."""
    inputs = [column for column in made.values() if column.role == "input"]
    if any(column.role == "target" for column in made.values()) or len(inputs) != 1 or inputs[0].name in said:
        return made
    return made | {inputs[0].name: _with_role(inputs[0], "target")}
