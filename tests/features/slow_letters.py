"""A featurizer for tests of computing: it counts how often it works, and dies where it is told to."""

import ctypes
import os
import signal
from pathlib import Path
from typing import ClassVar

import numpy as np

from matloop.features.base import Array, Featurizer


class SlowLetters(Featurizer):
    """Irrational functions of a text; each call leaves a line in a file, so that other processes can be counted too."""

    name: ClassVar[str] = "slow_letters"
    kind: ClassVar[str] = "composition"
    per_task: ClassVar[int] = 5

    def __init__(self, *, log: str = "", power: float = 1.0, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.log = log
        self.power = power

    @property
    def names(self) -> tuple[str, ...]:
        return ("sine", "root", "log")

    def row(self, reading: str) -> Array:
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(reading + "\n")
        if reading == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if reading == "stuck":  # in a library that lets no thread of Python run
            ctypes.PyDLL(None).sleep(600)
        if reading == "large":
            raise MemoryError
        if reading.startswith("bad"):
            raise ValueError(f"{reading} is bad")
        code = sum(i * ord(letter) for i, letter in enumerate(reading, 1))
        return np.array([np.sin(code), code**0.3, np.log(code)]) ** self.power

    def calls(self) -> list[str]:
        return Path(self.log).read_text().split() if Path(self.log).exists() else []
