"""Duplicates become one by the rule that was chosen, nothing is lost uncounted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop import Column, Dataset
from matloop.core.errors import InputError
from matloop.datasets.deduplicate import COUNT, GROUP, RULES, deduplicate

FORMULAS = {"NaCl": ["NaCl", "ClNa", "Na2Cl2"], "KCl": ["KCl", "ClK"], "Fe2O3": ["Fe2O3", "O3Fe2", "Fe4O6"]}
RECORDS = st.lists(
    st.tuples(
        st.sampled_from(list(FORMULAS)), st.integers(0, 2), st.sampled_from([20.0, 400.0]), st.none() | st.floats(-9, 9)
    ),
    min_size=1,
    max_size=25,
)


def dataset(records: list[tuple[str, int, float, float | None]]) -> Dataset:
    frame = pd.DataFrame(
        {
            "formula": [FORMULAS[name][i % len(FORMULAS[name])] for name, i, _, _ in records],
            "T": [T for _, _, T, _ in records],
            "gap": pd.Series([gap for *_, gap in records], dtype=float),
            "id": [f"r{i}" for i in range(len(records))],
        }
    )
    return Dataset(
        frame, [Column("gap", role="target", direction="maximize"), Column("id", role="identity", kind="text")]
    )


def expected(records: list[tuple[str, int, float, float | None]]) -> dict[tuple[str, float], list[float]]:
    groups: dict[tuple[str, float], list[float]] = {}
    for name, _, T, gap in records:
        groups.setdefault((name, T), []).append(np.nan if gap is None else gap)
    return groups


@settings(max_examples=25)
@given(RECORDS, st.sampled_from(["mean", "median", "best", "first"]))
def test_each_group_becomes_one_record(records: list[tuple[str, int, float, float | None]], rule: str) -> None:
    """Material and conditions say what is the same, the rule says what is kept, and the counts add up."""
    made, merged = deduplicate(dataset(records), rule)  # type: ignore[arg-type]
    groups = expected(records)
    assert len(made) == merged.n_after == len(groups)
    assert made.frame[COUNT].sum() == merged.n_before == len(records)
    assert merged.largest == max(map(len, groups.values()))
    how = {"mean": np.nanmean, "median": np.nanmedian, "best": np.nanmax, "first": lambda values: values[0]}[rule]
    for gap, values in zip(made.frame["gap"], groups.values(), strict=True):
        if np.isnan(values).all():
            assert np.isnan(gap)
        else:
            assert gap == pytest.approx(how(np.array(values)), nan_ok=True)


@settings(max_examples=25)
@given(RECORDS)
def test_keeping_marks_the_replicates(records: list[tuple[str, int, float, float | None]]) -> None:
    """`keep` leaves every record as it is, and gives those of one group one number."""
    before = dataset(records)
    made, merged = deduplicate(before, "keep")
    pd.testing.assert_frame_equal(made.frame.drop(columns=GROUP), before.frame)
    assert merged.n_merged == 0
    places = {key: i for i, key in enumerate(expected(records))}
    assert made.frame[GROUP].tolist() == [places[name, T] for name, _, T, _ in records]


@settings(max_examples=25)
@given(RECORDS, st.sampled_from([rule for rule in RULES if rule != "keep"]))
def test_doing_it_twice_changes_nothing_more(records: list[tuple[str, int, float, float | None]], rule: str) -> None:
    """After one pass there are no duplicates left."""
    once, _ = deduplicate(dataset(records), rule)
    twice, merged = deduplicate(once, rule)
    assert merged.n_merged == 0
    pd.testing.assert_frame_equal(twice.frame.drop(columns=COUNT), once.frame.drop(columns=COUNT))


def test_by_composition_alone_conditions_are_merged_too() -> None:
    """Whoever groups by composition gets one record for each, its temperature the mean of all."""
    made, merged = deduplicate(dataset([("NaCl", 0, 20.0, 1.0), ("NaCl", 1, 400.0, 3.0)]), "mean", "composition")
    assert made.frame[["T", "gap"]].to_numpy().tolist() == [[210.0, 2.0]]
    assert made.frame["id"].tolist() == ["r0; r1"]
    assert merged.by == "composition"


def test_the_uncertainty_of_a_mean_shrinks() -> None:
    """Two values with uncertainty 3 and 4 have a mean with uncertainty 2.5."""
    frame = pd.DataFrame({"formula": ["NaCl", "NaCl"], "gap": [1.0, 2.0], "gap std": [3.0, 4.0]})
    made, _ = deduplicate(Dataset(frame, [Column("gap", role="target")]), "mean")
    assert made.frame["gap std"].tolist() == [2.5]


def test_the_most_common_class_is_kept() -> None:
    """Classes have no mean: what most records of the group say counts."""
    frame = pd.DataFrame({"formula": ["NaCl"] * 3, "is_metal": ["no", "yes", "no"]})
    made, _ = deduplicate(Dataset(frame, [Column("is_metal", role="target", kind="text")]), "mean")
    assert made.frame["is_metal"].tolist() == ["no"]


def test_the_best_needs_to_know_which_way() -> None:
    """Whether a large or a small value is better is not guessed, and of two targets none is chosen."""
    frame = pd.DataFrame({"formula": ["NaCl", "NaCl"], "gap": [1.0, 2.0], "mass": [3.0, 4.0]})
    with pytest.raises(InputError, match="which 'gap' is the best"):
        deduplicate(Dataset(frame, [Column("gap", role="target")]), "best")
    both = [Column("gap", role="target", direction="maximize"), Column("mass", role="target", direction="minimize")]
    with pytest.raises(InputError, match="2"):
        deduplicate(Dataset(frame, both), "best")
    made, _ = deduplicate(Dataset(frame, both), "best", target="mass")
    assert made.frame["mass"].tolist() == [3.0]


def test_what_cannot_be_grouped_is_said() -> None:
    """No material and no inputs, an unknown rule, an unknown way: refused with a hint."""
    made = Dataset(pd.DataFrame({"gap": [1.0, 1.0]}), [Column("gap", role="target")])
    for rule, by in (("mean", "conditions"), ("mean", "molecule"), ("meen", "conditions"), ("mean", "colour")):
        with pytest.raises(InputError):
            deduplicate(made, rule, by)  # type: ignore[arg-type]
