"""The stage `stability`: energy above the convex hull, and tolerance factors of perovskites ABX3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from matloop.core.composition import SYMBOLS
from matloop.core.errors import Mistake
from matloop.screening.candidates import Candidates
from matloop.screening.known import no_file, read_phases
from matloop.screening.perovskite import Factors, factors_of
from matloop.screening.stage import Scene, Stage, Verdict, no_material, verdict_of, why
from matloop.screening.stages.above_hull import ABOVE, COMPETING, AboveHull
from matloop.screening.stages.range import Range, WithinRange


class Stability(Stage):
    """Keeps what is near the convex hull, or what a tolerance factor takes for a perovskite; both if both are given.

    `hull` is the highest energy above the hull, with the keys that the stage `range` has. A column or a prediction is
    that energy itself; or, where `phases` names a file of known phases with their formation energies per atom, the
    formation energy per atom of the candidates, and the hull of those phases is built for the elements of each.
    `tau` is the highest tolerance factor of Bartel et al. 2019 (doi:10.1126/sciadv.aav0693), which published 4.18;
    `goldschmidt` the range of that of Goldschmidt 1926, usually [0.825, 1.059]. Both need radii, from pymatgen.
    """

    kind: Literal["stability"] = "stability"
    hull: float | None = Field(None, ge=0, description="the highest energy above the hull")
    column: str | None = Field(None, description="the column of that energy; energy_above_hull unless given")
    prediction: str | None = Field(None, description="a model of that energy, in place of a column")
    phases: str | None = Field(
        None, min_length=1, description="a file of known phases with their formation energies per atom"
    )
    energies: str | None = Field(None, description="their column there; named as that of the candidates unless given")
    unit: str | None = Field(None, description="the unit of hull; that of the column or the model unless given")
    confidence: float | None = Field(None, gt=0, lt=1, description="the least probability that the energy is so low")
    domain: Literal["required", "flagged"] = Field("flagged", description="whether what the model cannot judge falls")
    tau: float | None = Field(None, gt=0, description="the highest tolerance factor of Bartel et al.")
    goldschmidt: tuple[float, float] | None = Field(None, description="[least, most] tolerance factor of Goldschmidt")

    @model_validator(mode="after")
    def _makes_sense(self) -> Stability:
        if self.hull is None and self.tau is None and self.goldschmidt is None:
            raise ValueError("asks for nothing: give hull, tau or goldschmidt")
        if self.hull is None and (self.column or self.prediction or self.confidence or self.unit or self.phases):
            raise ValueError("column, prediction, phases, unit and confidence belong to hull, which is not given")
        if self.phases is not None and self.column is None and self.prediction is None:
            raise ValueError("phases needs the formation energy of the candidates: column or prediction")
        if self.energies is not None and self.phases is None:
            raise ValueError("energies is a column of phases, which is not given")
        if self.hull is not None:
            self.energy()
        return self

    def energy(self, of: str | None = None) -> Range | None:
        """The stage that judges the energy: what is given, or what has been made of it and is called `of`."""
        if self.hull is None:
            return None
        column, prediction = self.column, self.prediction
        if column is None and prediction is None:
            column = ABOVE
        return Range(
            column=column and (of or column),
            prediction=prediction and (of or prediction),
            high=self.hull,
            unit=self.unit,
            confidence=self.confidence,
            domain=self.domain,
        )

    def sentence(self) -> str:
        energy = self.energy(self.phases and f"energy above the hull of {Path(self.phases).name}")
        words = [energy.sentence()] if energy else []
        words += [f"tau at most {self.tau:g}"] if self.tau is not None else []
        words += ["tolerance factor from {:g} to {:g}".format(*self.goldschmidt)] if self.goldschmidt else []
        return ", ".join(words)

    def models(self, scene: Scene) -> tuple[str, ...]:
        return (self.prediction,) if self.prediction is not None else ()

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        energy = self.energy()
        found = energy.mistakes(path, scene) if energy else []
        found += no_file(f"{path}.phases", self.phases, scene) if self.phases else []
        needs_elements = self.phases or self.needs_radii
        return found + (no_material(path, scene, ("composition", "structure")) if needs_elements else [])

    @property
    def needs_radii(self) -> bool:
        return self.tau is not None or self.goldschmidt is not None

    def adds(self, scene: Scene) -> Mapping[str, str | None]:
        added: dict[str, str | None] = {"tau": None, "goldschmidt": None} if self.needs_radii else {}
        energy = self.energy()
        return {ABOVE: energy.own_unit(scene), COMPETING: None} | added if energy and self.phases else added

    def ready(self, scene: Scene) -> Stable:
        if self.needs_radii:
            from matloop.screening.perovskite import require_radii

            require_radii()
        factors = ToleranceFactors(self) if self.needs_radii else None
        energy, above = self.energy(), self.energy(ABOVE)
        if energy is None or above is None:
            return Stable(None, factors)
        within = energy.ready(scene)
        if self.phases is None:
            return Stable(within, factors)
        column = self.energies or energy.column or scene.models[str(energy.prediction)].target.name
        phases = read_phases(self.phases, column, energy.own_unit(scene), scene)
        # the domain is that of the formation energy, under its own name
        within = replace(within, stage=above.model_copy(update={"domain": "flagged"}))
        return Stable(AboveHull(phases, energy, within), factors)


@dataclass(frozen=True)
class Stable:
    """The judge: of the energy, of the tolerance factors, or of both."""

    energy: WithinRange | AboveHull | None
    factors: ToleranceFactors | None

    @property
    def known(self) -> np.ndarray | None:
        """What it knows beside its settings."""
        return self.energy.phases.known if isinstance(self.energy, AboveHull) else None

    def judge(self, candidates: Candidates) -> Verdict:
        reasons = np.full(len(candidates), "", object)
        columns: dict[str, Any] = {}
        for judge in (self.energy, self.factors):
            if judge is not None:
                verdict = judge.judge(candidates)
                reasons = np.where(reasons == "", verdict.reasons, reasons)
                columns |= verdict.columns
        return verdict_of(reasons, columns)


@dataclass(frozen=True)
class ToleranceFactors:
    """Judges whether ions of these sizes make a perovskite."""

    stage: Stability

    def judge(self, candidates: Candidates) -> Verdict:
        n = len(candidates)
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
        reasons = np.where(told == "", why(n, *grounds), told)
        return verdict_of(reasons, {"tau": tau, "goldschmidt": goldschmidt})


def _formulas(candidates: Candidates) -> list[dict[str, float] | None]:
    """The amounts of the elements in each candidate, None where it cannot be read."""
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
