"""The whole way: candidates and a trained model become a shortlist, its page, and a campaign."""

from __future__ import annotations

import json
import pickle
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from matloop.core.errors import InputError, SpecError
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery.aligned import Aligned, ModelFiles
from matloop.discovery.screen import screen
from matloop.discovery.train import train
from matloop.discovery.trained import TrainedModel
from matloop.screening.compositions import Compositions
from matloop.screening.screen import Screen
from matloop.screening.shortlist import Shortlist

SCREEN = """
name = "wide gaps"

[generate]
kind = "compositions"
elements = [["Li", "Na", "Mg", "Zn", "K"], ["Ti", "Fe", "Sn", "Cd"], ["O", "S"]]
amounts = 3

[[stages]]
kind = "chemistry"
forbidden = ["toxic"]
charge_balance = true

[[stages]]
kind = "novelty"

[[stages]]
kind = "range"
prediction = "gap"
low = 4
confidence = 0.5

[[stages]]
kind = "top"
prediction = "gap"
keep = 12
"""
Matloop = Callable[..., Any]


@pytest.fixture(scope="session")
def done(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The screen above, carried out once."""
    folder = tmp_path_factory.mktemp("done")
    (folder / "screen.toml").write_text(SCREEN)
    definition = Screen.read(folder / "screen.toml")
    return screen(
        definition,
        models=[model_file],
        output=folder / "shortlist.parquet",
        csv=True,
        rejected=folder / "rejected.parquet",
        base=folder,
    )


def test_predictions_on_the_shortlist_are_those_of_the_model(done: Any, model_file: Path) -> None:
    frame = done.shortlist.frame
    told = TrainedModel.load(model_file).predict(frame)
    np.testing.assert_allclose(frame["gap_predicted"], told["prediction"], rtol=1e-12)
    np.testing.assert_allclose(frame["gap_lower"], told["lower"], rtol=1e-12)
    assert frame["gap_in_domain"].tolist() == told["in_domain"].tolist()
    assert frame["gap_predicted"].is_monotonic_decreasing
    assert len(frame) == len(done.shortlist) == 12


def test_every_candidate_is_on_the_shortlist_or_on_the_list_of_the_rejected(done: Any) -> None:
    rejected, frame = pd.read_parquet(done.rejected), done.shortlist.frame
    n = Screen.read(done.folder.parent / "screen.toml").generate.n
    assert sorted([*rejected["row"], *frame["row"]]) == list(range(n))
    assert done.shortlist.funnel[0].entered == n
    by_stage = rejected.groupby("stage").size().to_dict()
    assert by_stage == {s.title: s.entered - s.kept for s in done.shortlist.funnel if s.entered > s.kept}


def test_the_nearest_known_materials_have_their_measured_values(done: Any, model_file: Path) -> None:
    training = TrainedModel.load(model_file).training.set_index("formula")["gap"]
    for told in done.shortlist.frame["gap_neighbours"]:
        neighbours = [part.split(" = ") for part in told.split("; ")]
        assert len(neighbours) == 3
        for formula, value in neighbours:
            assert float(value) == pytest.approx(training[formula], rel=1e-3)


def test_the_table_says_what_its_columns_are_and_the_csv_holds_the_same(done: Any) -> None:
    dataset = Dataset.read(done.shortlist.path)
    assert dataset.material is not None
    assert dataset.material.name == "formula"
    assert dataset.columns["gap_predicted"].unit == "eV"
    assert dataset.columns["row"].role == "identity"
    frame = done.shortlist.frame
    pd.testing.assert_frame_equal(pd.read_csv(done.csv), frame, check_exact=False, check_dtype=False)


def test_what_is_proprietary_stays_so(model_file: Path, tmp_path: Path) -> None:
    """Of the candidates, and of the training rows, which the shortlist quotes."""
    licensed = Dataset(pd.DataFrame({"formula": ["FeO", "LiFeO2"], "x": 1.0}), licence="their own", is_proprietary=True)
    told = screen(Screen(), licensed, [model_file], output=tmp_path / "a.parquet", page=False)
    read = Dataset.read(told.shortlist.path)
    assert read.is_proprietary
    assert read.licence == "their own"
    licensed.save(tmp_path / "candidates.parquet")
    told = screen(Screen(), tmp_path / "candidates.parquet", [model_file], output=tmp_path / "b.parquet", page=False)
    assert Dataset.read(told.shortlist.path).is_proprietary
    model = TrainedModel.load(model_file)
    assert model.dataset is not None
    model.dataset = model.dataset.with_facts(is_proprietary=True)
    told = screen(Screen(), licensed.frame, [model], output=tmp_path / "c.parquet", page=False)
    assert Dataset.read(told.shortlist.path).is_proprietary


def test_descriptors_vary_and_do_not_repeat_each_other(done: Any) -> None:
    frame = done.shortlist.frame[list(done.shortlist.facts.descriptors)]
    assert 1 <= frame.shape[1] <= 6
    assert (frame.std() > 0).all()


def test_the_page_needs_no_network_and_shows_funnel_shortlist_and_reasons(done: Any) -> None:
    page = done.page.read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert "<script src" not in page
    assert "wide gaps: shortlist" in page
    for formula in done.shortlist.frame["formula"]:
        assert f">{formula}<" in page
    assert "charges do not balance" in page
    assert "has Cd" in page
    assert "matloop new NAME --from shortlist.parquet" in page


def test_a_model_travels_as_its_file_and_predicts_the_same_elsewhere(model_file: Path) -> None:
    """What is sent to other processes is little more than the file, and is loaded there once."""
    model = TrainedModel.load(model_file)
    files = ModelFiles.of({"gap": Aligned(model, {"formula": "composition"}, model_file.read_bytes())})
    sent = pickle.dumps(files)
    assert len(sent) < 1.1 * model_file.stat().st_size + 1000
    arrived = pickle.loads(sent)
    frame = pd.DataFrame({"composition": ["LiFeO2", "oops", "MgTiO3"]})
    told = model.predict(frame.rename(columns={"composition": "formula"}))
    pd.testing.assert_frame_equal(arrived()["gap"].predict(frame), told)
    assert arrived()["gap"] is arrived()["gap"]
    assert arrived.hashes == files.hashes


def test_a_table_with_another_name_for_its_formulas_is_understood(model_file: Path, tmp_path: Path) -> None:
    formulas = ["LiFeO2", "not one", "MgTiO3", "FeS", "ZnO", "LiCl"]
    frame = pd.DataFrame({"sample": list("abcdef"), "composition": formulas})
    told = screen(Screen(), frame, {"wide": model_file}, output=tmp_path / "s.parquet", page=False)
    assert told.shortlist.frame["composition"].tolist() == [formulas[i] for i in (0, 2, 3, 4, 5)]
    assert told.shortlist.frame["wide_predicted"].notna().all()
    assert told.shortlist.funnel[0].reasons == {"cannot be read from … on": 1}
    mostly_bad = frame.assign(composition=["LiFeO2", *["?"] * 5])
    told = screen(Screen(material="composition"), mostly_bad, [model_file], output=tmp_path / "b.parquet", page=False)
    assert told.shortlist.funnel[0].kept == 1
    with pytest.raises(SpecError, match="the model needs a column 'formula'"):
        screen(Screen(), frame[["sample"]], [model_file], output=tmp_path / "t.parquet")


def test_a_changed_model_is_noticed(done: Any, model_file: Path, tmp_path: Path) -> None:
    definition = Screen.read(done.folder.parent / "screen.toml")
    screen(definition, models=[model_file], output=tmp_path / "s.parquet", page=False)
    other = TrainedModel.load(model_file)
    other.predictor.intervals.typical_ *= 2
    with pytest.raises(InputError, match="models changed"):
        screen(definition, models=[other], output=tmp_path / "s.parquet", page=False)


def test_a_model_without_its_rows_still_screens(done: Any, model_file: Path, tmp_path: Path) -> None:
    TrainedModel.load(model_file).save(tmp_path / "bare.matloop", with_training=False)
    definition = Screen.read(done.folder.parent / "screen.toml")
    with pytest.raises(SpecError, match="no materials that it learned from"):
        screen(definition, models=[tmp_path / "bare.matloop"], output=tmp_path / "s.parquet")
    stages = [stage for stage in definition.stages if stage.kind != "novelty"]
    bare = definition.model_copy(update={"stages": tuple(stages)})
    told = screen(bare, models=[tmp_path / "bare.matloop"], output=tmp_path / "s.parquet")
    assert len(told.shortlist) == 12
    assert "gap_neighbours" not in told.shortlist.frame


# -- the command ----------------------------------------------------------------------------------------------


def test_the_command_tells_the_funnel_and_as_json_all_of_it(matloop: Matloop, model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "screen.toml").write_text(SCREEN)
    told = matloop("screen", "screen.toml", "--model", str(model_file), "--quiet")
    assert told.code == 0
    assert "best 12 by gap" in told.out
    assert "Shortlist: shortlist.parquet" in told.out
    again = matloop("screen", "screen.toml", "--model", f"gap={model_file}", "--json", "--csv", "--no-page")
    facts = json.loads(again.out)
    assert facts["left"] == 12
    assert facts["funnel"][-1]["left"] == 12
    assert facts["page"] is None
    assert Path(facts["csv"]).is_file()


def test_what_a_screen_names_lies_beside_it(matloop: Matloop, model_file: Path, tmp_path: Path) -> None:
    """Models, candidates and functions are found from the folder of the screen, wherever the command is given."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "gap.matloop").write_bytes(model_file.read_bytes())
    (folder / "candidates.csv").write_text("formula,mass\nLiFeO2,1\nMgTiO3,2\nNa2SnO3,3\n")
    (folder / "oven.py").write_text(
        "def bake(mass, gap_predicted):\n    return {'hardness': mass + 0 * gap_predicted}\n"
    )
    (folder / "screen.toml").write_text(
        'file = "candidates.csv"\nmodels = { wide = "gap.matloop" }\n'
        '[[stages]]\nkind = "top"\nprediction = "wide"\ngoal = "maximize"\nkeep = 2\n'
        '[[stages]]\nkind = "calculator"\nfunction = "oven:bake"\ncolumn = "hardness"\nunit = "GPa"\n'
        'inputs = { mass = "mass", gap_predicted = "wide_predicted" }\n'
        '[[stages]]\nkind = "range"\ncolumn = "hardness"\nhigh = 2500\nunit = "MPa"\n'
    )
    told = matloop("screen", "elsewhere/screen.toml", "--json")
    assert told.code == 0, told.err
    frame = Shortlist("shortlist.parquet").frame
    assert (frame["hardness"] == frame["mass"]).all()
    assert (frame["hardness"] <= 2.5).all()
    assert Dataset.read("shortlist.parquet").columns["hardness"].unit == "GPa"


def test_candidates_alone_and_the_best_of_them(matloop: Matloop, model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "candidates.csv").write_text("id,formula\n1,LiFeO2\n2,MgTiO3\n3,Na2SnO3\n4,oops\n")
    told = matloop(
        "screen", "candidates.csv", "--model", str(model_file), "--top", "2", "--json", "--rejected", "r.parquet"
    )
    assert told.code == 0, told.err
    assert json.loads(told.out)["left"] == 2
    assert len(pd.read_parquet("r.parquet")) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "nothing to screen"),
        (("nowhere.csv",), "no file nowhere.csv"),
        (("nowhere.toml",), "no screen nowhere.toml"),
        (("a.csv", "b.csv"), "one screen and one file"),
        (("a.csv", "--top", "3"), "exactly one model"),
        (("a.csv", "--model", "b.matloop"), "no model file"),
        (("a.csv", "--model", "a.csv"), "damaged or no trained model"),
        (("a.csv", "-o", "shortlist.csv"), "is a Parquet file"),
        (("a.csv", "--dask", "tcp://127.0.0.1:9"), "there are none, and no model"),
        (("broken.toml",), "cannot be read as TOML"),
        (("wrong.toml",), "did you mean 'top'"),
        (("empty.toml",), "where the candidates come from"),
        (("a.csv", "--material", "formul"), "did you mean 'formula'"),
        (("a.csv", "--write-candidates", "c.parquet"), "generates nothing"),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_code_2(
    matloop: Matloop, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "a.csv").write_text("formula,x\nFeO,1\nNiO,2\n")
    (tmp_path / "broken.toml").write_text("stages = [")
    (tmp_path / "wrong.toml").write_text('file = "a.csv"\n[[stages]]\nkind = "tpo"\nkeep = 3\n')
    (tmp_path / "empty.toml").write_text('[[stages]]\nkind = "unique"\n')
    left = matloop("screen", *words)
    assert left.code == 2
    assert told in left.err
    assert "Traceback" not in left.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["c.csv", "-o", "c.parquet", "--csv"], "c.csv is read, and would be written over"),
        (["c.csv", "--rejected", "fell.csv"], "the list of the rejected is a Parquet file"),
        (["c.csv", "-o", "a.parquet", "--rejected", "a.parquet"], "a.parquet is named twice"),
    ],
)
def test_no_file_is_written_over_the_candidates_or_another(words: list[str], told: str, matloop: Matloop) -> None:
    Path("c.csv").write_text("formula,x\nFeO,1\nNiO,2\n")
    Path("s.toml").write_text('[[stages]]\nkind = "unique"\n')
    left = matloop("screen", "s.toml", *words)
    assert (left.code, told in left.err) == (2, True)
    assert sorted(path.name for path in Path().iterdir()) == ["c.csv", "s.toml"]


@pytest.mark.parametrize(
    ("error", "told"), [(KeyboardInterrupt(), "interrupted"), (OSError(28, "disk full"), "make room")]
)
def test_whoever_is_stopped_is_told_how_to_go_on(
    error: BaseException, told: str, matloop: Matloop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise error

    Path("c.csv").write_text("formula,x\nFeO,1\nNiO,2\n")
    Path("s.toml").write_text('[[stages]]\nkind = "unique"\n')
    monkeypatch.setattr("matloop.screening.ledger.Ledger.commit", stopped)
    left = matloop("screen", "s.toml", "c.csv")
    assert left.code == (130 if told == "interrupted" else 1)
    assert told in left.err
    assert "the same command goes on from there" in left.err


def test_a_candidate_outside_the_domain_says_why_whatever_its_distance(model_file: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame({"formula": ["Li2O", "TlLi7O7", "NaS"]})
    told = screen(Screen(), frame, [model_file], output=tmp_path / "s.parquet")
    found = told.shortlist.frame.set_index("formula")
    assert not found.loc["TlLi7O7", "gap_in_domain"]
    assert found.loc["TlLi7O7", "gap_outside"].startswith("no training row holds Tl")
    assert found.loc[found["gap_in_domain"], "gap_outside"].eq("").all()
    page = told.page.read_text(encoding="utf-8")
    assert "; no training row holds Tl" in page
    assert "<b>100 %</b>" in page


def test_the_head_of_a_shortlist_costs_no_more_memory_than_its_rows(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page looks at the first rows of what may be ten million."""
    frame = pd.DataFrame({"formula": [f"Li{i}O" for i in range(1, 8)]})
    told = screen(Screen(), frame, [model_file], output=tmp_path / "s.parquet", page=False)
    pieces, taken = Shortlist.pieces, []

    def counted(self: Shortlist, size: int) -> Any:
        for piece in pieces(self, size):
            taken.append(len(piece))
            yield piece

    monkeypatch.setattr(Shortlist, "pieces", counted)
    assert told.shortlist.head(3)["formula"].tolist() == ["Li1O", "Li2O", "Li3O"]
    assert taken == [3]


def test_an_empty_shortlist_has_the_columns_of_any_other(model_file: Path, tmp_path: Path) -> None:
    stages = [{"kind": "range", "prediction": "gap", "low": 1e6}]
    told = screen(
        Screen(stages=stages), pd.DataFrame({"formula": ["Li2O"]}), [model_file], output=tmp_path / "s.parquet"
    )
    assert told.shortlist.frame.columns[:4].tolist() == ["formula", "gap_predicted", "gap_lower", "gap_upper"]


def test_the_template_is_a_screen_and_its_candidates_can_be_written(matloop: Matloop, tmp_path: Path) -> None:
    (tmp_path / "screen.toml").write_text(matloop("screen", "--template").out)
    generator = Screen.read(tmp_path / "screen.toml").generate
    told = matloop("screen", "screen.toml", "--write-candidates", "c.parquet", "--json")
    assert json.loads(told.out)["candidates"] == generator.n
    assert pd.read_parquet("c.parquet")["formula"].tolist() == generator.frame(0, generator.n)["formula"].tolist()
    uncommented = (tmp_path / "screen.toml").read_text().replace("\n# ", "\n")
    (tmp_path / "more.toml").write_text(uncommented)
    assert [stage.kind for stage in Screen.read(tmp_path / "more.toml").stages] == [
        "chemistry",
        "novelty",
        "range",
        "top",
    ]


# -- on to a campaign -----------------------------------------------------------------------------------------


def test_a_campaign_starts_on_the_shortlist(matloop: Matloop, done: Any, tmp_path: Path) -> None:
    told = matloop("new", "wide", "--from", str(done.shortlist.path))
    assert told.code == 0, told.err
    spec = tomllib.loads((tmp_path / "wide.toml").read_text(encoding="utf-8"))
    assert spec["objective"] == {"gap": {"goal": "maximize", "unit": "eV"}}
    assert spec["planner"]["prior"] == {"gap": {"column": "gap_predicted"}}
    assert spec["space"]["candidate"]["label"] == "formula"
    assert matloop("check", "wide.toml").code == 0
    proposed = matloop("propose", "wide.toml", "-n", "2", "--json")
    assert proposed.code == 0, proposed.err
    best = done.shortlist.frame["formula"][0]
    assert best in proposed.out
    recorded = matloop("record", "wide", "--trial", "1", "gap=5.1 eV")
    assert recorded.code == 0, recorded.err


def test_what_is_wanted_follows_the_screen_before_the_target(
    matloop: Matloop, model_file: Path, tmp_path: Path
) -> None:
    candidates = Compositions(elements=["Li", "Fe", "O", "S"], n_elements=2, amounts=3)
    ranked: dict[str, Any] = {"kind": "top", "prediction": "gap", "keep": 5}
    cases: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
        ([ranked | {"near": 4.5}], {"goal": "near", "value": 4.5}),
        ([ranked | {"goal": "minimize"}], {"goal": "minimize"}),
        ([ranked], {"goal": "maximize"}),
        ([{"kind": "range", "prediction": "gap", "high": 9}], {"goal": "maximize"}),
    ]
    for i, (stages, wish) in enumerate(cases):
        output = tmp_path / f"{i}.parquet"
        screen(Screen(stages=stages), candidates, [model_file], output=output, page=False)
        assert matloop("new", f"c{i}", "--from", output.name).code == 0
        spec = tomllib.loads((tmp_path / f"c{i}.toml").read_text())
        assert spec["objective"]["gap"] == wish | {"unit": "eV"}
        assert matloop("check", f"c{i}.toml").code == 0


def test_columns_of_the_pool_keep_their_units(matloop: Matloop, tmp_path: Path) -> None:
    area = np.linspace(100, 2000, 24)
    known = pd.DataFrame({"area": area, "uptake": 0.01 * area})
    columns = [Column("area", unit="m2/g"), Column("uptake", role="target", unit="mmol/g", direction="maximize")]
    model = train(Dataset(known, columns), model="ridge", splits=["random"], n_jobs=1)
    candidates = Dataset(pd.DataFrame({"area": [150.0, 900.0, 1700.0]}), [columns[0]])
    screen(Screen(), candidates, [model], output=tmp_path / "a.parquet", page=False)
    assert matloop("new", "a", "--from", "a.parquet").code == 0
    pool = tomllib.loads((tmp_path / "a.toml").read_text())["space"]["candidate"]
    assert pool["unit_of"] == {"area": "m2/g", "uptake_predicted": "mmol/g"}
    assert matloop("check", "a.toml").code == 0


def test_a_target_without_a_direction_is_asked_about(matloop: Matloop, model_file: Path, tmp_path: Path) -> None:
    model = TrainedModel.load(model_file)
    model.target = model.target.model_copy(update={"direction": None})
    frame = pd.DataFrame({"formula": ["LiFeO2", "MgTiO3"]})
    stages = [{"kind": "range", "prediction": "gap", "low": 1, "high": 9}]
    screen(Screen(), frame, [model], output=tmp_path / "a.parquet", page=False)
    told = matloop("new", "a", "--from", "a.parquet")
    assert told.code == 2
    assert "which way gap is better" in told.err
    screen(Screen(stages=stages), frame, [model], output=tmp_path / "b.parquet", page=False)
    assert matloop("new", "b", "--from", "b.parquet").code == 0
    assert tomllib.loads((tmp_path / "b.toml").read_text())["objective"]["gap"]["value"] == 5


def test_what_is_no_shortlist_starts_no_campaign(matloop: Matloop, done: Any, model_file: Path, tmp_path: Path) -> None:
    pd.DataFrame({"formula": ["FeO"]}).to_parquet(tmp_path / "plain.parquet")
    (tmp_path / "text.parquet").write_text("no")
    empty = Screen(stages=[{"kind": "range", "prediction": "gap", "low": 1e9}])
    screen(empty, pd.DataFrame({"formula": ["FeO"]}), [model_file], output=tmp_path / "empty.parquet")
    for file, told in [
        ("plain.parquet", "is no shortlist"),
        ("text.parquet", "is no Parquet file"),
        ("nowhere.parquet", "there is no file"),
        (str(done.csv), "name the Parquet file"),
        ("empty.parquet", "has no candidates"),
    ]:
        left = matloop("new", "x", "--from", file)
        assert left.code == 2
        assert told in left.err
        assert not (tmp_path / "x.toml").exists()
    both = matloop("new", "x", "--from", str(done.shortlist.path), "--case", "bear")
    assert both.code == 2


def test_a_space_of_the_shortlist_in_python(done: Any) -> None:
    from matloop import Bayesian, Maximize, Prior, Space
    from matloop.core.seeds import generator

    space = Space.from_shortlist(Shortlist(done.shortlist.path))
    assert space.n_points == 12
    assert space.units == {"gap_predicted": "eV"}
    planner = Bayesian(prior={"gap": Prior(column="gap_predicted")})
    first = planner.propose(space, [Maximize("gap")], [], [], 1, generator(0, 1))[0]
    assert first.point["formula"] == done.shortlist.frame["formula"][0]


# -- structures and molecules ---------------------------------------------------------------------------------


def test_structures_have_pictures_and_are_called_as_chemists_write_them(tmp_path: Path) -> None:
    from matloop.core.structure import Structure

    def cubic(a: str, b: str) -> str:
        places = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
        return Structure.of(np.eye(3) * 3.9, [a, b, "O", "O", "O"], 3.9 * places).to_json()

    frame = pd.DataFrame({"id": list("abc"), "structure": [cubic("Sr", "Ti"), cubic("Pb", "Ti"), "{no"], "x": 1.0})
    stages = [{"kind": "chemistry", "forbidden": ["toxic"]}]
    told = screen(Screen(stages=stages, material="structure"), frame, output=tmp_path / "s.parquet")
    assert [stage.kept for stage in told.shortlist.funnel] == [2, 1]
    assert told.shortlist.label == "id"
    page = told.page.read_text(encoding="utf-8")
    assert ">SrTiO3<" in page
    assert 'src="data:image/svg+xml;base64,' in page


def test_molecules_are_screened_by_a_model_of_molecules_and_start_a_campaign(matloop: Matloop, tmp_path: Path) -> None:
    pytest.importorskip("rdkit")
    smiles = [f"{'C' * n}{end}" for n in range(1, 13) for end in ("O", "N", "Cl", "C(=O)O")]
    known = pd.DataFrame({"smiles": smiles, "mass": [12.0 * text.count("C") + 16 * text.count("O") for text in smiles]})
    columns = [
        Column("smiles", role="material", kind="molecule"),
        Column("mass", role="target", unit="g/mol", direction="minimize"),
    ]
    model = train(Dataset(known, columns), model="ridge", splits=["random"], n_jobs=1)
    candidates = pd.DataFrame({"smiles": ["OCCCC", "CCCCO", "CC(C)CO", "not one", "CCCCCCCCN"]})
    stages = [{"kind": "unique"}, {"kind": "top", "prediction": "mass", "keep": 2}]
    told = screen(Screen(stages=stages, material="smiles"), candidates, [model], output=tmp_path / "m.parquet")
    assert told.shortlist.funnel[1].reasons == {"seen before": 1, "is no molecule": 1}
    assert set(told.shortlist.frame["smiles"]) == {"OCCCC", "CC(C)CO"}
    assert matloop("new", "m", "--from", "m.parquet").code == 0
    assert tomllib.loads((tmp_path / "m.toml").read_text())["space"]["candidate"]["smiles"] == ["smiles"]
    assert matloop("propose", "m.toml").code == 0
