"""From a shortlist to a campaign: candidates become a pool, predictions a prior, the target an objective."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError
from matloop.screening.predictor import column_of, name_of
from matloop.screening.shortlist import Facts, Shortlist

#: Trials of a campaign unless the shortlist is shorter.
BUDGET = 30
#: What the column of candidates is called in the space.
PARAMETER = "candidate"


def campaign_file(shortlist: Shortlist, name: str, folder: Path, lab: str) -> str:
    """The text of a campaign file that lies in `folder`; `lab` is its last table.

    Raises InputError for a shortlist without candidates, without a predicted number, or where nothing says which way
    that number is better.
    """
    n = len(shortlist)
    if not n:
        raise InputError(f"{shortlist.path} has no candidates", "loosen the screen")
    wishes = dict(_wishes(shortlist.facts))
    if not wishes:
        raise InputError(f"{shortlist.path} has no predicted number", "screen with a model: --model FILE")
    file = Path(os.path.relpath(shortlist.path.resolve(), folder.resolve())).as_posix()
    lines = [
        f"# {name}.toml: one campaign, on the shortlist {_text(file)}. Check it with: matloop check {name}.toml",
        "[campaign]",
        f"name = {_text(name)}",
        f"budget = {min(BUDGET, n)}                    # trials",
        "seed = 0",
        "",
        f"[space.{PARAMETER}]               # {n:,} candidates; what else the table has is not shown to the planner",
        'kind = "pool"',
        *(f"{key} = {_value(value)}" for key, value in ({"file": file} | shortlist.pool()).items() if value),
        "",
        "[objective]",
        *(f"{_key(objective)} = {_table(wish)}" for objective, (_, wish) in wishes.items()),
        "",
        "[planner]",
        'kind = "bayesian"',
        "batch = 1",
        "",
        "[planner.prior]                # how far predictions are trusted is learned from the results",
        *(f"{_key(objective)} = {_table({'column': column_of(model)})}" for objective, (model, _) in wishes.items()),
        "",
        lab,
    ]
    return "\n".join(lines)


def _wishes(facts: Facts) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """(objective, (model, wish)) for each model of a number: as the screen ranked by it, or as its target is better."""
    for model, about in facts.models.items():
        if about["task"] != "regression":
            continue
        target = about["target"]
        usual = {"goal": target["direction"]} if target.get("direction") else _within(facts, model)
        wish = _asked(facts, model) or usual
        if not wish:
            hint = 'say it in the screen: a stage top with goal = "maximize", "minimize" or near = VALUE'
            raise InputError(f"nothing says which way {target['name']} is better", hint)
        unit = {"unit": target["unit"]} if target.get("unit") else {}
        yield name_of(target["name"]), (model, wish | unit)


def _asked(facts: Facts, model: str) -> dict[str, Any]:
    """By what the last stage that ranked by this model did so, where it says it."""
    for stage in reversed(list(_stages(facts, model))):
        if "near" in stage:
            return {"goal": "near", "value": stage["near"]}
        if "goal" in stage:
            return {"goal": stage["goal"]}
    return {}


def _within(facts: Facts, model: str) -> dict[str, Any]:
    """What a range of the prediction wants: the middle of it, or the open end."""
    for stage in _stages(facts, model):
        low, high = stage.get("low"), stage.get("high")
        if low is not None and high is not None and "unit" not in stage:
            return {"goal": "near", "value": (low + high) / 2}
        if low is not None or high is not None:
            return {"goal": "minimize" if low is None else "maximize"}
    return {}


def _stages(facts: Facts, model: str) -> Iterator[Mapping[str, Any]]:
    yield from (stage for stage in facts.screen.get("stages", ()) if stage.get("prediction") == model)


# -- as TOML --------------------------------------------------------------------------------------------------


def _table(table: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{_key(key)} = {_value(value)}" for key, value in table.items()) + " }"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _table(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _text(value) if isinstance(value, str) else repr(value)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _text(key)


def _text(text: str) -> str:
    """A basic string: JSON's escapes are among those of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
