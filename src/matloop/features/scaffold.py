"""The scaffold of a molecule, its rings and what links them: molecules that share one are split together.

Bemis and Murcko 1996, doi:10.1021/jm9602928.
"""

from __future__ import annotations

from matloop.core.molecule import molecule


def murcko_scaffold(smiles: str, is_generic: bool = False) -> str:
    """The canonical SMILES of the scaffold, '' for a molecule without rings.

    If `is_generic`, all its atoms become carbon and all its bonds single, so that pyridine and cyclohexane share one.
    Raises UnreadableMolecule, and MissingExtra where rdkit is not installed.
    """
    read = molecule(smiles)
    from rdkit.Chem import MolToSmiles, RemoveStereochemistry
    from rdkit.Chem.Scaffolds import MurckoScaffold

    scaffold = MurckoScaffold.GetScaffoldForMol(read)
    RemoveStereochemistry(scaffold)
    if is_generic:  # making it generic can leave atoms at its ends that were double bonds
        scaffold = MurckoScaffold.GetScaffoldForMol(MurckoScaffold.MakeScaffoldGeneric(scaffold))
    return str(MolToSmiles(scaffold))
