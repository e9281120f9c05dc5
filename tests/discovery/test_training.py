"""Training is honest: nothing of a test row is known while its fold learns, and what is said of a model is so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from small_models import hardness, is_hard, trained

from matloop.core.errors import InputError
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery.card import Card
from matloop.discovery.splitting import material_groups, usual
from matloop.discovery.train import wanted_seconds
from matloop.discovery.trained import TrainedModel
from matloop.models import catalogue
from matloop.models.out_of_fold import last_step


def card_of(model: TrainedModel) -> Card:
    return Card.of(model.card)


def score(model: TrainedModel, name: str, split: int = 0) -> float:
    """The mean over the folds."""
    found = card_of(model).validation.splits[split].score(name)
    assert found is not None
    assert found.mean is not None
    return found.mean


def noise(n: int = 55, d: int = 3, seed: int = 0) -> Dataset:
    """Inputs and a target that have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"x{i}": rng.normal(size=n) for i in range(d)} | {"y": rng.normal(size=n)})
    return Dataset(frame, [*(Column(f"x{i}") for i in range(d)), Column("y", role="target")], name="noise")


def install(monkeypatch: pytest.MonkeyPatch, made: Callable[[], Any]) -> None:
    """Another model under the name 'ridge'."""
    monkeypatch.setattr(catalogue, "model", lambda kind, task, seed=0, n_jobs=1: made())


# -- nothing leaks ------------------------------------------------------------------------------------------------


class Spy(RegressorMixin, BaseEstimator):
    """Predicts the mean, and keeps which rows it was fitted to and asked about, by their first input."""

    fitted: list[set[float]] = []  # noqa: RUF012 - shared by all clones, which is the point
    asked: list[tuple[int, set[float]]] = []  # noqa: RUF012

    def fit(self, X: Any, y: Any) -> Spy:
        self.mean_ = float(np.mean(y))
        self.number_ = len(self.fitted)
        self.fitted.append(set(X[:, 0].tolist()))
        return self

    def predict(self, X: Any) -> Any:
        self.asked.append((self.number_, set(X[:, 0].tolist())))
        return np.full(len(X), self.mean_)


class ScalingSpy(TransformerMixin, BaseEstimator):
    """A scaler that keeps what it learned its mean from."""

    fitted: list[set[float]] = []  # noqa: RUF012

    def fit(self, X: Any, y: Any = None) -> ScalingSpy:
        self.mean_ = X.mean(axis=0)
        self.fitted.append(set(X[:, 0].tolist()))
        return self

    def transform(self, X: Any) -> Any:
        return X


def test_no_row_is_predicted_by_what_has_seen_it_nor_scaled_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fit, of a model or of a scaler, that answers for held-out rows has learned from other rows alone."""
    Spy.fitted.clear()
    Spy.asked.clear()
    ScalingSpy.fitted.clear()
    install(monkeypatch, lambda: make_pipeline(ScalingSpy(), Spy()))
    dataset = noise(50, 1)
    everyone = set(dataset.frame["x0"].tolist())
    trained(dataset, model="ridge", splits=["random", "cluster"])
    assert ScalingSpy.fitted == Spy.fitted
    n_outer = 0
    for number, asked in Spy.asked:
        seen = Spy.fitted[number]
        assert not asked & seen
        n_outer += seen | asked == everyone
    # the final model's inner folds, and five folds of each of two splits
    assert n_outer == 5 + 5 + 5


def test_a_target_of_pure_noise_is_not_predicted_even_with_features_chosen_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The classical trap: the best 10 of 250 inputs chosen before the split would seem to predict it."""
    dataset = noise(80, 250, seed=1)
    X, y = dataset.frame.iloc[:, :250].to_numpy(), dataset.frame["y"].to_numpy()
    chosen = SelectKBest(f_regression, k=10).fit_transform(X, y)
    trap = Dataset(pd.DataFrame(chosen, columns=[f"x{i}" for i in range(10)]).assign(y=y), [Column("y", role="target")])
    assert score(trained(trap, target="y", model="ridge", splits=["random"]), "R²") > 0.15
    install(monkeypatch, lambda: make_pipeline(SelectKBest(f_regression, k=10), Ridge(1.0)))
    assert score(trained(dataset, model="ridge", splits=["random"]), "R²") < 0.02


@pytest.mark.parametrize("kind", ["forest", "boosting", "knn"])
def test_pure_noise_is_predicted_no_better_than_by_its_mean(kind: str) -> None:
    model = trained(noise(80, 4), model=kind, splits=["random"])
    assert score(model, "R²") < 0.05
    coverage = {each.expected: each.observed for each in card_of(model).uncertainty.coverage}
    assert 0.68 < coverage[0.8] < 0.92


def test_copies_of_a_row_make_a_random_split_look_good_and_the_gap_names_it() -> None:
    """Noise measured four times over: by random folds it seems predictable, by groups it is not."""
    base = noise(40, 6).frame
    frame = pd.concat([base] * 4, ignore_index=True).assign(sample=np.tile(np.arange(40), 4).astype(str))
    columns = [Column("sample", role="identity", kind="text"), Column("y", role="target")]
    model = trained(Dataset(frame, columns), model="knn", splits=["random", "group:sample"])
    assert score(model, "R²", 0) > 0.9
    assert score(model, "R²", 1) < 0.05
    gap = card_of(model).validation.gap
    assert gap is not None
    assert gap.is_worse
    assert (gap.score, gap.grouped_by) == ("MAE", "sample")
    coverage = {each.expected: each.observed for each in card_of(model).uncertainty.coverage}
    assert coverage[0.9] > 0.95  # errors are learned from rows whose copies are left out as well


def test_words_of_test_rows_are_not_known_to_a_fold() -> None:
    """Each fold's model has columns for the words of its own training rows."""
    frame = pd.DataFrame({"site": [f"s{i}" for i in range(40)], "y": np.arange(40.0), "half": ["a", "b"] * 20})
    columns = [Column("site", kind="text"), Column("y", role="target"), Column("half", role="identity", kind="text")]
    model = trained(Dataset(frame, columns), model="tree", splits=["folds:half"])
    assert card_of(model).validation.splits[0].n_folds == 2
    inside = card_of(model).domain
    assert inside.share_inside == 0  # every test row has a word that no training row of its fold has


# -- splits -------------------------------------------------------------------------------------------------------


def test_random_beside_grouped_is_the_default() -> None:
    """By elements where no composition repeats, by composition where some do, by cluster where there is no material."""
    names = [split.name for split in card_of(trained(hardness(30), splits=None)).validation.splits]
    assert names == ["random", "system"]
    twice = Dataset(pd.concat([hardness(20).frame] * 2, ignore_index=True), hardness().columns.values())
    assert [s.name for s in card_of(trained(twice, splits=None)).validation.splits] == ["random", "composition"]
    assert [s.name for s in card_of(trained(noise(30), splits=None)).validation.splits] == ["random", "cluster"]
    assert card_of(trained(noise(30), splits=None)).validation.is_nested


def test_groups_of_one_row_are_said_to_be_no_groups() -> None:
    """Where no elements repeat either, clusters are the default; who asks for compositions all the same is told."""
    alone = ["LiF", "NaCl", "KBr", "RbI", "MgO", "CaS", "SrSe", "BaTe", "AlN", "GaP", "InAs", "SiC"]
    columns = [Column("formula", role="material", kind="composition"), Column("y", role="target")]
    dataset = Dataset(pd.DataFrame({"formula": alone, "y": np.arange(12.0)}), columns)
    assert [split.name for split in card_of(trained(dataset, splits=None)).validation.splits] == ["random", "cluster"]
    split = card_of(trained(dataset, splits=["composition"])).validation.splits[0]
    assert split.remark == "each row is a group of its own: this is a random split"


def test_fewer_groups_than_folds_are_no_usual_split() -> None:
    """Mixtures of one chemical system, as a laboratory measures them by the dozen, are judged by cluster."""
    formula = Column("formula", kind="composition", role="material")
    mixtures = [f"LiNi0.{x}Mn0.{100 - x}O2" for x in range(21, 79)]
    for others, way in ((["LiNiO2"], "cluster"), (["LiNiO2", "LiMnO2", "LiCoO2", "LiFeO2"], "system")):
        frame = pd.DataFrame({"formula": [*mixtures, *others]})
        dataset = Dataset(frame, [formula], name="mixtures")
        assert usual(dataset, [formula], None) == ["random", way]


def test_features_of_a_material_are_grouped_by_the_material_that_is_named_beside_them() -> None:
    """A table that was described before: its formulas are names, and still no fold teaches what it is tested by."""
    names = np.repeat(["Fe2O3", "NiO", "TiO2", "ZnO", "MgO", "CaO"], 4)
    frame = pd.DataFrame({"formula": names, "x": np.arange(24.0), "y": np.arange(24.0) % 7})
    columns = [Column("formula", role="identity", kind="composition"), Column("x"), Column("y", role="target")]
    dataset = Dataset(frame, columns, name="described")
    assert [each.name for each in card_of(trained(dataset, splits=None)).validation.splits] == ["random", "composition"]
    assert np.array_equal(material_groups(dataset, columns[1:2]), np.repeat(np.arange(6), 4))


def test_rows_of_one_composition_are_told_apart_by_what_else_is_known() -> None:
    """Polymorphs of one oxide: a split by composition would have a single group."""
    rng = np.random.default_rng(0)
    volume = rng.uniform(8, 12, 40)
    frame = pd.DataFrame({"formula": ["MgO"] * 40, "volume": volume, "energy": (volume - 10) ** 2})
    columns = [
        Column("formula", role="identity", kind="composition"),
        Column("volume", role="input"),
        Column("energy", role="target"),
    ]
    model = trained(Dataset(frame, columns), model="extra_trees", splits=None)
    assert [split.name for split in card_of(model).validation.splits] == ["random", "cluster"]
    assert score(model, "R²") > 0.8


def test_a_split_in_time_is_no_random_one() -> None:
    """Each moment is there once, and the training rows are those before it all the same."""
    dataset = noise(30).with_column(Column("day", role="identity"), np.arange(30.0))
    split = card_of(trained(dataset, splits=["time:day"])).validation.splits[0]
    assert (split.n_groups, split.remark) == (30, "")


def test_given_folds_are_those_that_are_judged(tmp_path: Path) -> None:
    """Also where a row could not be described: the numbers in the file are those of the file of data."""
    frame = hardness(30).frame.copy()
    frame.loc[4, "formula"] = "Xx"
    folds = [list(range(i, 30, 3)) for i in range(3)]
    path = tmp_path / "folds.json"
    path.write_text(json.dumps({str(i): fold for i, fold in enumerate(folds)}), encoding="utf-8")
    model = trained(Dataset(frame, hardness().columns.values()), splits=None, folds=path)
    names = [split.name for split in card_of(model).validation.splits]
    assert names == ["folds", "system"]
    told = card_of(model).validation.out_of_fold[0]
    expected = [frame["formula"][row] for fold in folds for row in fold if row != 4]
    assert told.names == expected
    assert told.measured == [frame["hardness"][row] for fold in folds for row in fold if row != 4]


def test_other_splits_by_their_names() -> None:
    dataset = hardness(40).with_column(Column("year", role="provenance"), np.arange(40) // 4 + 1990)
    dataset = dataset.with_column(Column("lab", role="identity", kind="text"), np.tile(["x", "y", "z", "w"], 10))
    ways = {"time:year": 5, "group:lab": 4, "cluster": 5, "system": 5, "folds:lab": 4}
    splits = card_of(trained(dataset, splits=list(ways))).validation.splits
    assert [split.n_folds for split in splits] == list(ways.values())


@pytest.mark.parametrize(
    ("way", "match"),
    [("randm", "no split 'randm'"), ("group:nobody", "no column 'nobody'"), ("scaffold", "a column of molecule"),
     ("folds", "needs the file"), ("random:x", "takes no column"), ("time:formula", "neither numbers nor dates")],
)  # fmt: skip
def test_a_split_that_cannot_be_is_told(way: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as refused:
        trained(splits=[way])
    assert refused.value.hint


def test_scaffolds_keep_molecules_together() -> None:
    pytest.importorskip("rdkit")
    smiles = [
        f"{'C' * k}{ring}" for ring in ("c1ccccc1", "C1CCCCC1", "c1ccncc1", "c1ccsc1", "C1CCNCC1") for k in range(6)
    ]
    columns = [Column("smiles", role="material", kind="molecule"), Column("y", role="target")]
    dataset = Dataset(pd.DataFrame({"smiles": smiles, "y": np.arange(30.0) % 6}), columns)
    split = card_of(trained(dataset, splits=None)).validation.splits[1]
    assert (split.name, split.n_groups) == ("scaffold", 5)


# -- classes ------------------------------------------------------------------------------------------------------


def test_classes_have_probabilities_that_sum_to_one() -> None:
    model = trained(is_hard(), model="forest")
    told = model.predict(is_hard().frame)
    assert list(told.columns) == [
        "prediction", "probability", "probability of hard", "probability of soft", "in_domain", "distance", "failure",
    ]  # fmt: skip
    both = told[["probability of hard", "probability of soft"]]
    assert np.allclose(both.sum(axis=1), 1)
    assert set(told["prediction"]) == {"hard", "soft"}
    names = [each.name for each in card_of(model).validation.splits[0].scores]
    assert names == ["balanced accuracy", "accuracy", "F1", "ROC-AUC", "log loss", "Brier score"]
    assert score(model, "ROC-AUC") > 0.6


def test_two_whole_numbers_are_classes_unless_told_otherwise() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=40), "y": np.arange(40) // 2 % 2})
    dataset = Dataset(frame, [Column("y", role="target")])
    assert trained(dataset).classes == ["0", "1"]
    assert trained(dataset, task="regression").classes is None
    assert "two classes" in card_of(trained(dataset)).cleaning.remarks[0]
    signs = Dataset(frame.assign(y=2.0 * frame["y"] - 1), [Column("y", role="target")])
    assert trained(signs).classes == ["-1", "1"]


def test_a_fold_whose_training_rows_know_one_class_alone_is_left_out() -> None:
    """Each half is a class of its own: nothing can be learned from one of them, and that is said."""
    frame = pd.DataFrame({"x": np.arange(40.0), "y": np.arange(40) % 2, "lab": ["a", "b"] * 19 + ["c", "c"]})
    columns = [Column("y", role="target"), Column("lab", role="identity", kind="text")]
    split = card_of(trained(Dataset(frame, columns), splits=["folds:lab"])).validation.splits[0]
    assert split.n_folds == 3
    halves = frame.assign(lab=["a", "b"] * 20)
    split = card_of(trained(Dataset(halves, columns), splits=["random", "folds:lab"])).validation.splits[1]
    assert split.n_folds == 0
    assert split.remark == "2 of 2 folds were left out: their training rows hold one class alone"


def test_rare_and_countless_classes_are_refused() -> None:
    frame = pd.DataFrame({"x": np.arange(40.0), "y": ["a"] * 38 + ["b"] * 2, "id": [f"row {i}" for i in range(40)]})
    with pytest.raises(InputError, match="'b' is the y of 2 rows; a class needs five"):
        trained(Dataset(frame, [Column("y", role="target", kind="text")]))
    many = pd.DataFrame({"x": np.arange(600.0), "y": [f"class {i // 5}" for i in range(600)]})
    with pytest.raises(InputError, match="120 different values"):
        trained(Dataset(many, [Column("y", role="target", kind="text")]))


# -- what comes in ------------------------------------------------------------------------------------------------


def test_rows_that_cannot_be_used_are_counted_with_their_reason() -> None:
    frame = hardness(30).frame.copy()
    frame.loc[[1, 2], "formula"] = "Qq2"
    frame.loc[[3, 4, 5], "hardness"] = np.nan
    model = trained(Dataset(frame, hardness().columns.values()))
    card = card_of(model)
    assert card.data.n_rows == 25
    assert card.representation.n_failed == 2
    assert list(card.representation.failures.values()) == [2]
    assert card.cleaning.steps[0].n_before == 30
    assert any("3 rows without a hardness" in each for each in card.cleaning.remarks)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d.take(range(6)), "6 rows with a known .* cannot be learned from"),
        (lambda d: d.with_column(Column("hardness", role="target"), np.ones(40)), "in every row"),
        (lambda d: d.described(Column("hardness", role="input")), "no column is said to be the target"),
        (lambda d: d.with_column(Column("other", role="target"), np.arange(40.0)), "several columns are targets"),
        (lambda d: d.described(Column("formula", role="identity", kind="composition")), "nothing to predict from"),
        (
            lambda d: d.with_column(Column("formula", role="material", kind="composition"), ["Qq"] * 40),
            "no element 'Qq'",
        ),
    ],
)
def test_data_that_teach_nothing_are_told(change: Callable[[Dataset], Dataset], match: str) -> None:
    with pytest.raises(InputError, match=match):
        trained(change(hardness()))


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_rows_without_an_outcome_teach_the_models_that_can_use_them(task: Any, tmp_path: Path) -> None:
    """Self-training learns from their inputs, and so says something else than from the others alone; ridge does not."""
    dataset = hardness(60) if task == "regression" else is_hard(60)
    target = dataset.targets[0].name
    gaps = dataset.frame.assign(**{target: dataset.frame[target].where(np.arange(60) % 3 == 0)})
    few, all_rows = dataset.take(np.arange(0, 60, 3)), Dataset(gaps, list(dataset.columns.values()), name="gaps")
    told = [trained(each, model="self_training") for each in (few, all_rows)]
    assert card_of(told[1]).data.n_rows == 20
    assert f"40 rows without a {target} taught the model as well, by their inputs" in card_of(told[1]).cleaning.remarks
    column = "prediction" if task == "regression" else "probability"
    one, other = (model.predict(dataset.frame)[column].to_numpy() for model in told)
    assert not np.array_equal(one, other)
    again = TrainedModel.load(told[1].save(tmp_path / "semi"))
    assert np.array_equal(again.predict(dataset.frame)[column].to_numpy(), other)
    (remark,) = card_of(trained(all_rows, model="tree")).cleaning.remarks
    assert remark.startswith(f"40 rows without a {target} were left aside; --model self_training")


def test_numbers_that_no_model_can_hold_are_told() -> None:
    """An input beyond 1e30 sets its row aside with the reason; an outcome like that refuses the table."""
    dataset = noise(30)
    frame = dataset.frame.assign(x0=[1e200, *dataset.frame["x0"][1:]])
    card = card_of(trained(Dataset(frame, list(dataset.columns.values()))))
    assert card.representation.failures == {"x0: '1e+200' is too large for a model": 1}
    frame = dataset.frame.assign(y=[1e200, *dataset.frame["y"][1:]])
    with pytest.raises(InputError, match="y is 1e\\+200 in a row: too large for a model"):
        trained(Dataset(frame, list(dataset.columns.values())))


def test_a_model_that_needs_more_rows_says_so() -> None:
    """A neural network keeps rows for stopping, and twelve are too few for that."""
    with pytest.raises(InputError, match="'neural_network' cannot learn from 12 of these rows: The validation set"):
        trained(noise(12), model="neural_network")


def test_few_rows_say_which_intervals_were_measured() -> None:
    """Fifteen rows support no intervals of 90 %: what is told of the second split are those of 80 %."""
    told = card_of(trained(noise(15), splits=["random", "cluster"])).uncertainty
    assert [each.expected for each in told.coverage][-1] == 0.8
    assert re.fullmatch(r"On 'cluster' they held 50 %: [0-9.]+ %, 80 %: [0-9.]+ %\.", told.remark)


def test_other_targets_are_no_inputs() -> None:
    dataset = hardness().with_column(Column("modulus", role="target"), hardness().frame["hardness"] * 2)
    model = trained(dataset, target="hardness")
    assert [column.name for column in model.inputs] == ["formula"]


def test_a_wrong_model_is_told_before_anything_is_computed() -> None:
    for kind, match in (("forrest", "no model 'forrest'"), ("logistic", "predicts classes, not numbers")):
        with pytest.raises(InputError, match=match):
            trained(model=kind)


@pytest.mark.parametrize(("text", "seconds"), [("10 min", 600), ("1.5 h", 5400), ("90", 90), ("2 s", 2), (None, None)])
def test_a_budget_is_read(text: str | None, seconds: float | None) -> None:
    assert wanted_seconds(text) == seconds


@pytest.mark.parametrize("text", ["soon", "0", "-3 s", "10 m/s", "10 parsec"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        wanted_seconds(text)


# -- time ---------------------------------------------------------------------------------------------------------


def test_ctrl_c_while_it_is_judged_keeps_the_model(tmp_path: Path) -> None:
    """The third fold is interrupted: the model is whole, two folds are judged, and the card says so."""

    def stop_at_third(done: float, total: float | None, told: str = "") -> None:
        if told == "random, fold 4 of 5":
            raise KeyboardInterrupt

    model = trained(splits=["random", "cluster"], progress=stop_at_third)
    assert model.is_incomplete
    split = card_of(model).validation.splits[0]
    assert split.n_folds == 3
    assert split.remark == "interrupted after 3 of 5 folds"
    again = TrainedModel.load(model.save(tmp_path / "model"))
    assert again.predict(hardness().frame).equals(trained().predict(hardness().frame))


def test_when_the_time_is_up_no_further_fold_is_begun() -> None:
    model = trained(splits=["random"], budget=1e-9)
    split = card_of(model).validation.splits[0]
    assert split.n_folds == 1
    assert split.remark == "the time was up after 1 of 5 folds"
    assert not model.is_incomplete


def test_progress_is_told_from_start_to_end() -> None:
    told: list[tuple[float, float | None]] = []
    trained(splits=["random"], progress=lambda done, total, words="": told.append((done, total)))
    fits = [(done, total) for done, total in told if total == 7]
    assert fits[0] == (0, 7)
    assert fits[-1] == (7, 7)
    assert [done for done, _ in fits] == sorted(done for done, _ in fits)


def test_the_same_seed_gives_the_same_model_and_scores() -> None:
    one, other = (trained(model="forest", seed=5, splits=["random"]) for _ in range(2))
    assert one.predict(hardness().frame).equals(other.predict(hardness().frame))
    assert one.card["validation"] == other.card["validation"]
    assert one.card["uncertainty"] == other.card["uncertainty"]


def test_the_stored_model_runs_on_one_thread() -> None:
    """So that the file does not depend on the machine it was made on."""
    model = trained(model="forest", n_jobs=2)
    assert last_step(model.predictor.model).n_jobs == 1
