"""Ctrl-C, SIGTERM and a second engine, with `matloop run` as a person starts it."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import HERE, PYTHON
from scene import until

from matloop.core.state import CampaignState, fold
from matloop.files.whole import write_whole
from matloop.store.sql import SqlStore

SIGNALS = [signal.SIGINT, signal.SIGTERM] if os.environ.get("MATLOOP_FAULTS") == "full" else [signal.SIGINT]


class Bench:
    """A campaign file in a folder, and the runs that are started on it."""

    def __init__(self, folder: Path, effect: str = "irreversible", budget: int = 4) -> None:
        self.folder = folder
        command = [*PYTHON, str(HERE / "lab.py")]
        (folder / "bench.toml").write_text(
            f'[campaign]\nbudget = {budget}\n[space]\nx = {{ kind = "real", low = 0, high = 1 }}\n'
            f'[objective]\ny = {{ goal = "maximize" }}\n[planner]\nkind = "random"\n'
            f'[lab]\nkind = "command"\ncommand = {command!r}\neffect = "{effect}"\ncapacity = 2\n'
        )
        self.set_seconds(0.01)
        self.started: list[subprocess.Popen[str]] = []

    def set_seconds(self, seconds: float) -> None:
        """How long the program works after its effect."""
        write_whole(self.folder / "seconds", str(seconds))  # read by programs that live on

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "matloop", "run", "bench.toml", "--quiet", "--no-report"]
        process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        self.started.append(process)
        return process

    def run(self) -> str:
        """Run to the end; returns everything it said."""
        process = self.start()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return out + err

    @property
    def effects(self) -> Counter[str]:
        path = self.folder / "effects"
        return Counter(line.split()[0] for line in path.read_text().splitlines()) if path.exists() else Counter()

    @property
    def state(self) -> CampaignState:
        return fold(SqlStore(self.folder / "matloop.db").read("bench"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", SIGNALS)
def test_one_signal_finishes_what_is_in_flight(bench: Bench, number: signal.Signals) -> None:
    """Ctrl-C once: what is in flight is finished and written down, nothing new begins; the same command resumes."""
    bench.set_seconds(1.0)
    process = bench.start()
    until(lambda: len(bench.effects) == 2)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert "what is in flight is finished first" in err
    assert "Traceback" not in err
    assert "paused, stopped on request" in out
    state = bench.state
    assert [trial.status.value for trial in state.trials.values()] == ["done", "done"]
    assert (state.status, len(bench.effects)) == ("paused", 2)
    bench.set_seconds(0.01)
    bench.run()
    assert list(bench.effects.values()) == [1, 1, 1, 1]


@pytest.mark.parametrize("number", SIGNALS)
def test_two_signals_stop_at_once(bench: Bench, number: signal.Signals) -> None:
    """Ctrl-C twice: the process ends at once; the lab goes on, and its results are taken at resuming."""
    bench.set_seconds(2.0)
    process = bench.start()
    until(lambda: len(bench.effects) == 2)
    began = time.monotonic()
    process.send_signal(number)
    until(lambda: os.read(process.stderr.fileno(), 1000) != b"")  # type: ignore[union-attr]
    process.send_signal(number)
    assert process.wait(timeout=10) == 130
    assert time.monotonic() - began < 1.8
    assert [trial.status.value for trial in bench.state.trials.values()] == ["running", "running"]
    bench.set_seconds(0.01)
    said = bench.run()
    assert "unknown" not in said
    assert list(bench.effects.values()) == [1, 1, 1, 1]


def test_two_signals_need_no_database(bench: Bench) -> None:
    """Where another program holds the database for long and the engine waits for it, Ctrl-C twice still ends it."""
    bench.set_seconds(0.5)
    process = bench.start()
    until(lambda: bench.effects)
    with sqlite3.connect(bench.folder / "matloop.db", isolation_level=None) as other:
        other.execute("PRAGMA busy_timeout = 10000")
        other.execute("BEGIN IMMEDIATE")
        time.sleep(1.0)
        began = time.monotonic()
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
        assert process.wait(timeout=10) == 130
        assert time.monotonic() - began < 5
        other.execute("ROLLBACK")
    bench.set_seconds(0.01)
    bench.run()
    assert list(bench.effects.values()) == [1, 1, 1, 1]


def test_the_second_engine_refuses_and_names_the_first(bench: Bench) -> None:
    """Two engines on one store: the second ends with a sentence that names process and host of the first."""
    bench.set_seconds(2.0)
    first = bench.start()
    until(lambda: bench.effects)
    second = bench.start()
    _, err = second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"process {first.pid} on {socket.gethostname()}" in err
    assert "Traceback" not in err
    bench.set_seconds(0.01)
    _, err = first.communicate(timeout=30)
    assert first.returncode == 0, err
    assert list(bench.effects.values()) == [1, 1, 1, 1]
