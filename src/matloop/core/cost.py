"""What a trial costs: an amount, or a formula of its settings."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from matloop.core.errors import ExpressionError, Mistake, did_you_mean
from matloop.core.expression import parse_amount
from matloop.core.parameter import Columns
from matloop.core.space import Space

#: From columns of n points to what a trial at each of them costs, (n,).
Price = Callable[[Columns], np.ndarray]

#: The measured value that counts where a definition says no cost.
MEASURED = "cost"


def checked_cost(cost: Any) -> Any:
    """The cost as it stands, if it can be one. Raises ValueError otherwise."""
    if isinstance(cost, str):
        try:
            parse_amount(cost)
        except ExpressionError as error:
            raise ValueError(f"{error.message} ({error.hint})" if error.hint else error.message) from error
    elif isinstance(cost, int | float) and not (math.isfinite(cost) and cost >= 0):
        raise ValueError(f"a cost is 0 or more, not {cost}")
    return cost


def price_of(space: Space, cost: float | str | None) -> Price | None:
    """What trials cost by this amount or formula, or else by the levels of the fidelity; None where neither says it."""
    if cost is not None:
        return partial(planned_cost, cost)
    name, fidelity = space.fidelity or ("", None)
    if fidelity is None or fidelity.costs is None:
        return None
    costs = np.array(fidelity.costs)
    return lambda columns: costs[fidelity.position(columns[name])]


def planned_cost(cost: float | str, columns: Columns) -> np.ndarray:
    """What trials at these points cost, (n,); a formula that goes below zero or astray costs nothing there."""
    n = len(next(iter(columns.values())))
    amount = parse_amount(cost).values(columns) if isinstance(cost, str) else np.full(n, float(cost))
    return np.where(np.isfinite(amount), np.maximum(amount, 0.0), 0.0)


def cost_mistakes(cost: float | str | None, space: Space) -> list[Mistake]:
    """Names in a formula of the cost that are no variables of the space, and a cost that is said twice."""
    names = parse_amount(cost).names if isinstance(cost, str) else ()
    found = [
        Mistake("campaign.cost", f"'{name}' is no variable of this space", did_you_mean(name, space.variables))
        for name in sorted(set(names) - set(space.variables))
    ]
    if isinstance(cost, str) and not found:
        found += _unusable(cost, space)
    if cost is not None and space.fidelity and space.fidelity[1].costs:
        message = f"the costs of '{space.fidelity[0]}' say it too"
        found.append(Mistake("campaign.cost", message, "leave one of them out"))
    return found


def _unusable(cost: str, space: Space) -> list[Mistake]:
    """A formula that calculates with text, which shows only when it meets a point."""
    try:
        planned_cost(cost, space.from_unit(np.full((1, space.width), 0.5)))
    except ExpressionError as error:
        return [Mistake("campaign.cost", error.message, error.hint)]
    except ValueError:  # a pool that has not been read yet
        return []
    return []
