"""Features of molecules: of the molecule, not of the way in which somebody spelled it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit")

from matloop.core.errors import InputError
from matloop.core.molecule import UnreadableMolecule
from matloop.features.combined import Combined
from matloop.features.maccs import Maccs
from matloop.features.molecule import MoleculeFeaturizer
from matloop.features.morgan import Morgan
from matloop.features.physchem import Physchem
from matloop.features.rdkit_descriptors import RdkitDescriptors
from matloop.features.scaffold import murcko_scaffold

ASPIRIN, CAFFEINE, LACTIC = "CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "C[C@H](O)C(=O)O"
KNOWN = ["CCO", ASPIRIN, CAFFEINE, LACTIC, "C1CC1CCc1ccncc1", "OC1CCC(F)(F)CC1", "CC#N", "C[N+](C)(C)CC([O-])=O"]
FEATURIZERS = [Morgan(), Morgan(counts=True, radius=3, bits=512), Maccs(), RdkitDescriptors(), Physchem()]
each = pytest.mark.parametrize("featurizer", FEATURIZERS, ids=lambda featurizer: repr(featurizer))


@each
@settings(max_examples=15)
@given(st.sampled_from(KNOWN), st.integers(0, 10_000))
def test_spelling_changes_nothing(featurizer, smiles: str, seed: int) -> None:
    """Any SMILES of the same molecule gives the same row."""
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(smiles)
    order = np.random.default_rng(seed).permutation(molecule.GetNumAtoms()).tolist()
    other = Chem.MolToSmiles(Chem.RenumberAtoms(molecule, order), canonical=False)
    one, two = featurizer.features([smiles, other]).values
    np.testing.assert_allclose(two, one, rtol=1e-7, atol=1e-9)


@each
def test_what_is_no_molecule_stops_nobody(featurizer) -> None:
    """Wrong texts, numbers and gaps are listed with their place; the molecules around them are described."""
    values, failures = featurizer.features(["CCO", "nonsense", None, 3.5, "C1CC", "", CAFFEINE])
    assert list(failures) == [1, 2, 3, 4, 5]
    assert "'nonsense' is no molecule" in failures[1]
    assert np.isfinite(values[[0, 6]]).all()
    assert values.shape[1] == len(featurizer.names) == len(set(featurizer.names)) == len(featurizer.units)


def test_fingerprints_are_those_of_rdkit() -> None:
    """Bits and counts of the Morgan fingerprint and the MACCS keys."""
    from rdkit import Chem
    from rdkit.Chem import AllChem, MACCSkeys

    molecule = Chem.MolFromSmiles(ASPIRIN)
    bits = np.flatnonzero(Morgan().features([ASPIRIN]).values[0])
    assert bits.tolist() == list(AllChem.GetMorganFingerprintAsBitVect(molecule, 2, 2048).GetOnBits())
    counted = Morgan(counts=True).features([ASPIRIN]).values[0]
    assert counted.max() > 1
    assert np.flatnonzero(counted).tolist() == bits.tolist()
    keys = np.flatnonzero(Maccs().features([ASPIRIN]).values[0]) + 1
    assert keys.tolist() == list(MACCSkeys.GenMACCSKeys(molecule).GetOnBits())


def test_mirror_images_differ_where_asked() -> None:
    """Only with chirality=True."""
    images = ["C[C@H](O)C(=O)O", "C[C@@H](O)C(=O)O"]
    plain, chiral = (Morgan(chirality=whether).features(images).values for whether in (False, True))
    assert (plain[0] == plain[1]).all()
    assert (chiral[0] != chiral[1]).any()


def test_properties_are_those_of_the_handbook() -> None:
    """Caffeine C8H10N4O2: 194.19 g/mol, 14 heavy atoms, two rings, no donor; aspirin: polar surface 63.6 Å²."""
    rows = [dict(zip(Physchem().names, row, strict=True)) for row in Physchem().features([CAFFEINE, ASPIRIN]).values]
    caffeine, aspirin = rows
    assert caffeine["molecular weight"] == pytest.approx(194.19, abs=0.01)
    found = [caffeine[name] for name in ("heavy atoms", "rings", "hydrogen bond donors", "rotatable bonds")]
    assert found == [14, 2, 0, 0]
    assert aspirin["polar surface area"] == pytest.approx(63.6, abs=0.01)


def test_descriptors_that_do_not_exist_for_a_molecule_are_named() -> None:
    """A metal complex has no partial charges; without these columns it is described."""
    cisplatin = "N[Pt](N)(Cl)Cl"
    _, failures = RdkitDescriptors().features([cisplatin, "CCO"])
    assert list(failures) == [0]
    assert "MaxPartialCharge" in failures[0]
    absent = [name for name in RdkitDescriptors().names if "PartialCharge" in name or name.startswith("BCUT2D")]
    without = RdkitDescriptors(without=("Ipc", *absent))
    assert not without.features([cisplatin]).failures
    assert not set(absent) & set(without.names)


def test_no_descriptor_grows_beyond_all_others() -> None:
    """Ipc of a long chain is 3e56: it is left out unless asked for."""
    chain = "C" * 200
    assert RdkitDescriptors().features([chain]).values.max() < 1e6
    assert RdkitDescriptors(without=()).features([chain]).values.max() > 1e50
    with pytest.raises(InputError, match="IPC") as raised:
        RdkitDescriptors(without=("IPC",)).features([chain])
    assert "Ipc" in raised.value.hint


def test_a_wrong_fingerprint_is_one_mistake() -> None:
    """It is not told again for every molecule."""
    with pytest.raises(InputError, match="positive number of bits"):
        Morgan(bits=-8).features(["CCO", "CCN"])


def test_a_molecule_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Featurizers that are combined share what was read."""
    from matloop.features import molecule as module

    counted: list[str] = []
    read = module.molecule
    monkeypatch.setattr(module, "molecule", lambda smiles: counted.append(smiles) or read(smiles))
    combined = Combined(["morgan", "maccs", "physchem"])
    assert combined.features(["CCO", CAFFEINE]).values.shape == (2, 2048 + 166 + 15)
    assert counted == ["CCO", CAFFEINE]
    assert all(isinstance(part, MoleculeFeaturizer) for part in combined.parts)


def test_scaffolds_are_rings_and_their_links() -> None:
    """Side chains and spelling do not count; molecules without rings share the empty scaffold."""
    assert murcko_scaffold("CCO") == murcko_scaffold("C") == ""
    assert murcko_scaffold("c1ccccc1C(=O)O") == murcko_scaffold("Cc1ccccc1") == "c1ccccc1"
    assert murcko_scaffold("C1CC1CCc1ccncc1") == murcko_scaffold("n1ccc(CCC2CC2)cc1C")
    assert murcko_scaffold("C[C@H]1CCCN1") == murcko_scaffold("C[C@@H]1CCCN1") == "C1CCNC1"
    generic = {murcko_scaffold(smiles, is_generic=True) for smiles in ("c1ccncc1", "C1CCCCC1", "O=C1CCCCC1")}
    assert generic == {"C1CCCCC1"}
    with pytest.raises(UnreadableMolecule):
        murcko_scaffold("nonsense")


@pytest.mark.data
def test_the_solubility_set_is_described_whole(published: Path) -> None:
    """All 1,128 molecules of ESOL; in every fourth logP alone explains half of the solubility, as Delaney found."""
    frame = pd.read_csv(published / "moleculenet_esol" / "esol.csv")
    assert not Morgan(bits=64).features(frame["smiles"]).failures
    assert len(frame) == 1128
    values, failures = Physchem().features(frame["smiles"][::4])
    assert not failures
    correlation = np.corrcoef(values[:, 1], frame["logSolubility"][::4])[0, 1]
    assert -0.9 < correlation < -0.7
    scaffolds = {murcko_scaffold(smiles) for smiles in frame["smiles"]}
    assert 200 < len(scaffolds) < 400
