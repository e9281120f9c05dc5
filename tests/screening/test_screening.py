"""The funnel as a whole: who stays, why others fall, and that nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in import screened

from matloop.core.errors import SpecError
from matloop.screening.compositions import Compositions

TOXIC = {"kind": "chemistry", "forbidden": ["toxic", "radioactive"]}
LIGHT = {"kind": "range", "prediction": "number", "high": 18}
BEST = {"kind": "top", "keep": 3, "prediction": "number"}


def test_each_candidate_is_left_or_fell_for_one_reason(oxides: pd.DataFrame, tmp_path: Path) -> None:
    frame, funnel, _ = screened([TOXIC, {"kind": "unique"}, LIGHT, BEST], oxides, tmp_path, ("number",))
    assert [stage.title for stage in funnel] == [
        "can be read",
        "no toxic, radioactive",
        "not seen before",
        "predict number",
        "number at most 18",
        "best 3 by number",
    ]
    assert funnel[0].entered == 50
    assert [stage.kept for stage in funnel] == [40, 30, 5, 5, 4, 3]
    assert all(stage.entered - stage.kept == sum(stage.reasons.values()) for stage in funnel)
    assert [stage.entered for stage in funnel[1:]] == [stage.kept for stage in funnel[:-1]]
    assert frame["formula"].tolist() == ["TiO2", "NaCl", "Fe2O3"]
    assert frame.index.tolist() == [3, 9, 0]


def test_reasons_say_what_was_wrong_and_quote_no_single_candidate(oxides: pd.DataFrame, tmp_path: Path) -> None:
    _, funnel, _ = screened([TOXIC], oxides, tmp_path)
    assert dict(funnel[0].reasons) == {"has no element …": 5, "is empty": 5}
    assert dict(funnel[1].reasons) == {"has Pb": 5, "has U": 5}


def test_the_list_of_the_rejected_has_each_of_them_with_its_stage(oxides: pd.DataFrame, tmp_path: Path) -> None:
    from matloop.screening.tables import write_fallen

    frame, funnel, run = screened([TOXIC, {"kind": "unique"}, LIGHT, BEST], oxides, tmp_path / "state", ("number",))
    n = write_fallen(tmp_path / "rejected.parquet", run.fallen, run.plan)
    rejected = pd.read_parquet(tmp_path / "rejected.parquet")
    assert n == len(rejected) == 50 - len(frame)
    assert set(rejected["row"]) | set(frame.index) == set(range(50))
    assert rejected.groupby("stage").size().to_dict() == {s.title: s.entered - s.kept for s in funnel if s.reasons}
    assert set(rejected.loc[rejected["name"] == "sample 5", "reason"]) == {"'XyO' has no element 'Xy'"}


@settings(max_examples=8)
@given(chunk=st.integers(3, 60), keep=st.integers(1, 60))
def test_the_shortlist_does_not_depend_on_the_size_of_chunks(
    tmp_path_factory: pytest.TempPathFactory, chunk: int, keep: int
) -> None:
    formulas = [f"Fe{i % 7 + 1}O{i % 5 + 1}" for i in range(50)]
    candidates = pd.DataFrame({"formula": formulas, "price": [(i * 7) % 13 for i in range(50)]})
    stages = [{"kind": "range", "column": "price", "high": 10}, {"kind": "unique"}, BEST | {"keep": keep}]
    frame, funnel, _ = screened(stages, candidates, tmp_path_factory.mktemp("s"), ("number",), chunk=chunk, lists=False)
    whole, of_whole, _ = screened(stages, candidates, tmp_path_factory.mktemp("w"), ("number",), chunk=1000)
    pd.testing.assert_frame_equal(frame, whole)
    assert funnel == of_whole


def test_a_model_that_no_stage_asks_for_predicts_what_is_left(oxides: pd.DataFrame, tmp_path: Path) -> None:
    cheap = {"kind": "range", "column": "price", "high": 1}
    frame, funnel, _ = screened([cheap, {"kind": "unique"}], oxides, tmp_path, ("number",))
    assert funnel[-1].title == "predict number"
    assert frame["number_lower"].lt(frame["number_predicted"]).all()
    assert funnel[-1].entered == len(frame)


def test_chunks_of_which_nobody_is_left_disturb_nothing(tmp_path: Path) -> None:
    """Neither the memory of what was seen, nor a model that is asked about no row."""
    candidates = pd.DataFrame(
        {"formula": [f"Fe{i}O" for i in range(1, 31)], "price": [1.0] * 10 + [9.0] * 10 + [1.0] * 10}
    )
    stages = [{"kind": "range", "column": "price", "high": 5}, {"kind": "unique"}, LIGHT | {"high": 99}, BEST]
    frame, funnel, _ = screened(stages, candidates, tmp_path / "a", ("number",), chunk=5)
    assert [stage.kept for stage in funnel] == [30, 20, 20, 20, 20, 3]
    again, _, _ = screened(stages, candidates, tmp_path / "a", ("number",), chunk=5)
    pd.testing.assert_frame_equal(frame, again)


def test_an_empty_shortlist_is_a_result(oxides: pd.DataFrame, tmp_path: Path) -> None:
    frame, funnel, _ = screened([{"kind": "range", "column": "price", "low": 100}, BEST], oxides, tmp_path, ("number",))
    assert len(frame) == 0
    assert funnel[-1].kept == 0
    assert funnel[1].reasons == {"price below 100": 40}


def test_every_mistake_about_the_candidates_is_told_at_once(oxides: pd.DataFrame, tmp_path: Path) -> None:
    stages = [
        {"kind": "range", "column": "prise", "high": 1},
        {"kind": "range", "prediction": "numbr", "high": 1},
        {"kind": "top", "keep": 3, "column": "price"},
        {"kind": "novelty", "known": "nowhere.csv"},
        {"kind": "diversity", "keep": 10, "among": 5},
    ]
    with pytest.raises(SpecError) as caught:
        screened(stages, oxides, tmp_path, ("number",))
    told = {mistake.path: mistake.hint for mistake in caught.value.mistakes}
    assert told["stages[0].column"] == "did you mean 'price'?"
    assert told["stages[1].prediction"] == "did you mean 'number'?"
    assert {"stages[2].goal", "stages[3].known", "stages[4].among"} <= set(told)


def test_later_stages_may_use_columns_of_earlier_predictions(oxides: pd.DataFrame, tmp_path: Path) -> None:
    stages = [
        {"kind": "predict", "prediction": "number"},
        {"kind": "range", "column": "number_std", "high": 0.8},
        {"kind": "top", "keep": 2, "column": "number_distance", "goal": "maximize"},
    ]
    frame, _, _ = screened(stages, oxides, tmp_path, ("number",))
    assert (frame["number_std"] <= 0.8).all()
    assert frame["number_distance"].is_monotonic_decreasing


def test_a_generated_stream_is_screened_without_being_held(tmp_path: Path) -> None:
    """Only the best of each chunk are kept: the folder of the state does not grow with the number of candidates."""
    generator = Compositions(elements=["Li", "Na", "K", "Fe", "Ti", "O", "S", "Cl"], n_elements=(2, 3), amounts=5)
    stages = [{"kind": "chemistry", "charge_balance": True}, BEST]
    frame, funnel, _ = screened(stages, generator, tmp_path, ("number",), chunk=500, lists=False)
    assert funnel[0].entered == generator.n
    assert len(frame) == 3
    assert max(len(pd.read_parquet(part)) for part in tmp_path.glob("part-*.parquet")) <= 3


def test_the_number_of_reasons_that_are_told_apart_is_bounded(tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": [f"FeO{i}" for i in range(1, 160)], "price": 0})
    stage = {"kind": "calculator", "function": "x:y"}

    def find(name: str, base: Path) -> object:
        def refuse(formula: str) -> None:
            raise ValueError(formula)

        return refuse

    _, funnel, _ = screened([stage], candidates, tmp_path, find_calculator=find)
    assert len(funnel[-1].reasons) <= 101
    assert sum(funnel[-1].reasons.values()) == 159
    assert funnel[-1].reasons["other reasons"] >= 59


def test_numbers_are_kept_as_they_were(tmp_path: Path) -> None:
    """What a stage did not touch is the same to the last bit when it comes out of the files of the state."""
    rng = np.random.default_rng(0)
    candidates = pd.DataFrame({"formula": ["FeO"] * 40, "x": rng.normal(size=40), "i": range(40)})
    frame, _, _ = screened([{"kind": "range", "column": "i", "low": 0}], candidates, tmp_path)
    pd.testing.assert_frame_equal(frame, candidates, check_index_type=False)
