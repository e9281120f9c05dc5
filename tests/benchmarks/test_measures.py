"""What is computed from the recorded choices."""

import numpy as np
import pytest
from bench_pools import small_pool
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import measures

POOL = small_pool()
ORDER = np.argsort(-POOL.utilities)


def test_best_first_is_the_best_score() -> None:
    """Who tries the rows from best to worst has every measure at its best."""
    assert measures.trials_to_top(POOL, ORDER[:20]) == 1
    assert measures.share_of_top(POOL, ORDER[:20]) == 1
    assert measures.area(POOL, ORDER[:20]) == 1
    assert measures.trials_to_share(POOL, ORDER) == measures.needed(POOL, 0.8)


def test_worst_first_is_the_worst_score() -> None:
    """Who never leaves the worst half finds nothing: one trial more than there were, and zeros."""
    rows = ORDER[::-1][:20]
    assert measures.trials_to_top(POOL, rows) == 21
    assert measures.share_of_top(POOL, rows) == 0
    assert measures.area(POOL, rows) == 0
    assert measures.trials_to_share(POOL, rows) == np.inf


@given(st.permutations(range(60)), st.integers(1, 59))
def test_more_trials_never_hurt(rows: list[int], n: int) -> None:
    """One trial more finds no smaller share, and what was found early stays found at that trial."""
    short, longer = np.array(rows[:n]), np.array(rows[: n + 1])
    assert measures.share_of_top(POOL, longer) >= measures.share_of_top(POOL, short)
    if measures.trials_to_top(POOL, short) <= n:
        assert measures.trials_to_top(POOL, longer) == measures.trials_to_top(POOL, short)


@given(st.permutations(range(60)))
def test_direction_is_only_a_sign(rows: list[int]) -> None:
    """A pool to be minimized scores as its mirror image to be maximized."""
    mirror = small_pool(goal="minimize")
    for measure, _ in measures.MEASURES.values():
        assert measure(POOL, np.array(rows[:30])) == pytest.approx(measure(mirror, np.array(rows[:30])))


def test_random_choice_needs_what_it_is_computed_to_need() -> None:
    """The exact median of random choice agrees with 4,000 drawn campaigns."""
    rng = np.random.default_rng(0)
    drawn = [measures.trials_to_share(POOL, rng.permutation(POOL.n)) for _ in range(4000)]
    assert measures.random_trials_to_share(POOL) == pytest.approx(np.median(drawn), abs=1)
