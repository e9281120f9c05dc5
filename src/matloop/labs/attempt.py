"""One attempt of a command lab as its folder tells it: running, ended, ruled out, or begun without a known end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matloop.core.trial import Answer, NotStarted, Outcome, Running, Unknown
from matloop.labs import supervise
from matloop.labs.outcome import fault
from matloop.labs.printed import end_of, read_printed

#: Makes an Outcome of (what was printed, the log, the folder from which its files count).
ReadOutcome = Callable[[Any, str, Path], Outcome]


@dataclass(frozen=True)
class Attempt:
    """The folder of one attempt; supervise.py says which files stand in it and in which order they come."""

    folder: Path

    @property
    def number(self) -> int:
        return int(self.folder.name)

    @property
    def supervisor_log_path(self) -> Path:
        return self.folder / "supervisor.log"

    @property
    def supervisor_log(self) -> str:
        return end_of(self.supervisor_log_path)

    @property
    def is_claimed(self) -> bool:
        return (self.folder / supervise.CLAIM).exists()

    def write_request(self, request: Mapping[str, Any]) -> None:
        """What the program will read; plain ASCII, whatever the program takes its input for."""
        (self.folder / supervise.REQUEST).write_text(json.dumps(request), encoding="ascii")

    @property
    def has_request(self) -> bool:
        return (self.folder / supervise.REQUEST).exists()

    @property
    def request(self) -> dict[str, Any]:
        """What the program was to read; empty where that cannot be told any more."""
        try:
            found = json.loads((self.folder / supervise.REQUEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def campaign(self) -> str:
        """The campaign that the request names."""
        return str(self.request.get("campaign", ""))

    def rule_out(self) -> bool:
        """Make sure that it can never begin; False where something has claimed it before."""
        return supervise.claim(str(self.folder), f"ruled out by process {os.getpid()}")

    def answer(self, read: ReadOutcome, workplace: Path) -> Answer:
        """What became of it. Holds the lock while it decides: no supervisor can begin meanwhile. Raises OSError."""
        if self._has_ended:
            return self._outcome(read, workplace)
        descriptor = os.open(self.folder / supervise.LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not supervise.try_lock(descriptor):
                return Running()
            if self._has_ended:
                return self._outcome(read, workplace)
            if self.rule_out() or not self._may_have_begun:
                return NotStarted("its program never began, and now never will")
        finally:
            os.close(descriptor)
        return Unknown("its program began, but how it ended was not recorded" + self._so_far)

    @property
    def _has_ended(self) -> bool:
        return (self.folder / supervise.EXIT).exists()

    @property
    def _may_have_begun(self) -> bool:
        text = (self.folder / supervise.CLAIM).read_text(encoding="utf-8")
        return text.startswith(supervise.STARTED) and text.endswith("\n")

    @property
    def _so_far(self) -> str:
        """For the person who is asked: what it had printed by then."""
        printed = end_of(self.folder / supervise.STDOUT, 500).strip()
        return f"; until then it had printed: {printed}" if printed else ""

    def _outcome(self, read: ReadOutcome, workplace: Path) -> Outcome | Unknown:
        how = json.loads((self.folder / supervise.EXIT).read_text(encoding="utf-8"))
        errors = end_of(self.folder / supervise.STDERR)
        if "error" in how:
            return fault(f"the program could not be run: {how['error']}", errors)
        status = how["status"]
        log = f"exit status {status} after {how['seconds']} s\n{errors}".strip()
        if status != 0 and how["cancelled"]:
            return Unknown(f"its program was ended after {how['seconds']} s, amid its work" + self._so_far)
        if status != 0:
            return fault(f"the program {_ending(status)}{_last_line(errors)}", log)
        try:
            printed = read_printed(self.folder / supervise.STDOUT)
        except ValueError as error:
            return fault(f"the program's answer cannot be used: {error}", log)
        return read(printed, log, workplace)


def _ending(status: int) -> str:
    if status > 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return f": {lines[-1].strip()[:200]}" if lines else ""
