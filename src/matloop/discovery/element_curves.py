"""What a model says along the share of one element: the composition itself is moved, not one feature of it.

Raising the share of an element lowers all others in proportion, as in an alloy or a solid solution. Each material that
has the element is moved through the shares that occur in the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matloop.core.composition import SYMBOLS, FormulaError, parse_formula
from matloop.models.explain.dependence import Dependence, along

if TYPE_CHECKING:
    import pandas as pd

    from matloop.discovery.trained import TrainedModel

#: What the input of such a curve is called, before the element.
SHARE_OF = "share of "
#: An element counts where so many materials have it beside others; curves are drawn of so many elements and materials.
LEAST, N_TRIED, N_SHOWN, N_MATERIALS, N_GRID = 12, 8, 4, 40, 12


def element_curves(model: TrainedModel, estimator: Any, frame: pd.DataFrame, code: int | None) -> list[Dependence]:
    """The curves of the elements along which the answer moves most; none for a model without a composition.

    `estimator` answers to what `model` sees of the rows; of classes with the probability of the one with this `code`.
    """
    column = next((c for c in model.inputs if c.kind == "composition"), None)
    if column is None or column.name not in frame.columns:
        return []
    amounts = [_fractions(cell) for cell in frame[column.name].tolist()]
    counts = {symbol: [i for i, one in enumerate(amounts) if 0 < one.get(symbol, 0) < 1] for symbol in SYMBOLS}
    common = sorted((s for s in SYMBOLS if len(counts[s]) >= LEAST), key=lambda s: -len(counts[s]))[:N_TRIED]
    found = [_curve(model, estimator, frame, column.name, amounts, symbol, counts[symbol], code) for symbol in common]
    known = [curve for curve in found if curve is not None and curve.span > 0]
    return sorted(known, key=lambda curve: -curve.span)[:N_SHOWN]


def _curve(
    model: TrainedModel,
    estimator: Any,
    frame: pd.DataFrame,
    column: str,
    amounts: list[dict[str, float]],
    symbol: str,
    rows: list[int],
    code: int | None,
) -> Dependence | None:
    shares = np.array([amounts[i][symbol] for i in rows])
    least, most = np.quantile(shares, [0.05, 0.95])
    grid = np.linspace(least, most, N_GRID)
    if np.ptp(grid) < 1e-3:
        return None
    kept = rows[:: max(1, len(rows) // N_MATERIALS)][:N_MATERIALS]

    def moved(share: float) -> Any:
        table = frame.iloc[kept].reset_index(drop=True)
        table[column] = [formula_with(amounts[i], symbol, share) for i in kept]
        return table

    def ask(table: Any) -> NDArray[np.float64]:
        X = model.features(table)[0]
        return np.asarray(estimator.predict(X) if code is None else estimator.predict_proba(X)[:, code], dtype=float)

    return along(ask, moved, grid, shares, SHARE_OF + symbol)


def formula_with(fractions: dict[str, float], symbol: str, share: float) -> str:
    """The composition with this share of one element, and the others in the proportions that they have."""
    rest = 1.0 - fractions[symbol]
    return "".join(
        f"{element}{share if element == symbol else value * (1.0 - share) / rest:.6f}"
        for element, value in fractions.items()
    )


def _fractions(cell: Any) -> dict[str, float]:
    try:
        amounts = parse_formula(cell)
    except (FormulaError, TypeError):
        return {}
    total = sum(amounts.values())
    return {element: amount / total for element, amount in amounts.items() if amount > 0}
