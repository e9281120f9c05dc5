"""Replay, emulator and twin: what they answer, that chance belongs to the trial, and what they say of themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from matloop.core.choice import Choice
from matloop.core.contracts import Lab
from matloop.core.errors import InputError
from matloop.core.objective import Maximize, Minimize
from matloop.core.parameter import Integer, Real
from matloop.core.space import Space
from matloop.core.trial import NotStarted, Running, Trial
from matloop.labs.emulator import EmulatorLab
from matloop.labs.hull import Hull
from matloop.labs.replay import ReplayLab
from matloop.labs.simulated import generator_of
from matloop.labs.twin import TwinLab

SPACE = Space(a=Integer(1, 3), b=Real(0, 10), c=Choice(["red", "7"]))
GOAL = [Maximize("y", unit="J")]
TABLE = "a,b,c,y,Y 2\n1,0,red,10,1\n1,0,red,14,3\n1,0,red,12,2\n2,5,7,20,5\n3,10,red,30,6\n"
CROSSED = Space(
    n=Integer(6, 12, step=2), theta=Real(0, 200, step=25), r=Real(1.5, 2.5, step=0.1), t=Real(0.7, 1.4, step=0.35)
)


def answer(lab: object, point: dict, number: int = 1, attempt: int = 1) -> object:
    lab.submit(Trial(f"t{number}", "camp", number, attempt, point))
    return lab.poll(f"t{number}")


def replay(
    tmp_path: Path, text: str = TABLE, goals: list = GOAL, space: Space = SPACE, **settings: object
) -> ReplayLab:
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    lab = ReplayLab("table.csv", **settings)
    lab.prepare(space, goals, tmp_path, tmp_path)
    return lab


HERE = {"a": 1, "b": 0.0, "c": "red"}


def test_contract(tmp_path: Path) -> None:
    """A simulated lab is a Lab without effects, equal by its fields, and says what it is."""
    lab = replay(tmp_path)
    assert isinstance(lab, Lab)
    assert (lab.effect, lab.is_simulated, lab.label) == ("none", True, "replay")
    assert lab == ReplayLab.model_validate(lab.model_dump(mode="json")) == ReplayLab("table.csv")
    assert (EmulatorLab.label, TwinLab.label) == ("emulator", "twin")


def test_replicates_are_drawn_by_the_trial(tmp_path: Path) -> None:
    """The same attempt draws the same replicate, whatever came before; over many trials each one comes up."""
    lab = replay(tmp_path)
    drawn = [answer(lab, HERE, i).values["y"] for i in range(60)]
    assert drawn == [answer(lab, HERE, i).values["y"] for i in range(60)]
    assert set(drawn) == {10.0, 14.0, 12.0}
    assert [answer(lab, HERE, i, 2).values["y"] for i in range(60)] != drawn


def test_replicates_are_averaged(tmp_path: Path) -> None:
    """The mean with its standard error, s/√n; a single measurement has none."""
    lab = replay(tmp_path, replicates="mean")
    outcome = answer(lab, HERE)
    assert outcome.values == {"y": 12.0}
    assert outcome.std == pytest.approx({"y": 2 / np.sqrt(3)})
    assert outcome.achieved == {}
    assert answer(lab, {"a": 2, "b": 5.0, "c": "7"}).std == {}


def test_the_nearest_condition_is_reported_as_achieved(tmp_path: Path) -> None:
    """A point between the rows is answered by the nearest one, and the row's own settings are reported."""
    outcome = answer(replay(tmp_path), {"a": 3, "b": 8.0, "c": "red"})
    assert outcome.values == {"y": 30.0}
    assert outcome.achieved == {"a": 3, "b": 10.0, "c": "red"}


def test_exact_match_answers_nothing_else(tmp_path: Path) -> None:
    """With match = exact a point that was not measured is a fault."""
    lab = replay(tmp_path, match="exact")
    assert answer(lab, HERE).values["y"] in (10.0, 12.0, 14.0)
    assert answer(lab, {"a": 3, "b": 8.0, "c": "red"}).is_fault


def test_other_names_and_no_header(tmp_path: Path) -> None:
    """Columns may have other names than variables and objectives, or none at all."""
    lab = replay(tmp_path, values={"y": "Y 2"}, replicates="mean")
    assert answer(lab, HERE).values == {"y": 2.0}
    rows = TABLE.partition("\n")[2]
    names = ["first", "b", "c", "y", "z"]
    lab = replay(tmp_path, rows, header=False, columns=names, parameters={"a": "first"}, replicates="mean")
    assert answer(lab, HERE).values == {"y": 12.0}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"values": {"y": "Y"}}, "did you mean 'y'"),
        ({"values": {"yy": "y"}}, "did you mean 'y'"),
        ({"parameters": {"a": "alpha"}}, "no column 'alpha'"),
        ({"values": {"y": "c"}}, "holds text"),
        ({"header": False, "columns": ["a", "b"]}, "5 columns, but 2 names"),
    ],
)
def test_columns_that_are_not_there(tmp_path: Path, settings: dict, told: str) -> None:
    """A missing, misspelt or textual column is told with the nearest right one."""
    with pytest.raises(InputError, match=told):
        replay(tmp_path, **settings)


def test_rows_without_numbers_are_left_out(tmp_path: Path) -> None:
    """A gap in a row costs that row; a table of gaps is refused."""
    lab = replay(tmp_path, TABLE + "1,0,red,,\n", replicates="mean")
    assert answer(lab, HERE).values == {"y": 12.0}
    with pytest.raises(InputError, match="no row"):
        replay(tmp_path, "a,b,c,y\n1,0,red,\n2,0,red,\n".replace(",\n", ",nan\n"))


def test_where_files_are_looked_for(tmp_path: Path, monkeypatch) -> None:
    """Beside the campaign, in MATLOOP_DATA, in a folder of it by name; else every place tried is named."""
    data = tmp_path / "data" / "set"
    data.mkdir(parents=True)
    (data / "far.csv").write_text(TABLE)
    with pytest.raises(InputError, match="--data FILE or set MATLOOP_DATA"):
        ReplayLab("far.csv").prepare(SPACE, GOAL, tmp_path, tmp_path)
    monkeypatch.setenv("MATLOOP_DATA", str(tmp_path / "data"))
    for name in ("far.csv", "set/far.csv", str(data / "far.csv")):
        ReplayLab(name).prepare(SPACE, GOAL, tmp_path, tmp_path)
    with pytest.raises(InputError, match="data"):
        ReplayLab("near.csv").prepare(SPACE, GOAL, tmp_path, tmp_path)


def test_one_by_one_as_all_at_once(tmp_path: Path) -> None:
    """Rehearsing many points gives what each one alone would give."""
    lab = replay(tmp_path, replicates="mean")
    points = SPACE.points(SPACE.from_unit(np.random.default_rng(0).random((200, SPACE.width))))
    together = lab.rehearse(points, np.random.default_rng(1))
    assert together == [lab.rehearse([point], np.random.default_rng(1))[0] for point in points]
    assert lab.rehearse([], np.random.default_rng(1)) == []


def test_pretended_durations_and_forgetting(tmp_path: Path) -> None:
    """A trial may pretend to take its time; one that the lab never heard of never began."""
    lab = replay(tmp_path, seconds="1 h")
    assert isinstance(answer(lab, HERE), Running)
    assert isinstance(lab.poll("other"), NotStarted)
    lab.cancel("t")
    assert isinstance(lab.poll("t"), NotStarted)


# -- emulator -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def smooth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 conditions of a smooth function, measured three times with 5 % noise."""
    rng = np.random.default_rng(5)
    a, b = rng.integers(1, 4, 120), rng.uniform(2, 8, 120)
    true = 10 + 3 * a + 4 * np.sin(b)
    rows = [f"{x},{z},red,{rng.normal(y, 0.05 * y)}" for x, z, y in zip(a, b, true, strict=True) for _ in range(3)]
    path = tmp_path_factory.mktemp("emulator") / "smooth.csv"
    path.write_text("a,b,c,y\n" + "\n".join(rows))
    return path


@pytest.mark.parametrize("model", ["forest", "gaussian_process"])
def test_an_emulator_states_its_error_and_its_limits(smooth: Path, model: str) -> None:
    """The report has R² and error of a cross-validation by condition; far from the data the log says how far."""
    lab = EmulatorLab(str(smooth), model=model)
    assert lab.report == ""
    lab.prepare(SPACE, GOAL, smooth.parent, smooth.parent)
    assert "J (5-fold, replicates kept together)" in lab.report
    assert 0.7 < float(lab.report.split("R² = ")[1][:4]) <= 1.0
    assert "120 conditions" in lab.report
    inside, outside = answer(lab, {"a": 2, "b": 5.0, "c": "red"}), answer(lab, {"a": 2, "b": 10.0, "c": "red"})
    assert inside.log == ""
    assert "extrapolated: 2" in outside.log
    assert "data" in outside.log


def test_an_emulator_follows_the_function_and_its_noise(smooth: Path) -> None:
    """Its mean is the function's within the error; its noise spreads as the replicates do and belongs to the trial."""
    lab, quiet = (
        EmulatorLab(str(smooth), model="gaussian_process"),
        EmulatorLab(str(smooth), model="gaussian_process", noise=False),
    )
    for each in (lab, quiet):
        each.prepare(SPACE, GOAL, smooth.parent, smooth.parent)
    point = {"a": 2, "b": 5.0, "c": "red"}
    true = 10 + 6 + 4 * np.sin(5.0)
    assert quiet.rehearse([point], np.random.default_rng())[0].values["y"] == pytest.approx(true, rel=0.05)
    drawn = np.array([o.values["y"] for o in lab.rehearse([point] * 2000, np.random.default_rng(0))])
    assert drawn.std() == pytest.approx(0.05 * true, rel=0.5)
    assert answer(lab, point, 1) == answer(lab, point, 1) != answer(lab, point, 2)


def test_a_forest_of_outcomes_in_a_small_unit_is_as_good(smooth: Path) -> None:
    """Conductivities of 1e-12 S/cm are told as well as those of 1 pS/cm."""
    table = pd.read_csv(smooth)
    table.assign(y=table["y"] * 2.0**-40).to_csv(smooth.with_name("small.csv"), index=False)
    told = []
    for name in ("smooth.csv", "small.csv"):
        lab = EmulatorLab(name, noise=False)
        lab.prepare(SPACE, GOAL, smooth.parent, smooth.parent)
        told.append(lab.rehearse([{"a": 2, "b": 5.0, "c": "red"}], np.random.default_rng())[0].values["y"])
    assert told[1] == pytest.approx(told[0] * 2.0**-40, rel=1e-9)


def test_an_emulator_without_replicates_says_what_its_noise_is(tmp_path: Path) -> None:
    """Errors of cross-validation stand in for the noise, and the report says so; too small a table is refused."""
    rows = "".join(f"{1 + i % 3},{i / 3},red,{i}\n" for i in range(30))
    (tmp_path / "single.csv").write_text("a,b,c,y\n" + rows)
    lab = EmulatorLab("single.csv")
    lab.prepare(SPACE, GOAL, tmp_path, tmp_path)
    assert "no replicates" in lab.report
    (tmp_path / "few.csv").write_text("a,b,c,y\n1,1,red,2\n1,2,red,2\n")
    with pytest.raises(InputError, match="too few"):
        EmulatorLab("few.csv").prepare(SPACE, GOAL, tmp_path, tmp_path)


def test_replicates_never_leak_between_folds(tmp_path: Path) -> None:
    """Pure noise measured many times at each condition cannot be predicted: R² stays near or below zero."""
    rng = np.random.default_rng(2)
    level = rng.standard_normal(60)
    rows = [f"{1 + i % 3},{i / 6},red,{level[i]}" for i in range(60) for _ in range(4)]
    (tmp_path / "noise.csv").write_text("a,b,c,y\n" + "\n".join(rows))
    lab = EmulatorLab("noise.csv")
    lab.prepare(SPACE, GOAL, tmp_path, tmp_path)
    assert float(lab.report.split("R² = ")[1].split(",")[0]) < 0.3


def test_the_hull_of_data() -> None:
    """Inside it nothing lies beyond, outside it the distance is the Euclidean one; also on the plane of a mixture."""
    square = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
    assert Hull(square).beyond(np.array([[0.5, 0.5], [1.0, 1.0], [1.3, 0.5]])) == pytest.approx([0, 0, 0.3])
    triangle = Hull(np.array([[0, 0], [1, 0], [0, 1.0]]))
    assert triangle.beyond(np.array([[0.2, 0.2], [1.0, 1.0]])) == pytest.approx([0, np.sqrt(0.5)])
    mixture = Hull(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1.0]]))
    assert mixture.beyond(np.array([[1 / 3, 1 / 3, 1 / 3], [0.4, 0.6, 0.0], [2 / 3, 2 / 3, 2 / 3]])) == pytest.approx(
        [0, 0, np.sqrt(1 / 3)]
    )
    line = Hull(np.array([[0.0], [1.0]]))
    assert line.beyond(np.array([[0.5], [1.5]])) == pytest.approx([0, 0.5])


# -- twin ---------------------------------------------------------------------------------------------------------


def twin(goals: list | None = None, space: Space = CROSSED, **settings: object) -> TwinLab:
    lab = TwinLab("crossed_barrel", **settings)
    lab.prepare(space, goals or [Maximize("toughness", unit="J")], Path(), Path())
    return lab


BARREL = {"n": 8, "theta": 100.0, "r": 2.0, "t": 1.05}


def test_a_twin_is_physics_and_noise() -> None:
    """Without noise it gives the equations; with noise the same on the median, spread as the twin's module says."""
    from matloop.labs.twins.crossed_barrel import RELATIVE_NOISE, toughness

    true = toughness(**BARREL)
    assert answer(twin(noise=0), BARREL).values["toughness"] == pytest.approx(true)
    measured = [o.values["toughness"] for o in twin().rehearse([BARREL] * 4000, np.random.default_rng(0))]
    ratio = np.log(np.array(measured) / true)
    assert np.median(ratio) == pytest.approx(0, abs=0.01)
    assert ratio.std() == pytest.approx(RELATIVE_NOISE, rel=0.05)


def test_noise_of_a_twin_belongs_to_the_trial() -> None:
    """The same attempt gives the same number in any process, another attempt another one."""
    first = answer(twin(), BARREL, 7)
    assert first == answer(twin(), BARREL, 7) != answer(twin(), BARREL, 7, 2)


def test_a_twin_must_fit_the_campaign() -> None:
    """An unknown twin, a variable that it needs, an objective that it does not give: told before the first trial."""
    with pytest.raises(InputError, match="crossed_barrel"):
        TwinLab("crossed_barel").prepare(CROSSED, GOAL, Path(), Path())
    with pytest.raises(InputError, match="needs 'n'"):
        twin(space=SPACE)
    with pytest.raises(InputError, match="does not give y"):
        twin([Minimize("y")])


def test_an_impossible_design_is_a_fault_of_its_own() -> None:
    """A point at which the equations have no meaning costs no other point."""
    space = Space(n=Integer(6, 12), theta=Real(0, 200), r=Real(1.5, 2.5), t=Real(0.7, 5))
    lab = twin(space=space)
    good, bad = {**BARREL}, {**BARREL, "t": 4.0}
    outcomes = lab.rehearse([good, bad, good], np.random.default_rng(0))
    assert [outcome.is_fault for outcome in outcomes] == [False, True, False]


def test_random_numbers_of_a_trial() -> None:
    """They depend on number, attempt and point, so that a campaign repeats itself under any key of its trials."""
    one = generator_of(Trial("c-1f3a-0001", "c", 1, 1, {"x": 1})).random()
    assert one == generator_of(Trial("c-99ab-0001", "c", 1, 1, {"x": 1})).random()
    others = [Trial("a", "c", 2, 1, {"x": 1}), Trial("a", "c", 1, 2, {"x": 1}), Trial("a", "c", 1, 1, {"x": 2})]
    assert one not in [generator_of(other).random() for other in others]


# -- published data -----------------------------------------------------------------------------------------------


@pytest.mark.data
def test_crossed_barrel_replay(data_folder: Path) -> None:
    """1,800 published tests are 600 designs with three replicates each; the means are reproduced."""
    lab = ReplayLab("crossed_barrel.csv", replicates="mean")
    lab.prepare(CROSSED, [Maximize("toughness", unit="J")], data_folder, data_folder / "none")
    assert lab.data.n_conditions == 600
    assert np.bincount(lab.data.condition).tolist() == [3] * 600
    best = max(o.values["toughness"] for o in lab.rehearse(lab.data.points, np.random.default_rng(0)))
    assert 44 < best < 50


@pytest.mark.data
def test_crossed_barrel_emulator(data_folder: Path) -> None:
    """The emulator of the published tests explains most of what it did not see."""
    lab = EmulatorLab("crossed_barrel.csv")
    lab.prepare(CROSSED, [Maximize("toughness", unit="J")], data_folder, data_folder / "none")
    assert 0.6 < float(lab.report.split("R² = ")[1][:4]) < 0.95


@pytest.mark.data
@pytest.mark.parametrize(
    "name", ["AgNP_dataset.csv", "Perovskite_dataset.csv", "AutoAM_dataset.csv", "P3HT_dataset.csv"]
)
def test_other_published_tables_can_be_replayed(data_folder: Path, name: str) -> None:
    """Column names with signs and brackets, marks at the beginning, replicates: each table answers for its rows."""
    from matloop.files.table import read_table

    path = next(data_folder.glob(f"*/{name}"))
    table = read_table(path)
    *variables, goal = table
    space = Space(**{v: Real(float(table[v].min()), float(table[v].max())) for v in variables})
    lab = ReplayLab(name)
    lab.prepare(space, [Minimize(goal)], data_folder, data_folder / "none")
    outcome = answer(lab, lab.data.points[0])
    assert outcome.failed is None
    assert outcome.achieved == {}


@pytest.mark.parametrize("kind", ["forest", "gaussian_process"])
def test_the_quick_prediction_of_an_emulator_is_that_of_its_model(kind):
    """Asking the trees themselves gives what scikit-learn's own `predict` gives."""
    from matloop.labs.fitting import fitted, predicted

    X = np.random.default_rng(0).random((40, 3))
    model = fitted(kind, X, X.sum(axis=1))
    for at in (X[:1], X):
        np.testing.assert_allclose(predicted(model, at), model.predict(at), rtol=1e-6)
