"""A lab that is a program, run once for each trial: it reads a request as JSON and prints the values as JSON."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, PrivateAttr

from matloop.core.duration import DAY, Deadline
from matloop.core.errors import InputError, LabError
from matloop.core.objective import Objective
from matloop.core.space import Space
from matloop.core.trial import Answer, Effect, NotStarted, Running, Trial, Unknown
from matloop.files.whole import write_whole
from matloop.labs import supervise
from matloop.labs.attempt import Attempt
from matloop.labs.base import LabModel
from matloop.labs.outcome import fault
from matloop.labs.program import resolved
from matloop.labs.recall import Recall

_MARK, _SENT = "README.txt", "sent.log"
_MARK_TEXT = """One folder for each attempt of each trial that a command lab was sent: the request, what the program
printed, how it ended. matloop reads here after a crash to learn what became of a trial, and takes a trial that does
not stand in sent.log for one that never began: delete nothing here while a trial is in flight.
"""


class CommandLab(LabModel):
    """A program per trial. It gets {"campaign", "trial", "attempt", "point", "units"} on standard input.

    Each attempt is watched by a small process of its own (labs/supervise.py), so that a result is kept and nothing
    is started twice even if matloop is killed; `poll` therefore also answers for the trials of an earlier process.
    """

    kind: Literal["command"] = "command"
    command: tuple[str, ...] = Field(min_length=1, description="the program and its arguments")
    effect: Effect = Field(Effect.IRREVERSIBLE, description="what carrying out a trial does to the world")
    capacity: int = Field(1, ge=1, description="how many trials it takes at once")
    deadline: Deadline = Field(DAY, description="after which silence is an alarm")
    recall: tuple[str, ...] | None = Field(
        None, min_length=1, description="a program that tells what became of a trial"
    )
    cwd: str | None = Field(None, description="where the program runs; the folder of the campaign's file unless given")
    env: dict[str, str] = Field({}, description="added to the environment; it is written into the journal: no secrets")

    _command: list[str] = PrivateAttr(default_factory=list)
    _recall: Recall | None = PrivateAttr(None)
    _workplace: Path = PrivateAttr(Path())
    _environment: dict[str, str] = PrivateAttr(default_factory=dict)
    _supervisors: dict[str, tuple[Attempt, subprocess.Popen[bytes]]] = PrivateAttr(default_factory=dict)

    def __init__(self, command: Sequence[str] | None = None, **settings: Any) -> None:
        super().__init__(**({} if command is None else {"command": command}), **settings)

    def prepare(self, space: Space, objectives: Sequence[Objective], folder: Path, base: Path) -> None:
        """Find the programs and the working folder. Raises InputError where one is missing."""
        super().prepare(space, objectives, folder, base)
        self._workplace = self._base / (self.cwd or "")
        if not self._workplace.is_dir():
            raise InputError(
                f"there is no folder {self._workplace} to run the command in", "see cwd in the [lab] table"
            )
        self._environment = {**os.environ, **self.env}
        self._command = resolved(self.command, self._workplace, self._environment)
        if self.recall:
            recall = resolved(self.recall, self._workplace, self._environment)
            self._recall = Recall(recall, self._workplace, self._environment, self._outcome)

    def begin(self) -> None:
        """From here on the record of what is sent is complete. Raises LabError where it cannot be written."""
        try:
            self._begin_record()
        except OSError as error:
            raise LabError(f"the folder {self._folder} cannot be used: {error.strerror}") from error

    # -- the contract ---------------------------------------------------------------------------------------

    def submit(self, trial: Trial) -> None:
        """Write the request down, then start its supervisor, which makes both durable before the program begins.

        Raises LabError: then nothing was begun.
        """
        request = {
            "campaign": trial.campaign,
            "trial": trial.id,
            "attempt": trial.attempt,
            "point": dict(trial.point),
            "units": dict(trial.units),
        }
        attempt = Attempt(self._folder_of(trial.id) / str(trial.attempt))
        try:
            self._begin_record()
            self._note_sent(trial.id)
            if attempt.has_request:
                return self._must_be_the_same(attempt, request)
            attempt.folder.mkdir(parents=True, exist_ok=True)
            attempt.write_request(request)
            self._supervisors[trial.id] = (attempt, self._supervisor(attempt))
        except OSError as error:
            raise LabError(f"the program could not be started: {error}") from error

    def poll(self, trial_id: str) -> Answer:
        """What is known of it, by whatever process it was begun. Raises LabError where that cannot be read now."""
        try:
            return self._mine(trial_id) or self._anyone(trial_id)
        except OSError as error:
            raise LabError(f"the folder of trial {trial_id} cannot be read: {error}") from error

    def cancel(self, trial_id: str) -> None:
        """Have the program and its children ended; one that has not begun never will."""
        attempt = self._latest(trial_id)
        if attempt is not None:
            (attempt.folder / supervise.CANCEL).touch()

    # -- how it knows ---------------------------------------------------------------------------------------

    def _mine(self, trial_id: str) -> Answer | None:
        """What our own supervisor tells: at work while it lives. None where the folder knows more."""
        attempt, supervisor = self._supervisors.get(trial_id, (None, None))
        if attempt is None or supervisor is None:
            return None
        if supervisor.poll() is None:
            return Running()
        if supervisor.returncode > 0 and not attempt.is_claimed and attempt.rule_out():
            return fault("matloop's supervisor of the program could not start", attempt.supervisor_log)
        return None

    def _anyone(self, trial_id: str) -> Answer:
        attempt = self._latest(trial_id)
        if attempt is None:
            return self._without_folder(trial_id)
        answer = attempt.answer(self._outcome, self._workplace)
        if isinstance(answer, Unknown) and self._recall:
            return self._recall.ask(attempt.campaign or self._folder.name, trial_id, attempt.number)
        return answer

    def _without_folder(self, trial_id: str) -> Answer:
        """Certain only where the whole record of what was sent is at hand, and this trial does not stand in it."""
        if self._recall:
            return self._recall.ask(self._folder.name, trial_id, 0)
        if not (self._folder / _MARK).exists():
            self._note_sent(trial_id)  # so that it stays unknown once a new record has begun
            return Unknown(f"the record of what was sent is missing: {self._folder} is not the folder it was")
        if trial_id in self._all_sent():
            return Unknown(f"it may have been sent, but its folder in {self._folder} is missing")
        return NotStarted("it was never sent: it does not stand in sent.log, where it comes before its program")

    @staticmethod
    def _must_be_the_same(attempt: Attempt, request: dict[str, Any]) -> None:
        """An attempt that was sent before is not sent again: `poll` answers for it, but not for another trial."""
        if attempt.request != request:
            raise LabError(
                f"{attempt.folder} holds another trial of this name, so this one was not sent",
                "was the store replaced by an older copy? Move the folder away, or give the campaign another name",
            )

    def _begin_record(self) -> None:
        mark = self._folder / _MARK
        if not mark.exists():
            write_whole(mark, _MARK_TEXT)
            supervise.sync_folder(str(self._folder.parent))

    def _note_sent(self, trial_id: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _SENT).open("a", encoding="utf-8") as log:
            log.write(trial_id + "\n")

    def _all_sent(self) -> set[str]:
        log = self._folder / _SENT
        return set(log.read_text(encoding="utf-8").splitlines()) if log.exists() else set()

    def _latest(self, trial_id: str) -> Attempt | None:
        folder = self._folder_of(trial_id)
        numbers = [int(place.name) for place in folder.iterdir() if place.name.isdecimal()] if folder.is_dir() else []
        return Attempt(folder / str(max(numbers))) if numbers else None

    def _folder_of(self, trial_id: str) -> Path:
        return self._folder / quote(trial_id, safe="")

    def _supervisor(self, attempt: Attempt) -> subprocess.Popen[bytes]:
        """Start it out of reach of our own end: no shared terminal, group or standard streams."""
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
        with attempt.supervisor_log_path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", supervise.__file__, str(attempt.folder), *self._command],
                cwd=self._workplace,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                **apart,
            )
