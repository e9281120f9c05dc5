"""The properties that PubChem computes for each compound, with their units (https://pubchem.ncbi.nlm.nih.gov/docs/pug-rest)."""

from __future__ import annotations

from collections.abc import Iterable

from matloop.core.errors import InputError, did_you_mean
from matloop.datasets.column import Column

#: What PubChem has called the SMILES over the years; the first one is asked for.
SMILES = ("SMILES", "IsomericSMILES", "ConnectivitySMILES", "CanonicalSMILES")

_TEXTS = ("Title", "MolecularFormula", "InChI", "InChIKey", "IUPACName")
_UNITS: dict[str, str | None] = {
    "MolecularWeight": "g/mol",
    "XLogP": None,
    "ExactMass": "Da",
    "MonoisotopicMass": "Da",
    "TPSA": "Å^2",
    "Complexity": None,
    "Charge": None,
    "HBondDonorCount": None,
    "HBondAcceptorCount": None,
    "RotatableBondCount": None,
    "HeavyAtomCount": None,
    "IsotopeAtomCount": None,
    "AtomStereoCount": None,
    "DefinedAtomStereoCount": None,
    "UndefinedAtomStereoCount": None,
    "BondStereoCount": None,
    "DefinedBondStereoCount": None,
    "UndefinedBondStereoCount": None,
    "CovalentUnitCount": None,
    "Volume3D": "Å^3",
    "XStericQuadrupole3D": None,
    "YStericQuadrupole3D": None,
    "ZStericQuadrupole3D": None,
    "FeatureCount3D": None,
    "ConformerModelRMSD3D": "Å",
    "EffectiveRotorCount3D": None,
    "ConformerCount3D": None,
}
#: What is asked for unless something else is.
USUAL = (
    "Title",
    "MolecularFormula",
    "InChIKey",
    "MolecularWeight",
    "XLogP",
    "TPSA",
    "Complexity",
    "Charge",
    "HBondDonorCount",
    "HBondAcceptorCount",
    "RotatableBondCount",
    "HeavyAtomCount",
)


def chosen(properties: Iterable[str] | None) -> list[str]:
    """The properties to ask for, the SMILES always first. Raises InputError for one that PubChem does not have."""
    known = {name.casefold(): name for name in (*_TEXTS, *_UNITS)}
    names = [SMILES[0]]
    for name in properties or USUAL:
        if name.casefold() not in known and name not in SMILES:
            raise InputError(f"PubChem has no property '{name[:60]}'", did_you_mean(name, known.values()))
        names.append(known.get(name.casefold(), SMILES[0]))
    return list(dict.fromkeys(names))


def column(name: str) -> Column:
    """The description of a property."""
    if name in _UNITS:
        return Column(name, role="target", unit=_UNITS[name], description="computed by PubChem")
    return Column(name, role="identity", kind="composition" if name == "MolecularFormula" else "text")
