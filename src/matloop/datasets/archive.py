"""Compressed files read within bounds: nothing is expanded that claims, or turns out, to be larger than is sensible."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from matloop.core.errors import TableError
from matloop.files.table import decoded

#: Bytes, uncompressed: of one file within an archive, of all of them, and of a workbook, which takes ten times as much
#: memory when it is read.
MOST_OF_ONE, MOST_OF_ALL, MOST_OF_WORKBOOK = 200_000_000, 20_000_000_000, 1_000_000_000
#: How much of a compressed text is taken into memory at most.
MOST_TEXT = 8_000_000_000
#: What is larger than so many bytes, and so many times as large as its compressed form, is a bomb: no data shrink so.
SUSPICIOUS, MOST_SHRUNK = 50_000_000, 200
_BLOCK = 1 << 20
_ARCHIVES = {".zip", ".tar", ".tgz", ".7z", ".rar"}


def open_zip(path: Path, most: int = MOST_OF_ALL) -> zipfile.ZipFile:
    """The archive, if what it declares to hold is no more than `most` bytes. Raises TableError."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise TableError(f"{path.name} is no zip file, or is damaged: {error}") from error
    declared = sum(entry.file_size for entry in archive.infolist())
    if most < MOST_OF_ALL and (bomb := next(filter(None, map(_bomb, archive.infolist())), None)):
        archive.close()
        raise TableError(f"{path.name} is not opened: {bomb}")
    if declared > most:
        archive.close()
        raise TableError(
            f"{path.name} would expand to {_size(declared)}, more than the {_size(most)} that are taken",
            "unpack what is needed of it, and import that",
        )
    return archive


def entries(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, str | None]]:
    """The files within, each with the reason why it is refused, or None."""
    for entry in archive.infolist():
        if not entry.is_dir():
            yield entry, _refusal(entry)


def _refusal(entry: zipfile.ZipInfo) -> str | None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "its path leads out of the archive"
    if (entry.external_attr >> 16) & 0o170000 == 0o120000:
        return "it is a link to another file"
    if bomb := _bomb(entry):
        return bomb
    if entry.file_size > MOST_OF_ONE:
        return f"it would expand to {_size(entry.file_size)}, more than the {_size(MOST_OF_ONE)} that are taken"
    if entry.flag_bits & 0x1:
        return "it is encrypted"
    if path.suffix.lower() in _ARCHIVES:
        return "it is an archive within an archive, which is not opened"
    return None


def _bomb(entry: zipfile.ZipInfo) -> str | None:
    if entry.file_size < SUSPICIOUS or entry.file_size < MOST_SHRUNK * max(1, entry.compress_size):
        return None
    return f"it is a zip bomb: {_size(entry.compress_size)} would expand to {_size(entry.file_size)}"


def content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One file of the archive. Raises TableError where it is damaged, or larger than it says."""
    try:
        with archive.open(entry) as file:
            data = file.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise TableError(f"it is damaged: {str(error)[:200]}") from error
    if len(data) != entry.file_size:
        raise TableError(f"it holds another amount of data than the {_size(entry.file_size)} it says")
    return data


def gunzipped(path: Path, most: int = MOST_TEXT) -> bytes:
    """What a .gz file holds. Raises TableError where it is damaged, or expands to more than `most` bytes."""
    with path.open("rb") as file:
        return expanded(file, path.name, most)


def expanded(source: BinaryIO, name: str, most: int) -> bytes:
    """What a gzipped stream of this name holds. Raises TableError as `gunzipped` does."""
    blocks: list[bytes] = []
    size = 0
    try:
        with gzip.open(source) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                if size > most:
                    raise TableError(
                        f"{name} expands to more than {_size(most)}", "read it as a stream: matloop screen"
                    )
                if size > max(SUSPICIOUS, MOST_SHRUNK * source.tell()):
                    told = f"{name} is a gzip bomb: {_size(source.tell())} of it expand to {_size(size)}"
                    raise TableError(told, "no data shrink so far; if these do, unpack them first")
                blocks.append(block)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"{name} is no gzip file, or is damaged: {str(error)[:200]}") from error
    return b"".join(blocks)


def text_of(path: Path, takes_nul: bool = False) -> str:
    """The text of a file, gzipped or not; `takes_nul` as in `decoded`. Raises TableError for what is none."""
    content = gunzipped(path) if path.suffix.lower() == ".gz" else path.read_bytes()
    return decoded(content, path.name, takes_nul)


def _size(n: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.4g} TB"
