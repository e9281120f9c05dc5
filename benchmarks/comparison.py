"""Who is better than whom: mean ranks over pools, and paired comparisons over seeds with Holm's correction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: Below this corrected probability a difference counts as one.
LEVEL = 0.05


def mean_ranks(scores: pd.DataFrame, more_is_better: bool) -> pd.Series:
    """The mean over pools of each peer's rank (1 the best, ties shared) by its mean over seeds.

    `scores` has the columns peer, pool, seed and value. A pool counts where every peer has it.
    """
    table = scores.pivot_table(index="pool", columns="peer", values="value", aggfunc="mean").dropna()
    return table.rank(axis=1, ascending=not more_is_better).mean().sort_values()


@dataclass(frozen=True)
class Pair:
    """One peer against ours on one pool: mean of ours minus theirs (positive: ours is better), over paired seeds."""

    peer: str
    pool: str
    n_seeds: int
    difference: float
    p: float


def paired(scores: pd.DataFrame, ours: str, more_is_better: bool) -> list[Pair]:
    """Ours with each peer on each pool, over the seeds that both have; probabilities by Wilcoxon's signed ranks,
    corrected after Holm (1979) over all these comparisons."""
    sign = 1.0 if more_is_better else -1.0
    pairs: list[Pair] = []
    for pool, table in scores.groupby("pool"):
        by_peer = table.pivot_table(index="seed", columns="peer", values="value")
        if ours not in by_peer:
            continue
        for peer in by_peer.columns.drop(ours):
            both = by_peer[[ours, peer]].dropna()
            differences = sign * (both[ours] - both[peer]).to_numpy()
            if len(differences):
                pairs.append(Pair(peer, str(pool), len(both), float(differences.mean()), _wilcoxon(differences)))
    corrected = holm(np.array([pair.p for pair in pairs]))
    return [Pair(x.peer, x.pool, x.n_seeds, x.difference, float(p)) for x, p in zip(pairs, corrected, strict=True)]


def holm(p: np.ndarray) -> np.ndarray:
    """Probabilities of shape (m,) corrected for there being m of them (Holm 1979, Scand. J. Stat. 6:65)."""
    order = np.argsort(p)
    steps = p[order] * (len(p) - np.arange(len(p)))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def _wilcoxon(differences: np.ndarray) -> float:
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue) if np.any(differences) else 1.0


def worse(pairs: list[Pair]) -> list[Pair]:
    """Where ours is significantly worse."""
    return [pair for pair in pairs if pair.p < LEVEL and pair.difference < 0]


def counts(pairs: list[Pair]) -> Mapping[str, tuple[int, int, int]]:
    """Peer -> on how many pools ours is significantly better, not to be told apart, significantly worse."""
    found: dict[str, tuple[int, int, int]] = {}
    for pair in pairs:
        better, equal, lost = found.get(pair.peer, (0, 0, 0))
        told = pair.p < LEVEL
        found[pair.peer] = (
            better + (told and pair.difference > 0),
            equal + (not told),
            lost + (told and pair.difference < 0),
        )
    return found
