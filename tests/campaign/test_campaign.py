"""A campaign as Python users and files define it: the same thing, resumed by running it again."""

from pathlib import Path

import pytest

from matloop import (
    AtMost,
    Bayesian,
    Campaign,
    Choice,
    FunctionLab,
    Integer,
    Maximize,
    Minimize,
    Mixture,
    Near,
    Pool,
    Random,
    Real,
    Space,
)
from matloop.campaign.campaign import ChangedDefinition
from matloop.core.errors import InputError, SpecError

FILE = """
[campaign]
name = "paint"
budget = 20
seed = 3

[space]
naoh = { kind = "real", low = 0, high = 3, unit = "g" }
dye = { kind = "real", low = 0.01, high = 1, log = true, unit = "g" }
coats = { kind = "integer", low = 1, high = 4 }
solvent = { kind = "choice", options = ["water", "ethanol"] }
blend = { kind = "mixture", components = ["A", "B", "C"], total = 100, step = 5, unit = "percent" }
candidate = { kind = "pool", file = "resins.csv", label = "resin" }
constraints = ["naoh + 2 * dye <= 4"]

[objective]
gloss = { goal = "maximize", unit = "percent" }
haze = { goal = "near", value = 2.5 }
cost = { goal = "at_most", limit = 5, unit = "g" }

[planner]
kind = "bayesian"
batch = 2
"""
RESINS = "resin,density,gloss\nalpha,1.1,3\nbeta,1.2,4\ngamma,1.3,5\n"


def in_python(folder: Path) -> Campaign:
    space = Space(
        naoh=Real(0, 3, unit="g"),
        dye=Real(0.01, 1, log=True, unit="g"),
        coats=Integer(1, 4),
        solvent=Choice(["water", "ethanol"]),
        blend=Mixture(["A", "B", "C"], total=100, step=5, unit="percent"),
        candidate=Pool("resins.csv", label="resin"),
        constraints=["naoh + 2 * dye <= 4"],
    )
    objectives = [Maximize("gloss", unit="percent"), Near("haze", 2.5), AtMost("cost", 5, unit="g")]
    return Campaign(space, objectives, planner=Bayesian(batch=2), name="paint", budget=20, seed=3, folder=folder)


@pytest.fixture
def paint(tmp_path: Path) -> Path:
    (tmp_path / "resins.csv").write_text(RESINS, encoding="utf-8")
    (tmp_path / "paint.toml").write_text(FILE, encoding="utf-8")
    return tmp_path


def test_file_and_python_define_the_same(paint: Path) -> None:
    """A TOML file and the same in Python give equal definitions and equal plain data."""
    from_file, python = Campaign.from_file(paint / "paint.toml"), in_python(paint)
    assert python.spec == from_file.spec
    assert python.spec.to_dict() == from_file.spec.to_dict()


def test_the_journal_gives_the_definition_back(paint: Path) -> None:
    """What the journal stores is the definition itself."""
    begun = in_python(paint)
    begun.begin()
    assert Campaign.open("paint", paint / "matloop.db").spec == begun.spec


def test_a_pool_leaves_the_results_out(paint: Path) -> None:
    """A column of the pool that is called like an objective is no part of a point."""
    space = in_python(paint).spec.space
    assert "density" in space.variables
    assert "gloss" not in space.variables


def test_a_pool_that_has_changed_is_noticed(paint: Path) -> None:
    """The content of a pool's file is part of the definition."""
    in_python(paint).begin()
    (paint / "resins.csv").write_text(RESINS + "delta,1.4,6\n", encoding="utf-8")
    with pytest.raises(ChangedDefinition, match="sha256"):
        in_python(paint).begin()


def hill(point: dict) -> float:
    return 5 - (point["x"] - 0.3) ** 2


def campaign(folder: Path, **settings: object) -> Campaign:
    settings = {"budget": 12, "name": "hill", **settings}
    return Campaign(Space(x=Real(0, 1)), [Maximize("y")], store=folder / "matloop.db", **settings)


def test_running_again_resumes(tmp_path: Path) -> None:
    """The same script run twice measures nothing twice; a larger budget goes on where it ended."""
    calls: list[float] = []

    def measured(point: dict) -> float:
        calls.append(point["x"])
        return hill(point)

    assert campaign(tmp_path).run(measured, progress=False).status == "finished"
    assert campaign(tmp_path).run(measured, progress=False).status == "finished"
    assert len(calls) == 12
    campaign(tmp_path, budget=15).run(measured, progress=False, accept_changes=True)
    assert len(calls) == len(set(calls)) == 15


def test_the_same_seed_gives_the_same_campaign(tmp_path: Path) -> None:
    """Seed and results decide everything: two campaigns of one seed are equal, of two seeds not."""

    def points(seed: int) -> list[dict]:
        one = Campaign(Space(x=Real(0, 1)), [Maximize("y")], budget=12, seed=seed, store=":memory:")
        return [trial.point for trial in one.run(hill, progress=False).trials.values()]

    assert points(1) == points(1) != points(2)


def test_the_best_is_found(tmp_path: Path) -> None:
    """On a smooth hill twelve trials come within a hundredth of the top."""
    done = campaign(tmp_path)
    done.run(hill, progress=False)
    assert done.best[0].point["x"] == pytest.approx(0.3, abs=0.1)


def test_several_goals_and_a_threshold(tmp_path: Path) -> None:
    """The best of two goals is a Pareto front whose members meet the threshold."""
    space = Space(x=Real(0, 1), z=Real(0, 1))
    wishes = [Maximize("a"), Minimize("b"), AtMost("c", 1.2)]

    def measured(point: dict) -> dict:
        return {"a": point["x"], "b": point["x"] ** 2 + point["z"], "c": point["x"] + point["z"]}

    done = Campaign(space, wishes, budget=25, store=":memory:")
    done.run(measured, progress=False)
    front = [trial.outcome.values for trial in done.best]
    assert len(front) > 3
    assert all(values["c"] <= 1.2 for values in front)
    assert not any(p["a"] > q["a"] and p["b"] < q["b"] for p in front for q in front)


def test_all_mistakes_of_python_definitions_come_at_once(tmp_path: Path) -> None:
    """A definition in Python is checked as a file is."""
    space = Space(x=Real(0, 1, unit="furlongs_per_wish"), constraints=["x + w <= 1"])
    with pytest.raises(SpecError) as told:
        Campaign(space, [Maximize("x")], name="no name", budget=0)
    paths = {mistake.path for mistake in told.value.mistakes}
    assert {"campaign.name", "campaign.budget"} <= paths


def test_a_campaign_without_end_is_refused(tmp_path: Path) -> None:
    """A continuous space needs a budget; a finite one ends by itself."""
    with pytest.raises(InputError, match="budget"):
        campaign(tmp_path, budget=None).run(hill, progress=False)
    few = Campaign(Space(x=Integer(1, 4)), [Maximize("y")], planner=Random(), store=":memory:")
    assert len(few.run(hill, progress=False).trials) == 4


def test_the_table_has_units_and_a_row_for_each_trial(tmp_path: Path) -> None:
    """`table()` gives all trials to whoever likes pandas."""
    one = Campaign(Space(x=Real(0, 1, unit="mm")), [Maximize("y", unit="J")], budget=6, store=":memory:")
    one.run(hill, progress=False)
    table = one.table()
    assert len(table) == 6
    assert {"x [mm]", "y [J]", "status"} <= set(table.columns)


def test_functions_are_irreversible_unless_said_otherwise() -> None:
    """A callable may move a robot: after a crash it is asked about, not called again."""
    assert FunctionLab(hill).effect == "irreversible"
    assert FunctionLab(hill, effect="none").effect == "none"


def test_a_folder_with_spaces_and_foreign_letters(tmp_path: Path) -> None:
    """Stores, reports and exports work wherever they lie."""
    folder = tmp_path / "Größe π 名前"
    done = Campaign(Space(x=Real(0, 1)), [Maximize("y")], budget=6, name="höhe", store=folder / "matloop.db")
    done.run(hill, progress=False)
    assert done.report().read_text(encoding="utf-8").startswith("<!")
    assert all(path.is_file() for path in done.export(folder))
