"""Small datasets of oxides and alloys with a made-up property, and models of them that train in a second."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from matloop.core.composition import parse_formula
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery.train import train
from matloop.discovery.trained import TrainedModel
from matloop.models import catalogue, domain, out_of_fold, self_training

METALS = "Li Na K Mg Ca Sr Ba Al Ga Sc Y Ti Zr V Nb Cr Mn Fe Co Ni Cu Zn".split()
OTHERS = "O S N F Cl".split()
#: What each element adds to the property.
PART = {symbol: float(i % 7) for i, symbol in enumerate([*METALS, *OTHERS])}


def formulas(n: int, seed: int = 0) -> list[str]:
    """n distinct binary formulas."""
    every = [f"{m}{a}{x}{b}" for m, x in itertools.product(METALS, OTHERS) for a in (1, 2, 3) for b in (1, 2)]
    return list(np.random.default_rng(seed).permutation(every)[:n])


def hardness_of(formula: str) -> float:
    """The property: the mean over the atoms of what each element adds."""
    amounts = parse_formula(formula)
    return sum(PART[s] * a for s, a in amounts.items()) / sum(amounts.values())


def hardness(n: int = 40, seed: int = 0, noise: float = 0.1) -> Dataset:
    """n compositions with their hardness, in GPa."""
    told = formulas(n, seed)
    y = np.array([hardness_of(f) for f in told]) + noise * np.random.default_rng(seed).normal(size=n)
    columns = [
        Column("formula", role="material", kind="composition"),
        Column("hardness", role="target", unit="GPa", direction="maximize"),
    ]
    return Dataset(pd.DataFrame({"formula": told, "hardness": y}), columns, name="hardness")


def is_hard(n: int = 60, seed: int = 0) -> Dataset:
    """n compositions with the class 'hard' or 'soft'."""
    numbers = hardness(n, seed)
    named = np.where(numbers.frame["hardness"] > numbers.frame["hardness"].median(), "hard", "soft")
    frame = pd.DataFrame({"formula": numbers.frame["formula"], "class": named})
    columns = [
        Column("formula", role="material", kind="composition"),
        Column("class", role="target", kind="text"),
    ]
    return Dataset(frame, columns, name="is hard")


def trained(dataset: Dataset | None = None, **settings: Any) -> TrainedModel:
    """A model of one decision tree, judged on two halves, unless the settings say otherwise; with few trees."""
    dataset = hardness() if dataset is None else dataset
    if "splits" not in settings and "folds" not in settings:
        half = Column("half", role="identity", kind="text")
        dataset = dataset.with_column(half, np.where(np.arange(len(dataset)) % 2, "odd", "even"))
        settings["splits"] = ["folds:half"]
    chosen: dict[str, Any] = {"model": "tree", "n_jobs": 1} | settings
    with quick():
        return train(dataset, **chosen)


@contextmanager
def quick() -> Iterator[None]:
    """Few trees, five folds in place of ten, and a domain in which all inputs count alike."""
    with (
        patch.object(catalogue, "TREES", 20),
        patch.object(catalogue, "ROUNDS", 20),
        patch.object(self_training, "TREES", 5),
        patch.object(out_of_fold, "FEW", 0),
        patch.object(domain, "ENOUGH_TO_WEIGH", 1_000_000),
    ):
        yield
