"""Amounts that sum to a total between bounds, from uniform numbers, and back."""

from __future__ import annotations

import numpy as np


def amounts_from_unit(u: np.ndarray, total: float, lows: np.ndarray, highs: np.ndarray) -> np.ndarray:
    """Amounts (n, k) that sum to `total`, from uniform numbers (n, k), between tight bounds of shape (n or 1, k).

    The allowed amounts lie within the simplex above the lows and within the one below the highs (Crosier 1984,
    doi:10.1080/00401706.1984.10487957); the smaller of the two is drawn from.
    """
    shares = _shared_out(u, np.minimum(*_room(total, lows, highs)), highs - lows)
    is_above = _is_above(total, lows, highs)
    return np.clip(np.where(is_above, lows + shares, highs - shares), lows, highs)


def amounts_to_unit(amounts: np.ndarray, total: float, lows: np.ndarray, highs: np.ndarray) -> np.ndarray:
    """Uniform numbers (n, k) that `amounts_from_unit` makes these amounts of."""
    is_above = _is_above(total, lows, highs)
    return _drawn(np.where(is_above, amounts - lows, highs - amounts), highs - lows)


def tightened(total: float, lows: np.ndarray, highs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bounds (…, k) that the others leave: the least where these are at their highs, the most at their lows."""
    others_low, others_high = (bound.sum(axis=-1, keepdims=True) - bound for bound in (lows, highs))
    return (
        np.maximum(lows, np.minimum(total - others_high, highs)),
        np.minimum(highs, np.maximum(total - others_low, lows)),
    )


def _room(total: float, lows: np.ndarray, highs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is left of the total above the lows, and what of the highs above the total, each of shape (n or 1,)."""
    return total - lows.sum(axis=-1), highs.sum(axis=-1) - total


def _is_above(total: float, lows: np.ndarray, highs: np.ndarray) -> np.ndarray:
    """Whether the simplex above the lows is the smaller one, shape (n or 1, 1)."""
    above, below = _room(total, lows, highs)
    return np.asarray(above <= below)[:, None]


def _shared_out(u: np.ndarray, total: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Shares (n, k) of a total (n or 1,) from uniform numbers (n, k), none above `most` (n or 1, k).

    One component after the other, the most restricted first, each from the part of its distribution in the simplex
    that leaves what the rest can hold: P(share > x) = (1 − x/left)^(k − 1), inverted (Devroye 1986, ch. V.4).
    """
    order, most, room = _most_restricted_first(len(u), most)
    shares, u = np.zeros_like(u), np.take_along_axis(u, order, axis=1)
    left = np.broadcast_to(np.maximum(total, 0.0), len(u))
    for i, others in enumerate(range(shares.shape[1] - 1, 0, -1)):
        least, top = _range_of_share(left, most[:, i], room[:, i])
        whole = np.where(left > 0, left, 1.0)
        near, far = (1.0 - least / whole) ** others, (1.0 - top / whole) ** others
        shares[:, i] = np.clip(left * (1.0 - (near + (far - near) * u[:, i]) ** (1.0 / others)), least, top)
        left = left - shares[:, i]
    shares[:, -1] = left
    return _in_place(shares, order)


def _drawn(shares: np.ndarray, most: np.ndarray) -> np.ndarray:
    """The uniform numbers (n, k) behind shares (n, k); one half where any number would do."""
    order, most, room = _most_restricted_first(len(shares), most)
    shares = np.take_along_axis(np.maximum(shares, 0.0), order, axis=1)
    u, left = np.full(shares.shape, 0.5), shares.sum(axis=1)
    for i, others in enumerate(range(shares.shape[1] - 1, 0, -1)):
        least, top = _range_of_share(left, most[:, i], room[:, i])
        whole = np.where(left > 0, left, 1.0)
        near, far, here = ((1.0 - np.minimum(x / whole, 1.0)) ** others for x in (least, top, shares[:, i]))
        decided = near - far > 1e-12
        u[:, i] = np.where(decided, np.clip((near - here) / np.where(decided, near - far, 1.0), 0.0, 1.0), 0.5)
        left = np.maximum(left - shares[:, i], 0.0)
    return _in_place(u, order)


def _most_restricted_first(n: int, most: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The order of the components in each row, their `most` in it, and what those after each can hold: each (n, k)."""
    most = np.broadcast_to(most, (n, most.shape[-1]))
    order = np.argsort(most, axis=1, kind="stable")
    most = np.take_along_axis(most, order, axis=1)
    return order, most, most[:, ::-1].cumsum(axis=1)[:, ::-1] - most


def _in_place(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    found = np.empty_like(values)
    np.put_along_axis(found, order, values, axis=1)
    return found


def _range_of_share(left: np.ndarray, most: np.ndarray, room: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most (n,) of one share where so much is left (n,) and the others have this room (n,)."""
    return np.clip(left - room, 0.0, np.minimum(most, left)), np.minimum(most, left)
