"""A campaign that is killed and resumed, beside a file of what really happened; `check` compares the two."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
from driver import campaign_in

from matloop.core.event import EVENT, AnyEvent, Lost, Submitted
from matloop.core.trial import Status
from matloop.files.whole import write_whole
from matloop.store.sql import SqlStore

HERE = Path(__file__).parent


class Driver:
    """Runs campaigns in processes of their own; see driver.py."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / "driver.py"), "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            text=True,
        )

    def start(self, folder: Path, crash: str = "") -> int:
        """Start a run; returns its process number."""
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps({"folder": str(folder), "crash": crash}) + "\n")
        self._server.stdin.flush()
        return self._told()

    def ended(self) -> int:
        """Wait for its end: the exit status, or minus the signal."""
        return self._told()

    def _told(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())

    def close(self) -> None:
        self._server.communicate()


class Real(NamedTuple):
    """An effect that really happened."""

    trial: str
    attempt: int
    value: int


class Scene:
    """One campaign in a folder, its lab, and what both have left behind so far."""

    def __init__(
        self,
        folder: Path,
        driver: Driver,
        effect: str = "irreversible",
        recall: bool = False,
        budget: int = 6,
        capacity: int = 2,
        batch: int = 2,
    ) -> None:
        self.folder, self.driver = folder, driver
        self.effect, self.has_recall, self.budget = effect, recall, budget
        scene = {"effect": effect, "recall": recall, "budget": budget, "capacity": capacity, "batch": batch}
        (folder / "scene.json").write_text(json.dumps(scene))
        self.set_seconds(0.01)
        self._events: list[AnyEvent] = []

    def set_seconds(self, seconds: float) -> None:
        """How long the program works after its effect."""
        write_whole(self.folder / "seconds", str(seconds))  # read by programs that live on

    # -- what happens to it -------------------------------------------------------------------------------------

    def run(self, crash: str = "", power_cut: bool = False) -> bool:
        """Run until the named point, where it is killed, or to its end; returns whether it was killed."""
        self.driver.start(self.folder, crash)
        return self._ended(power_cut)

    def run_and_kill(self, when: Callable[[], object], power_cut: bool = False) -> bool:
        """Kill it as soon as `when` is true; returns whether it was killed before its end."""
        pid = self.driver.start(self.folder)
        until(lambda: when() or not _lives(pid))
        _signal(pid, signal.SIGSTOP)
        stopped = self._suspend() if power_cut else []
        _signal(pid, signal.SIGKILL)
        _kill(stopped)
        return self._ended(power_cut=False)

    def _ended(self, power_cut: bool) -> bool:
        status = self.driver.ended()
        if power_cut:
            _kill(self._suspend())
        assert status in (0, -signal.SIGKILL)
        self.check()
        return status != 0

    def _suspend(self) -> list[psutil.Process]:
        """Stop every process of the lab where it stands, supervisors first."""
        stopped: list[psutil.Process] = []
        while new := [process for process in self.processes() if process not in stopped]:
            for process in new:
                _signal(process.pid, signal.SIGSTOP)
            stopped += new
        return stopped

    def processes(self) -> list[psutil.Process]:
        """The living supervisors of this campaign, and what they have started."""
        mine = [p for p in psutil.process_iter(["cmdline"]) if str(self.folder) in " ".join(p.info["cmdline"] or ())]
        supervisors = [p for p in mine if "supervise" in " ".join(p.info["cmdline"]) and _is_alive(p)]
        return supervisors + [child for p in supervisors for child in _children(p)]

    def finish(self) -> None:
        """Resume until the end; a person looks at the effects to say what became of unknown trials."""
        self.set_seconds(0.01)
        for _ in range(10):
            self.run()
            campaign = campaign_in(self.folder)
            if campaign.state.status == "finished":
                return self.check_end()
            unknown = campaign.state.of_status(Status.UNKNOWN)
            assert unknown, campaign.state.status_reason
            for trial in unknown:
                real = [effect for effect in self.effects if effect.trial == trial.id]
                campaign.resolve(trial.id, happened={"y": real[-1].value} if real else None)
        raise AssertionError("it comes to no end")

    # -- what there is ------------------------------------------------------------------------------------------

    @property
    def effects(self) -> list[Real]:
        path = self.folder / "effects"
        lines = path.read_text().splitlines() if path.exists() else []
        return [Real(trial, int(attempt), int(value)) for trial, attempt, value in map(str.split, lines)]

    @property
    def events(self) -> list[AnyEvent]:
        return SqlStore(self.folder / "matloop.db").read("scene")

    @property
    def acknowledged(self) -> list[AnyEvent]:
        path = self.folder / "acknowledged"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [EVENT.validate_json(line) for line in lines if line.endswith("\n")]

    # -- what must hold -----------------------------------------------------------------------------------------

    def check(self) -> None:
        """At any moment: nothing told is lost or changed, nothing was begun unwritten or, if irreversible, twice."""
        events = self.events  # reading refuses a journal with gaps
        assert events[: len(self._events)] == self._events
        self._events = events
        by_number = {event.sequence: event for event in events}
        assert all(by_number.get(event.sequence) == event for event in self.acknowledged)
        intents = [(event.trial, event.attempt) for event in events if isinstance(event, Submitted)]
        assert len(set(intents)) == len(intents)
        effects = self.effects
        assert {(effect.trial, effect.attempt) for effect in effects} <= set(intents)
        times = Counter(effect.trial for effect in effects)
        if self.effect == "irreversible":
            assert set(times.values()) <= {1}

    def check_end(self) -> None:
        """At the end: as many trials as the budget says, each with the value of an effect that it really had."""
        self.check()
        trials = campaign_in(self.folder).state.trials
        assert len(trials) == self.budget
        assert [trial.number for trial in trials.values()] == list(range(1, self.budget + 1))
        for trial in trials.values():
            values = [effect.value for effect in self.effects if effect.trial == trial.id]
            assert trial.outcome is not None
            assert not trial.outcome.is_fault, trial.outcome
            assert not trial.conflicts
            told = trial.outcome.failed.split()[1] if trial.outcome.failed else trial.outcome.values["y"]
            assert float(told) in values
        assert campaign_in(self.folder).repeats() == []
        self._check_questions()

    def _check_questions(self) -> None:
        """A person is asked only where the lab could neither be asked nor the trial be repeated."""
        for event in self._events:
            if isinstance(event, Lost):
                assert not self.has_recall
                assert self.effect == "irreversible" or event.attempt >= 3


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def _lives(pid: int) -> bool:
    return psutil.pid_exists(pid)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        _signal(process.pid, signal.SIGKILL)
    for process in processes:
        until(lambda p=process: not (p.is_running() and _is_alive(p)))


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
