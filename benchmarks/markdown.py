"""The tables of the results as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any

import pandas as pd

from benchmarks import comparison
from benchmarks.measures import MEASURES, random_trials_to_share
from benchmarks.pools import LIANG, POOLS
from benchmarks.scores import pool_of, ranked

OURS = "matloop"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Aligned for nobody but a Markdown reader."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def ranks(scores: pd.DataFrame, cpu: pd.Series) -> str:
    """One row a peer: its mean rank by each measure, and its CPU time a suggestion."""
    some = ranked(scores)
    by = {m: comparison.mean_ranks(some.assign(value=some[m]), more) for m, (_, more) in MEASURES.items()}
    order = pd.concat(by, axis=1).mean(axis=1).sort_values().index
    rows = [[peer, *(f"{by[m][peer]:.2f}" for m in MEASURES), f"{1000 * cpu[peer]:.1f}"] for peer in order]
    n_seeds = some.groupby("pool")["seed"].nunique()
    head = ["planner", *(f"rank: {m}" for m in MEASURES), "CPU ms a suggestion"]
    words = (
        f"Mean ranks over {len(n_seeds)} pools (1 is best), from {_span(n_seeds)} seeds a pool that all planners have."
    )
    waiting = sorted(set(scores["peer"]) - set(order))
    unranked = "\n\nNot ranked before they have been through more pools: " + ", ".join(waiting) + "." if waiting else ""
    return words + "\n\n" + table(head, rows) + unranked


def _span(numbers: pd.Series) -> str:
    low, high = numbers.min(), numbers.max()
    return f"{low}" if low == high else f"{low}–{high}"


def by_pool(scores: pd.DataFrame, measure: str) -> str:
    """Pools down, peers across: the mean over seeds, the best of each pool in bold.

    A planner with fewer seeds than another has their number in brackets.
    """
    means = scores.pivot_table(index="pool", columns="peer", values=measure, aggfunc="mean")
    n_seeds = scores.pivot_table(index="pool", columns="peer", values="seed", aggfunc="nunique")
    best = means.max(axis=1) if MEASURES[measure][1] else means.min(axis=1)
    peers = [OURS, *means.columns.drop(OURS)] if OURS in means else list(means.columns)
    digits = 1 if measure.startswith("trials") else 3

    def cell(pool: str, peer: str) -> str:
        value, n = float(means[peer][pool]), float(n_seeds[peer][pool])
        if isnan(value):
            return ""
        text = f"**{value:.{digits}f}**" if value == best[pool] else f"{value:.{digits}f}"
        return text if n == n_seeds.loc[pool].max() else f"{text} ({n:.0f})"

    names = [name for name in POOLS if name in means.index]
    return table(["pool", *peers], [[pool, *(cell(pool, peer) for peer in peers)] for pool in names])


def pairs(scores: pd.DataFrame) -> str:
    """Ours with each peer: on how many pools better, equal, worse; then where it is worse."""
    parts = []
    for measure, (_, more) in MEASURES.items():
        found = comparison.paired(scores.assign(value=scores[measure]), OURS, more)
        rows = [[peer, *counts] for peer, counts in sorted(comparison.counts(found).items())]
        parts.append(f"**{measure}**\n\n" + table(["peer", "pools better", "not told apart", "pools worse"], rows))
        lost = [[x.pool, x.peer, f"{x.difference:+.3f}", x.n_seeds, f"{x.p:.1g}"] for x in comparison.worse(found)]
        if lost:
            parts.append(f"{OURS} is significantly worse on:\n\n" + table(["pool", "than", "by", "seeds", "p"], lost))
    return "\n\n".join(parts)


def acceleration(trials: pd.DataFrame) -> str:
    """Acceleration factors on the five sets: random's median trials over the planner's, with its quartiles."""
    rows = []
    for peer, own in trials.groupby("peer"):
        cells = []
        for pool in LIANG:
            needed = own.loc[own["pool"] == pool, "trials"]
            cells.append(_factor(needed, random_trials_to_share(pool_of(pool))))
        rows.append([peer, *cells])
    return table(["planner", *LIANG], rows)


def _factor(needed: pd.Series, random: int) -> str:
    if needed.empty:
        return ""
    low, middle, high = (random / q for q in needed.quantile([0.75, 0.5, 0.25]))
    return f"{middle:.2f} ({low:.2f}–{high:.2f}; n = {len(needed)})"


def failures(table_of_failures: pd.DataFrame) -> str:
    columns = ["peer", "pool", "count", "error"]
    return table(columns, table_of_failures[columns].itertuples(index=False))


def rows_of(records: list[dict[str, Any]]) -> str:
    """Measured figures that were saved as records, one row each."""
    head = list(dict.fromkeys(key for record in records for key in record))
    return table(head, [[record.get(key, "") for key in head] for record in records])
