"""Kinds by name, from entry points alone: a plugin's planner enters by the same door as our own.

Groups: `matloop.planners`, `matloop.stops`, `matloop.labs`, `matloop.twins`, `matloop.features`, `matloop.sources`.
Only the kind that is asked for gets imported.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from matloop.core.errors import InputError, did_you_mean


@lru_cache(maxsize=8)
def _entries(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"matloop.{group}")}


def names(group: str) -> list[str]:
    """The kinds that are installed."""
    return sorted(_entries(group))


def load(group: str, kind: str) -> Any:
    """The class (or function) registered under this kind. Raises InputError for an unknown one."""
    entries = _entries(group)
    if kind not in entries:
        raise InputError(f"no {group.rstrip('s')} of the kind '{kind}'", did_you_mean(kind, sorted(entries)))
    try:
        return entries[kind].load()
    except Exception as error:  # a plugin may raise anything while it is imported
        raise InputError(f"the {group.rstrip('s')} '{kind}' cannot be loaded: {error}") from error
