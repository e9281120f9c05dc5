"""The step before all others: candidates whose material cannot be read fall, each with its reason."""

from __future__ import annotations

import numpy as np

from matloop.screening.candidates import Candidates
from matloop.screening.stage import Verdict, verdict_of

TITLE = "can be read"


class Readable:
    """Formulas and structures are read; of others only whether they are there, reading them takes long."""

    def judge(self, candidates: Candidates) -> Verdict:
        reasons = np.full(len(candidates), "", object)
        if candidates.kind in ("composition", "structure"):
            for place, reason in candidates.amounts()[1].items():
                reasons[place] = reason
        elif candidates.material is not None:
            cells = candidates.frame[candidates.material]
            reasons[(cells.isna() | (cells.astype(str).str.strip() == "")).to_numpy()] = "is missing"
        return verdict_of(reasons)
