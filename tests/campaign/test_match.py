"""A campaign that matches a curve, from its file to its report: by a twin, by a function, by a person."""

import csv
import json

import numpy as np
import pytest

from matloop import AtMost, Bayesian, Campaign, Curve, Match, Outcome, Random, Real, Space
from matloop.campaign.campaign import ChangedDefinition
from matloop.campaign.sheet import write_sheet
from matloop.core.errors import SpecError
from matloop.reports.export import write_exports

X = np.linspace(400, 700, 31)
SPACE = Space(place=Real(450, 650), width=Real(20, 80))


def band(place, width):
    return np.exp(-(((X - place) / width) ** 2))


def write_curve(path, y, header="wavelength,absorbance\n"):
    path.write_text(header + "".join(f"{a},{b}\n" for a, b in zip(X.tolist(), y.tolist(), strict=True)), "utf-8")
    return path


FILE = """
[campaign]
budget = 5
[space]
place = { kind = "real", low = 450, high = 650 }
width = { kind = "real", low = 20, high = 80 }
[objective]
absorbance = { goal = "match", target = "target.csv", axis = "wavelength [nm]" }
[planner]
kind = "random"
"""


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_curve(tmp_path / "target.csv", band(530, 50))
    (tmp_path / "dye.toml").write_text(FILE, encoding="utf-8")
    return Campaign.from_file(tmp_path / "dye.toml")


def test_the_value_of_a_trial_is_the_distance_of_its_curve(campaign):
    """And the best trial is the nearest one; the journal keeps every curve."""
    campaign.run(lambda place, width: {"absorbance": band(place, width)}, progress=False)
    for trial in campaign.state.trials.values():
        expected = np.sqrt(np.mean((band(**trial.point) - band(530, 50)) ** 2))
        assert trial.outcome.values["absorbance"] == pytest.approx(expected, rel=1e-4)
    nearest = min(campaign.state.trials.values(), key=lambda t: t.outcome.values["absorbance"])
    assert campaign.best == [nearest]
    again = Campaign.open("dye")
    assert [o.curves["absorbance"] for o in again.state.observations] == [
        o.curves["absorbance"] for o in campaign.state.observations
    ]


def test_the_points_of_the_target_are_part_of_the_definition(campaign, tmp_path):
    """The journal needs no file to know what was wanted; with a changed file, once accepted, all distances change."""
    campaign.run(lambda place, width: {"absorbance": band(place, width)}, progress=False)
    (tmp_path / "target.csv").unlink()
    again = Campaign.open("dye")
    assert again.spec.objectives[0].target.file == "target.csv"
    np.testing.assert_allclose(again.spec.objectives[0].target.y, band(530, 50), atol=1e-12)
    write_curve(tmp_path / "target.csv", band(600, 50))
    changed = Campaign.from_file("dye.toml")
    with pytest.raises(ChangedDefinition, match=r"absorbance.target.y"):
        changed.begin()
    changed.begin(accept_changes=True)
    for trial in changed.state.trials.values():
        expected = np.sqrt(np.mean((band(**trial.point) - band(600, 50)) ** 2))
        assert trial.outcome.values["absorbance"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ('"nowhere.csv"', "there is no file"),
        ("{ x = [1, 2], y = [1] }", "2 and 1"),
        ("{ x = [1, 2] }", "x and y"),
        ("{ x = [1, nan], y = [1, 2] }", "not a finite number"),
        ("3", "3"),
    ],
)
def test_a_target_that_is_none_is_named_by_its_path(tmp_path, target, said):
    (tmp_path / "dye.toml").write_text(FILE.replace('"target.csv"', target), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        Campaign.from_file(tmp_path / "dye.toml")
    assert caught.value.mistakes[0].path == "objective.absorbance.target"
    assert said in caught.value.mistakes[0].message


def test_a_bad_curve_costs_one_trial_and_is_kept(campaign):
    """Wrong length and not-a-number fail that trial with a reason; the others go on."""
    answers = iter([band(500, 50)[:-1], np.full(31, np.nan), band(500, 50), band(510, 50), band(520, 50)])
    campaign.run(lambda place, width: {"absorbance": next(answers)}, progress=False)
    outcomes = [trial.outcome for trial in campaign.state.trials.values()]
    assert "30 numbers where the target has 31 points" in outcomes[0].failed
    assert "y[0] of the curve is nan" in outcomes[1].failed
    assert "what came" in outcomes[0].log
    assert [o.failed for o in outcomes[2:]] == [None] * 3


def test_an_outcome_made_in_python_needs_no_distance_of_its_own(campaign):
    """One that does not reach is refused, and keeps its curve."""
    short = Outcome(curves={"absorbance": Curve([500, 600], [1, 2])})
    whole = Outcome(curves={"absorbance": Curve(X, band(530, 50))})
    answers = iter([short, whole, whole, whole, whole])
    campaign.run(lambda place, width: next(answers), progress=False)
    first, second, *_ = [trial.outcome for trial in campaign.state.trials.values()]
    assert "needed from 400 to 700" in first.failed
    assert first.curves == short.curves
    assert second.values["absorbance"] == pytest.approx(0, abs=1e-9)


def test_a_person_names_the_file_of_each_curve(campaign, tmp_path):
    """In the sheet, counted from its folder; a file that is missing costs its row alone, and twice is once."""
    trials = campaign.propose(3)
    sheet = write_sheet(campaign.spec, trials, tmp_path / "sheets.csv")
    write_curve(tmp_path / "one.csv", band(500, 50))
    write_curve(tmp_path / "two.txt", band(520, 50), header="")
    rows = list(csv.DictReader(sheet.open(encoding="utf-8-sig")))
    for row, file in zip(rows, ("one.csv", "two.txt", "three.csv"), strict=True):
        row["absorbance"] = file
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    taken = campaign.record(sheet)
    assert len(taken.accepted) == 2
    assert "no file" in taken.problems[0].message
    assert campaign.record(sheet).duplicates == taken.accepted
    third = campaign.record({3: {"absorbance": band(525, 50)}})
    assert len(third.accepted) == 1
    assert campaign.best[0].number == 3


def test_a_curve_of_a_trial_that_nobody_planned_is_taken_once(campaign, tmp_path):
    write_curve(tmp_path / "one.csv", band(500, 50))
    (tmp_path / "own.csv").write_text("place,width,absorbance\n500,50,one.csv\n", encoding="utf-8")
    assert len(campaign.record(tmp_path / "own.csv").accepted) == 1
    assert len(campaign.record(tmp_path / "own.csv").duplicates) == 1
    assert campaign.state.observations[0].curves["absorbance"].y == tuple(band(500, 50).tolist())


def test_the_report_draws_the_best_curve_over_its_target_and_the_export_has_all_points(campaign, tmp_path):
    campaign.run(lambda place, width: {"absorbance": band(place, width)}, progress=False)
    report = campaign.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"trial {campaign.best[0].number}, rmse" in report
    assert "wavelength [nm]" in report
    written = write_exports(campaign.spec, campaign.state, [], tmp_path, ["csv"])
    curves = next(path for path in written if path.name == "dye-curves.csv")
    rows = list(csv.DictReader(curves.open(encoding="utf-8")))
    assert len(rows) == 5 * len(X)
    of_best = [float(row["y"]) for row in rows if row["number"] == str(campaign.best[0].number)]
    assert of_best == list(campaign.best[0].outcome.curves["absorbance"].y)


def test_a_match_goes_with_the_planner_that_knows_only_distances(tmp_path):
    """A planner that models values sees the distance, smaller is better."""
    wish = Match("absorbance", Curve(X, band(530, 50)))
    campaign = Campaign(SPACE, wish, planner=Random(), name="m", budget=3, store=tmp_path / "m.db")
    campaign.run(lambda place, width: band(place, width), progress=False)
    assert wish.utility(np.array([0.0])) > wish.utility(np.array([campaign.best[0].outcome.values["absorbance"]]))
    assert json.loads(json.dumps(campaign.spec.to_dict()))["objective"]["absorbance"]["goal"] == "match"


def test_the_bayesian_planner_comes_near_in_a_few_trials_within_a_threshold():
    """In batches of two, each trial is expected to come nearer; the reason says so, with the distance expected."""
    wishes = [Match("absorbance", Curve(X, band(530, 50))), AtMost("cost", 60)]
    campaign = Campaign(SPACE, wishes, planner=Bayesian(batch=2), name="b", budget=14, store=":memory:")
    campaign.run(lambda place, width: {"absorbance": band(place, width), "cost": width}, progress=False)
    best = campaign.best[0]
    assert best.outcome.values["absorbance"] < 0.03
    assert best.outcome.values["cost"] <= 60
    last = list(campaign.state.trials.values())[-1]
    assert "nearer to the curve" in last.reason
    assert last.predicted["absorbance"].mean >= 0
