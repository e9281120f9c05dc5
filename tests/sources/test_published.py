"""Published datasets: each is what was published, and its card says what it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faulty_server import Reply

import matloop as public
from matloop.core.errors import HostUnreachable, InputError, TableError
from matloop.core.units import check_unit
from matloop.datasets.dataset import Dataset
from matloop.files.whole import sha256_of
from matloop.sources.published import Published, card, load_dataset, published_names

NAMES = published_names()


@pytest.fixture(scope="module")
def readme(published: Path) -> dict[str, str]:
    """The line on each dataset in the list that lies with the data."""
    text = (published / "README.md").read_text(encoding="utf-8")
    return {match[1]: match[0] for match in re.finditer(r"^- \*\*(\w+)\*\*.*$", text, re.MULTILINE)}


@pytest.fixture(scope="module")
def loaded(published: Path) -> Any:
    kept: dict[str, Dataset] = {}

    def load(name: str) -> Dataset:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MATLOOP_DATA", str(published))
            if name not in kept:
                kept[name] = load_dataset(name)
        return kept[name]

    return load


@pytest.mark.parametrize("name", NAMES)
def test_every_card_is_complete(name: str) -> None:
    """A licence, a citation, hashes, an address or the words why there is none, and units that can be read."""
    its = card(name)
    assert its.licence
    assert its.citation
    assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) for file in its.files)
    assert all(bool(its.url(file)) is not bool(its.derived) for file in its.files)
    assert re.search(r"@[0-9a-f]{40}$", its.source)
    for column in its.columns:
        if column.unit:
            check_unit(column.unit)
        assert column.unit is None or column.kind == "number"


def test_addresses_are_quoted() -> None:
    its = card("pvlab_crossed_barrel")
    assert str(its.url(its.files[0])).endswith("/datasets/Crossed%20barrel_dataset.csv")
    its = card("matbench_log_gvrh")
    assert " " not in str(its.url(its.files[0]))


def test_the_silver_nanoparticles_minimize_their_loss() -> None:
    assert next(column for column in card("pvlab_agnp").columns if column.role == "target").direction == "minimize"


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        load_dataset("matbench_exp_gap")
    assert "matbench_expt_gap" in caught.value.hint


# -- against the data -----------------------------------------------------------------------------------------


@pytest.mark.data
def test_every_dataset_with_a_licence_is_known_and_no_other(readme: dict[str, str]) -> None:
    licensed = {name for name, line in readme.items() if "licence NONE" not in line}
    assert {name for name in NAMES if name != "btz_solubility_candidates"} == licensed
    text = Path(public.__file__).with_name("sources").joinpath("published.toml").read_text(encoding="utf-8")
    assert not [name for name in set(readme) - licensed if name.casefold() in text.casefold()]


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
def test_hashes_are_those_of_the_list_and_of_the_files(name: str, published: Path) -> None:
    listed = dict(
        reversed(line.split("  ", 1)) for line in (published / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    )
    for file in card(name).files:
        assert file.sha256 == listed[file.file] == sha256_of(published / file.file)


#: Where the table is not the one file that the list counts: (records, columns) there -> here.
OTHERWISE = {
    "hmof_ch4": ((10102, 6), (10102, 7)),  # the uptake at 5 bar is joined
    "vlachos_adsorption": ((259, 16), (963, 17)),  # all three sheets, with the column that tells them apart
    "hmof_co2_jarvis": ((137651, 9), (123886, 9)),  # the list counts a test part that the file does not have
    "matbench_official_folds": (None, (169197, 3)),
    "btz_solubility_candidates": (None, (2079, 12)),
}


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
def test_records_and_columns_are_as_many_as_listed(name: str, loaded: Any, readme: dict[str, str]) -> None:
    dataset, its = loaded(name), card(name)
    shape = (len(dataset), len(its.columns))
    match = re.search(r"rows x cols \((\d+), (\d+)\)", readme.get(name, ""))
    listed = (int(match[1]), int(match[2])) if match else None
    assert (listed, shape) == OTHERWISE.get(name, (listed, listed))
    assert its.rows == len(dataset)
    assert list(dataset.columns) == [*(column.name for column in its.columns), "origin", "licence", "record_hash"]


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
def test_columns_hold_what_the_card_says(name: str, loaded: Any) -> None:
    """Numbers are finite or missing, no column is empty, words are the card's, records know their origin."""
    dataset, its = loaded(name), card(name)
    for column in its.columns:
        cells = dataset.frame[column.name]
        assert cells.notna().any(), column.name
        if column.kind == "number":
            assert not np.isinf(cells.to_numpy(float)).any(), column.name
        if column.values:
            assert set(cells) == set(column.values.values())
        if column.kind in ("composition", "molecule"):
            assert cells.notna().all()
    assert dataset.frame["origin"].tolist()[:2] == [f"{name}#0", f"{name}#1"]
    assert set(dataset.frame["licence"]) == {its.licence}


def best(dataset: Dataset, target: str) -> float:
    """Over conditions, replicates pooled by their mean."""
    inputs = [column.name for column in dataset.columns.values() if column.role in ("input", "material")]
    values = dataset.frame[target]
    pooled = dataset.frame.groupby(inputs, dropna=False)[target].mean() if inputs else values
    return float(pooled.max() if dataset.columns[target].direction == "maximize" else pooled.min())


#: The best of each target, as the list with the data has it: measured values, not those of a paper.
BEST = {
    ("btz_solubility", "solubility"): 6.504,
    ("bznsn_redox", "reduction_potential"): 1.541,
    ("bznsn_redox", "solvation_energy"): -1.188,
    ("cep_pce", "pce"): 11.09,
    ("edbo_direct_arylation", "yield"): 100,
    ("edboplus_bms_yield_cost", "yield"): 100,
    ("edboplus_bms_yield_cost", "cost"): 0.02066,
    ("hmof_ch4", "ch4_uptake_65bar"): 424,
    ("nimo_liquidus", "liquidus_temperature"): 656.1,
    ("olympus_alkox", "conversion"): 106.5,
    ("olympus_buchwald_c", "yield"): 86.6,
    ("olympus_colors_bob", "difference_to_green"): 0.0349,
    ("olympus_fullerenes", "product"): 0.9531,
    ("olympus_hplc", "peak_area"): 2372,
    ("olympus_oer_plate_3496", "overpotential"): 0.3402,
    ("olympus_oer_plate_3860", "overpotential"): 0.3729,
    ("olympus_perovskites", "hse_gap"): 1.525,
    ("olympus_photo_pce10", "degradation"): 0.001623,
    ("olympus_photo_wf3", "degradation"): 0.004447,
    ("olympus_suzuki", "yield"): 96.9,
    ("olympus_suzuki_i", "yield"): 98.7,
    ("olympus_suzuki_i", "turnover"): 84.7,
    ("pvlab_agnp", "loss"): 0.1484,
    ("pvlab_autoam", "score"): 0.9365,
    ("pvlab_crossed_barrel", "toughness"): 46.71,
    ("pvlab_p3ht", "conductivity"): 838.3,
    ("pvlab_perovskite", "instability_index"): 2.712e4,
}


@pytest.mark.data
@pytest.mark.parametrize(("name", "target"), BEST, ids=[" ".join(key) for key in BEST])
def test_the_best_value_lies_where_the_direction_says(name: str, target: str, loaded: Any, readme: Any) -> None:
    expected = BEST[name, target]
    assert best(loaded(name), target) == pytest.approx(expected, rel=1e-3)
    goal = {"maximize": "max", "minimize": "min"}[loaded(name).columns[target].direction]
    assert f"({goal}" in readme[name].partition("| target:")[2]


@pytest.mark.data
def test_names_of_files_without_header_are_those_of_their_authors(published: Path) -> None:
    for name in (name for name in NAMES if name.startswith("olympus_")):
        told = json.loads((published / name / "config.json").read_text(encoding="utf-8"))
        names = [part["name"] for part in told["parameters"] + told["measurements"]]
        assert [column.name for column in card(name).columns] == names
        goals = told["default_goal"] if isinstance(told["default_goal"], list) else [told["default_goal"]]
        assert [column.direction for column in card(name).columns if column.role == "target"] == goals


@pytest.mark.data
def test_what_is_joined_belongs_together(loaded: Any) -> None:
    """Working capacity of methane between 65 and 5 bar: at most 215.3; CO on three kinds of surfaces: 218 records."""
    ch4 = loaded("hmof_ch4").frame
    assert int(ch4["ch4_uptake_5bar"].notna().sum()) == 7020
    assert (ch4["ch4_uptake_65bar"] - ch4["ch4_uptake_5bar"]).max() == pytest.approx(215.3, abs=0.05)
    adsorption = loaded("vlachos_adsorption").frame
    counts = adsorption[adsorption["adsorbate"] == "CO"]["family"].value_counts()
    assert counts.to_dict() == {"metal": 105, "single-atom alloy": 66, "bimetallic": 47}


@pytest.mark.data
def test_folds_are_those_of_their_datasets(loaded: Any) -> None:
    """Each record of each Matbench dataset is in the test part of exactly one fold."""
    folds = loaded("matbench_official_folds").frame
    for name in (name for name in NAMES if name.startswith("matbench_") and card(name).layout == "table"):
        rows = folds[folds["task"] == name]["row"]
        if name != "matbench_leaderboard":
            assert sorted(rows) == list(range(len(loaded(name))))


@pytest.mark.data
def test_a_published_dataset_survives_saving(loaded: Any, tmp_path: Path) -> None:
    for name in ("matbench_steels", "mpea_hea", "bznsn_redox"):
        original = loaded(name)
        again = Dataset.read(original.save(tmp_path / f"{name}.parquet"))
        assert again.frame.equals(original.frame)
        assert again.columns == original.columns
        assert (again.licence, again.citation, again.origin) == (original.licence, original.citation, original.origin)


# -- fetched --------------------------------------------------------------------------------------------------

SMALL = "a,y\n1,2.5\n3,4.5\n"


@pytest.fixture
def small(serve: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A dataset of our own under a known name, at a server on loopback."""
    import hashlib

    server = serve(lambda _: Reply(SMALL))
    facts = {
        "title": "small",
        "source": "one/two@" + "0" * 40,
        "licence": "MIT",
        "citation": ["nobody"],
        "rows": 2,
        "files": [{"file": "small/s.csv", "at": "s.csv", "sha256": hashlib.sha256(SMALL.encode()).hexdigest()}],
        "columns": [{"name": "a"}, {"name": "target", "header": "y", "role": "target", "unit": "eV"}],
    }
    monkeypatch.delenv("MATLOOP_DATA", raising=False)
    monkeypatch.setattr("matloop.sources.published._all", lambda: {"small": facts})
    monkeypatch.setattr(Published, "url", lambda _, file: f"{server.url}/{file.at}" if file.at else None)
    return server, facts


def test_a_dataset_is_fetched_once_and_kept(small: Any) -> None:
    server, _ = small
    for _ in range(2):
        dataset = public.load_dataset("small")
        assert dataset.frame["target"].tolist() == [2.5, 4.5]
        assert dataset.columns["target"].unit == "eV"
    assert len(server.asked) == 1


def test_what_was_changed_on_its_way_is_refused(small: Any, tmp_path: Path) -> None:
    """And not kept: the next attempt asks again."""
    server, _ = small
    server.fail(Reply(SMALL + "5,6\n"))
    with pytest.raises(TableError, match="not what was published") as caught:
        load_dataset("small")
    assert "nothing of it is used" in caught.value.hint
    assert len(load_dataset("small")) == 2


def test_a_host_that_does_not_have_it_is_named(small: Any) -> None:
    server, _ = small
    server.fail(*[Reply("gone", 404)] * 3)
    with pytest.raises(HostUnreachable, match="answered 404") as caught:
        load_dataset("small")
    assert "MATLOOP_DATA" in caught.value.hint


def test_a_file_in_the_folder_of_data_is_read_in_place(
    small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is fetched, and nothing is written beside it; one with another content is refused by name."""
    server, _ = small
    (tmp_path / "data" / "small").mkdir(parents=True)
    file = tmp_path / "data" / "small" / "s.csv"
    file.write_text(SMALL)
    monkeypatch.setenv("MATLOOP_DATA", str(tmp_path / "data"))
    assert len(load_dataset("small")) == 2
    assert server.asked == []
    assert [path.name for path in (tmp_path / "data").rglob("*")] == ["small", "s.csv"]
    file.write_text(SMALL.replace("2.5", "2.6"))
    with pytest.raises(TableError, match=r"s\.csv is not what was published as small"):
        load_dataset("small")


def test_what_was_derived_is_not_pretended_to_have_an_address(small: Any) -> None:
    _, facts = small
    facts["files"][0].pop("at")
    facts["derived"] = "a join of two files"
    with pytest.raises(InputError, match="it is a join of two files") as caught:
        load_dataset("small")
    assert "small/s.csv" in caught.value.hint
    assert "github.com/one/two" in caught.value.hint


def test_a_file_that_lacks_a_column_is_refused(small: Any) -> None:
    _, facts = small
    facts["columns"].append({"name": "z"})
    with pytest.raises(TableError, match="lacks columns of small: z"):
        load_dataset("small")
