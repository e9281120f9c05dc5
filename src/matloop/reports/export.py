"""A campaign's trials and journal as files that other programs read: CSV, Parquet, JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.event import AnyEvent
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.files.whole import write_whole

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("csv", "parquet", "jsonl")


def trials_table(spec: CampaignSpec, state: CampaignState) -> pd.DataFrame:
    """A row for each trial; units stand in brackets behind the names, achieved values beside the planned ones."""
    import pandas as pd

    rows = [_row(spec, trial) for trial in state.trials.values()]
    return pd.DataFrame(rows, columns=_columns(spec, rows))


def _columns(spec: CampaignSpec, rows: list[dict[str, Any]]) -> list[str]:
    fixed = ["trial", "number", "status", *(_labelled(v, spec.space.units.get(v)) for v in spec.space.variables)]
    fixed += [_labelled(wish.name, wish.unit) for wish in spec.objectives]
    rest = [column for row in rows for column in row if column not in fixed]
    return list(dict.fromkeys([*fixed, *rest]))


def _labelled(name: str, unit: str | None) -> str:
    return f"{name} [{unit}]" if unit else name


def _row(spec: CampaignSpec, trial: TrialState) -> dict[str, Any]:
    units = spec.space.units
    row: dict[str, Any] = {"trial": trial.id, "number": trial.number, "status": str(trial.status)}
    row |= {_labelled(v, units.get(v)): trial.point.get(v) for v in spec.space.variables}
    row |= {"planner": trial.planner, "reason": trial.reason, "attempts": trial.attempts}
    outcome = trial.outcome
    if outcome is None:
        return row
    wished = {wish.name: wish.unit for wish in spec.objectives}
    row |= {_labelled(name, wished.get(name)): value for name, value in outcome.values.items()}
    row |= {_labelled(f"{name} std", wished.get(name)): value for name, value in outcome.std.items()}
    row |= {_labelled(f"{v} achieved", units.get(v)): value for v, value in outcome.achieved.items()}
    row |= {"failed": outcome.failed} if outcome.failed else {}
    row |= {f"file {name}": content for name, content in outcome.files.items()}
    return row


def write_exports(
    spec: CampaignSpec, state: CampaignState, events: Iterable[AnyEvent], folder: Path, formats: Iterable[str]
) -> list[Path]:
    """Write the trials in each format, measured curves, and the whole journal as JSON Lines; returns the paths."""
    table = trials_table(spec, state)
    name = spec.campaign.name
    written: list[Path] = []
    for kind in formats:
        path = folder / f"{name}-results.{kind}"
        write_whole(path, _as_bytes(table, kind))
        written.append(path)
    if points := list(_curve_points(state)):
        curves = folder / f"{name}-curves.csv"
        write_whole(curves, "trial,number,quantity,x,y\n" + "".join(points))
        written.append(curves)
    journal = folder / f"{name}-journal.jsonl"
    write_whole(journal, "".join(event.model_dump_json() + "\n" for event in events))
    units = folder / f"{name}-units.json"
    wished = {wish.name: wish.unit for wish in spec.objectives if wish.unit}
    write_whole(units, json.dumps({**spec.space.units, **wished}, indent=2, ensure_ascii=False) + "\n")
    return [*written, journal, units]


def _curve_points(state: CampaignState) -> Iterator[str]:
    """A line for each point of each measured curve."""
    for trial in state.trials.values():
        for name, curve in (trial.outcome.curves if trial.outcome else {}).items():
            label = ",".join(_quoted(cell) for cell in (trial.id, str(trial.number), name))
            yield from (f"{label},{x!r},{y!r}\n" for x, y in zip(curve.x, curve.y, strict=True))


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\r\n') else cell


def _as_bytes(table: pd.DataFrame, kind: str) -> bytes:
    from io import BytesIO

    if kind == "csv":
        return table.to_csv(index=False).encode("utf-8-sig")
    if kind == "jsonl":
        return str(table.to_json(orient="records", lines=True, force_ascii=False)).encode()
    buffer = BytesIO()
    table.apply(_of_one_type).to_parquet(buffer, index=False)
    return buffer.getvalue()


def _of_one_type(column: pd.Series[Any]) -> pd.Series[Any]:
    """Parquet columns have one type: where numbers and names stand together, all are written as text."""
    kinds = {type(cell) for cell in column.dropna()}
    is_mixed = len(kinds) > 1 and not kinds <= {int, float}
    return column.map(str, na_action="ignore") if is_mixed else column
