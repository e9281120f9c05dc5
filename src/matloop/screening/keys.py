"""When two candidates are the same: a 64-bit number for each, by composition, elements, InChIKey or text.

Two different candidates have the same number with a probability of 5e-20: a screen of 10 million candidates takes one
for another once in 370,000 screens.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from matloop.core.composition import COLUMN, Amounts, canonical_formula, parse_formula, read_formulas
from matloop.core.errors import InputError, MissingExtra

#: By what candidates are compared.
WAYS = ("composition", "elements", "inchikey", "text")
#: The way for each kind of material.
WAY_OF = {"composition": "composition", "molecule": "inchikey"}
#: Whole amounts up to these are divided by their common divisor; canonical_formula does the rest.
_MOST, _MOST_LEAST = 200, 24
_DIGITS = 1_000_000
#: How rdkit writes the charge behind a formula: 'C2H3O2-', 'Ca+2'.
_CHARGE = re.compile(r"[+-]\d*\Z")


def keys_of(given: Any, by: str, n: int) -> tuple[np.ndarray, dict[int, str]]:
    """The keys (n,) of the candidates, and why some, by place, have none (theirs are 0).

    `given` is what `amounts_of` returns for the ways composition and elements, and the cells for the others.
    """
    keys = np.zeros(n, np.uint64)
    if by in ("composition", "elements"):
        amounts, failures = given
        readable = np.ones(n, bool)
        readable[list(failures)] = False
        keys[readable] = _of_elements(amounts) if by == "elements" else _of_compositions(amounts)
        return keys, failures
    texts, failures = _inchikeys(given) if by == "inchikey" else _texts(given)
    keys[:] = _of_texts(texts)
    keys[list(failures)] = 0
    return keys, failures


def amounts_of(cells: Sequence[Any], kind: str) -> tuple[Amounts, dict[int, str]]:
    """The elements in materials of this kind, in order, and why others, by place, cannot be read."""
    cells = [cell if isinstance(cell, str) else "" for cell in cells]
    if kind == "composition":
        return read_formulas(cells)
    formulas, failures = (_formulas_of_molecules if kind == "molecule" else _formulas_of_structures)(cells)
    good = [formula for i, formula in enumerate(formulas) if i not in failures]
    amounts, unread = read_formulas(good)
    if unread:
        places = [i for i in range(len(cells)) if i not in failures]
        failures |= {places[i]: reason for i, reason in unread.items()}
    return amounts, failures


def _formulas_of_structures(cells: Sequence[str]) -> tuple[list[str], dict[int, str]]:
    from matloop.core.structure import Structure

    def formula(cell: str) -> str:
        return "".join(f"{s}{amount:.8f}" for s, amount in Structure.from_json(cell).composition.items())

    return _each(cells, formula)


def _formulas_of_molecules(cells: Sequence[str]) -> tuple[list[str], dict[int, str]]:
    molecule_of = _reader_of_molecules()
    from rdkit import rdBase
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    with rdBase.BlockLogs():
        return _each(cells, lambda cell: _CHARGE.sub("", CalcMolFormula(molecule_of(cell))))


def _inchikeys(cells: Sequence[Any]) -> tuple[list[str], dict[int, str]]:
    molecule_of = _reader_of_molecules()
    from rdkit import rdBase
    from rdkit.Chem import MolToInchiKey

    with rdBase.BlockLogs():
        return _each(cells, lambda cell: str(MolToInchiKey(molecule_of(cell))))


def _reader_of_molecules() -> Any:
    try:
        from rdkit import Chem
    except ImportError as error:
        raise MissingExtra("rdkit", "molecules") from error

    def molecule(smiles: Any) -> Any:
        read = Chem.MolFromSmiles(smiles) if isinstance(smiles, str) and smiles.strip() else None
        if read is None:
            raise InputError(f"{smiles!r:.80} is no molecule")
        return read

    return molecule


def _texts(cells: Sequence[Any]) -> tuple[list[str], dict[int, str]]:
    missing = {i: "is missing" for i, cell in enumerate(cells) if cell is None or cell != cell or cell == ""}
    return [str(cell) for cell in cells], missing


def _each(cells: Iterable[Any], of: Any) -> tuple[list[str], dict[int, str]]:
    """The text of each cell, and why some have none."""
    texts: list[str] = []
    failures: dict[int, str] = {}
    for i, cell in enumerate(cells):
        try:
            texts.append(of(cell))
        except InputError as error:
            failures[i] = error.message
            texts.append("")
    return texts, failures


# -- to numbers -----------------------------------------------------------------------------------------------


def _of_texts(texts: Sequence[str]) -> np.ndarray:
    digests = (hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), np.dtype("<u8"))


def _of_elements(amounts: Amounts) -> np.ndarray:
    return _together(amounts, np.zeros(len(amounts.elements), np.int64))


def _of_compositions(amounts: Amounts) -> np.ndarray:
    """Equal for what canonical_formula writes alike: whole amounts are reduced at once, others are sent through it."""
    if not len(amounts):
        return np.zeros(0, np.uint64)
    starts = amounts.starts[:-1]
    whole = np.round(amounts.amounts)
    is_whole = np.logical_and.reduceat((whole == amounts.amounts) & (whole < 2**31), starts)
    reduced = whole.clip(0, 2**31).astype(np.int64)
    reduced //= np.repeat(np.gcd.reduceat(reduced, starts).clip(1), amounts.counts)
    fits = is_whole & (np.maximum.reduceat(reduced, starts) <= _MOST)
    fits &= np.minimum.reduceat(reduced, starts) <= _MOST_LEAST
    for i in np.flatnonzero(~fits).tolist():
        inside = slice(amounts.starts[i], amounts.starts[i + 1])
        reduced[inside] = _canonical(amounts.written(i), amounts.elements[inside])
    return _together(amounts, reduced)


def _canonical(formula: str, elements: np.ndarray) -> list[int]:
    """The amounts that the canonical formula has, in millionths where they are fractions; below zero to tell them."""
    written = {COLUMN[symbol]: amount for symbol, amount in parse_formula(canonical_formula(formula)).items()}
    found = [written.get(e, 0.0) for e in elements.tolist()]
    if all(amount == int(amount) for amount in found):
        return [int(amount) for amount in found]
    return [-round(amount * _DIGITS) for amount in found]


def _together(amounts: Amounts, numbers: np.ndarray) -> np.ndarray:
    """One number for each formula from those of its elements, whatever their order."""
    if not len(amounts):
        return np.zeros(0, np.uint64)
    parts = mixed((amounts.elements.astype(np.uint64) << np.uint64(40)) ^ numbers.astype(np.uint64))
    with np.errstate(over="ignore"):
        return mixed(np.add.reduceat(parts, amounts.starts[:-1]))


def mixed(x: np.ndarray) -> np.ndarray:
    """Numbers (n,) of which every bit depends on every bit of x (n,), unsigned.

    The finalizer of SplitMix64: Steele, Lea & Flood 2014 (doi:10.1145/2660193.2660195).
    """
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))
