"""Explanations of models of published data say what chemists know."""

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from explained_models import fitted
from sklearn.ensemble import ExtraTreesRegressor

from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery.element_curves import element_curves
from matloop.discovery.explain import explain
from matloop.discovery.maps import map_of

pytestmark = pytest.mark.data


def test_oxygen_opens_the_band_gap(published: Path) -> None:
    """Of 600 measured gaps: compounds of elements that differ in electronegativity, and of oxygen, have larger ones."""
    pytest.importorskip("shap")  # exact contributions: sampled ones of 60 rows may not tell a direction
    table = pd.read_csv(next((published / "matbench_expt_gap").glob("*.csv"))).sample(600, random_state=0)
    frame = table.set_axis(["formula", "gap"], axis=1).reset_index(drop=True)
    columns = [Column("formula", role="material", kind="composition"), Column("gap", role="target", unit="eV")]
    model = fitted(Dataset(frame, columns), "gap", ExtraTreesRegressor(30, max_features=0.4, random_state=0))
    told = explain(model, rows=60)
    assert "learned anew" in told.explained_by
    assert told.importances.groups[0].mean > 0.03
    ionic = told.direction("Electronegativity").removesuffix(" Electronegativity")
    assert ionic.startswith("rises with") or ionic == "falls with minimum", "the farther apart, the wider the gap"
    assert told.direction("GSbandgap").startswith("rises with"), "what is made of insulators insulates"
    with patch("matloop.discovery.element_curves.N_SHOWN", 8):  # others may move the gap farther
        curves = element_curves(model, model.predictor.model, frame, None)
    oxygen = next(curve for curve in curves if curve.name == "share of O")
    assert oxygen.average[-1] > oxygen.average[0]
    best = told.rules.rules[0]
    assert best.precision > 0.85
    assert best.measured_precision > 0.8, "rules are counted on rows that the model has not seen"


def test_lipophilicity_decides_solubility(published: Path) -> None:
    """Delaney 2004: the first term of the solubility equation is log P, and it is negative."""
    pytest.importorskip("rdkit")
    table = pd.read_csv(published / "moleculenet_esol" / "esol.csv").sample(400, random_state=0)
    frame = table.set_axis(["smiles", "logS"], axis=1).reset_index(drop=True)
    columns = [Column("smiles", role="material", kind="molecule"), Column("logS", role="target")]
    model = fitted(Dataset(frame, columns), "logS", ExtraTreesRegressor(30, max_features=0.4, random_state=0))
    told = explain(model, rows=60)
    strongest = [told.contributions.names[i] for i in np.argsort(-told.contributions.mean_absolute)[:5]]
    lipophilicity = next(name for name in strongest if "logp" in name.lower())
    assert told.direction(lipophilicity) == "falls"


def test_clusters_of_alloys_and_compounds_are_drawn(published: Path) -> None:
    """Steels are a narrow family: the map of their compositions by two components can be trusted."""
    table = pd.read_csv(next((published / "matbench_steels").glob("*.csv")))
    from matloop.features.fractions import Fractions

    values = Fractions().transform(table.iloc[:, 0])
    used = np.flatnonzero(values.std(axis=0) > 0)
    frame = pd.DataFrame(values[:, used], columns=[f"f{i}" for i in used])
    drawn = map_of(Dataset(frame), list(frame.columns), "pca", "auto")
    assert drawn.map.trustworthiness > 0.85
    assert drawn.clusters.silhouette > 0.25
