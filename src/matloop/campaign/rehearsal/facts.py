"""A rehearsal as plain data, for other programs."""

from __future__ import annotations

from typing import Any

from matloop.campaign.rehearsal.compare import quartiles
from matloop.campaign.rehearsal.findings import Rehearsal, Row


def facts(rehearsal: Rehearsal) -> dict[str, Any]:
    """What was rehearsed, what is recommended, every configuration in figures with its curve, and how all is counted.

    Triples are lower quartile, median and upper quartile over the seeds.
    """
    scene = rehearsal.scene
    told: dict[str, Any] = {
        "campaign": scene.spec.campaign.name,
        "lab": scene.lab.kind,
        "budget": scene.budget,
        "starts": scene.starts,
        "seeds": list(rehearsal.seeds),
        "is_complete": len(rehearsal.seeds) == rehearsal.n_wanted,
        "folder": str(rehearsal.folder) if rehearsal.folder else None,
    }
    if not rehearsal.seeds:
        return told | {"recommendations": [], "configurations": []}
    planning, rest = rehearsal.seconds
    measure = rehearsal.measure
    return told | {
        "measure": {"name": measure.name, "unit": measure.unit, "definition": measure.definition},
        "targets": {t.label: float(measure.shown(t.score)) for t in rehearsal.targets},  # type: ignore[arg-type]
        "recommendations": [
            {"noise": noise.text, "sentence": v.sentence, "take": v.take, "target": v.target, "p": v.probabilities}
            for noise, v in rehearsal.verdicts.items()
        ],
        "configurations": [_row(row) | curve for row, curve in zip(rehearsal.rows, _curves(rehearsal), strict=True)],
        "seconds_per_trial": {"planning": planning, "rest": rest},
        "stopped": rehearsal.stopped,
    }


def _row(row: Row) -> dict[str, Any]:
    factors = {
        label: None if f is None else {"quartiles": [f.low, f.median, f.high], "at_least": f.at_least}
        for label, f in row.acceleration.items()
    }
    return {
        "planner": row.planner,
        "batch": None if row.is_random else row.batch,
        "noise": row.noise,
        "best": row.best,
        "named_best": row.named,
        "ef": row.enhancement,
        "trials": row.trials,
        "reached": row.reached,
        "af": factors,
        "top": row.top,
    }


def _curves(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    measure = rehearsal.measure
    results = [r for each in rehearsal.results.values() for r in each]
    curves = [measure.shown(quartiles(r.within)) for r in results]
    ordered = [curve if measure.is_better_higher else curve[::-1] for curve in curves]
    return [{"curve": dict(zip(("low", "median", "high"), rows.tolist(), strict=True))} for rows in ordered]
