"""A calculation that dies or hangs costs only itself, and no result is lost or found twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from stand_in import screened

from matloop.core.errors import InputError, SpecError
from matloop.discovery.screen_parts import find_calculator
from matloop.screening.calculations import FILE

#: A lab that writes down each call and each end.
LAB = """
import os, time
from pathlib import Path

def _note(text):
    with (Path(__file__).parent / "calls.log").open("a") as log:
        log.write(text + "\\n")

def bake(formula):
    _note(formula)
    if formula == "ZnS":
        os._exit(9)
    return len(formula)

def wait(formula):
    _note(formula)
    time.sleep(60 if formula == "ZnS" else 0)
    return len(formula)

def slow(formula):
    time.sleep(0.1)
    _note(formula)
    return len(formula)

def leave(formula):
    print("what a lab says")
    raise SystemExit(3)

def two(formula, charge):
    return 1.0
"""
CANDIDATES = pd.DataFrame({"formula": ["FeO", "ZnS", "Fe2O3", "NaCl"], "x": 1.0})


def _screened(
    folder: Path, function: str, candidates: Any = CANDIDATES, workers: int = 2, dask: str | None = None, **stage: Any
) -> Any:
    (folder / "lab.py").write_text(LAB)
    stages = [{"kind": "calculator", "function": f"lab:{function}"} | stage]
    how: dict[str, Any] = {"workers": workers, "dask": dask, "find_calculator": find_calculator, "base": folder}
    return screened(stages, candidates, folder / "state", **how)


def _calls(folder: Path) -> Counter[str]:
    return Counter((folder / "calls.log").read_text().split())


def test_a_calculation_that_kills_its_process_falls_after_three_tries_and_is_not_begun_again(tmp_path: Path) -> None:
    frame, funnel, _ = _screened(tmp_path, "bake")
    assert frame["calculated"].to_dict() == {0: 3.0, 2: 5.0, 3: 4.0}
    assert funnel[-1].reasons == {"its process died, 3 times": 1}
    again, _, _ = _screened(tmp_path, "bake")
    pd.testing.assert_frame_equal(frame, again)
    assert _calls(tmp_path) == {"FeO": 1, "ZnS": 3, "Fe2O3": 1, "NaCl": 1}


def test_a_calculation_that_kills_the_workers_of_a_cluster_costs_only_itself(tmp_path: Path) -> None:
    """It is then tried on this machine, where nothing else dies of it."""
    distributed, config = pytest.importorskip("distributed"), pytest.importorskip("dask.config")
    with (
        config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        frame, funnel, _ = _screened(tmp_path, "bake", workers=1, dask=cluster.scheduler_address)
    assert frame["calculated"].to_dict() == {0: 3.0, 2: 5.0, 3: 4.0}
    assert funnel[-1].reasons == {"its process died, 3 times": 1}
    assert _calls(tmp_path)["ZnS"] == 1 + 3


def test_a_calculation_that_hangs_falls_at_its_deadline_and_a_longer_one_is_tried_anew(tmp_path: Path) -> None:
    frame, funnel, _ = _screened(tmp_path, "wait", workers=1, deadline="1 s")
    assert frame["formula"].tolist() == ["FeO", "Fe2O3", "NaCl"]
    assert funnel[-1].reasons == {"took longer than 1 s": 1}
    _, funnel, _ = _screened(tmp_path, "wait", workers=2, deadline=1.5)
    assert funnel[-1].reasons == {"took longer than 1.5 s": 1}
    assert _calls(tmp_path) == {"FeO": 1, "ZnS": 2, "Fe2O3": 1, "NaCl": 1}


def test_a_deadline_that_nobody_could_keep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs processes of this machine"):
        screened(
            [{"kind": "calculator", "function": "lab:wait", "deadline": 1}],
            CANDIDATES,
            tmp_path,
            dask="tcp://127.0.0.1:9",
            find_calculator=lambda name, base: len,
        )


@pytest.mark.parametrize("workers", [1, 2])
def test_what_leaves_the_program_is_a_failure_and_what_it_prints_is_no_output(
    workers: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, funnel, _ = _screened(tmp_path, "leave", workers=workers)
    assert funnel[-1].reasons == {"SystemExit: 3": 4}
    assert capfd.readouterr().out == ""


def test_a_function_that_cannot_be_called_so_is_told_before_anything_is_screened(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        _screened(tmp_path, "two", inputs=["formula"])
    assert "missing a required argument: 'charge'" in caught.value.mistakes[0].message
    assert not (tmp_path / "state").exists()


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_screen_calculating import MANY, _screened
_screened(Path({folder!r}), "slow", MANY)
"""
MANY = pd.DataFrame({"formula": [f"Fe{i}O" for i in range(1, 31)], "x": 1.0})


@pytest.mark.skipif(os.name == "nt", reason="SIGSTOP")
def test_what_is_calculated_while_the_first_process_can_take_nothing_is_kept_when_it_is_killed(tmp_path: Path) -> None:
    """The processes that calculate put their results on disk themselves."""
    process = _begun(tmp_path)
    process.send_signal(signal.SIGSTOP)
    _wait(lambda: _still(tmp_path) and len(_kept(tmp_path)) == _calls(tmp_path).total())
    process.kill()
    process.wait()
    frame, _, _ = _screened(tmp_path, "slow", MANY)
    assert len(frame) == 30
    assert set(_calls(tmp_path).values()) == {1}


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_kill_costs_at_most_the_calculations_that_are_under_way(tmp_path: Path) -> None:
    process = _begun(tmp_path)
    process.kill()
    process.wait()
    _wait(lambda: _still(tmp_path))
    frame, _, _ = _screened(tmp_path, "slow", MANY)
    assert len(frame) == 30
    assert _calls(tmp_path).total() <= 30 + 2  # two processes


def _begun(folder: Path) -> subprocess.Popen[bytes]:
    """A first process that has five results."""
    script = SCRIPT.format(tests=str(Path(__file__).parent), folder=str(folder))
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    _wait(lambda: len(_kept(folder)) >= 5)
    return process


def _kept(folder: Path) -> list[bytes]:
    known = folder / "state" / FILE
    return known.read_bytes().splitlines() if known.is_file() else []


def _still(folder: Path) -> bool:
    """Nothing is calculated any more: ten times as long as one takes, nothing was written."""
    before = _kept(folder), _calls(folder)
    time.sleep(1)
    return (_kept(folder), _calls(folder)) == before


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
