"""From a campaign file to its definition, with the pools and the target curves that it names read in."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matloop.core.choice import Choice
from matloop.core.curve_target import Target
from matloop.core.errors import InputError, Mistake, SpecError, TableError
from matloop.core.objective import Match
from matloop.core.parameter import Parameter
from matloop.core.pool import Pool
from matloop.core.space import Space
from matloop.core.spec import CampaignSpec, parse_spec
from matloop.files.curves import read_curve, reason
from matloop.files.published import find_data
from matloop.files.table import read_table
from matloop.files.whole import sha256_of
from matloop.planners.prior import Prior

LARGEST_FILE = 20_000_000


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a campaign file. Raises InputError where it cannot be read, SpecError where it is no TOML."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path} is too large for a campaign file", "put a table of candidates into a CSV file")
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a text file in UTF-8") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    try:
        return tomllib.loads(content.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        where, what = _place(str(error))
        raise SpecError([Mistake(where, what)], str(path)) from error


def _place(message: str) -> tuple[str, str]:
    text, _, place = message.rpartition(" (at ")
    return (place.rstrip(")"), text) if text else ("the file", message)


#: Changes the tables of a definition in place, before they are checked.
Amend = Callable[[dict[str, Any]], None]


def load_spec(path: Path, amend: Amend | None = None) -> CampaignSpec:
    """The definition in a campaign file, all pools read. Raises SpecError with every mistake at once."""
    return with_pools(read_spec(path, amend), path.parent, path.name)


def read_spec(path: Path, amend: Amend | None = None) -> CampaignSpec:
    """The same as the file alone tells it. Raises SpecError with every mistake at once."""
    data = read_toml(path)
    if isinstance(data.get("campaign", {}), Mapping):
        data["campaign"] = {"name": _name_from(path), **data.get("campaign", {})}
    if amend:
        amend(data)
    return parse_spec(data, path.name)


def _name_from(path: Path) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in path.stem) or "campaign"


def with_pools(spec: CampaignSpec, base: Path, source: str = "the campaign", is_trusted: bool = False) -> CampaignSpec:
    """The same definition with each pool's file read, its hash noted, and the columns of results left out.

    The points of target curves are read too, and become part of the definition.

    Unless `is_trusted`, everything is checked once more now that the columns are known.
    """
    mistakes: list[Mistake] = []
    spec = _with_targets(spec, base, mistakes)
    spec = spec.model_copy(update={"planner": with_priors(spec.planner, base, mistakes)})
    parameters = dict(spec.space.parameters)
    for name, parameter in parameters.items():
        if is_in_a_file := _file_of(parameter):
            try:
                parameters[name] = _read(parameter, base, {wish.name for wish in spec.objectives})
            except TableError as error:
                mistakes.append(Mistake(f"space.{name}.{is_in_a_file}", error.message, error.hint))
            except ValueError as error:
                mistakes.append(Mistake(f"space.{name}", reason(error)))
    if not mistakes:
        space = Space(constraints=spec.space.constraints, **parameters)
        spec = spec.model_copy(update={"space": space})
        mistakes = [] if is_trusted else spec.mistakes()
    if mistakes:
        raise SpecError(mistakes, source)
    return spec


def _with_targets(spec: CampaignSpec, base: Path, mistakes: list[Mistake]) -> CampaignSpec:
    wishes = list(spec.objectives)
    for i, wish in enumerate(wishes):
        if isinstance(wish, Match) and not wish.target.is_read:
            try:
                curve = read_curve(find_data(str(wish.target.file), base))
                target = Target(file=wish.target.file, x=curve.x, y=curve.y)
                wishes[i] = Match.model_validate(wish.model_dump() | {"target": target})
            except TableError as error:
                mistakes.append(Mistake(f"objective.{wish.name}.target", error.message, error.hint))
            except ValueError as error:
                mistakes.append(Mistake(f"objective.{wish.name}", reason(error)))
    return spec.model_copy(update={"objective": tuple(wishes)})


def with_priors(planner: Any, base: Path, mistakes: list[Mistake]) -> Any:
    """The same planner with the tables of earlier results that it learns from before the first trial."""
    priors = dict(getattr(planner, "prior", None) or {})
    unread = {name: prior for name, prior in priors.items() if isinstance(prior, Prior) and not prior.is_read}
    for name, prior in unread.items():
        try:
            path = find_data(str(prior.file), base)
            priors[name] = prior.read(read_table(path), sha256_of(path))
        except TableError as error:
            mistakes.append(Mistake(f"planner.prior.{name}.file", error.message, error.hint))
    return planner.model_copy(update={"prior": priors}) if unread else planner


def _file_of(parameter: Parameter) -> str | None:
    """The key that names the file which a parameter needs, if it needs one."""
    if isinstance(parameter, Pool) and parameter.file is not None:
        return "file"
    return "descriptors" if isinstance(parameter, Choice) and not parameter.is_read else None


def _read(parameter: Any, base: Path, results: set[str]) -> Any:
    if isinstance(parameter, Pool):
        return _read_pool(parameter, base, results)
    return parameter.described_by(read_table(find_data(str(parameter.descriptors), base)))


def _read_pool(pool: Pool, base: Path, results: set[str]) -> Pool:
    path = find_data(str(pool.file), base)
    table = read_table(path)
    columns = pool.columns or tuple(name for name in table if name not in results)
    read = pool.model_copy(update={"columns": columns, "sha256": sha256_of(path)})
    read.load(table)
    return read
