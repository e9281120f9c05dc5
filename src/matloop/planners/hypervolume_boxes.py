"""The region in which a new point would enlarge a front, cut into boxes that do not overlap.

All goals are maximized. A box is the set low < y ≤ high; where nothing bounds it above, high is infinite.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

Corner = tuple[float, ...]
Box = tuple[Corner, Corner]


def free_boxes(points: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners low and high, each (k, m), of the boxes above the reference (m,) that no point (p, m) dominates.

    Slices in the last goal, and in each of them the boxes of one goal less; a box that goes on in the next slice
    stays one. For p points of a front that makes p + 1 boxes for two goals and at most 2 p + 1 for three, as in Yang
    et al. 2019, Efficient computation of expected hypervolume improvement, doi:10.1007/s10898-019-00798-7.
    """
    inside = points[(points > reference).all(axis=1)]
    boxes = _boxes([tuple(row) for row in inside.tolist()], tuple(reference.tolist()))
    low, high = np.array(boxes, dtype=float).transpose(1, 0, 2)
    return low, high


def _boxes(points: Sequence[Corner], reference: Corner) -> list[Box]:
    if len(reference) == 1:
        return [((max([reference, *points])[0],), (inf,))]
    return _strips(points, reference) if len(reference) == 2 else _slices(points, reference)


def _strips(points: Sequence[Corner], reference: Corner) -> list[Box]:
    """For two goals: upright strips, from right to left; dominated points make none."""
    boxes: list[Box] = []
    right, height = inf, reference[1]
    for x, y in sorted(points, reverse=True):
        if y > height:
            if x < right:
                boxes.append(((x, height), (right, inf)))
            right, height = x, y
    return [*boxes, ((reference[0], height), (right, inf))]


def _slices(points: Sequence[Corner], reference: Corner) -> list[Box]:
    """For three goals or more: from the top down, each point changes some of the boxes below its last goal."""
    boxes: list[Box] = []
    falling = sorted(points, key=lambda point: -point[-1])
    tops = dict.fromkeys(_boxes([], reference[:-1]), inf)
    for n, point in enumerate(falling, start=1):
        level, below = point[-1], _boxes([p[:-1] for p in falling[:n]], reference[:-1])
        closed = tops.keys() - set(below)
        boxes += [_raised(box, level, top) for box, top in tops.items() if box in closed and level < top]
        tops = {box: tops.get(box, level) for box in below}
    return boxes + [_raised(box, reference[-1], top) for box, top in tops.items()]


def _raised(box: Box, low: float, high: float) -> Box:
    return (*box[0], low), (*box[1], high)
