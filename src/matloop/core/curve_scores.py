"""The distances of measured curves to their targets: the values of Match objectives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from matloop.core.objective import Match, Objective
from matloop.core.trial import Outcome


def scored(outcome: Outcome, objectives: Iterable[Objective]) -> Outcome:
    """The outcome with the distance of each curve among its values. Raises ValueError where a curve is too short."""
    matches = [wish for wish in objectives if isinstance(wish, Match) and wish.name in outcome.curves]
    distances = {wish.name: wish.distance_of(outcome.curves[wish.name]) for wish in matches}
    return outcome.model_copy(update={"values": {**outcome.values, **distances}}) if distances else outcome


def rescored(outcome: Outcome, matches: Mapping[str, Match]) -> Outcome:
    """The outcome as these wishes see it: what has no curve that reaches, or none at all, has no distance."""
    known = {name: value for name, value in outcome.values.items() if name not in {*outcome.curves, *matches}}
    for name, wish in matches.items():
        try:
            known |= {name: wish.distance_of(outcome.curves[name])}
        except (KeyError, ValueError):
            continue
    return outcome.model_copy(update={"values": known}) if known != outcome.values else outcome


def matches_in(definition: Mapping[str, Any]) -> dict[str, Match]:
    """The Match objectives of a definition as a journal holds it, by name; what cannot be read is left out."""
    found = {}
    for name, wish in definition.get("objective", {}).items():
        if isinstance(wish, Mapping) and wish.get("goal") == "match":
            try:
                found[name] = Match.model_validate({"name": name, **wish})
            except ValidationError:
                continue
    return found
