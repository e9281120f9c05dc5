"""An environment for each peer, made when it is first needed, outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.table import ENVIRONMENTS, Peer

#: Where the environments lie unless an option or this variable says otherwise.
CACHE = Path(os.environ.get("MATLOOP_BENCHMARKS", "~/.cache/matloop-benchmarks")).expanduser()


class PeerUnavailableError(Exception):
    """A peer cannot be installed or started; the message says why."""


def python_of(peer: Peer, cache: Path = CACHE) -> Path:
    """The interpreter that runs this peer, installed if need be. Raises PeerUnavailableError with pip's last words."""
    if peer.environment is None:
        return Path(sys.executable)
    folder = cache / "environments" / peer.environment
    complete = folder / "complete.txt"
    wanted = "\n".join(" ".join(line) for line in ENVIRONMENTS[peer.environment])
    if not complete.exists() or complete.read_text(encoding="utf-8") != wanted:
        _install(folder, ENVIRONMENTS[peer.environment])
        complete.write_text(wanted, encoding="utf-8")
    return folder / "bin" / "python"


def _install(folder: Path, steps: tuple[tuple[str, ...], ...]) -> None:
    _told([sys.executable, "-m", "venv", "--clear", str(folder)])
    for step in steps:
        _told([str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *step])


def _told(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.strip() and "WARNING" not in line]
        raise PeerUnavailableError("; ".join(errors[-3:]) or f"{command[0]} failed")


def main() -> None:
    """Install the environments that are named, or all; say what fails."""
    for name in sys.argv[1:] or list(ENVIRONMENTS):
        try:
            python_of(Peer("", name, ""))
            print(f"{name}: ready", flush=True)  # noqa: T201
        except PeerUnavailableError as error:
            print(f"{name}: {error}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
