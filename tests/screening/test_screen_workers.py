"""Processes and Dask clusters give what one process gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from stand_in import screened

from matloop.core.errors import LabError, MatloopError
from matloop.screening.compositions import Compositions
from matloop.screening.stage import Verdict

CANDIDATES = Compositions(elements=["Li", "Na", "Fe", "Ti", "O", "S", "Cl"], n_elements=(2, 3), amounts=5)
STAGES = [
    {"kind": "chemistry", "charge_balance": True},
    {"kind": "unique", "by": "elements"},
    {"kind": "range", "prediction": "number", "high": 25, "confidence": 0.5, "domain": "required"},
    {"kind": "top", "keep": 12, "prediction": "number"},
    {"kind": "calculator", "function": "lab:size", "column": "size"},
    {"kind": "diversity", "keep": 5},
]


def size(formula: str) -> Any:
    return {"failed": "too long"} if len(formula) > 6 else len(formula)


def find(name: str, base: Path) -> Any:
    return size


def _screened(folder: Path, **how: Any) -> tuple[pd.DataFrame, list[Any], int]:
    frame, funnel, run = screened(STAGES, CANDIDATES, folder, ("number",), chunk=150, find_calculator=find, **how)
    return frame, funnel, sum(len(pd.read_parquet(path)) for path in run.fallen)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, list[Any], int]:
    """What one process finds."""
    return _screened(tmp_path_factory.mktemp("alone"))


def _assert_equal(found: tuple[pd.DataFrame, list[Any], int], alone: tuple[pd.DataFrame, list[Any], int]) -> None:
    pd.testing.assert_frame_equal(found[0], alone[0])
    assert found[1:] == alone[1:]
    assert len(alone[0]) == 5


def test_several_processes_find_the_same(alone: Any, tmp_path: Path) -> None:
    _assert_equal(_screened(tmp_path, workers=2), alone)


def test_a_dask_cluster_in_this_process_finds_the_same(alone: Any, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=False, dashboard_address=None, protocol="tcp"
    ) as cluster:
        _assert_equal(_screened(tmp_path, dask=cluster.scheduler_address), alone)


@pytest.fixture
def two_processes(tmp_path: Path) -> Iterator[str]:
    """A scheduler and a worker, each a process of its own on the loopback interface; the scheduler's address."""
    pytest.importorskip("distributed")
    note = tmp_path / "scheduler.json"
    python = [sys.executable, "-m"]
    plain = ["--no-dashboard", "--scheduler-file", str(note)]
    where = str(Path(__file__).parent)
    scheduler = subprocess.Popen(
        [*python, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *plain],
        stderr=subprocess.DEVNULL,
    )
    worker = subprocess.Popen(
        [*python, "distributed.cli.dask_worker", "--nthreads", "1", "--nworkers", "1", "--no-nanny", *plain],
        stderr=subprocess.DEVNULL,
        cwd=where,
        env={**os.environ, "PYTHONPATH": where},
    )
    try:
        deadline = time.monotonic() + 60
        while not note.is_file() and time.monotonic() < deadline:
            time.sleep(0.05)
        from distributed import Client

        address = json.loads(note.read_text())["address"]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        yield address
    finally:
        for process in (worker, scheduler):
            process.terminate()
            process.wait()


def test_a_scheduler_and_a_worker_in_other_processes_find_the_same(
    alone: Any, two_processes: str, tmp_path: Path
) -> None:
    _assert_equal(_screened(tmp_path / "state", dask=two_processes), alone)


def test_a_cluster_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("matloop.screening.workers.PATIENCE", "1s")
    with pytest.raises(LabError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        _screened(tmp_path, dask="tcp://127.0.0.1:9")


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import stand_in
from test_screen_workers import CANDIDATES
BEST = {{"kind": "top", "keep": 5, "prediction": "number"}}
stand_in.screened([BEST], CANDIDATES, Path({folder!r}), ("number",), chunk=2, workers=2, lists=False)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_when_the_first_process_is_killed_the_others_end_too(tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")
    script = SCRIPT.format(tests=str(Path(__file__).parent), folder=str(tmp_path / "state"))
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "state").glob("part-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    others = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    assert len(others) >= 2
    assert psutil.wait_procs(others, timeout=30)[1] == []


class Deadly:
    """A step that ends its process."""

    def judge(self, candidates: Any) -> Verdict:
        os._exit(3)


def test_a_process_that_dies_is_told_and_what_was_done_is_kept(tmp_path: Path) -> None:
    from matloop.screening.work import Work
    from matloop.screening.workers import workers

    frame = pd.DataFrame({"formula": ["FeO"]})
    work = Work([Deadly()], "formula", "composition")
    with pytest.raises(MatloopError, match="has died") as caught, workers(work, 2) as crew:
        list(crew.in_order("sift", [([0], frame)]))
    assert "goes on from here" in caught.value.hint
