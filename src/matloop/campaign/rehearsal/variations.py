"""Planners as people name them on a command line: a kind, a table in TOML, or a file of such tables."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matloop.campaign.loading import read_toml, with_priors
from matloop.campaign.rehearsal.noise import Noise
from matloop.campaign.rehearsal.scene import Configuration, unique
from matloop.core.errors import InputError, Mistake, SpecError
from matloop.core.spec import CampaignSpec, parse_spec
from matloop.planners.designs import Random

Named = tuple[str, Any]


def configurations(
    spec: CampaignSpec, planners: Sequence[Any], batches: Sequence[int], noises: Sequence[Noise], folder: Path
) -> tuple[Configuration, ...]:
    """Every planner with every batch size at every level of noise, random search always among them.

    The tables of priors that planners name are found from `folder`.
    """
    named = _with_unique_names([found for given in planners for found in _named(spec, given, folder)])
    random = next((p for p in named if type(p[1]) is Random), ("random", Random()))
    others = [(name, p) for name, p in named if type(p) is not Random]
    made: list[Configuration] = []
    for noise in noises:
        for name, planner in others:
            sizes = batches or [int(getattr(planner, "batch", 1))]
            made += [Configuration(name, planner, definition_of(planner), size, noise) for size in sizes]
        made.append(Configuration(random[0], random[1], definition_of(random[1]), 1, noise))
    return unique(made)


def definition_of(planner: Any) -> str:
    """What sets one planner apart from another; the batch size is told beside it."""
    if not hasattr(planner, "model_dump"):
        return f"{type(planner).__module__}:{type(planner).__qualname__}"
    settings = planner.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    settings.pop("batch", None)
    return json.dumps({"kind": getattr(planner, "kind", type(planner).__name__)} | settings, sort_keys=True)


def planner_of(spec: CampaignSpec, table: Mapping[str, Any], folder: Path, source: str = "the planner") -> Any:
    """The planner that a table describes, its priors read. Raises SpecError with every mistake."""
    parts = {"campaign": spec.campaign, "space": spec.space, "objective": spec.objective, "planner": dict(table)}
    mistakes: list[Mistake] = []
    planner = with_priors(parse_spec(parts, source).planner, folder, mistakes)
    if not mistakes and hasattr(planner, "mistakes"):
        mistakes = planner.mistakes(spec.space, spec.objectives)
    if mistakes:
        raise SpecError(mistakes, source)
    return planner


def _named(spec: CampaignSpec, given: Any, folder: Path) -> list[Named]:
    """The planners behind what was given: an object, a kind, a table as TOML, or a file with a table for each."""
    if isinstance(given, Mapping):
        return [_table(spec, given, folder)]
    if not isinstance(given, str | Path):
        return [(_name_of(given), given)]
    text = str(given).strip()
    if text.endswith(".toml"):
        return _file(spec, Path(text), folder)
    if text.startswith("{"):
        try:
            return [_table(spec, tomllib.loads(f"planner = {text}")["planner"], folder)]
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"the planner {text} is no TOML: {error}", '{ kind = "bayesian", starts = 4 }') from None
    if text == getattr(spec.planner, "kind", ""):
        return [(_name_of(spec.planner), spec.planner)]
    return [_table(spec, {"kind": text}, folder)]


def _table(spec: CampaignSpec, table: Mapping[str, Any], folder: Path) -> Named:
    planner = planner_of(spec, table, folder)
    return _name_of(planner), planner


def _file(spec: CampaignSpec, path: Path, folder: Path) -> list[Named]:
    tables = read_toml(path)
    stray = [name for name, table in tables.items() if not isinstance(table, dict)]
    if stray or not tables:
        what = f"'{stray[0]}' is no table" if stray else "it is empty"
        raise InputError(f"{path.name} names no planners: {what}", '[quick], and below it: kind = "bayesian"')
    try:
        return [(name, planner_of(spec, table, folder, f"{path.name}, [{name}]")) for name, table in tables.items()]
    except SpecError as error:
        raise InputError(error.message, error.hint) from error


def _name_of(planner: Any) -> str:
    """The kind, and what is not at its default: bayesian (starts 4)."""
    settings = json.loads(definition_of(planner)) if hasattr(planner, "model_dump") else {}
    kind = str(settings.pop("kind", getattr(planner, "kind", type(planner).__name__)))
    if priors := settings.pop("prior", None):
        settings["prior of"] = " and ".join(priors)
    told = ", ".join(f"{key} {value}" for key, value in settings.items())
    return f"{kind} ({told})" if told else kind


def _with_unique_names(named: Iterable[Named]) -> list[Named]:
    """Each planner once, and no two of one name."""
    found: dict[str, Named] = {}
    for name, planner in named:
        found.setdefault(definition_of(planner), (name, planner))
    taken: dict[str, int] = {}
    unique_names = []
    for name, planner in found.values():
        taken[name] = taken.get(name, 0) + 1
        unique_names.append((name if taken[name] == 1 else f"{name} #{taken[name]}", planner))
    return unique_names
