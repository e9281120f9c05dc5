"""Finding the program of a command before it is needed, so that a misspelling is told at once and by name."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from matloop.core.errors import InputError, did_you_mean


def resolved(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> list[str]:
    """The command with the full path of its program. Raises InputError where it cannot be started.

    A program is searched on PATH, then in `cwd`; `python` means this interpreter where PATH has none.
    """
    program, *arguments = command
    found = _found(program, cwd, env.get("PATH"))
    if found is None and program in ("python", "python3"):
        found = sys.executable
    if found is None:
        raise InputError(f"the program '{program}' cannot be run", _hint(program, cwd))
    _require_script(found, arguments, cwd)
    return [found, *arguments]


def _found(program: str, cwd: Path, path: str | None) -> str | None:
    if Path(program).name == program:
        found = shutil.which(program, path=path)
        if found:
            return str(Path(found).absolute())
    return shutil.which(str(cwd / program))


def _hint(program: str, cwd: Path) -> str:
    there = cwd / program
    if program.endswith(".py") and there.is_file():
        return f'write command = ["python", "{program}"]'
    if there.is_dir():
        return f"{there} is a folder"
    if there.is_file():
        return f"{there} is not executable" + ("" if os.name == "nt" else f": chmod +x '{there}'")
    return f"it is neither on PATH nor in {cwd}"


def _require_script(program: str, arguments: Sequence[str], cwd: Path) -> None:
    """A Python that is given a script which is not there would fail at each trial: say it now."""
    script = arguments[0] if arguments else ""
    if not Path(program).name.lower().startswith("python") or not script.endswith(".py") or (cwd / script).is_file():
        return
    near = [path.name for path in cwd.glob("*.py")]
    raise InputError(f"there is no script {cwd / script}", did_you_mean(script, near))
