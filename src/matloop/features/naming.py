"""Featurizers as people write them: 'magpie', 'peaks:n=3;prominence=0.1'."""

from __future__ import annotations

import json
from typing import Any

from matloop.core.errors import InputError, did_you_mean
from matloop.core.registry import load
from matloop.features.base import Featurizer


def featurizer(text: str) -> Featurizer:
    """The featurizer of this name, with parameters behind a colon: 'NAME:KEY=VALUE;KEY=VALUE', values as in JSON.

    Raises InputError for an unknown name or parameter.
    """
    name, _, settings = text.strip().partition(":")
    kind = load("features", name.strip())
    parameters = [setting.strip() for setting in settings.split(";") if setting.strip()]
    try:
        made: Featurizer = kind()
        known = [key for key in made.get_params() if key != "on_failure"]
        made.set_params(**dict(_setting(each, name, known) for each in parameters))
        if parameters:
            _ = made.names  # a parameter of the wrong kind is found here, not in every row
        return made
    except (TypeError, ValueError) as error:
        raise InputError(f"'{name}' cannot be set up: {error}") from error


def featurizers(text: str) -> list[Featurizer]:
    """Several of them, with commas between; commas within brackets and quotes belong to a value."""
    return [featurizer(each) for each in separated(text) if each.strip()]


def _setting(text: str, name: str, known: list[str]) -> tuple[str, Any]:
    key, sign, value = text.partition("=")
    if not sign:
        raise InputError(f"'{text[:40]}' is no setting of '{name}'", f"as in {name}:{(known or ['KEY'])[0]}=VALUE")
    if key.strip() not in known:
        hint = did_you_mean(key.strip(), known) or "it has no parameters"
        raise InputError(f"'{name}' has no parameter '{key.strip()[:40]}'", hint)
    try:
        return key.strip(), json.loads(value)
    except ValueError:
        return key.strip(), value.strip()


def separated(text: str) -> list[str]:
    """The parts between commas; those within brackets and quotes belong to a value."""
    parts, depth, is_quoted = [""], 0, False
    for letter in text:
        is_quoted ^= letter == '"'
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0 and not is_quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
