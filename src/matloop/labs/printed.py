"""What a program printed, read as one JSON value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: Bytes: more than a megabyte of standard output is no set of values, and of standard error the end tells why.
MOST_PRINTED, MOST_LOG = 1_000_000, 20_000


def read_printed(path: Path) -> Any:
    """The JSON value in a file of standard output. Raises ValueError with a sentence that shows what came."""
    with path.open("rb") as file:
        content = file.read(MOST_PRINTED + 1)
    if len(content) > MOST_PRINTED:
        raise ValueError(f"it printed more than {MOST_PRINTED:,} bytes where one JSON object is expected")
    return parse_printed(content)


def parse_printed(content: bytes) -> Any:
    """The JSON value that is the whole text, or else the object on its last line (after what a program chats)."""
    text = content.decode("utf-8-sig", "replace").strip()
    if not text:
        raise ValueError("it printed nothing where one JSON object is expected")
    last = text.splitlines()[-1].strip()
    try:
        return _loads(text)
    except ValueError as error:
        if last != text and last.startswith("{"):
            return _loads(last)
        if isinstance(error, _Twice):
            raise
        raise ValueError(f"it printed no JSON object but: {text[:200]}") from None


class _Twice(ValueError):
    pass


def _loads(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_distinct)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"it printed '{twice[:60]}' twice in one JSON object")
    return content


def end_of(path: Path, most: int = MOST_LOG) -> str:
    """The last `most` bytes of a text file, or nothing."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - most))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
