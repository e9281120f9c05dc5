"""Part of the stage `stability`: formation energies, judged by how far they lie above the hull of known phases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matloop.core.composition import SYMBOLS
from matloop.screening.candidates import Candidates
from matloop.screening.phases import Mixture, Phases, System
from matloop.screening.predictor import column_of
from matloop.screening.stage import Verdict, verdict_of
from matloop.screening.stages.range import Range, WithinRange

#: The columns of the energy above the hull, and of the phases that are there.
ABOVE, COMPETING = "energy_above_hull", "competing_phases"
#: What shifts with an energy.
_BOUNDS = ("predicted", "lower", "upper")


@dataclass(frozen=True)
class AboveHull:
    """Judges formation energies by how far they lie above the hull of known phases."""

    phases: Phases
    #: What has the formation energies.
    given: Range
    #: Judges the energy above the hull, of a column or a prediction of this name.
    within: WithinRange

    def judge(self, candidates: Candidates) -> Verdict:
        mixtures, unknown = self._mixtures(candidates)
        energy = np.array([np.nan if mixture is None else mixture.energy for mixture in mixtures], float)
        if self.given.prediction is None:
            above = candidates.numbers(str(self.given.column)) - energy
            shifted = {ABOVE: above}
        else:
            parts = {part: candidates.numbers(column_of(self.given.prediction, part)) for part in _BOUNDS}
            shifted = {column_of(ABOVE, part): values - energy for part, values in parts.items()}
            above = shifted[column_of(ABOVE)]
            if self.given.domain == "required":
                is_in = candidates.frame[column_of(self.given.prediction, "in_domain")].to_numpy(bool)
                unknown[~is_in & (unknown == "")] = f"outside the domain of {self.given.prediction}"
        reasons = self.within.judge(candidates.with_columns(shifted)).reasons
        return verdict_of(
            np.where(unknown == "", reasons, unknown),
            {ABOVE: above, COMPETING: np.array([_written(mixture) for mixture in mixtures], object)},
        )

    def _mixtures(self, candidates: Candidates) -> tuple[list[Mixture | None], np.ndarray]:
        """What each candidate competes with, and why some have none."""
        amounts, failures = candidates.amounts()
        fractions = amounts.fractions
        systems: dict[tuple[int, ...], System] = {}  # candidates of the same elements often come together
        mixtures: list[Mixture | None] = [None] * len(candidates)
        unknown = np.full(len(candidates), "", object)
        unknown[list(failures)] = list(failures.values())
        able = np.setdiff1d(np.arange(len(candidates)), list(failures)).tolist()
        for place, i in enumerate(able):
            inside = slice(amounts.starts[place], amounts.starts[place + 1])
            order = np.argsort(amounts.elements[inside])
            elements = tuple(amounts.elements[inside][order].tolist())
            if strangers := sorted(set(elements) - self.phases.elements):
                unknown[i] = f"no known phase contains {SYMBOLS[strangers[0]]}"
                continue
            if elements not in systems:
                systems[elements] = self.phases.among(elements)
            mixtures[i] = systems[elements].least(fractions[inside][order])
        return mixtures, unknown


def _written(mixture: Mixture | None) -> str | None:
    """The phases with their shares of the atoms: '0.6 TiO2 + 0.4 BaO'."""
    if mixture is None:
        return None
    return " + ".join(name if share > 1 - 1e-6 else f"{share:.3g} {name}" for name, share in mixture.shares.items())
