"""The stage `stability`: energy above the convex hull, and tolerance factors of perovskites ABX3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from matloop.core.errors import Mistake
from matloop.screening.candidates import Candidates
from matloop.screening.perovskite import Factors, factors_of
from matloop.screening.stage import Scene, Stage, Verdict, no_material, verdict_of, why
from matloop.screening.stages.range import Range, WithinRange


class Stability(Stage):
    """Keeps what is near the convex hull, or what a tolerance factor takes for a perovskite; both if both are given.

    `hull` is the highest energy above the hull, of a column or a prediction, with the keys that the stage `range` has.
    `tau` is the highest tolerance factor of Bartel et al. 2019 (doi:10.1126/sciadv.aav0693), which published 4.18;
    `goldschmidt` the range of that of Goldschmidt 1926, usually [0.825, 1.059]. Both need radii, from pymatgen.
    """

    kind: Literal["stability"] = "stability"
    hull: float | None = Field(None, ge=0, description="the highest energy above the hull")
    column: str | None = Field(None, description="the column of that energy; energy_above_hull unless given")
    prediction: str | None = Field(None, description="a model of that energy, in place of a column")
    unit: str | None = Field(None, description="the unit of hull; that of the column or the model unless given")
    confidence: float | None = Field(None, gt=0, lt=1, description="the least probability that the energy is so low")
    domain: Literal["required", "flagged"] = Field("flagged", description="whether what the model cannot judge falls")
    tau: float | None = Field(None, gt=0, description="the highest tolerance factor of Bartel et al.")
    goldschmidt: tuple[float, float] | None = Field(None, description="[least, most] tolerance factor of Goldschmidt")

    @model_validator(mode="after")
    def _makes_sense(self) -> Stability:
        if self.hull is None and self.tau is None and self.goldschmidt is None:
            raise ValueError("asks for nothing: give hull, tau or goldschmidt")
        if self.hull is None and (self.column or self.prediction or self.confidence or self.unit):
            raise ValueError("column, prediction, unit and confidence belong to hull, which is not given")
        if self.hull is not None:
            self.energy()
        return self

    def energy(self) -> Range | None:
        """The stage that judges the energy."""
        if self.hull is None:
            return None
        column = self.column or (None if self.prediction else "energy_above_hull")
        return Range(
            column=column,
            prediction=self.prediction,
            high=self.hull,
            unit=self.unit,
            confidence=self.confidence,
            domain=self.domain,
        )

    def sentence(self) -> str:
        energy = self.energy()
        words = [energy.sentence()] if energy else []
        words += [f"tau at most {self.tau:g}"] if self.tau is not None else []
        words += ["tolerance factor from {:g} to {:g}".format(*self.goldschmidt)] if self.goldschmidt else []
        return ", ".join(words)

    def models(self, scene: Scene) -> tuple[str, ...]:
        return (self.prediction,) if self.prediction is not None else ()

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        energy = self.energy()
        found = energy.mistakes(path, scene) if energy else []
        return found + (no_material(path, scene, ("composition", "structure")) if self.needs_radii else [])

    @property
    def needs_radii(self) -> bool:
        return self.tau is not None or self.goldschmidt is not None

    def adds(self) -> Mapping[str, str | None]:
        return {"tau": None, "goldschmidt": None} if self.needs_radii else {}

    def ready(self, scene: Scene) -> Stable:
        energy = self.energy()
        if self.needs_radii:
            from matloop.screening.perovskite import require_radii

            require_radii()
        return Stable(self, energy.ready(scene) if energy else None)


@dataclass(frozen=True)
class Stable:
    stage: Stability
    energy: WithinRange | None

    def judge(self, candidates: Candidates) -> Verdict:
        n = len(candidates)
        reasons = self.energy.judge(candidates).reasons if self.energy else np.full(n, "", object)
        if not self.stage.needs_radii:
            return verdict_of(reasons)
        factors = [factors_of(formula) for formula in _formulas(candidates)]
        told = np.array([f if isinstance(f, str) else "" for f in factors], object)
        tau, goldschmidt = (
            np.array([getattr(f, name) if isinstance(f, Factors) else np.nan for f in factors], float)
            for name in ("tau", "goldschmidt")
        )
        grounds = []
        if self.stage.tau is not None:
            grounds.append((tau > self.stage.tau, f"tau above {self.stage.tau:g}"))
        if self.stage.goldschmidt is not None:
            low, high = self.stage.goldschmidt
            outside = (goldschmidt < low) | (goldschmidt > high)
            grounds.append((outside, f"tolerance factor not from {low:g} to {high:g}"))
        for more in (told, why(n, *grounds)):
            reasons = np.where(reasons == "", more, reasons)
        return verdict_of(reasons, {"tau": tau, "goldschmidt": goldschmidt})


def _formulas(candidates: Candidates) -> list[dict[str, float] | None]:
    """The amounts of the elements in each candidate, None where it cannot be read."""
    from matloop.core.composition import SYMBOLS

    amounts, failures = candidates.amounts()
    found: list[dict[str, float] | None] = []
    place = 0
    for i in range(len(candidates)):
        if i in failures:
            found.append(None)
            continue
        inside = slice(amounts.starts[place], amounts.starts[place + 1])
        symbols = [SYMBOLS[e] for e in amounts.elements[inside].tolist()]
        found.append(dict(zip(symbols, amounts.amounts[inside].tolist(), strict=True)))
        place += 1
    return found
