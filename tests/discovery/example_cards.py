"""Model cards for tests, made from fits on made-up data: small, but nothing in them is invented by hand."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.model_selection import GroupKFold, KFold

from matloop.discovery import card_facts
from matloop.discovery.card import (
    Candidate,
    Card,
    Cleaning,
    CleaningStep,
    Data,
    Domain,
    FeaturizerFacts,
    Quantity,
    Representation,
    Selection,
    Split,
    Uncertainty,
    Use,
    Validation,
)
from matloop.models import metrics

GAP = Quantity(name="gap", unit="eV", direction="maximize")
FORMULA = Quantity(name="formula", kind="composition")


def rows(n: int = 240, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs (n, 3), outcomes (n,) and groups (n,) within which rows are alike."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, n // 8, n)
    centres = rng.normal(size=(n // 8, 3))
    X = centres[groups] + 0.1 * rng.normal(size=(n, 3))
    offsets = rng.normal(size=n // 8)
    return X, np.exp(X[:, 0]) + X[:, 1] + offsets[groups] + 0.05 * rng.normal(size=n), groups


def _left_out(make, X, y, folds):
    out, fold_of = None, np.empty(len(y), dtype=int)
    for k, (train, test) in enumerate(folds):
        model = make().fit(X[train], y[train])
        told = model.predict_proba(X[test]) if hasattr(model, "classes_") else model.predict(X[test])
        out = np.empty((len(y), *told.shape[1:])) if out is None else out
        out[test], fold_of[test] = told, k
    return out, fold_of


def regression_card() -> Card:
    """A forest on 240 rows, random and grouped, with intervals from its out-of-fold errors."""
    X, y, groups = rows()
    splits, out_of_fold, coverage = [], [], []
    for name, folds in (
        ("random", KFold(5, shuffle=True, random_state=0).split(X)),
        ("composition", GroupKFold(5).split(X, y, groups)),
    ):
        out, fold_of = _left_out(lambda: ExtraTreesRegressor(60, random_state=0), X, y, folds)
        error = np.abs(y - out)
        splits.append(
            Split(
                name=name,
                is_grouped=name != "random",
                n_folds=5,
                n_groups=len(np.unique(groups)) if name != "random" else None,
                scores=[
                    card_facts.score("MAE", [error[fold_of == k].mean() for k in range(5)]),
                    card_facts.score("RMSE", [np.sqrt((error[fold_of == k] ** 2).mean()) for k in range(5)]),
                ],
                baseline=[
                    card_facts.score(
                        "MAE", [np.abs(y[fold_of == k] - np.median(y[fold_of != k])).mean() for k in range(5)]
                    )
                ],
            )
        )
        held = {q: (out - np.quantile(error, q), out + np.quantile(error, q)) for q in card_facts.LEVELS}
        coverage = card_facts.coverages(y, held)
        names = [f"material {i}" for i in range(len(y))]
        out_of_fold.append(card_facts.out_of_fold_numbers(name, y, out, *held[0.9], 0.9, names))
    return Card(
        name="gaps of made-up materials",
        task="regression",
        model="extra trees",
        data=Data(
            name="made-up gaps",
            origin="made-up-gaps.csv",
            licence="CC-BY-4.0",
            citation="Nobody 2026, Journal of Made-up Materials 1:1",
            hash="c0ffee" * 10,
            n_rows=len(y),
            target=GAP,
            inputs=[FORMULA, Quantity(name="temperature", unit="K")],
            target_quartiles=card_facts.quartiles(y),
            n_set_aside=3,
            set_aside={"the formula has an unknown element 'Xx'": 2, "the gap is no number": 1},
        ),
        cleaning=Cleaning(
            steps=[CleaningStep(what="one row for each composition, the median", n_before=251, n_after=240)]
        ),
        representation=Representation(
            featurizers=[
                FeaturizerFacts(
                    name="magpie", column="formula", n_features=132, citations=["10.1038/npjcompumats.2016.28"]
                )
            ],
            n_features=133,
            preprocessing=["the median for missing values"],
        ),
        selection=Selection(
            method="out-of-fold error within a time budget",
            score_name="MAE",
            chosen="extra_trees and boosting",
            candidates=[
                Candidate(model="extra_trees", score=0.41, seconds=3.2, weight=0.7, settings={"trees": 300}),
                Candidate(model="boosting", score=0.43, seconds=8.1, weight=0.3),
                Candidate(model="ridge", score=0.71, seconds=0.1),
                Candidate(model="gaussian_process", status="out of time"),
            ],
            budget_seconds=60,
            seconds=12.5,
        ),
        validation=Validation(splits=splits, is_nested=True, out_of_fold=out_of_fold),
        uncertainty=Uncertainty(
            method="conformal, scaled by the disagreement of the trees",
            split="composition",
            n_rows=len(y),
            coverage=coverage,
        ),
        domain=Domain(
            method="distance to the five nearest training rows",
            share_inside=0.951,
            score_name="MAE",
            score_inside=0.4,
            score_outside=0.9,
            elements=["O", "Al", "Fe"],
            ranges={"temperature": (300.0, 900.0)},
        ),
        use=Use(intended="To rank compositions by their gap.", limits=["Not for alloys.", "Not above 900 K."]),
        provenance=card_facts.provenance(0, 14.2, "2026-11-02T10:11:12Z", "matloop train gaps.csv --target gap"),
    )


def classification_card(n_classes: int = 2) -> Card:
    """A forest that tells classes apart."""
    X, y, groups = rows()
    names = ["insulator", "metal", "semimetal"][:n_classes]
    classes = np.array(names)[np.searchsorted(np.quantile(y, np.linspace(0, 1, n_classes + 1)[1:-1]), y)]
    order = sorted(names)
    splits, out_of_fold = [], []
    for name, folds in (
        ("random", KFold(5, shuffle=True, random_state=0).split(X)),
        ("composition", GroupKFold(5).split(X, y, groups)),
    ):
        out, fold_of = _left_out(lambda: ExtraTreesClassifier(60, random_state=0), X, classes, folds)
        told = np.array(order)[out.argmax(axis=1)]
        folds_of = [
            metrics.classification_scores(classes[fold_of == k], told[fold_of == k], out[fold_of == k], order)
            for k in range(5)
        ]
        scores = [card_facts.score(s, [one[s] for one in folds_of]) for s in ("balanced accuracy", "ROC-AUC")]
        splits.append(Split(name=name, is_grouped=name != "random", n_folds=5, scores=scores))
        out_of_fold.append(card_facts.out_of_fold_classes(name, classes, told, out, order))
    counts = {c: int(np.sum(classes == c)) for c in order}
    return Card(
        name="metals",
        task="classification",
        model="extra trees",
        data=Data(
            name="made-up metals",
            n_rows=len(y),
            target=Quantity(name="kind", kind="text"),
            inputs=[FORMULA],
            target_counts=counts,
        ),
        validation=Validation(splits=splits, out_of_fold=out_of_fold),
        provenance=card_facts.provenance(0, 3.0, "2026-11-02T10:11:12Z"),
    )
