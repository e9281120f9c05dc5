"""The command line as a person uses it, run in this process."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from matloop.cli.main import main


class Told(NamedTuple):
    """What a command left: its exit code, and what it printed where."""

    code: int
    out: str
    err: str


Matloop = Callable[..., Told]


@pytest.fixture
def matloop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Matloop:
    """Runs `matloop WORDS…` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Told:
        monkeypatch.setattr("sys.argv", ["matloop", *words])
        try:
            main()
            code: object = 0
        except SystemExit as left:
            code = left.code
        out, err = capfd.readouterr()
        return Told(code if isinstance(code, int) else 0, out, err)

    return run
