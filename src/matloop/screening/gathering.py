"""The best of all candidates, holding no more than about twice as many as are wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from matloop.screening.candidates import Candidates
from matloop.screening.stage import REASON, Verdict, verdict_of

if TYPE_CHECKING:
    import pandas as pd

NO_NUMBER = "has no number to be ranked by"


class Best:
    """Keeps the `n` candidates with the highest score, of equal ones those that came first."""

    def __init__(self, n: int, score: Callable[[Candidates], np.ndarray], reason: str) -> None:
        self.n, self.score, self.reason = n, score, reason
        self._held: list[Candidates] = []

    def could_be(self, candidates: Candidates) -> Verdict:
        """Nobody who is not among the best of its own chunk can be among the best of all."""
        return verdict_of(self._reasons(candidates))

    def add(self, candidates: Candidates) -> pd.DataFrame:
        self._held.append(candidates)
        if sum(map(len, self._held)) <= 2 * self.n and len(self._held) < 64:
            return _fallen(candidates, np.full(len(candidates), "", object))
        return self._squeezed()

    def chosen(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        import pandas as pd

        fallen = self._squeezed() if self._held else pd.DataFrame()
        if not self._held:
            return pd.DataFrame(), fallen
        last = self._held[0]
        order = np.lexsort((last.places, -self.score(last)))
        return last.frame.iloc[order], fallen

    def _squeezed(self) -> pd.DataFrame:
        """Let all go but the best. Returns those who went."""
        import pandas as pd

        first = self._held[0]
        frames = [held.frame for held in self._held if len(held)] or [first.frame]
        together = first.of(pd.concat(frames) if len(frames) > 1 else frames[0])
        reasons = self._reasons(together)
        self._held = [together.those(reasons == "")]
        return _fallen(together, reasons)

    def _reasons(self, candidates: Candidates) -> np.ndarray:
        score = self.score(candidates)
        has_none = np.isnan(score)
        reasons = np.full(len(candidates), self.reason, object)
        reasons[np.lexsort((candidates.places, -np.where(has_none, -np.inf, score), has_none))[: self.n]] = ""
        reasons[has_none] = NO_NUMBER
        return reasons


def _fallen(candidates: Candidates, reasons: np.ndarray) -> pd.DataFrame:
    fell = reasons != ""
    return candidates.frame[fell].assign(**{REASON: reasons[fell]})
