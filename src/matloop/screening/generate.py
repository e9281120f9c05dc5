"""Candidates that are made, not read.

Each has a place, counted from 0, and can be made from it alone: a screen that was interrupted goes on at any place, and
other processes make their own share. Kinds are found by entry points of the group `matloop.generators`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from matloop.screening.keys import mixed

if TYPE_CHECKING:
    import pandas as pd

#: No generator makes more: places are whole numbers of 64 bits.
MOST = 2**62


class Generator(BaseModel, ABC):
    """A finite row of candidates that can be made from their places."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sample: int | None = Field(None, ge=1, description="so many of them, spread evenly, in place of all")
    seed: int = Field(0, ge=0, description="which sample")

    @property
    @abstractmethod
    def n(self) -> int:
        """How many there are in all."""

    @property
    def size(self) -> int:
        """How many it makes."""
        return min(self.n, self.sample or self.n)

    @property
    @abstractmethod
    def column(self) -> tuple[str, str]:
        """The column of materials that it makes, and their kind."""

    @abstractmethod
    def made(self, places: np.ndarray) -> Sequence[str]:
        """The material at each place (n,)."""

    def frame(self, start: int, stop: int) -> pd.DataFrame:
        """The candidates at the places from `start` to before `stop`, as far as there are any."""
        import pandas as pd

        places = np.arange(start, min(stop, self.size), dtype=np.int64)
        cells = pd.Series(list(self.made(self._sampled(places))), index=places, dtype=object)
        return pd.DataFrame({self.column[0]: cells})

    def _sampled(self, places: np.ndarray) -> np.ndarray:
        """Which of all candidates stand at these places: one at random from each of `size` parts of equal length."""
        if self.size == self.n:
            return places
        width, longer = divmod(self.n, self.size)
        chance = mixed(places.astype(np.uint64) ^ mixed(np.array([self.seed], np.uint64)))
        widths = np.where(places < longer, width + 1, width).astype(np.uint64)
        return places * width + np.minimum(places, longer) + (chance % widths).astype(np.int64)
