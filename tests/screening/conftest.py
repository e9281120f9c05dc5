"""Candidates that several tests screen, a model that they are screened with, and the command line."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from matloop.cli.main import main
from matloop.core.composition import read_formulas
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset


@pytest.fixture
def oxides() -> pd.DataFrame:
    """Fifty candidates, some of them poisonous, doubled, or no formulas at all."""
    formulas = ["Fe2O3", "FeO", "PbO", "TiO2", "O2Ti", "XyO", "", "BaTiO3", "U3O8", "NaCl"]
    names = [f"sample {i}" for i in range(50)]
    return pd.DataFrame({"name": names, "formula": formulas * 5, "price": [i % 17 for i in range(50)]})


class Told(NamedTuple):
    """What a command left: its exit code, and what it printed where."""

    code: int
    out: str
    err: str


Matloop = Callable[..., Told]


@pytest.fixture
def matloop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Matloop:
    """Runs `matloop WORDS…` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Told:
        monkeypatch.setattr("sys.argv", ["matloop", *words])
        try:
            main()
            code: object = 0
        except SystemExit as left:
            code = left.code
        out, err = capfd.readouterr()
        return Told(code if isinstance(code, int) else 0, out, err)

    return run


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a made-up gap: a linear function of the composition, which a ridge regression finds nearly."""
    from matloop.discovery.train import train

    pairs = itertools.product(["Li", "Na", "Mg", "Fe", "Ti", "Zn", "Sn"], ["O", "S", "Cl"])
    formulas = [f"{a}{n}{b}{m}" for a, b in pairs for n in (1, 2, 3) for m in (1, 2, 3) if n == 1 or n != m]
    gap = read_formulas(formulas)[0].matrix @ np.linspace(0, 40, 118)
    columns = [
        Column("formula", role="material", kind="composition"),
        Column("gap", role="target", unit="eV", direction="maximize"),
    ]
    dataset = Dataset(pd.DataFrame({"formula": formulas, "gap": gap}), columns, name="made up")
    path = tmp_path_factory.mktemp("model") / "gap.matloop"
    return train(dataset, model="ridge", splits=["random"], n_jobs=1).save(path)
