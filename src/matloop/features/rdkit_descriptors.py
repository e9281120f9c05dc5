"""All two-dimensional descriptors of RDKit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

from matloop.core.errors import InputError, MissingExtra, did_you_mean
from matloop.features.base import Features
from matloop.features.molecule import MoleculeFeaturizer


class RdkitDescriptors(MoleculeFeaturizer):
    """More than 200 columns: counts of groups, surface areas by charge and lipophilicity, connectivity indices, …

    `without` names what is left out. By default that is Ipc, which grows exponentially with the size of a molecule
    (3e56 for 200 carbon atoms) and drowns every other column; AvgIpc is its mean and stays. A molecule for which a
    descriptor has no value is a failure that names it: salts and metals have no BCUT2D, metals no partial charges.
    """

    name: ClassVar[str] = "rdkit_descriptors"
    citations = ("10.5281/zenodo.591637",)
    per_task: ClassVar[int] = 50

    def __init__(self, *, without: Sequence[str] = ("Ipc",), on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.without = without

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in _all() if name not in self.without)

    def matrix(self, readings: list[Any]) -> Features:
        for unknown in [name for name in self.without if name not in _all()]:
            raise InputError(f"RDKit has no descriptor '{unknown}'", did_you_mean(unknown, _all()))
        return super().matrix(readings)

    def row(self, reading: Any) -> list[float]:
        found, descriptors = [], _all()
        for name in self.names:
            try:
                value = descriptors[name](reading)
            except (ValueError, ArithmeticError, RuntimeError, IndexError):
                value = None
            found.append(float("nan") if value is None else float(value))
        return found


@lru_cache(maxsize=1)
def _all() -> dict[str, Any]:
    """Every descriptor: its name and the function of a molecule."""
    try:
        from rdkit.Chem import Descriptors
    except ImportError as error:
        raise MissingExtra("rdkit", "molecules") from error
    return dict(Descriptors._descList)
