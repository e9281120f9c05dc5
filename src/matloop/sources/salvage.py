"""What is whole in an answer that was cut off."""

from __future__ import annotations

import json
import re
from typing import Any

_BEGIN = re.compile(r'"data"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def whole_records(body: bytes) -> list[dict[str, Any]]:
    """The records of a JSON:API document before the place where it ends, or cannot be read any more."""
    text = body.decode("utf-8", "replace")
    begin = _BEGIN.search(text)
    place = begin.end() if begin else len(text)
    records: list[dict[str, Any]] = []
    decoder = json.JSONDecoder()
    while True:
        try:
            record, place = decoder.raw_decode(text, _BETWEEN.match(text, place).end())  # type: ignore[union-attr]
        except (ValueError, RecursionError):
            return records
        if not isinstance(record, dict):
            return records
        records.append(record)
