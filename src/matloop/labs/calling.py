"""Finding a Python function by its name, and the way in which it wants to be called."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError, did_you_mean
from matloop.core.space import Point, Space

#: Where the modules that were loaded for campaigns came from: two campaigns may both have a lab.py of their own.
_loaded_from: dict[str, Path] = {}


def name_of(function: Callable[..., Any]) -> str:
    """ "module:name" of a callable, for the journal."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', None) or '__main__'}:{name}"


def load_function(name: str, base: Path) -> Callable[..., Any]:
    """The callable "package.module:name"; modules beside the campaign's file are found first. Raises InputError."""
    module_name, _, path = (part.strip() for part in name.partition(":"))
    if "<" in path:
        raise InputError(f"the function {name} has no name by which it can be found", "pass it again: run(function)")
    module = _module(module_name, base)
    if module_name == "__main__" and not hasattr(module, path.partition(".")[0]):
        raise InputError(
            f"the function '{path}' lives in the script that defined this campaign", "run that script again"
        )
    try:
        function = reduce(getattr, path.split("."), module)
    except AttributeError:
        public = [each for each in vars(module) if not each.startswith("_") and callable(getattr(module, each))]
        raise InputError(f"{module_name} has no function '{path}'", did_you_mean(path, public)) from None
    if not callable(function):
        raise InputError(f"{name} is {type(function).__name__} and cannot be called")
    return function


def _module(name: str, base: Path) -> Any:
    top = name.partition(".")[0]
    if _loaded_from.get(top, base) != base:
        for loaded in [m for m in sys.modules if m == top or m.startswith(top + ".")]:
            del sys.modules[loaded]
    if sys.path[:1] != [str(base)]:
        sys.path.insert(0, str(base))  # stays: a function may import its neighbours when it is called
        importlib.invalidate_caches()
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            near = did_you_mean(name, [path.stem for path in base.glob("*.py")])
            raise InputError(f"there is no module '{name}' in {base} or among the installed ones", near) from None
        raise InputError(f"the module '{name}' cannot be loaded: {error}") from error
    except Exception as error:
        raise InputError(f"the module '{name}' cannot be loaded: {type(error).__name__}: {error}") from error
    _loaded_from[top] = base
    return module


def caller_of(function: Callable[..., Any], space: Space, name: str) -> Callable[[Point], Any]:
    """A callable of one point. Raises InputError where the parameters fit neither way of calling.

    Keywords, where each parameter without a default is named after a variable of the space (or there is **rest);
    otherwise the point as one dict, where there is just one parameter without a default, or none that has a name.
    """
    parameters = _parameters(function)
    if parameters is None:
        return function
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    takes_rest = any(p.kind is p.VAR_KEYWORD for p in parameters)
    required = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    fitting = {p.name for p in named} & set(space.variables)
    by_keyword = all(p in named and p.name in fitting for p in required) and (fitting or takes_rest)
    if by_keyword:
        _require_all(space, fitting, takes_rest, name)
        return lambda point: function(**point)
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    if len(required) <= 1 and positional and (not required or required[0] in positional):
        return lambda point: function(point)
    stray = [p.name for p in required if p.name not in space.variables]
    hint = did_you_mean(stray[0], space.variables) if stray else ""
    raise InputError(f"the function {name} wants {_listed(stray)}, which the space does not have", hint)


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """None for what keeps its parameters to itself, as some functions written in C do."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def _require_all(space: Space, fitting: set[str], takes_rest: bool, name: str) -> None:
    ignored = [variable for variable in space.variables if variable not in fitting]
    if ignored and not takes_rest:
        raise InputError(
            f"the function {name} takes {_listed(sorted(fitting))} but not {_listed(ignored)}",
            "take the point as one dict, or add **others",
        )


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "other parameters"
