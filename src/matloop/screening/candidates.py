"""Some candidates on their way through a screen: their table, and what stages would otherwise work out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.composition import Amounts
from matloop.screening.keys import amounts_of, keys_of

if TYPE_CHECKING:
    import pandas as pd

    from matloop.screening.predictor import Predictor


class Candidates:
    """Rows of a stream. The index of `frame` is their place in it, counted from 0.

    `material` is the column that says what each candidate is, `kind` what stands there; `models` are at hand by name.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        material: str | None = None,
        kind: str | None = None,
        models: Mapping[str, Predictor] | None = None,
        confidence: float = 0.9,
    ) -> None:
        self.frame = frame
        self.material, self.kind = material, kind
        self.models = models or {}
        self.confidence = confidence
        self._amounts: tuple[Amounts, dict[int, str]] | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def places(self) -> np.ndarray:
        """Where each candidate stands in the stream, (n,)."""
        return self.frame.index.to_numpy()

    def cells(self) -> list[Any]:
        """The cells of the material column."""
        return list(self.frame[self.material].tolist())

    def amounts(self) -> tuple[Amounts, dict[int, str]]:
        """The elements of the candidates that can be read, in their order, and why others, by place, cannot."""
        if self._amounts is None:
            self._amounts = amounts_of(self.cells(), self.kind or "composition")
        return self._amounts

    def keys(self, by: str) -> tuple[np.ndarray, dict[int, str]]:
        """A number for each candidate that is equal for equal ones (see keys.py), and why some have none."""
        if by in ("composition", "elements"):
            return keys_of(self.amounts(), by, len(self))
        return keys_of(self.cells(), by, len(self))

    def numbers(self, column: str) -> np.ndarray:
        """A column as numbers, (n,): NaN where there is none, as where a calculation did not give one."""
        import pandas as pd

        if column not in self.frame:
            return np.full(len(self), np.nan)
        return np.asarray(pd.to_numeric(self.frame[column], errors="coerce"), float)

    def with_columns(self, columns: Mapping[str, Any]) -> Candidates:
        """The same candidates with more columns."""
        if not columns:
            return self
        made = self.of(self.frame.assign(**columns))
        made._amounts = self._amounts
        return made

    def those(self, kept: np.ndarray) -> Candidates:
        """The candidates for which `kept` (n,) is true."""
        if kept.all():
            return self
        made = self.of(self.frame[kept])
        if self._amounts is not None and not self._amounts[1]:
            made._amounts = taken(self._amounts[0], kept), {}
        return made

    def of(self, frame: pd.DataFrame) -> Candidates:
        """Other rows of the same stream."""
        return Candidates(frame, self.material, self.kind, self.models, self.confidence)


def taken(amounts: Amounts, kept: np.ndarray) -> Amounts:
    """The formulas for which `kept` (n,) is true, or those at these places (m,)."""
    places = np.flatnonzero(kept) if kept.dtype == bool else kept
    counts = amounts.starts[places + 1] - amounts.starts[places]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
    inside = np.arange(starts[-1]) + np.repeat(amounts.starts[places] - starts[:-1], counts)
    return Amounts(starts, amounts.elements[inside], amounts.amounts[inside])
