"""A lab that is a Python function: called in threads of this process, one call for each trial."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, PrivateAttr, field_validator

from matloop.core.duration import DAY, Deadline
from matloop.core.objective import Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Answer, Effect, NotStarted, Outcome, Running, Trial, Unknown
from matloop.labs.base import LabModel
from matloop.labs.calling import caller_of, load_function, name_of
from matloop.labs.outcome import fault

#: Characters of a traceback that are kept: its end says what went wrong.
MOST_TRACEBACK = 4000


class FunctionLab(LabModel):
    """Any callable: `FunctionLab(measure, effect="none", capacity=2)`, or `function = "package.module:name"`.

    It is called with the variables as keywords where its parameters are named after them, else with the point as one
    dict. What it may return is told in labs/outcome.py; an exception makes the trial fail by a fault of the lab.
    A call may move a robot, so its effect counts as irreversible unless it is said otherwise: after a crash such a
    trial is unknown, and a person is asked.
    """

    kind: Literal["function"] = "function"
    function: str = Field(description="package.module:name, found from the folder of the campaign's file")
    effect: Effect = Field(Effect.IRREVERSIBLE, description="what a call does to the world")
    capacity: int = Field(1, ge=1, description="how many calls run at once, in threads")
    deadline: Deadline = Field(DAY, description="after which silence is an alarm")

    _callable: Callable[..., Any] | None = PrivateAttr(None)
    _call: Callable[[Point], Any] | None = PrivateAttr(None)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)
    _waiting: deque[Trial] = PrivateAttr(default_factory=deque)
    _answers: dict[str, Answer] = PrivateAttr(default_factory=dict)
    _n_workers: int = PrivateAttr(0)

    def __init__(self, function: Callable[..., Any] | str | None = None, **settings: Any) -> None:
        named = {} if function is None else {"function": name_of(function) if callable(function) else function}
        super().__init__(**named, **settings)
        if callable(function):
            self._callable = function

    @field_validator("function")
    @classmethod
    def _has_two_parts(cls, function: str) -> str:
        module, _, name = function.partition(":")
        if not module.strip() or not name.strip():
            raise ValueError(f"'{function[:80]}' is no function: write 'package.module:name'")
        return function

    def prepare(self, space: Space, objectives: Sequence[Objective], folder: Path, base: Path) -> None:
        """Find the function and how to call it. Raises InputError."""
        super().prepare(space, objectives, folder, base)
        if self._callable is None:
            self._callable = load_function(self.function, self._base)
        self._call = caller_of(self._callable, space, self.function)

    def submit(self, trial: Trial) -> None:
        with self._lock:
            self._answers[trial.id] = Running()
            self._waiting.append(trial)
            if self._n_workers < self.capacity:
                self._n_workers += 1
                # a daemon, so that a second Ctrl-C ends the process without waiting for the call
                threading.Thread(target=self._work, name=f"matloop {self.function}", daemon=True).start()

    def poll(self, trial_id: str) -> Answer:
        with self._lock:
            gone = Unknown("the process in which the function was called has ended")
            return self._answers.get(trial_id, gone)

    def cancel(self, trial_id: str) -> None:
        """A call that waits for its turn is given up; Python cannot stop one that has begun."""
        with self._lock:
            for trial in [trial for trial in self._waiting if trial.id == trial_id]:
                self._waiting.remove(trial)
                self._answers[trial_id] = NotStarted("it was cancelled before its turn")

    def rehearse(self, points: Sequence[Point], rng: np.random.Generator) -> list[Outcome]:
        """An outcome for each point, called here and now: for a function that is only a calculation."""
        return [self._carried_out(point) for point in points]

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._n_workers -= 1
                    return
                trial = self._waiting.popleft()
            outcome = self._carried_out(trial.point)
            with self._lock:
                self._answers[trial.id] = outcome

    def _carried_out(self, point: Point) -> Outcome:
        assert self._call is not None
        try:
            given = self._call(dict(point))
        except BaseException as error:  # noqa: BLE001 - whatever a foreign function raises, the other trials go on
            what = "".join(traceback.format_exception_only(error)).strip().splitlines()
            return fault(
                f"the function raised {(what or ['an error'])[-1][:300]}", traceback.format_exc()[-MOST_TRACEBACK:]
            )
        return self._outcome(given)
