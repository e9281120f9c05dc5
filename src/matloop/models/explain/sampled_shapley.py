"""Shapley values of any model by sampling orders of its inputs (Štrumbelj & Kononenko 2014, 10.1007/s10115-013-0679-x).

Walk from a background row to the explained one, changing one input after the other in a random order: the changes of
the answer are one sample of the contributions, and sum to the whole difference in each walk. Each order is also walked
backwards (Mitchell et al. 2022, arXiv:2104.12199): where no three inputs interact, one order and its reverse are exact.
"""

from __future__ import annotations

import numpy as np

from matloop.core.progress import Progress, silent
from matloop.models.explain.dependence import Ask
from matloop.models.explain.groups import Groups

#: So many rows at most are held at once.
CHUNK = 20_000


def sampled(
    ask: Ask,
    rows: np.ndarray,
    background: np.ndarray,
    players: Groups,
    n_permutations: int,
    seed: int,
    progress: Progress = silent,
) -> tuple[np.ndarray, float]:
    """The contributions (n, p) of p players, each of one or more columns of `rows` (n, d), and the base.

    All rows walk the same orders from the same background rows: the base, the mean answer to these, is one number.
    """
    rng = np.random.default_rng(seed)
    n_walks = 2 * max(1, n_permutations // 2)
    orders = _orders(len(players), n_walks, rng)
    starts = background[_spread(len(background), n_walks, rng)]
    columns = [list(members) for members in players.values()]
    values = np.zeros((len(rows), len(players)))
    for walk, (order, start) in enumerate(zip(orders, starts, strict=True)):
        values += _walk(ask, rows, start, order, columns)
        progress(walk + 1, n_walks)
    return values / n_walks, float(ask(starts).mean())


def _orders(n: int, n_walks: int, rng: np.random.Generator) -> list[np.ndarray]:
    forward = [rng.permutation(n) for _ in range(n_walks // 2)]
    return [order for there in forward for order in (there, there[::-1])]


def _spread(n: int, n_walks: int, rng: np.random.Generator) -> np.ndarray:
    """As many places of n as walks, the same for an order and its reverse; none comes twice before each came once."""
    pairs = n_walks // 2
    rounds = [rng.permutation(n) for _ in range(-(-pairs // n))]
    return np.repeat(np.concatenate(rounds)[:pairs], 2)


def _walk(ask: Ask, rows: np.ndarray, start: np.ndarray, order: np.ndarray, columns: list[list[int]]) -> np.ndarray:
    """The change of the answer at each step, (n, p)."""
    changes = np.zeros((len(rows), len(columns)))
    at_once = max(1, CHUNK // (len(order) + 1))
    for begin in range(0, len(rows), at_once):
        part = rows[begin : begin + at_once]
        path = np.broadcast_to(start, (len(order) + 1, *part.shape)).copy()
        is_new = np.full(path.shape[:2], True)
        for step, player in enumerate(order):
            members = columns[player]
            path[step + 1 :, :, members] = part[:, members]
            is_new[step + 1] = np.any(part[:, members] != start[members], axis=1)
        changes[begin : begin + at_once, order] = np.diff(_answers(ask, path, is_new), axis=0).T
    return changes


def _answers(ask: Ask, path: np.ndarray, is_new: np.ndarray) -> np.ndarray:
    """The answers (steps, n) along the paths (steps, n, d); a step that changes nothing is not asked again."""
    answers = np.empty(is_new.shape)
    answers[is_new] = ask(path[is_new])
    last_new = np.maximum.accumulate(np.where(is_new, np.arange(len(path))[:, None], 0), axis=0)
    return np.take_along_axis(answers, last_new, axis=0)
