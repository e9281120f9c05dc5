"""Explanations of trained models: they find the law that made the data, and they add up."""

import json

import numpy as np
import pandas as pd
import pytest
from explained_models import alloys, fitted, strength_model, verdict_model
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge

from matloop.core.composition import parse_formula
from matloop.core.errors import InputError
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery.element_curves import formula_with
from matloop.discovery.explain import explain
from matloop.discovery.explain_one import explain_one, row_of
from matloop.discovery.explaining import Asked, explained
from matloop.discovery.held_out import of_training
from matloop.discovery.named import material_of
from matloop.discovery.train import train


@pytest.fixture(scope="module")
def told():
    return explain(strength_model(), rows=60)


def test_the_inputs_of_the_law_are_the_important_ones(told):
    """By importance on rows held out, by contributions and by sensitivity; the others follow far behind."""
    by_importance = [group.name for group in told.importances.groups]
    assert {"temperature", "process"} <= set(by_importance[:6])
    assert "Fe fraction" in by_importance[:2]
    assert told.importances.loss_name == "MAE"
    assert "a fifth of the training rows" in told.judged_on
    assert "Fe fraction" in list(told.sensitivity)[:3]
    assert sum(told.sensitivity.values()) == pytest.approx(1.0)


def test_a_material_is_worth_more_than_any_of_its_features(told):
    """Its many features say the same and hide each other; shuffled as one column they do not."""
    worth = {group.name: group.mean for group in told.of_table.groups}
    assert set(worth) == {"formula", "temperature", "process"}
    assert worth["formula"] > 1.2 * max(g.mean for g in told.importances.groups)
    assert "whole column" in told.sentences()[0]
    assert any(sentence.startswith("share of Fe from") for sentence in told.sentences())


def test_directions_are_those_of_the_law(told):
    assert told.direction("temperature") == "falls"
    assert told.direction("Fe fraction") == "rises"
    assert told.direction("process") in ("rises with process is rolled", "falls with process is cast")


def test_moving_the_composition_finds_the_slope_of_the_law(told):
    """The feature 'Fe fraction' alone has a part of the effect, since others say the same; the element has all."""
    curve = next(c for c in told.curves if c.name == "share of Fe")
    slope = np.polyfit(curve.grid, curve.average, 1)[0]
    assert slope == pytest.approx(500, rel=0.05)


def test_contributions_sum_to_the_predictions(told):
    model = strength_model()
    assert told.explained_by == "its training rows", "too few are held out to explain it by them"
    np.testing.assert_allclose(told.contributions.answers, model.predictor.model.predict(told.inputs.X))
    parts = told.contributions
    np.testing.assert_allclose(parts.base + parts.values.sum(axis=1), parts.answers)


def test_rules_speak_of_the_upper_quarter_in_the_unit_of_the_target(told):
    best = told.rules.rules[0]
    assert best.then.startswith("strength")
    assert "MPa" in best.then
    assert any("Fe fraction" in rule.sentence() for rule in told.rules.rules)
    assert told.rules.agreement > 0.9
    assert best.measured_precision is not None


def test_the_same_seed_gives_the_same_explanation(told):
    assert explain(strength_model(), rows=60).facts() == told.facts()


def test_the_facts_are_json(told):
    facts = json.loads(json.dumps(told.facts(), allow_nan=False))
    assert facts["importance"]["inputs"][0]["mean"] > 0
    assert {"input", "unit", "at", "average"} == set(facts["dependence"][0])


def test_statistics_of_a_property_are_one_input(told):
    assert sorted(i for columns in told.inputs.of_table.values() for i in columns) == list(
        range(len(told.inputs.names))
    )
    assert "Electronegativity" in told.inputs.groups
    assert len(told.inputs.groups["Electronegativity"]) == 6
    assert sorted(i for columns in told.inputs.groups.values() for i in columns) == list(range(told.inputs.X.shape[1]))


def test_what_a_model_remembers_of_noise_is_not_important():
    """Judged on rows that it has not seen, no input explains outcomes that are chance."""
    dataset = alloys()
    noise = dataset.frame.assign(strength=np.random.default_rng(5).normal(size=120))
    model = fitted(Dataset(noise, dataset.columns.values()), "strength", ExtraTreesRegressor(20, random_state=0))
    rows = model.described(model.training)
    X = model.predictor.representation.matrix(rows)
    judged = of_training(model, X, rows.is_good)
    remembered = np.abs(model.predictor.model.predict(X) - noise["strength"]).mean()
    unseen = np.abs(judged.model.predict(X[judged.rows]) - judged.y).mean()
    assert remembered < 0.5 * unseen
    assert len(judged.y) < 40
    assert set(judged.rows) < set(range(120))


def test_rows_of_one_material_are_on_the_same_side():
    model = strength_model()
    twice = pd.concat([model.training, model.training.assign(temperature=500.0)], ignore_index=True)
    double = fitted(Dataset(twice, model.dataset.columns.values()), "strength", Ridge())
    rows = double.described(double.training)
    X = double.predictor.representation.matrix(rows)
    judged = of_training(double, X, rows.is_good)
    held = {tuple(row[:132]) for row in X[judged.rows]}
    assert len(judged.rows) == 2 * len(held)


def test_a_model_that_knows_its_rows_by_heart_is_explained_by_rows_that_it_has_not_seen():
    """On its training rows a forest answers with what it has learned, whatever small change is made to one input."""
    big = fitted(alloys(260), "strength", ExtraTreesRegressor(30, random_state=0))
    told = explain(big, rows=40)
    assert "learned anew" in told.explained_by
    assert {"Fe fraction", "GSmagmom"} & set(list(told.sensitivity)[:3])
    assert max(curve.span for curve in told.curves[:3]) > 20
    best = told.rules.rules[0]
    assert best.n_rows == 52
    assert best.measured_precision is not None


def test_another_table_judges_where_it_has_outcomes():
    told = explain(strength_model(), alloys(40, seed=9).frame, rows=30)
    assert told.judged_on.startswith("rows of the table given")
    assert told.importances.n_rows == 30


def test_without_outcomes_importance_is_not_measured_and_the_rest_is():
    frame = alloys(40, seed=9).frame.drop(columns=["strength", "verdict"])
    frame.loc[0, "formula"] = "nonsense"
    told = explain(strength_model(), frame, rows=30)
    assert told.importances is None
    assert any("no outcomes" in remark for remark in told.remarks)
    assert any("1 rows could not be described" in remark for remark in told.remarks)
    assert told.rules.rules[0].measured_precision is None
    assert told.facts()["importance"] is None


def test_a_class_is_explained_by_its_probability():
    told = explain(verdict_model(), label="weak", rows=40)
    assert told.answer.name == "probability of weak"
    assert told.contributions.scale == "probability"
    assert told.direction("Fe fraction") == "falls"
    assert told.importances.loss_name == "balanced error"
    assert {rule.then for rule in told.rules.rules} <= {"verdict is weak", "verdict is strong"}


def test_of_two_classes_the_second_is_explained_unless_one_is_named():
    assert explain(verdict_model(), rows=20).label == "weak"


@pytest.mark.parametrize("words", [(0.0, 1.0), (-1.0, 1.0), ("1.0", "2.0")])
def test_classes_that_are_numbers_are_known_again_in_the_training_rows(words):
    """In the model itself, in its file, and in the table that it was trained on."""
    frame = pd.DataFrame({"formula": [f"Fe{i}Ni{30 - i}" for i in range(1, 30)]})
    frame["glass"] = [words[i % 30 > 14] for i in range(29)]
    kind = "text" if isinstance(words[0], str) else "number"
    table = Dataset(frame, [Column("formula", role="material", kind="composition"), Column("glass", kind=kind)])
    model = train(table, "glass", "tree", splits=["random"], task="classification")
    assert explain(model, rows=20).importances is not None
    assert explain(model, frame, rows=20).judged_on.startswith("rows of the table given")


# -- single predictions -----------------------------------------------------------------------------------------------


def test_one_prediction_is_the_sum_of_its_parts():
    model = strength_model()
    row, name = row_of(model, model.training, 3)
    one = explain_one(model, row, name)
    total = one.contributions.base + sum(part.contribution for part in one.parts)
    assert total == pytest.approx(one.predicted["prediction"])
    assert name == f"row 3, {row['formula'].iloc[0]}"
    assert one.measured == pytest.approx(model.training["strength"].iloc[2])
    assert "seen the answer" in " ".join(one.sentences())
    words = {part.titled for part in one.parts}
    assert words & {"process is cast", "process is rolled"}
    json.dumps(one.facts(), allow_nan=False)


def test_the_neighbours_are_training_rows_the_nearest_first():
    model = strength_model()
    row, _ = material_of(model, "Fe0.5Cr0.5", {"temperature": "400", "process": "cast"})
    one = explain_one(model, row, "FeCr")
    distances = [near.distance for near in one.neighbours]
    assert len(distances) == 5
    assert distances == sorted(distances)
    assert all(near.name in set(model.training["formula"]) for near in one.neighbours)


def test_a_material_that_is_unlike_the_others_is_said_to_be():
    model = strength_model()
    row, name = material_of(model, "UO2", {"temperature": "4000", "process": "cast"})
    one = explain_one(model, row, name)
    assert "Outside of what the model knows" in one.sentences()[-1]
    assert "training row" in one.reason


def test_the_predicted_class_of_one_material_is_explained():
    model = verdict_model()
    row, name = material_of(model, "Fe0.8Cr0.2", {"temperature": "400", "process": "rolled"})
    one = explain_one(model, row, name)
    assert one.label == one.predicted["prediction"] == "strong"
    assert "probability" in one.sentences()[0]


def test_a_model_without_its_training_rows_is_explained_by_a_table(tmp_path):
    model = strength_model().load(strength_model().save(tmp_path / "bare", with_training=False))
    with pytest.raises(InputError, match="left out of its file"):
        explained(model, Asked(materials=["Fe"], others=["temperature=300", "process=cast"]))
    table = tmp_path / "rows.csv"
    alloys(30, seed=2).frame.to_csv(table, index=False)
    _, (one,) = explained(model, Asked(table, rows=[2]))
    assert one.neighbours == []
    whole, _ = explained(model, Asked(table, n_rows=20))
    assert whole.judged_on.startswith("rows of the table given")


def test_a_table_in_other_units_is_explained_in_those_of_the_model(tmp_path):
    """Degrees Celsius and GPa become kelvin and MPa: the same rows, the same prediction and measured value."""
    rows = alloys(30, seed=2).frame
    other = rows.assign(temperature=rows["temperature"] - 273.15, strength=rows["strength"] / 1000)
    table = tmp_path / "rows.csv"
    other.rename(columns={"temperature": "temperature [degC]", "strength": "strength [GPa]"}).to_csv(table, index=False)
    _, (one,) = explained(strength_model(), Asked(table, rows=[2]))
    alone = explain_one(strength_model(), *row_of(strength_model(), rows, 2))
    assert one.predicted["prediction"] == pytest.approx(alone.predicted["prediction"])
    assert one.measured == pytest.approx(alone.measured)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(label="weak"), "there are no classes"),
        (Asked(rows=[0]), "there is no row 0"),
        (Asked(rows=[121]), "there is no row 121"),
        (Asked(materials=["Fe"]), "also needs temperature"),
        (Asked(materials=["Fe"], others=["temprature=3"]), "no input 'temprature'"),
        (Asked(materials=["Fe"], others=["temperature=hot", "process=cast"]), "temperature: 'hot' is not a number"),
        (Asked(materials=["Fe"], others=["temperature"]), "not INPUT=VALUE"),
        (Asked(materials=["Xq9"], others=["temperature=300", "process=cast"]), "cannot be described"),
        (Asked(others=["temperature=300"]), "none is named"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_its_reason(asked, said):
    with pytest.raises(InputError, match=said):
        explained(strength_model(), asked)


def test_an_unknown_class_is_refused_with_the_nearest_one():
    with pytest.raises(InputError) as refused:
        explain(verdict_model(), label="week")
    assert "did you mean 'weak'" in str(refused.value)


def test_a_table_without_a_row_that_can_be_described_is_refused():
    frame = alloys(10).frame.assign(formula="nonsense")
    with pytest.raises(InputError, match="no row of the table can be described"):
        explain(strength_model(), frame)


def test_a_model_of_numbers_alone_has_no_element_curves():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    frame["y"] = 2 * frame["a"]
    dataset = Dataset(frame, [Column("a"), Column("b"), Column("y", role="target")])
    told = explain(fitted(dataset, "y", Ridge()), rows=20)
    assert {curve.name for curve in told.curves} <= {"a", "b"}
    assert told.sensitivity["a"] > 0.99


@given(
    st.dictionaries(st.sampled_from(["Fe", "Cr", "Ni", "O"]), st.floats(0.05, 1), min_size=2),
    st.floats(0.01, 0.95),
)
def test_another_share_of_an_element_keeps_the_proportions_of_the_others(amounts, share):
    total = sum(amounts.values())
    fractions = {element: value / total for element, value in amounts.items()}
    symbol, *others = fractions
    moved = parse_formula(formula_with(fractions, symbol, share))
    assert sum(moved.values()) == pytest.approx(1.0, abs=1e-5)
    assert moved[symbol] == pytest.approx(share, abs=1e-5)
    ratios = [moved[other] / fractions[other] for other in others]
    assert max(ratios) == pytest.approx(min(ratios), rel=1e-3, abs=1e-4)
