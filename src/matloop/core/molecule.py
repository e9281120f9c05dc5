"""Molecules as fingerprints: from SMILES to bits that say which surroundings its atoms have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from matloop.core.errors import InputError, MissingExtra, Mistake

#: Length of a fingerprint, and how many bonds around each atom it sees: ECFP4 of Rogers and Hahn 2010
#: (doi:10.1021/ci100050t).
BITS, RADIUS = 2048, 2
#: A table of a million wrong texts is told by its first few.
MOST_TOLD = 10


class UnreadableMolecule(InputError):
    """A text that is no SMILES; `smiles` is the text."""

    def __init__(self, smiles: str) -> None:
        super().__init__(f"{smiles!r:.80} is no molecule", "write its SMILES, such as 'CCO' for ethanol")
        self.smiles = smiles


def fingerprints(smiles: Sequence[str]) -> np.ndarray:
    """The Morgan fingerprint of each SMILES, eight bits a byte: uint8, shape (n, BITS / 8).

    Raises UnreadableMolecule, and MissingExtra where rdkit is not installed.
    """
    make, packed = _generator(), np.zeros((len(smiles), BITS // 8), np.uint8)
    for i, text in enumerate(smiles):
        packed[i] = np.packbits(make.GetFingerprintAsNumPy(molecule(text)))
    return packed


def canonical(smiles: str) -> str:
    """The one way to write this molecule, so that two spellings of it can be found. Raises as `fingerprints` does."""
    read = molecule(smiles)
    from rdkit import Chem

    return str(Chem.MolToSmiles(read))


def _generator() -> Any:
    _require()
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)


def molecule(smiles: str) -> Any:
    """What this SMILES means, as RDKit's molecule. Raises as `fingerprints` does."""
    _require()
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        read = Chem.MolFromSmiles(smiles) if smiles.strip() else None
    if read is None:
        raise UnreadableMolecule(smiles)
    return read


def _require() -> None:
    try:
        import rdkit  # noqa: F401
    except ImportError as error:
        raise MissingExtra("rdkit", "molecules") from error


def mistakes_in(path: str, smiles: Sequence[str], what: str) -> list[Mistake]:
    """What cannot be read among the texts, named by its text; one mistake where rdkit is missing."""
    found: list[Mistake] = []
    for text in dict.fromkeys(smiles):
        try:
            molecule(text)
        except UnreadableMolecule as error:
            found.append(Mistake(path, f"{what}: {error.message}", error.hint))
        except MissingExtra as error:
            return [Mistake(path, error.message, error.hint)]
        if len(found) == MOST_TOLD:
            break
    return found
