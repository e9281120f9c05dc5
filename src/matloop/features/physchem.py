"""A few properties of molecules that a chemist reads at a glance."""

from __future__ import annotations

from typing import Any, ClassVar

from matloop.features.molecule import MoleculeFeaturizer

_UNITS: dict[str, str | None] = {
    "molecular weight": "g/mol",
    "logP": None,
    "molar refractivity": "cm^3/mol",
    "polar surface area": "angstrom^2",
    "heavy atoms": None,
    "formal charge": None,
    "hydrogen bond donors": None,
    "hydrogen bond acceptors": None,
    "rotatable bonds": None,
    "rings": None,
    "aromatic rings": None,
    "heteroatoms": None,
    "fraction of sp3 carbon": None,
    "stereocentres": None,
    "drug-likeness (QED)": None,
}


class Physchem(MoleculeFeaturizer):
    """Size, polarity, flexibility and rings: 15 columns.

    logP and molar refractivity after Wildman and Crippen 1999, polar surface area after Ertl et al. 2000, QED after
    Bickerton et al. 2012.
    """

    name: ClassVar[str] = "physchem"
    citations = ("10.1021/ci990307l", "10.1021/jm000942e", "10.1038/nchem.1243")
    per_task: ClassVar[int] = 500

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(_UNITS)

    @property
    def units(self) -> tuple[str | None, ...]:
        return tuple(_UNITS.values())

    def row(self, reading: Any) -> list[float]:
        from rdkit.Chem import QED, GetFormalCharge, rdMolDescriptors

        lipophilicity, refractivity = rdMolDescriptors.CalcCrippenDescriptors(reading)
        return [
            rdMolDescriptors._CalcMolWt(reading),
            lipophilicity,
            refractivity,
            rdMolDescriptors.CalcTPSA(reading),
            reading.GetNumHeavyAtoms(),
            GetFormalCharge(reading),
            rdMolDescriptors.CalcNumHBD(reading),
            rdMolDescriptors.CalcNumHBA(reading),
            rdMolDescriptors.CalcNumRotatableBonds(reading),
            rdMolDescriptors.CalcNumRings(reading),
            rdMolDescriptors.CalcNumAromaticRings(reading),
            rdMolDescriptors.CalcNumHeteroatoms(reading),
            rdMolDescriptors.CalcFractionCSP3(reading),
            rdMolDescriptors.CalcNumAtomStereoCenters(reading),
            QED.qed(reading),
        ]
