"""The supervisor of one attempt of a command lab: `python -I -S supervise.py FOLDER PROGRAM ARGUMENT…`.

It lives apart from matloop's engine, so that a program's end is written down even when the engine was killed in the
meantime. In FOLDER stands `request.json`, the program's standard input; the supervisor adds, in this order:

    lock        held while it lives, and while the program lives: a lock frees itself, a process number can be reused
    claim       made by exactly one process, on the disk before the program starts: never two starts, never a late one
    stdout, stderr
    exit.json   how the program ended, written whole

A file `cancel` that somebody puts there ends the program with all its children. Only the standard library is used
and nothing of matloop is imported: it must start in milliseconds, and outlive an upgrade of matloop.
"""

# pathlib and contextlib would double the time that it takes to start:
# ruff: noqa: PTH105, PTH110, PTH118, PTH120, PTH123, SIM105

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

REQUEST, LOCK, CLAIM, EXIT, CANCEL = "request.json", "lock", "claim", "exit.json", "cancel"
STDOUT, STDERR = "stdout", "stderr"
#: A claim that begins so stands for a program that may have started; every other one for a start that is ruled out.
STARTED = "started"
#: Seconds between two looks for `cancel`, and those that a program has for ending when it is asked to.
WATCH, GRACE = 0.1, 5.0
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))

if os.name == "nt":
    import msvcrt

    def try_lock(descriptor: int) -> bool:
        """Take the lock if nobody has it."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Take the lock if nobody has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def claim(folder: str, text: str) -> bool:
    """Make the claim; False where another process was first. On the disk when it returns.

    A claim cut short by a crash lacks its last line end, and then nothing was started: starting comes after.
    """
    try:
        descriptor = os.open(os.path.join(folder, CLAIM), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    trial = os.path.dirname(folder)
    for place in (folder, trial, os.path.dirname(trial)):  # the way to the claim must outlive a power cut too
        sync_folder(place)
    return True


def sync_folder(folder: str) -> None:
    """Make new names in a folder outlive a power cut; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_exit(folder: str, how: dict[str, Any]) -> None:
    """Write down how the program ended, whole; wait for room where the disk is full."""
    temporary, target = os.path.join(folder, EXIT + ".new"), os.path.join(folder, EXIT)
    while True:
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(how, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
            return sync_folder(folder)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            time.sleep(1)


def run(folder: str, command: Sequence[str], lock: int) -> dict[str, Any]:
    """Run the program to its end: its exit status, whether it was cancelled, the seconds it took."""

    def opened(name: str, mode: str) -> Any:
        return open(os.path.join(folder, name), mode)

    began = time.monotonic()
    cancelled = threading.Event()
    try:
        with opened(REQUEST, "rb") as request, opened(STDOUT, "wb") as out, opened(STDERR, "wb") as err:
            program = subprocess.Popen(command, stdin=request, stdout=out, stderr=err, **_apart(lock))
            threading.Thread(target=_watch, args=(folder, program, cancelled), daemon=True).start()
            status = program.wait()
            for file in (out, err):
                try:
                    os.fsync(file.fileno())
                except OSError:  # the program has ended all the same, and what it printed can be read
                    pass
    except OSError as error:
        return {"error": str(error)}
    return {"status": status, "cancelled": cancelled.is_set(), "seconds": round(time.monotonic() - began, 3)}


def _apart(lock: int) -> dict[str, Any]:
    """A group of its own for the program, so that it can be ended with its children; it shares the lock."""
    if os.name == "nt":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]
        return {"creationflags": flags}
    return {"start_new_session": True, "pass_fds": (lock,)}


def _watch(folder: str, program: subprocess.Popen[bytes], cancelled: threading.Event) -> None:
    while not os.path.exists(os.path.join(folder, CANCEL)):
        time.sleep(WATCH)
    if program.poll() is not None:
        return
    cancelled.set()
    _end(program, gently=True)
    deadline = time.monotonic() + GRACE
    while program.poll() is None and time.monotonic() < deadline:
        time.sleep(WATCH)
    _end(program, gently=False)


def _end(program: subprocess.Popen[bytes], gently: bool) -> None:
    if os.name == "nt":
        force = [] if gently else ["/F"]
        subprocess.run(["taskkill", "/T", *force, "/PID", str(program.pid)], capture_output=True, check=False)
        return
    try:
        os.killpg(program.pid, signal.SIGTERM if gently else signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def main(folder: str, command: Sequence[str]) -> None:
    """Claim the attempt, run it, write its end down."""
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):  # at a shutdown the program's end is still to be recorded
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: None)
    lock = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT, 0o644)
    while not try_lock(lock):  # held for a moment by whoever asks whether we live
        time.sleep(0.005)
    if os.path.exists(os.path.join(folder, CANCEL)):
        claim(folder, "cancelled before it began")
    elif claim(folder, f"{STARTED} by process {os.getpid()}"):
        write_exit(folder, run(folder, command, lock))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
