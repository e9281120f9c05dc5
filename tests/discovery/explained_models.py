"""Models for tests of explanations: small, and trained on a law that the tests know."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from matloop.core.composition import parse_formula
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery import card_facts
from matloop.discovery.card import Card
from matloop.discovery.predictor import Predictor
from matloop.discovery.representation import Representation
from matloop.discovery.splitting import material_groups
from matloop.discovery.trained import TrainedModel

ELEMENTS = ("Fe", "Cr", "Ni", "Al", "O")
INPUTS = [
    Column("formula", role="material", kind="composition"),
    Column("temperature", unit="K"),
    Column("process", kind="text"),
]


def alloys(n: int = 120, seed: int = 0) -> Dataset:
    """Strength = 100 + 500 × share of Fe − 0.1 × temperature, + 30 where rolled, and a little noise."""
    rng = np.random.default_rng(seed)
    formulas = []
    for _ in range(n):
        chosen = rng.choice(ELEMENTS, 3, replace=False)
        shares = rng.dirichlet(np.ones(3))
        formulas.append("".join(f"{e}{s:.3f}" for e, s in zip(chosen, shares, strict=True)))
    frame = pd.DataFrame(
        {
            "formula": formulas,
            "temperature": rng.uniform(300, 900, n),
            "process": rng.choice(["cast", "rolled"], n),
        }
    )
    iron = np.array([parse_formula(f).get("Fe", 0.0) for f in formulas])
    rolled = (frame["process"] == "rolled").to_numpy()
    frame["strength"] = 100 + 500 * iron - 0.1 * frame["temperature"] + 30 * rolled + rng.normal(size=n)
    frame["verdict"] = np.where(frame["strength"] > frame["strength"].median(), "strong", "weak")
    targets = [
        Column("strength", role="target", unit="MPa", direction="maximize"),
        Column("verdict", role="target", kind="text"),
    ]
    return Dataset(frame, [*INPUTS, *targets], name="alloys")


def fitted(dataset: Dataset, target: str, estimator: object) -> TrainedModel:
    """A trained model without the judging, which takes most of the time of training."""
    column = dataset.column(target)
    inputs = [c for c in dataset.columns.values() if c.role in ("material", "input")]
    representation = Representation(inputs)
    described = representation.describe(dataset.frame)
    y = dataset.frame[target].to_numpy(dtype=float if column.kind == "number" else object)
    groups = material_groups(dataset, inputs)
    predictor, _ = Predictor.fitted(representation, estimator, described, y, groups, seed=0)
    task = "regression" if column.kind == "number" else "classification"
    card = Card(task=task, data=card_facts.data(dataset, column, inputs))
    return TrainedModel(column, inputs, predictor, card.to_dict(), dataset)


@cache
def strength_model() -> TrainedModel:
    """Ridge regression, which has the form of the law."""
    return fitted(alloys(), "strength", make_pipeline(StandardScaler(), Ridge(1.0)))


@cache
def verdict_model() -> TrainedModel:
    """Strong or weak, by logistic regression."""
    return fitted(alloys(), "verdict", make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500)))
