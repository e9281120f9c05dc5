"""What a figure needs to be traced back: versions, machine, definition."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from matloop.version import __version__

_WATCHED = ("numpy", "scipy", "scikit-learn", "pydantic", "SQLAlchemy")


@cache
def versions() -> dict[str, str]:
    """The versions of matloop, Python and the packages that decide about numbers."""
    found = {"matloop": __version__, "python": platform.python_version(), "platform": platform.platform(terse=True)}
    for package in _WATCHED:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def spec_hash(spec: Mapping[str, Any]) -> str:
    """SHA-256 of a definition, the same for the same content."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def of_this_process(spec: Mapping[str, Any]) -> dict[str, str]:
    """What a journal notes when an engine takes a campaign up."""
    return {**versions(), "pid": str(os.getpid()), "definition": spec_hash(spec)}
