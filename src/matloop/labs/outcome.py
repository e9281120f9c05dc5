"""From what a callable or a program gave to an Outcome: units converted, and everything doubtful refused in words.

Accepted are a number (for a single objective), a mapping of names to numbers, to texts with a unit ("31.2 kJ") or to
{"value": …, "unit": …, "std": …}, curves for an objective that matches one (see curve.py), and the long form {"values":
{…}, "achieved": {…}, "std": {…}, "units": {…}, "files": […], "failed": "cracked"}. What cannot be taken becomes an
Outcome that failed by a fault of the lab; the log then keeps what came, so that a person can still save it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matloop.core.choice import Choice
from matloop.core.curve import Curve
from matloop.core.errors import did_you_mean
from matloop.core.objective import Match, Objective
from matloop.core.pool import Pool
from matloop.core.space import Space
from matloop.core.trial import Outcome
from matloop.labs.curve import LONGEST_SHOWN, curve_of
from matloop.labs.quantity import Refused, clean, number_of, quantity_of, shown, std_of

PARTS = ("values", "achieved", "std", "units", "files", "failed")


def outcome_of(
    given: Any,
    objectives: Sequence[Objective],
    space: Space | None = None,
    log: str = "",
    files_from: Path | None = None,
) -> Outcome:
    """The outcome that `given` describes. Never raises.

    Values are in the objectives' units afterwards, achieved settings in their parameters'; further numbers are kept
    as they are, anything else is noted in the log. `files` become name -> path, relative ones counted from
    `files_from`.
    """
    if isinstance(given, Outcome):
        return given
    reading = _Reading(tuple(objectives), space, files_from)
    try:
        content = reading.read(given)
    except Refused as refusal:
        has_curves = any(isinstance(objective, Match) for objective in objectives)
        came = f"what came: {shown(given, LONGEST_SHOWN if has_curves else 2000)}"
        return Outcome(failed=clean(str(refusal)), is_fault=True, log=_joined(log, *reading.notes, came))
    return Outcome(**content, log=_joined(log, *reading.notes))


def fault(sentence: str, log: str = "") -> Outcome:
    """A trial that failed because the lab did."""
    return Outcome(failed=clean(sentence), is_fault=True, log=clean(log))


def _joined(*texts: str) -> str:
    return clean("\n".join(text for text in texts if text))


@dataclass
class _Reading:
    objectives: tuple[Objective, ...]
    space: Space | None
    files_from: Path | None
    notes: list[str] = field(default_factory=list)

    def read(self, given: Any) -> dict[str, Any]:
        """The content of an Outcome. Raises Refused."""
        parts, values = self._split(given)
        failed = _failure(parts.get("failed"))
        units = _mapping(parts.get("units"), "units")
        stds = self._by_name(parts.get("std"), "std")
        content: dict[str, Any] = {"failed": failed, "values": {}, "std": {}, "curves": {}}
        for objective in self.objectives:
            try:
                if isinstance(objective, Match):
                    curve, distance = self._curve(objective, values, units)
                    content["curves"][objective.name], content["values"][objective.name] = curve, distance
                    continue
                value, std = self._measured(objective, values, stds, units)
            except Refused as refusal:
                if failed is None:
                    raise
                if objective.name in values:
                    self.notes.append(str(refusal))
                continue
            content["values"][objective.name] = value
            if std is not None:
                content["std"][objective.name] = std
        content["values"] |= self._extras(values)
        content["achieved"] = self._achieved(_mapping(parts.get("achieved"), "achieved"), units)
        content["files"] = self._files(parts.get("files"))
        return content

    @property
    def _names(self) -> list[str]:
        return [objective.name for objective in self.objectives]

    def _split(self, given: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """The parts of the long form, and the values."""
        if not isinstance(given, Mapping) or self._is_the_curve(given):
            return {}, self._by_name(given, "the result")
        _require_text_keys(given, "the result")
        parts = {part: given[part] for part in PARTS if part in given and part not in self._names}
        rest = {name: value for name, value in given.items() if name not in parts}
        if "values" not in parts:
            return parts, rest
        self.notes.extend(f"not taken: {shown(name)} = {shown(value)}" for name, value in rest.items())
        return parts, self._by_name(parts["values"], "values")

    def _by_name(self, value: Any, what: str) -> Mapping[str, Any]:
        """A mapping as it is; a single value belongs to the single objective."""
        if value is None and what == "std":
            return {}
        if isinstance(value, Mapping) and not self._is_the_curve(value):
            _require_text_keys(value, what)
            return value
        if len(self.objectives) != 1:
            raise Refused(f"{what} must be a mapping of {', '.join(self._names)} to numbers, not {shown(value)}")
        return {self.objectives[0].name: value}

    def _is_the_curve(self, given: Mapping[Any, Any]) -> bool:
        """Whether this is x and y of the single objective."""
        is_single = len(self.objectives) == 1 and isinstance(self.objectives[0], Match)
        return is_single and {"x", "y"} <= given.keys() and self._names[0] not in given

    def _measured(
        self, objective: Objective, values: Mapping[str, Any], stds: Mapping[str, Any], units: Mapping[str, Any]
    ) -> tuple[float, float | None]:
        name = objective.name
        unit = units.get(name)
        value, std = quantity_of(self._given(name, values), name, unit, objective.unit)
        if stds.get(name) is not None:
            std = std_of(stds[name], name, unit, objective.unit)
        return value, std

    def _curve(self, wish: Match, values: Mapping[str, Any], units: Mapping[str, Any]) -> tuple[Curve, float]:
        """The curve, and its distance to the target."""
        return curve_of(self._given(wish.name, values), wish, units.get(wish.name), self.files_from)

    @staticmethod
    def _given(name: str, values: Mapping[str, Any]) -> Any:
        if name not in values or values[name] is None:
            hint = did_you_mean(name, values) if 0 < len(values) <= 20 else ""
            raise Refused(f"there is no value for {name}" + (f": {hint}" if hint.startswith("did") else ""))
        return values[name]

    def _extras(self, values: Mapping[str, Any]) -> dict[str, float]:
        """Numbers that are no objectives; the rest is noted."""
        kept: dict[str, float] = {}
        for name, value in values.items():
            if name in self._names:
                continue
            try:
                kept[clean(name)] = number_of(value, shown(name))
            except Refused:
                self.notes.append(f"not taken: {shown(name)} = {shown(value)}")
        return kept

    def _achieved(self, given: Mapping[str, Any], units: Mapping[str, Any]) -> dict[str, Any]:
        known = self.space.variables if self.space else tuple(given)
        achieved: dict[str, Any] = {}
        for name, value in given.items():
            if name not in known:
                self.notes.append(f"achieved {shown(name)} = {shown(value)}: no variable of this space")
            elif value is not None:
                achieved[clean(name)] = self._setting(name, value, units)
        return achieved

    def _setting(self, name: str, value: Any, units: Mapping[str, Any]) -> float | int | str | bool:
        if isinstance(value, bool | str) and not self._is_numeric(name):
            return clean(value) if isinstance(value, str) else value
        target = self.space.units.get(name) if self.space else None
        number, _ = quantity_of(value, f"achieved {name}", units.get(name), target)
        return int(number) if isinstance(value, int) and number == value else number

    def _is_numeric(self, name: str) -> bool:
        for key, parameter in self.space.parameters.items() if self.space else ():
            if name in parameter.variables(key):
                if isinstance(parameter, Pool):
                    return parameter.rows[name].dtype.kind in "fiu"
                return not isinstance(parameter, Choice)
        return False

    def _files(self, given: Any) -> dict[str, str]:
        """Name -> path; a name is the file's own, or the path as written where two would be the same."""
        if given is None:
            return {}
        if isinstance(given, str):
            given = [given]
        listed = given.items() if isinstance(given, Mapping) else [(None, path) for path in _list(given)]
        files: dict[str, str] = {}
        for name, path in listed:
            if not isinstance(path, str) or not path.strip() or not isinstance(name, str | None):
                raise Refused(f"files must be a list of paths, not {shown(given)}")
            written = clean(path)
            short = clean(name or Path(written).name or written)
            files[written if short in files else short] = str(self.files_from / written if self.files_from else written)
        return files


def _failure(given: Any) -> str | None:
    if given is None or given is False:
        return None
    if given is True:
        return "failed"
    if isinstance(given, str):
        return clean(given.strip()) or "failed"
    raise Refused(f"failed must be a text that says why, not {shown(given)}")


def _mapping(given: Any, what: str) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise Refused(f"{what} must be a mapping, not {shown(given)}")
    _require_text_keys(given, what)
    return given


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list | tuple):
        raise Refused(f"files must be a list of paths, not {shown(given)}")
    return list(given)


def _require_text_keys(given: Mapping[Any, Any], what: str) -> None:
    for key in given:
        if not isinstance(key, str):
            raise Refused(f"{what} has the name {shown(key)}, which is not text")
