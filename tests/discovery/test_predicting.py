"""A trained model judges any table of materials: in its units, row by row, with the reason where it cannot."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_models import PART, hardness, hardness_of, is_hard, trained

from matloop.core.errors import InputError, UnitError
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery import predicting
from matloop.discovery.trained import TrainedModel


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    return trained(hardness(60), model="ridge")


def test_each_row_has_its_answer_under_its_own_index(model: TrainedModel) -> None:
    frame = pd.DataFrame({"formula": ["Fe2O3", "nonsense!", None, "NaCl"]}, index=[7, 3, 9, 1])
    told = model.predict(frame)
    assert list(told.index) == [7, 3, 9, 1]
    assert list(told.columns) == ["prediction", "lower", "upper", "std", "in_domain", "distance", "failure"]
    assert list(told["failure"] == "") == [True, False, False, True]
    bad = told[told["failure"] != ""]
    assert bad[["prediction", "lower", "upper", "std", "distance"]].isna().all(axis=None)
    assert not bad["in_domain"].any()
    good = told[told["failure"] == ""]
    assert (good["lower"] <= good["prediction"]).all()
    assert (good["prediction"] <= good["upper"]).all()
    assert told["in_domain"].dtype == bool


def test_a_table_without_rows_has_no_answers(model: TrainedModel) -> None:
    for each in (model, trained(is_hard())):
        told = each.predict(pd.DataFrame({"formula": np.array([], dtype=object)}))
        assert len(told) == 0
        assert "failure" in told.columns


def test_a_table_of_nothing_but_nonsense_is_answered_as_well() -> None:
    for each in (trained(), trained(is_hard())):
        told = each.predict(pd.DataFrame({"formula": ["?", "!"]}))
        assert (told["failure"] != "").all()
        assert not told["in_domain"].any()


def test_rows_are_judged_one_by_one(model: TrainedModel) -> None:
    """What stands beside a row changes nothing for it."""
    frame = hardness(30, seed=3).frame
    whole = model.predict(frame)
    alone = pd.concat([model.predict(frame.iloc[[i]]) for i in range(6)])
    assert np.allclose(whole.iloc[:6]["prediction"], alone["prediction"], rtol=1e-12)
    assert list(whole.iloc[:6]["in_domain"]) == list(alone["in_domain"])


def test_new_materials_are_predicted_and_held_by_their_intervals(model: TrainedModel) -> None:
    new = hardness(200, seed=7).frame
    truth = np.array([hardness_of(f) for f in new["formula"]])
    told = model.predict(new, confidence=0.9)
    assert np.corrcoef(told["prediction"], truth)[0, 1] > 0.8
    assert 0.75 < np.mean((told["lower"] <= truth) & (truth <= told["upper"])) <= 1
    wider = model.predict(new, confidence=0.95)
    assert (wider["upper"] - wider["lower"] >= told["upper"] - told["lower"] - 1e-9).all()


def test_too_much_confidence_is_refused_with_what_can_be_had(model: TrainedModel) -> None:
    with pytest.raises(InputError, match=r"60 rows support intervals of at most 96\.7 %"):
        model.predict(hardness().frame, confidence=0.999)
    with pytest.raises(InputError, match="between 0 and 1"):
        model.predict(hardness().frame, confidence=90)


def test_an_element_that_no_training_row_has_is_outside_and_said(model: TrainedModel) -> None:
    assert "Pu" not in PART
    frame = pd.DataFrame({"formula": ["PuO2", "Fe2O3", "?"]})
    told = model.predict(frame)
    assert not told["in_domain"].iloc[0]
    reasons = model.reasons(frame)
    assert reasons[0] == "no training row holds Pu"
    assert reasons[2] == told["failure"].iloc[2]


def test_the_material_may_have_another_name_in_the_table(model: TrainedModel) -> None:
    """Where only one column can be it; where two can, the model asks for the name."""
    frame = hardness(10).frame
    renamed = frame.rename(columns={"formula": "compound"})
    assert model.predict(renamed).equals(model.predict(frame))
    with pytest.raises(InputError, match="no column 'formula'"):
        model.predict(renamed.assign(other_formula=renamed["compound"]))


def test_neighbours_are_training_rows_and_the_nearest_is_the_row_itself() -> None:
    dataset = hardness(40)
    model = trained(dataset)
    frame = dataset.frame.iloc[[5, 17]]
    places, distances, labels = model.neighbours(frame, k=3)
    assert places.shape == distances.shape == (2, 3)
    assert list(places[:, 0]) == [5, 17]
    assert np.allclose(distances[:, 0], 0, atol=1e-5)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert [row[0] for row in labels] == list(frame["formula"])
    places, distances, labels = model.neighbours(pd.DataFrame({"formula": ["?"]}), k=99)
    assert (places == -1).all()
    assert np.isnan(distances).all()
    assert set(labels[0]) == {""}


def test_features_have_names(model: TrainedModel) -> None:
    matrix, names = model.features(hardness(5).frame)
    assert matrix.shape == (5, len(names))
    assert "Fe fraction" in names


def test_the_pipeline_predicts_the_same_from_the_table(model: TrainedModel) -> None:
    frame = hardness(5).frame
    assert np.allclose(model.pipeline.predict(frame), model.predict(frame)["prediction"])


# -- files --------------------------------------------------------------------------------------------------------


def conditions() -> Dataset:
    """A property of the temperature in kelvin and of a method."""
    rng = np.random.default_rng(0)
    kelvin = rng.uniform(300, 900, 60)
    frame = pd.DataFrame({"temperature": kelvin, "y": kelvin / 100 + rng.normal(0, 0.1, 60)})
    return Dataset(frame, [Column("temperature", unit="K"), Column("y", role="target", unit="GPa")])


def test_an_answer_that_is_no_number_is_a_failure(model: TrainedModel) -> None:
    """Weights that are NaN or overflow: no prediction, not in the domain, and the reason."""
    broken = copy.deepcopy(model)
    broken.predictor.model[-1].coef_[:] = np.inf
    told = broken.predict(model.training.head(3))
    assert set(told["failure"]) == {"what the model says of it is no finite number"}
    assert told["prediction"].isna().all()
    assert not told["in_domain"].any()


def test_columns_are_converted_into_the_units_of_the_model() -> None:
    model = trained(conditions(), model="ridge")
    kelvin = pd.DataFrame({"temperature": [400.0, 700.0]})
    told = predicting.predict(model, Dataset(kelvin, [Column("temperature", unit="K")]))
    celsius = Dataset(kelvin - 273.15, [Column("temperature", unit="degC")])
    other = predicting.predict(model, celsius)
    assert np.allclose(told.frame["y prediction [GPa]"], other.frame["y prediction [GPa]"])
    assert np.allclose(told.frame["y prediction [GPa]"], [4, 7], atol=0.3)
    with pytest.raises(UnitError):
        predicting.predict(model, Dataset(kelvin, [Column("temperature", unit="mm")]))


def test_predictions_stand_beside_what_the_records_are_called(model: TrainedModel, tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "formula": ["Fe2O3", "?"], "hardness": [1.0, 2.0]})
    done = predicting.predict(model, Dataset(frame, hardness().columns.values()), why=True)
    assert list(done.frame.columns[:3]) == ["id", "formula", "hardness"]
    assert {"hardness prediction [GPa]", "hardness in_domain", "hardness outside", "failure"} <= set(done.frame)
    assert list(done.failures.values()) == [1]
    for name in ("p.csv", "p.parquet"):
        path = predicting.write(done, tmp_path / name)
        read = pd.read_csv(path) if name.endswith("csv") else pd.read_parquet(path)
        assert np.allclose(read["hardness lower [GPa]"], done.frame["hardness lower [GPa]"], equal_nan=True)
        assert list(read.columns[:3]) == ["id", "formula", "hardness [GPa]"]
    with pytest.raises(InputError, match=r"use \.csv or \.parquet"):
        predicting.write(done, tmp_path / "p.docx")


def test_many_rows_are_judged_in_pieces(model: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = hardness(25)
    whole = predicting.predict(model, dataset)
    monkeypatch.setattr(predicting, "CHUNK", 7)
    told: list[float] = []
    pieces = predicting.predict(model, dataset, progress=lambda done, total, words="": told.append(done))
    pd.testing.assert_frame_equal(whole.frame, pieces.frame)
    assert told == [0, 7, 14, 21, 25]


def test_materials_may_be_named_where_the_model_needs_no_more(model: TrainedModel) -> None:
    dataset = predicting.of_texts(model, ["Fe2O3", "NaCl"])
    assert list(predicting.predict(model, dataset).frame["formula"]) == ["Fe2O3", "NaCl"]
    with pytest.raises(InputError, match="takes no material, but temperature"):
        predicting.of_texts(trained(conditions()), ["Fe2O3"])
