"""A parameter that is added to a running campaign: the trials before it stay, and nobody stumbles over them."""

from pathlib import Path

import pytest

from matloop import Campaign

BEFORE = """
[campaign]
name = "growing"
budget = 20
[space]
x = { kind = "real", low = 0, high = 10, step = 0.5 }
[objective]
s = { goal = "maximize" }
"""
ADDED = {
    "real": 'y = { kind = "real", low = 0, high = 1 }',
    "fidelity": 'y = { kind = "fidelity", levels = [1, 4], costs = [1, 10] }',
}


@pytest.mark.parametrize("kind", ADDED)
def test_old_trials_stay_and_new_ones_are_planned(tmp_path: Path, kind: str) -> None:
    """Planning, the best, costs and the report go on; the trials before are shown and no model of the new space."""
    path = tmp_path / "growing.toml"
    path.write_text(BEFORE, encoding="utf-8")
    campaign = Campaign.from_file(path)
    for trial in campaign.propose(6):
        campaign.record({str(trial.number): {"s": trial.point["x"]}})
    best = campaign.best[0].point["x"]
    path.write_text(BEFORE.replace("[objective]", f"{ADDED[kind]}\n[objective]"), encoding="utf-8")
    changed = Campaign.from_file(path)
    (trial,) = changed.propose(1, accept_changes=True)
    assert set(trial.point) == {"x", "y"}
    assert changed.best[0].point == {"x": best}
    assert "growing" in changed.report(tmp_path / "page.html").read_text(encoding="utf-8")
