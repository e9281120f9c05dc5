"""Ranges, novelty, uniqueness, the best and the most different."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in import MeanNumber, screened

from matloop.core.composition import canonical_formula, read_formulas
from matloop.core.errors import InputError, SpecError
from matloop.screening.keys import keys_of
from matloop.screening.screen import parse_screen
from matloop.screening.seen import Seen
from matloop.screening.stages.range import probability_within

NUMBERS = st.floats(-5, 5, allow_nan=False)
WIDTHS = st.floats(0.01, 3)


# -- range ----------------------------------------------------------------------------------------------------


@given(NUMBERS, WIDTHS, WIDTHS, st.floats(0.5, 0.99))
def test_the_models_interval_has_the_probability_that_it_was_given(
    value: float, below: float, above: float, interval: float
) -> None:
    one = np.array([value])
    lower, upper = one - below, one + above
    found = probability_within(lower[0], upper[0], one, lower, upper, interval)
    assert found[0] == pytest.approx(interval, abs=1e-9)
    assert probability_within(-np.inf, np.inf, one, lower, upper, interval)[0] == 1
    assert probability_within(value, np.inf, one, lower, upper, interval)[0] == pytest.approx(0.5)


@given(NUMBERS, NUMBERS, NUMBERS, WIDTHS)
def test_of_an_even_interval_it_is_the_normal_distribution(low: float, high: float, value: float, width: float) -> None:
    from scipy.stats import norm

    low, high = sorted((low, high))
    one = np.array([value])
    sigma = width / norm.ppf(0.95)
    found = probability_within(low, high, one, one - width, one + width, 0.9)[0]
    assert found == pytest.approx(norm.cdf(high, value, sigma) - norm.cdf(low, value, sigma), abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "stay"),
    [
        ({}, ["NaCl", "TiO2"]),  # the prediction: 14 and 12.67; Fe2O3 has 15.2, FeO 17
        ({"rule": "certain"}, ["TiO2"]),  # the interval reaches 10 % above: 15.4 and 13.9
        ({"rule": "possible"}, ["Fe2O3", "NaCl", "TiO2"]),  # and 10 % below: 13.7 and 15.3
        ({"confidence": 0.99}, ["TiO2"]),
        ({"confidence": 0.6}, ["NaCl", "TiO2"]),
        ({"confidence": 0.02}, ["Fe2O3", "NaCl", "TiO2", "FeO"]),
    ],
)
def test_how_sure_it_must_be_is_asked_for(rule: dict[str, Any], stay: list[str], tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": ["Fe2O3", "NaCl", "TiO2", "FeO"], "x": 1})
    stage = {"kind": "range", "prediction": "number", "high": 15.0} | rule
    frame, _, _ = screened([stage], candidates, tmp_path, ("number",))
    assert frame["formula"].tolist() == [f for f in candidates["formula"] if f in stay]


def test_what_lies_outside_the_domain_falls_only_where_that_is_asked(tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": ["FeO", "UO2", "Au"], "x": 1})
    stage = {"kind": "range", "prediction": "number", "low": 0}
    flagged, _, _ = screened([stage], candidates, tmp_path / "a", ("number",))
    assert flagged["number_in_domain"].tolist() == [True, True, False]
    required, funnel, _ = screened([stage | {"domain": "required"}], candidates, tmp_path / "b", ("number",))
    assert required["formula"].tolist() == ["FeO", "UO2"]
    assert funnel[-1].reasons == {"outside the domain of number": 1}


def test_classes_are_asked_for_by_word_and_probability(tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": ["FeO", "Fe2O3", "FeO9", "Fe"], "x": 1})
    stage: dict[str, Any] = {"kind": "range", "prediction": "kind", "among": ["oxide"]}
    frame, _, _ = screened([stage], candidates, tmp_path / "a", ("kind",))
    assert frame["formula"].tolist() == ["FeO", "Fe2O3", "FeO9"]
    frame, funnel, _ = screened([stage | {"confidence": 0.8}], candidates, tmp_path / "b", ("kind",))
    assert frame["formula"].tolist() == ["FeO9"]
    assert funnel[-1].reasons == {"kind is not oxide with probability 0.8": 3}
    with pytest.raises(SpecError, match="predicts a class"):
        screened([{"kind": "range", "prediction": "kind", "low": 3}], candidates, tmp_path / "c", ("kind",))


def test_bounds_in_another_unit_are_converted_and_nonsense_is_refused(tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": ["FeO", "TiO2"], "x": 1})
    stage: dict[str, Any] = {"kind": "range", "prediction": "number", "high": 15_000, "unit": "meV"}
    frame, _, _ = screened([stage], candidates, tmp_path / "a", ("number",))
    assert frame["formula"].tolist() == ["TiO2"]
    with pytest.raises(SpecError, match="same dimension"):
        screened([stage | {"unit": "kg"}], candidates, tmp_path / "b", ("number",))


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ({"low": 2, "high": 1, "column": "x"}, "above high"),
        ({"column": "x"}, "low, high or both"),
        ({"low": 1}, "column or a prediction"),
        ({"low": 1, "column": "x", "confidence": 0.9}, "belong to a prediction"),
        ({"low": 1, "prediction": "g", "rule": "probability"}, "needs a confidence"),
        ({"low": 1, "prediction": "g", "rule": "certain", "confidence": 0.5}, "belongs to the rule"),
        ({"low": 1, "prediction": "g", "confidence": 1.0}, "less than 1"),
        ({"lo": 1, "prediction": "g"}, "did you mean 'low'"),
    ],
)
def test_a_range_that_makes_no_sense_is_told(stage: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError, match=told):
        parse_screen({"stages": [{"kind": "range"} | stage]})


# -- the same candidate ---------------------------------------------------------------------------------------

ELEMENTS = st.sampled_from(["H", "Li", "C", "O", "Fe", "Cu", "U"])
AMOUNTS = st.one_of(st.integers(1, 300), st.sampled_from([0.25, 0.5, 1.5, 1 / 3, 0.123456, 2.75, 1e-3]))


@settings(max_examples=200)
@given(st.lists(st.dictionaries(ELEMENTS, AMOUNTS, min_size=1, max_size=4), min_size=1, max_size=30))
def test_keys_are_equal_where_canonical_formulas_are(formulas: list[dict[str, float]]) -> None:
    written = ["".join(f"{e}{n:.9g}" for e, n in formula.items()) for formula in formulas]
    written += ["".join(f"{e}{2 * n:.9g}" for e, n in reversed(formula.items())) for formula in formulas]
    amounts, failures = read_formulas(written)
    assert not failures
    keys, _ = keys_of((amounts, {}), "composition", len(written))
    by_key: dict[int, set[str]] = {}
    by_formula: dict[str, set[int]] = {}
    for key, formula in zip(keys.tolist(), map(canonical_formula, written), strict=True):
        by_key.setdefault(key, set()).add(formula)
        by_formula.setdefault(formula, set()).add(key)
    assert all(len(formulas_of) == 1 for formulas_of in by_key.values())
    assert all(len(keys_of_it) == 1 for keys_of_it in by_formula.values())


@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=12))
def test_a_set_of_keys_knows_what_it_was_given(parts: list[list[int]]) -> None:
    seen, known = Seen(), set[int]()
    for part in parts:
        expected = []
        for key in part:
            expected.append(key not in known)
            known.add(key)
        assert seen.add(np.array(part, np.uint64) * np.uint64(2**58 + 1)).tolist() == expected
    assert len(seen) == len(known)


def test_a_set_of_keys_grows_and_forgets_nothing() -> None:
    seen = Seen()
    keys = np.random.default_rng(0).integers(1, 2**63, 60_000).astype(np.uint64)
    for part in np.array_split(keys, 7):
        seen.add(part)
    assert seen.has(keys).all()
    assert not seen.has(keys + np.uint64(1)).any()
    assert seen.n_bytes <= 19 * len(np.unique(keys))


def test_the_first_of_equal_candidates_stays(tmp_path: Path) -> None:
    formulas = ["Fe2O3", "O3Fe2", "Fe4O6", "FeO", "Fe2O3", "FeO2", "OFe"]
    candidates = pd.DataFrame({"formula": formulas, "x": range(7)})
    frame, _, _ = screened([{"kind": "unique"}], candidates, tmp_path / "a", chunk=2)
    assert frame["x"].tolist() == [0, 3, 5]
    frame, _, _ = screened([{"kind": "unique", "by": "elements"}], candidates, tmp_path / "b", chunk=2)
    assert frame["x"].tolist() == [0]
    frame, _, _ = screened([{"kind": "unique", "by": "text"}], candidates, tmp_path / "c", chunk=2)
    assert frame["x"].tolist() == [0, 1, 2, 3, 5, 6]


def test_molecules_are_the_same_by_their_inchikey(tmp_path: Path) -> None:
    pytest.importorskip("rdkit")
    candidates = pd.DataFrame({"smiles": ["OCC", "CCO", "C(O)C", "CCN", "xx"], "x": range(5)})
    frame, funnel, _ = screened([{"kind": "unique"}], candidates, tmp_path, (), "smiles", "molecule")
    assert frame["smiles"].tolist() == ["OCC", "CCN"]
    assert funnel[-1].reasons == {"seen before": 2, "is no molecule": 1}


# -- novelty --------------------------------------------------------------------------------------------------


def test_what_is_known_falls_however_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("id,formula,gap\n1,O3Fe2,2.1\n2,NaCl,8.5\n3,not a formula!,1\n")
    candidates = pd.DataFrame({"formula": ["Fe2O3", "Fe4O6", "FeO", "ClNa", "NaCl2"], "x": 1})
    stage = {"kind": "novelty", "known": "known.csv"}
    frame, funnel, _ = screened([stage], candidates, tmp_path / "a", base=tmp_path)
    assert frame["formula"].tolist() == ["FeO", "NaCl2"]
    assert funnel[-1].reasons == {"known": 3}
    frame, _, _ = screened([stage | {"by": "elements"}], candidates, tmp_path / "b", base=tmp_path)
    assert len(frame) == 0


def test_training_sets_are_known(tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": ["Fe2O3", "FeO"], "x": 1})
    for known in ("training", "training: number", ["training", "training: number"]):
        stage = {"kind": "novelty", "known": known}
        folder = tmp_path / str(known).replace(" ", "").replace(":", "")
        frame, _, _ = screened([stage], candidates, folder, ("number",), trained_on={"number": ["Fe4O6"]})
        assert frame["formula"].tolist() == ["FeO"]


def test_a_changed_list_of_known_materials_is_noticed(tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": ["Fe2O3", "FeO"], "x": 1})
    stage = {"kind": "novelty", "known": "known.csv"}
    for i, known in enumerate(["Fe2O3", "FeO"]):
        (tmp_path / "known.csv").write_text(f"formula,gap\n{known},1\nLiF,2\n")
        if not i:
            screened([stage], candidates, tmp_path / "a", base=tmp_path)
    with pytest.raises(InputError, match="stages changed"):
        screened([stage], candidates, tmp_path / "a", base=tmp_path)


# -- top and diversity ----------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from([1.0, 2.0, 3.0, np.nan, -1.0]), min_size=1, max_size=30), st.integers(1, 12), st.booleans()
)
def test_the_best_are_those_of_a_sort_that_keeps_the_order(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], keep: int, up: bool
) -> None:
    from matloop.screening.candidates import Candidates
    from matloop.screening.gathering import Best
    from matloop.screening.stages.top import Score

    best = Best(keep, Score("x", None, 1.0 if up else -1.0), "not among them")
    frame = pd.DataFrame({"x": values})
    fallen = [best.add(Candidates(frame.iloc[start : start + 4])) for start in range(0, len(values), 4)]
    chosen, rest = best.chosen()
    expected = frame.dropna().sort_values("x", ascending=not up, kind="stable").index[:keep]
    assert chosen.index.tolist() == expected.tolist()
    together = [*chosen.index, *rest.index, *(i for part in fallen for i in part.index)]
    assert sorted(together) == list(range(len(values)))


def test_the_direction_is_that_of_the_models_target(tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": ["Fe2O3", "TiO2", "UO2", "FeO"], "x": [3, 1, 2, 4]})
    best = {"kind": "top", "keep": 2, "prediction": "number"}
    for more, expected in [
        ({}, ["TiO2", "Fe2O3"]),
        ({"goal": "maximize"}, ["UO2", "FeO"]),
        ({"near": 16.2}, ["FeO", "Fe2O3"]),
        ({"bound": "upper"}, ["TiO2", "Fe2O3"]),
    ]:
        frame, _, _ = screened([best | more], candidates, tmp_path / str(len(str(more))), ("number",), fresh=True)
        assert frame["formula"].tolist() == expected


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(2, 8))
def test_picks_are_far_apart(seed: int, keep: int) -> None:
    """Greedy max-min reaches at least half of the least distance that the best choice could have (Gonzalez 1985)."""
    from itertools import combinations

    from matloop.screening.stages.diversity import picked

    points = np.random.default_rng(seed).random((9, 2))
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    picks = picked(lambda i: apart[i].copy(), 9, keep)
    assert len(set(picks.tolist())) == keep
    assert picks[0] == 0
    ours = min(apart[i, j] for i, j in combinations(picks, 2))
    best = max(min(apart[i, j] for i, j in combinations(some, 2)) for some in combinations(range(9), keep) if 0 in some)
    assert ours >= best / 2 - 1e-12


def test_the_best_comes_first_and_then_what_differs_most_from_it(tmp_path: Path) -> None:
    formulas = ["Fe2O3", "Fe3O5", "Fe4O7", "NaCl", "KCl", "TiO2"]
    candidates = pd.DataFrame({"formula": formulas, "x": [6, 5, 4, 3, 2, 1]})
    stage = {"kind": "diversity", "keep": 3, "column": "x", "goal": "maximize", "among": 5}
    frame, funnel, _ = screened([stage], candidates, tmp_path, chunk=2)
    assert frame["formula"].tolist() == ["Fe2O3", "NaCl", "KCl"]
    assert funnel[-1].reasons == {
        "not among the 5 that diversity chooses from": 1,
        "close to one that was chosen": 2,
    }


def test_diversity_without_a_rank_draws_the_same_whatever_the_chunks(tmp_path: Path) -> None:
    candidates = pd.DataFrame({"formula": [f"Fe{i}O{j}" for i in range(1, 9) for j in range(1, 9)], "x": 1.0})
    stage = {"kind": "diversity", "keep": 4, "among": 20}
    one, _, _ = screened([stage], candidates, tmp_path / "a", chunk=5)
    other, _, _ = screened([stage], candidates, tmp_path / "b", chunk=64)
    pd.testing.assert_frame_equal(one, other)


def test_molecules_and_numbers_can_be_different_too(tmp_path: Path) -> None:
    pytest.importorskip("rdkit")
    candidates = pd.DataFrame({"smiles": ["CCO", "CCCO", "CCCCO", "c1ccccc1", "?"], "x": [0.0, 0.1, 9.0, np.nan, 0.2]})
    frame, _, _ = screened(
        [{"kind": "diversity", "keep": 2, "column": "x", "goal": "minimize"}],
        candidates,
        tmp_path / "a",
        (),
        "smiles",
        "molecule",
    )
    assert frame["smiles"].tolist() == ["CCO", "CCCCO"]
    frame, _, _ = screened(
        [{"kind": "diversity", "keep": 2, "columns": ["x"]}], candidates, tmp_path / "b", (), None, None
    )
    assert set(frame["x"]) >= {9.0}


def test_the_stand_in_predicts_what_it_says() -> None:
    made = MeanNumber().predict(pd.DataFrame({"formula": ["Fe2O3", "?"]}))
    assert made["prediction"][0] == pytest.approx((2 * 26 + 3 * 8) / 5)
    assert made["failure"][1]
