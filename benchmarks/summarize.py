"""Tables and figures from recorded choices: `python -m benchmarks.summarize` writes them to benchmarks/results/.

`--pack` also keeps the choices themselves, compressed, so that anybody can compute other measures from them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import markdown, records, scores
from benchmarks.environments import CACHE
from benchmarks.measures import MEASURES

MAIN_PROTOCOL = "2+50"
SHARE = "share of the top 5 % found"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choices", type=Path, nargs="+", default=[records.CHOICES, CACHE / "choices"])
    parser.add_argument("--to", type=Path, default=records.RESULTS)
    parser.add_argument("--pack", action="store_true", help="keep the choices with the results")
    parser.add_argument("--no-figures", action="store_true")
    return parser.parse_args()


def cpu_of(found: list[records.Record]) -> pd.Series:
    """The median CPU seconds of a suggestion after 40 to 50 trials, all pools together, by peer."""
    times: dict[str, list[float]] = {}
    for record in found:
        if record["protocol"] == MAIN_PROTOCOL and len(record.get("cpu", [])) >= 40:
            times.setdefault(record["peer"], []).extend(record["cpu"][38:])
    return pd.Series({peer: float(np.median(cpu)) for peer, cpu in times.items()})


def text_of(found: list[records.Record], folder: Path) -> str:
    """The whole page."""
    table = scores.measured(found, MAIN_PROTOCOL)
    parts = ["# Planners side by side", _versions(found), "## Ranks", markdown.ranks(table, cpu_of(found))]
    parts += ["![Mean ranks](ranks.png)", "![Share found, trial by trial](curves.png)"]
    for measure in MEASURES:
        parts += [f"## By pool: {measure} (mean over seeds)", markdown.by_pool(table, measure)]
    parts += ["![Share of the top 5 %, by pool](share.png)", *_other_protocols(found)]
    if (table["peer"] == markdown.OURS).any():
        parts += ["## matloop with each peer, paired over seeds (Wilcoxon, Holm-corrected, 5 %)", markdown.pairs(table)]
    for readings, words in (("mean", "means of replicates"), ("single", "single replicates drawn")):
        trials = scores.liang(found, readings)
        if len(trials):
            parts += [f"## Acceleration factor at 80 % of the top 5 %, {words}", markdown.acceleration(trials)]
    for name, title in (("timing", "CPU time of a suggestion"), ("large_pools", "Large pools")):
        path = folder / f"{name}.json"
        if path.exists():
            parts += [f"## {title}", markdown.rows_of(json.loads(path.read_text(encoding="utf-8")))]
            parts += ["![CPU time of a suggestion](timing.png)"] * (name == "timing")
    lost = scores.failures(found)
    parts += ["## What broke off", markdown.failures(lost) if len(lost) else "Nothing."]
    return "\n\n".join(parts) + "\n"


def _other_protocols(found: list[records.Record]) -> list[str]:
    """The share found with other numbers of starts and trials, or with single readings."""
    kinds = {(r["protocol"], r["readings"]) for r in found if r["protocol"] != "liang"} - {(MAIN_PROTOCOL, "mean")}
    parts = []
    for protocol, readings in sorted(kinds):
        parts.append(f"## By pool: {SHARE}; starts + trials {protocol}, readings: {readings}")
        parts.append(markdown.by_pool(scores.measured(found, protocol, readings), SHARE))
    return parts


def _versions(found: list[records.Record]) -> str:
    versions = sorted({record["version"] for record in found})
    return (
        "What is counted, and what of matloop was chosen on these pools, is said in "
        "[the benchmark's page](../README.md). Written by `python -m benchmarks.summarize` "
        f"from {len(found)} recorded campaigns of " + ", ".join(versions) + "."
    )


def main() -> None:
    asked = options()
    found = records.read(*asked.choices)
    asked.to.mkdir(parents=True, exist_ok=True)
    (asked.to / "results.md").write_text(text_of(found, asked.to), encoding="utf-8")
    if not asked.no_figures:
        from benchmarks import figures

        figures.write_all(found, asked.to)
    if asked.pack:
        records.pack(found, asked.to / "choices")


if __name__ == "__main__":
    main()
