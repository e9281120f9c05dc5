"""A disk that fills up: a clear StoreError, nothing recorded is lost, and with room again the campaign is resumed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from matloop.campaign.campaign import Campaign
from matloop.core.errors import StoreError
from matloop.core.objective import Maximize
from matloop.core.parameter import Real
from matloop.core.space import Space
from matloop.core.trial import Outcome, Status
from matloop.labs.function import FunctionLab


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    is_root = sys.platform == "linux" and os.geteuid() == 0
    if not is_root or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def campaign_on(disk: Path) -> Campaign:
    return Campaign(Space(x=Real(0, 1)), [Maximize("y")], planner={"kind": "random"}, store=disk / "m.db", budget=60)


def test_a_full_disk_is_told_and_loses_nothing(small_disk: Path) -> None:
    """The run ends with the reason and a hint; every event told before is there; with room again it is completed."""
    n_calls = 0

    def lab(x: float) -> Outcome:
        nonlocal n_calls
        n_calls += 1
        return Outcome(values={"y": x}, log="chatter " * 2000)

    told = []
    campaign = campaign_on(small_disk)
    with pytest.raises(StoreError, match="full") as caught:
        campaign.run(FunctionLab(lab, effect="repeatable"), progress=False, on_event=told.append)
    assert "free some space" in caught.value.hint
    again = campaign_on(small_disk)
    assert again.journal.store.read("campaign")[1:] == told  # the first, `created`, comes before anyone listens
    assert len(told) > 10
    assert 0 <= n_calls - len(again.observations) <= 1
    with pytest.raises(StoreError, match="full"):
        again.run(FunctionLab(lab, effect="repeatable"), progress=False)

    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    more = campaign_on(small_disk)
    assert more.run(FunctionLab(lab, effect="repeatable"), progress=False).status == "finished"
    assert more.journal.store.read("campaign")[1 : 1 + len(told)] == told
    assert [trial.status for trial in more.state.trials.values()] == [Status.DONE] * 60


def test_a_file_that_finds_no_room_costs_no_result(small_disk: Path) -> None:
    """A result whose file is too large for the disk is recorded all the same, and says where the file still is."""
    large = small_disk.parent / "image.raw"
    large.write_bytes(bytes(3_000_000))

    def lab(x: float) -> Outcome:
        return Outcome(values={"y": x}, files={"image": str(large)})

    campaign = campaign_on(small_disk)
    campaign.run(lab, budget=2, progress=False)
    for trial in campaign.state.trials.values():
        assert trial.outcome is not None
        assert trial.outcome.files == {}
        assert f"file image could not be kept from {large}" in trial.outcome.log
    assert list((small_disk / "matloop.files").rglob("*.new")) == []
