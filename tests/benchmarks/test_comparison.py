"""Ranks and paired comparisons."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import comparison


def scores(shift: float, n: int = 20) -> pd.DataFrame:
    """Ours and a peer on two pools; on the second the peer is better by `shift`."""
    rng = np.random.default_rng(1)
    rows = []
    for pool, gain in (("even", 0.0), ("lost", shift)):
        for seed in range(n):
            value = rng.normal()
            rows += [("ours", pool, seed, value), ("peer", pool, seed, value + gain + 0.1 * rng.normal())]
    return pd.DataFrame(rows, columns=["peer", "pool", "seed", "value"])


def test_a_real_loss_is_flagged() -> None:
    """Where a peer is better at nearly every seed, ours is said to be worse, there and nowhere else."""
    pairs = comparison.paired(scores(0.5), "ours", more_is_better=True)
    assert [(pair.pool, pair.peer) for pair in comparison.worse(pairs)] == [("lost", "peer")]
    assert comparison.counts(pairs) == {"peer": (0, 1, 1)}


def test_direction_of_the_measure() -> None:
    """The same figures of a measure of which less is better are a win."""
    pairs = comparison.paired(scores(0.5), "ours", more_is_better=False)
    assert comparison.worse(pairs) == []
    assert comparison.counts(pairs) == {"peer": (1, 1, 0)}


def test_equal_choices_are_no_difference() -> None:
    """Identical campaigns cannot be told apart."""
    same = scores(0.0).assign(value=1.0)
    assert all(pair.p == 1 for pair in comparison.paired(same, "ours", more_is_better=True))


def test_holm() -> None:
    """Holm's correction gives the worked example: the smallest times m, then never less than the one before."""
    assert comparison.holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_mean_ranks() -> None:
    """Ranks are means over the pools that every peer has, 1 the best."""
    table = pd.DataFrame(
        [("a", "p", 0, 2.0), ("b", "p", 0, 1.0), ("a", "q", 0, 3.0), ("b", "q", 0, 1.0), ("a", "only_a", 0, 1.0)],
        columns=["peer", "pool", "seed", "value"],
    )
    assert comparison.mean_ranks(table, more_is_better=True).to_dict() == {"a": 1.0, "b": 2.0}
    assert comparison.mean_ranks(table, more_is_better=False).to_dict() == {"a": 2.0, "b": 1.0}
