"""Earlier results that a campaign file names: read by the campaign, and part of its definition by their hash."""

from pathlib import Path

import numpy as np
import pytest

from matloop import Bayesian, Campaign, Maximize, Prior, Real, Space
from matloop.campaign.loading import load_spec
from matloop.campaign.rehearsal.noise import read_noise
from matloop.campaign.rehearsal.variations import configurations
from matloop.core.errors import SpecError

DEFINITION = """
[campaign]
budget = 4
[space]
x = { kind = "real", low = 0, high = 1 }
[objective]
y = { goal = "maximize" }
[planner]
kind = "bayesian"
prior = { y = { file = "earlier.csv" } }
"""
TABLE = {"kind": "bayesian", "starts": 4, "prior": {"y": {"file": "earlier.csv"}}}
EARLIER = "x,y\n" + "".join(f"{x / 10},{(x / 10 - 0.7) ** 2 * -1:.4f}\n" for x in range(11))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(DEFINITION)
    (tmp_path / "earlier.csv").write_text(EARLIER)
    return path


def test_the_table_is_read_and_its_hash_is_part_of_the_definition(file: Path) -> None:
    """The definition names file and hash, not the rows; a changed table is a changed definition."""
    told = load_spec(file).to_dict()["planner"]["prior"]["y"]
    assert set(told) == {"file", "sha256"}
    (file.parent / "earlier.csv").write_text(EARLIER + "0.5,0.5\n")
    assert load_spec(file).to_dict()["planner"]["prior"]["y"]["sha256"] != told["sha256"]


def test_a_campaign_starts_where_the_earlier_one_was_good_and_can_be_taken_up_again(file: Path) -> None:
    """The first trial lies where the earlier results were best; a journal repeats itself with the table read anew."""
    campaign = Campaign.from_file(file)
    first = campaign.propose(2)
    assert first[0].point["x"] == pytest.approx(0.7, abs=0.05)
    again = Campaign.from_file(file)
    assert [t.point for t in again.state.trials.values()] == [t.point for t in first]
    assert again.repeats() == []


@pytest.mark.parametrize(
    ("table", "path", "said"),
    [
        (None, "planner.prior.y.file", "there is no file 'earlier.csv'"),
        ("x,z\n1,2\n", "planner.prior.y.value", "'earlier.csv' has no column 'y'"),
        ("a,y\n1,2\n", "planner.prior.y.file", "'earlier.csv' has no variable of this space"),
        ("x,y\n1,\n", "planner.prior.y.file", "'earlier.csv' has no row with a number"),
    ],
)
def test_a_table_that_tells_nothing_is_a_mistake(file: Path, table: str | None, path: str, said: str) -> None:
    """Each mistake names its place and what is wrong."""
    (file.parent / "earlier.csv").write_text(table) if table else (file.parent / "earlier.csv").unlink()
    with pytest.raises(SpecError) as caught:
        load_spec(file)
    (mistake,) = caught.value.mistakes
    assert mistake.path == path
    assert said in mistake.message


def test_a_model_given_in_python_is_asked_for_where_only_the_journal_is_at_hand(tmp_path: Path) -> None:
    """The journal knows a model by its name; who takes up the campaign without the script is told so."""
    planner = Bayesian(prior={"y": Prior(model=lambda columns: columns["x"])})
    space = Space(x=Real(0, 1))
    (mistake,) = Bayesian.model_validate(planner.model_dump(mode="json")).mistakes(space, [Maximize("y")])
    assert mistake.path == "planner.prior.y.model"
    assert "script" in mistake.hint


def test_a_rehearsal_reads_the_prior_of_a_planner_that_it_is_told(file: Path) -> None:
    """A planner named for the rehearsal alone learns from its prior's table, which is found beside the campaign."""
    campaign = Campaign.from_file(file)
    (named, *_) = configurations(campaign.spec, [TABLE], [], [read_noise(0, campaign.spec.objectives)], file.parent)
    assert named.planner.prior["y"].is_read
    assert named.label == "bayesian (starts 4, prior of y)"
    found = named.planner.propose(campaign.spec.space, campaign.spec.objectives, [], [], 1, np.random.default_rng(0))
    assert found[0].point["x"] == pytest.approx(0.7, abs=0.05)


def test_a_rehearsal_says_at_once_that_a_table_is_missing(file: Path) -> None:
    """Not after campaigns that all failed."""
    table = {"kind": "bayesian", "prior": {"y": {"file": "lost.csv"}}}
    campaign = Campaign.from_file(file)
    with pytest.raises(SpecError, match=r"lost\.csv|1 mistake"):
        configurations(campaign.spec, [table], [], [read_noise(0, campaign.spec.objectives)], file.parent)
