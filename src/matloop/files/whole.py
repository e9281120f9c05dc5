"""Files written whole or not at all: a crash leaves the old file or the new one, never half of one."""

from __future__ import annotations

import errno
import hashlib
import os
from glob import escape
from pathlib import Path

from matloop.core.errors import InputError

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def write_whole(path: Path, content: bytes | str) -> None:
    """Write beside the target, flush to the disk, then put it in the target's place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = _beside(path)
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def is_full(error: OSError) -> bool:
    """Whether there was no room left, on the disk or for this person."""
    return error.errno in _FULL


def require_place(path: Path) -> None:
    """Raises InputError where no file can be written at this place: to be asked before the work for it."""
    if path.is_dir():
        raise InputError(f"{path} is a folder", "name a file in it")
    beside = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
        beside.unlink()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{path} cannot be written: {reason}", "name another place with -o") from error


def sweep(path: Path) -> None:
    """Delete what processes left beside a file that were killed while they wrote it; what others write now stays."""
    for left in path.parent.glob(f".{escape(path.name)}.*.*"):
        owner, _, kind = left.name.removeprefix(f".{path.name}.").partition(".")
        if kind in ("new", "again") and owner.isdecimal() and not _is_running(int(owner)):
            left.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    """What this process writes before it stands in the place of `path`."""
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def _is_running(process: int) -> bool:
    """Whether there is such a process; on Windows, where asking would end it, it is taken to be there."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Make the new name outlive a power cut; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
