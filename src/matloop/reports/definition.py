"""A campaign's definition and its provenance, written for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Longer lists and texts are cut, and say so: a pool may hold a million rows.
MOST_ITEMS = 12
MOST_LETTERS = 300


def as_toml(data: Mapping[str, Any]) -> str:
    """The definition in the shape of its file. For reading: long lists are cut, with their length."""
    loose = {key: value for key, value in data.items() if not isinstance(value, Mapping) and not _is_tables(value)}
    blocks = ["\n".join(_pairs(loose))] if loose else []
    for name, table in data.items():
        if isinstance(table, Mapping):
            blocks.append("\n".join([f"[{_key(name)}]", *_pairs(table)]))
        elif _is_tables(table):
            blocks += ["\n".join([f"[[{_key(name)}]]", *_pairs(each)]) for each in table]
    return "\n\n".join(blocks)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _key(name: Any) -> str:
    return str(name) if re.fullmatch(r"[A-Za-z0-9_-]+", str(name)) else json.dumps(str(name), ensure_ascii=False)


def _pairs(table: Mapping[str, Any]) -> list[str]:
    """The kind first, as people write it; empty texts say nothing and are left out."""
    ordered = {key: table[key] for key in ("kind", "goal") if key in table} | dict(table)
    return [f"{_key(key)} = {_value(value)}" for key, value in ordered.items() if value != ""]


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + _some(_pairs(value)) + " }"
    if isinstance(value, list | tuple):
        return "[" + _some([_value(v) for v in value[:MOST_ITEMS]], len(value)) + "]"
    if isinstance(value, str) and len(value) > MOST_LETTERS:
        return json.dumps(value[:MOST_LETTERS], ensure_ascii=False) + f"  # … {len(value)} letters in all"
    return json.dumps(value, ensure_ascii=False, default=str)


def _some(items: list[str], n: int | None = None) -> str:
    n = len(items) if n is None else n
    return ", ".join(items[:MOST_ITEMS]) + (f", … ({n} in all)" if n > MOST_ITEMS else "")


def provenance_rows(now: Mapping[str, str], before: Iterable[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    """(what, now, when the engines ran): each value once, in the order in which it first appeared."""
    journal: dict[str, dict[str, None]] = {}
    for entry in before:
        for key, value in entry.items():
            journal.setdefault(key, {})[value] = None
    keys = dict.fromkeys([*now, *journal])
    return [(key, now.get(key, "–"), ", ".join(journal.get(key, {})) or "–") for key in keys]
