"""Published tables as their authors wrote them: what is guessed is right, and their known traps are found."""

from pathlib import Path

import numpy as np
import pytest

from matloop.core.errors import InputError
from matloop.datasets.dataset import Dataset
from matloop.datasets.quality import Quality, examine
from matloop.datasets.reading import read_any

pytestmark = pytest.mark.data


def said(dataset: Dataset) -> dict[str, tuple[str, str, str | None]]:
    return {name: (column.role, column.kind, column.unit) for name, column in dataset.columns.items()}


def told(quality: Quality, subject: str) -> str:
    return "\n".join(finding.message for finding in quality.findings if finding.subject == subject)


def test_high_entropy_alloys(published: Path) -> None:
    """Units in LaTeX, words for phases that look like formulas, compositions measured again and again."""
    dataset = read_any(published / "mpea_hea" / "MPEA_dataset.csv", targets="PROPERTY: YS")
    assert len(dataset) == 1545
    assert dataset.set_aside == []
    columns = said(dataset)
    assert columns["FORMULA"] == ("material", "composition", None)
    assert columns["PROPERTY: YS"] == ("target", "number", "MPa")
    assert columns["PROPERTY: BCC/FCC/other"] == ("input", "text", None)
    assert columns["PROPERTY: Test temperature"] == ("input", "number", "°C")
    assert columns["PROPERTY: grain size"] == ("input", "number", "µm")
    assert columns["REFERENCE: doi"] == ("provenance", "text", None)
    assert columns["IDENTIFIER: Reference ID"] == ("identity", "number", None)
    quality = examine(dataset)
    assert {its.by: its.n_groups for its in quality.duplicates}["composition"] == 186
    assert "PROPERTY: YS" in told(quality, "replicates")


def test_perovskites(published: Path) -> None:
    """Columns of element symbols are words, radii in 'Ang' are in angstrom, energies per atom keep their unit."""
    stability = said(read_any(published / "perovskite_abx3_stability" / "TableS1.csv", targets="exp_label"))
    assert stability["ABX3"] == ("material", "composition", None)
    assert stability["A"] == ("input", "text", None)
    assert stability["rA"] == ("input", "number", "Å")
    energies = said(read_any(published / "perovskite_abx3_stability" / "TableS2.csv"))
    assert energies["dHdec"] == ("input", "number", "meV/atom")


def test_adsorption_workbook(published: Path) -> None:
    """Of several sheets one must be said; its columns are read with their types."""
    path = published / "vlachos_adsorption" / "TM_Data.xlsx"
    with pytest.raises(InputError, match="4 sheets"):
        read_any(path)
    dataset = read_any(path, sheet="TM_Reduced")
    assert len(dataset) == 423
    assert dataset.set_aside == []


def test_solubilities(published: Path) -> None:
    """SMILES are the material, the one number beside them the target; molecules that come twice are found."""
    pytest.importorskip("rdkit")
    dataset = read_any(published / "moleculenet_esol" / "esol.csv")
    assert len(dataset) == 1128
    assert said(dataset)["smiles"] == ("material", "molecule", None)
    assert said(dataset)["logSolubility"] == ("target", "number", None)
    duplicates = {its.by: its.n_more for its in examine(dataset).duplicates}
    assert duplicates["molecule"] == 11


def test_several_molecules_are_inputs(published: Path) -> None:
    """A reaction of a base, a ligand and a solvent is about none of them alone."""
    pytest.importorskip("rdkit")
    dataset = read_any(published / "edbo_direct_arylation" / "experiment_index.csv", targets="yield")
    assert dataset.material is None
    kinds = [column.kind for column in dataset.inputs]
    assert kinds.count("molecule") == 3


def test_a_formula_among_the_columns_is_found(published: Path) -> None:
    """A redox potential that is the difference of two columns beside it is no prediction."""
    pytest.importorskip("rdkit")
    dataset = read_any(published / "bznsn_redox" / "Ered_1400BzNSN.csv", targets="Red Pot Li/Li+")
    assert dataset.columns["Red Pot Li/Li+"].unit == "V"
    leaks = told(examine(dataset), "leakage")
    assert "weighted sum of Neutral Free Energy, Reduced Free Energy" in leaks


def test_polymorphs_and_replicates(published: Path) -> None:
    """Compositions that repeat, recipes that were repeated, and how far their values differ."""
    phonons = examine(read_any(published / "matbench_phonons" / "phonons.csv"))
    assert {its.by: its.n_more for its in phonons.duplicates}["composition"] == 94
    silver = read_any(published / "pvlab_agnp" / "AgNP_dataset.csv", targets="loss")
    spread = examine(silver).replicates["loss"]
    assert spread.n_groups == 164
    assert 0 < spread.share < 0.2


def test_impossible_and_empty_frameworks(published: Path) -> None:
    """The few uptakes far above all others, and the frameworks without any pore, which share one input of zeros."""
    dataset = read_any(published / "hmof_co2_jarvis" / "hmof_co2.csv", targets="max_co2_adsp")
    quality = examine(dataset)
    (finding,) = [one for one in quality.findings if one.subject == "outliers"]
    assert finding.numbers["values"] == pytest.approx([38.12, 23.07, 22.9], abs=0.01)
    rows = [
        int(place.rpartition(":")[2]) - 2
        for place in next(f for f in quality.findings if f.subject == "duplicates").records
    ]
    assert (dataset.frame["void_fraction"].to_numpy()[rows] == 0).all()


def test_tables_without_header(published: Path) -> None:
    """A first line of numbers is a record, not a header: names are asked for, and none is lost."""
    path = published / "hmof_ch4" / "train_65bar.csv"
    with pytest.raises(InputError, match="no header"):
        read_any(path)
    names = ["id", "volume", "void", "largest", "limiting", "uptake"]
    dataset = read_any(path, names=names, targets="uptake")
    assert np.isfinite(dataset.frame["uptake"]).all()
    with path.open() as file:
        assert len(dataset) == sum(1 for line in file if line.strip())
    electronegativities = read_any(published / "perovskite_abx3_stability" / "electronegativities.csv")
    assert "numbers for names" in told(examine(electronegativities), "header")


@pytest.mark.parametrize(
    ("folder", "file", "n"),
    [
        ("matbench_expt_gap", "expt_gap.csv", 4604),
        ("matbench_steels", "steels_yield.csv", 312),
        ("matbench_dielectric", "dielectric.csv", 4764),
        ("matbench_log_gvrh", "elasticity_log10(G_VRH).csv", 10987),
        ("matbench_jdft2d", "jdft2d.csv", 636),
        ("matbench_glass", "glass.csv", 5680),
    ],
)
def test_matbench(published: Path, folder: str, file: str, n: int) -> None:
    """Every formula is read, and the one number beside it is what is to be predicted."""
    dataset = read_any(published / folder / file)
    assert len(dataset) == n
    assert dataset.material is not None
    assert dataset.material.kind == "composition"
    assert [column.name for column in dataset.targets] == ["target"]
