"""Exports hold every trial, with units, whatever the columns are made of."""

from pathlib import Path

import pandas as pd
import pytest

from matloop import Campaign, Choice, FunctionLab, Maximize, Real, Space


@pytest.fixture
def mixed(tmp_path: Path) -> Campaign:
    """Choices of numbers and names, achieved settings, spreads and failures."""
    space = Space(k=Choice([1, "a", 2.5]), x=Real(0, 1, unit="mm"))
    campaign = Campaign(space, [Maximize("y", unit="J")], budget=8, name="mixed", store=tmp_path / "matloop.db")

    def measure(point: dict) -> dict:
        if point["x"] < 0.3:
            raise ValueError("too small")
        return {"values": {"y": point["x"]}, "achieved": {"x": point["x"] + 0.01}, "std": {"y": 0.1}}

    campaign.run(FunctionLab(measure, effect="none"), progress=False)
    return campaign


def test_every_format_holds_every_trial(mixed: Campaign, tmp_path: Path) -> None:
    """The three formats agree; failures keep their reason; achieved settings stand beside the planned ones."""
    mixed.export(tmp_path)
    csv = pd.read_csv(tmp_path / "mixed-results.csv")
    parquet = pd.read_parquet(tmp_path / "mixed-results.parquet")
    lines = pd.read_json(tmp_path / "mixed-results.jsonl", lines=True)
    for table in (csv, parquet, lines):
        assert table["number"].tolist() == list(range(1, 9))
        assert table["x [mm]"].tolist() == pytest.approx([t.point["x"] for t in mixed.state.trials.values()])
        failed = table[table["status"] == "failed"]
        assert 0 < len(failed) < 8
        assert failed["failed"].str.contains("too small").all()
        done = table[table["status"] == "done"]
        assert done["x achieved [mm]"].tolist() == pytest.approx((done["x [mm]"] + 0.01).tolist())
    assert set(parquet["k"]) <= {"1", "a", "2.5"}


def test_an_empty_campaign_can_be_exported(tmp_path: Path) -> None:
    """Before the first trial the files have their headers and no rows."""
    campaign = Campaign(Space(x=Real(0, 1)), [Maximize("y")], name="empty", store=tmp_path / "matloop.db")
    campaign.begin()
    campaign.export(tmp_path)
    assert pd.read_csv(tmp_path / "empty-results.csv").empty
    assert pd.read_parquet(tmp_path / "empty-results.parquet").empty
