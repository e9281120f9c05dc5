"""What hosts say when they give nothing, or have enough: why, and how long to wait."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from matloop.sources.answers import Answer

#: How long a host is left alone when it says how much of its patience is used, in seconds.
_PAUSES = {"yellow": 1.0, "red": 5.0, "black": 60.0}
_STATUS = re.compile(r"status:\s*(\w+)", re.IGNORECASE)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds of the header Retry-After, which has seconds or a date; None where there is none to be read."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d*)?", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def throttled(headers: Mapping[str, str]) -> float:
    """The seconds to leave a host alone whose X-Throttling-Control, as PubChem sends it, says that it has enough."""
    told = headers.get("x-throttling-control", "")
    return max((_PAUSES.get(status.lower(), 0.0) for status in _STATUS.findall(told)), default=0.0)


def refusal_of(answer: Answer) -> str:
    """Why a host refuses: the words of its JSON (OPTIMADE, PubChem, ChEMBL), or its title; or empty."""
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        title = re.search(rb"<title>([^<]{1,200})</title>", answer.body[:5000], re.IGNORECASE)
        return _plain(title[1].decode("utf-8", "replace")) if title else ""
    return _plain("; ".join(dict.fromkeys(_words(told))))


def _words(told: Any) -> list[str]:
    if not isinstance(told, dict):
        return []
    words: list[Any] = []
    if isinstance(errors := told.get("errors"), list):
        words = [error.get("detail") or error.get("title") for error in errors if isinstance(error, dict)]
    elif isinstance(fault := told.get("Fault"), dict):
        details = fault.get("Details")
        words = [fault.get("Message"), *(details if isinstance(details, list) else [])]
    else:
        words = [told.get("error_message"), told.get("detail"), told.get("message"), told.get("error")]
    return [word for word in words if isinstance(word, str) and word]


def _plain(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:300]
