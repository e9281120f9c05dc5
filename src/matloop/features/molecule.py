"""Featurizers of molecules: cells are SMILES, read once by RDKit for all that are Combined."""

from __future__ import annotations

from typing import Any, ClassVar

from matloop.core.errors import InputError
from matloop.core.molecule import molecule
from matloop.features.base import Featurizer


class MoleculeFeaturizer(Featurizer):
    """A featurizer whose readings are molecules of RDKit; such molecules are taken as cells too."""

    kind: ClassVar[str] = "molecule"
    extra: ClassVar[str | None] = "molecules"

    @classmethod
    def read(cls, cells: list[Any]) -> tuple[list[Any], dict[int, str]]:
        """The molecules among the cells. Raises MissingExtra."""
        molecules: list[Any] = []
        unread: dict[int, str] = {}
        for i, cell in enumerate(cells):
            if hasattr(cell, "GetNumAtoms"):
                molecules.append(cell)
            elif not isinstance(cell, str):
                unread[i] = f"{type(cell).__name__} is no SMILES"
            else:
                try:
                    molecules.append(molecule(cell))
                except InputError as error:
                    unread[i] = error.message
        return molecules, unread
