"""Whether elements mix into one solid solution: the measures of the literature on high-entropy alloys."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np

from matloop.core.composition import COLUMN, SYMBOLS, Amounts
from matloop.features.base import Array, Features
from matloop.features.composition import CompositionFeaturizer, by_count, unknown
from matloop.features.element_table import element_table, rows_of

#: The gas constant, J/(mol K): CODATA 2018, exact.
GAS_CONSTANT = 8.31446261815324
#: A mixing enthalpy nearer to zero counts as this, kJ/mol: Ω would be infinite.
LEAST_ENTHALPY = 1e-6
#: Radii that differ by a smaller share are equal: the rest is rounding.
LEAST_DELTA = 1e-9

COLUMNS: dict[str, str | None] = {
    "mixing entropy": "J/mol/K",
    "mixing enthalpy": "kJ/mol",
    "melting temperature": "K",
    "omega": None,
    "radius delta": None,
    "radius gamma": None,
    "radius local mismatch": "pm",
    "lambda": "J/mol/K",
    "electronegativity deviation": None,
    "electronegativity delta": None,
    "electronegativity local mismatch": None,
    "VEC": None,
    "cohesive energy": "eV",
    "shear modulus": "GPa",
    "shear modulus delta": None,
    "shear modulus local mismatch": "GPa",
    "shear modulus strength": None,
}
_MAGPIE = ("MeltingT", "MiracleRadius", "Electronegativity")
_MIEDEMA = ("electronegativity", "valence_electrons", "shear_modulus")


class Alloy(CompositionFeaturizer):
    """Mixing entropy and enthalpy, and the spread of radii, electronegativities and shear moduli: 17 columns.

    With atomic fractions c and a property v of the elements: its mean v̄ = Σ cᵢ vᵢ; its delta √Σ cᵢ (1 − vᵢ/v̄)²; its
    local mismatch Σ_{i<j} cᵢ cⱼ |vᵢ − vⱼ|.

    - mixing entropy ΔS = −R Σ cᵢ ln cᵢ; mixing enthalpy ΔH = 4 Σ_{i<j} Hᵢⱼ cᵢ cⱼ of the liquid (Takeuchi & Inoue 2005);
      melting temperature T, the mean; omega T ΔS / |ΔH| (Yang & Zhang 2012).
    - radius delta (Zhang et al. 2008), gamma (Wang et al. 2015) and local mismatch, with Miracle's radii; lambda ΔS/δ²
      (Singh et al. 2014, who give δ in %: 10⁴ times theirs), 0 where all radii are equal.
    - electronegativity deviation √Σ cᵢ (χᵢ − χ̄)² on Pauling's scale (Guo & Liu 2011), delta and local mismatch on
      Miedema's; VEC, the mean number of valence electrons (Guo et al. 2011).
    - cohesive energy and shear modulus, the means; delta, local mismatch and strength model of the latter (Wen et al.
      2019).

    Equal to matminer's WenAlloys and YangSolidSolution, but that the mixing enthalpy keeps its sign and the entropy is
    positive. There are no values for oxygen, sulfur, the halogens and noble gases: such formulas are failures, unless
    `impute` takes the mean over all elements, as matminer does.
    """

    name: ClassVar[str] = "alloy"
    citations = (
        "10.1016/j.actamat.2019.03.010",
        "10.1016/j.matchemphys.2011.11.021",
        "10.2320/matertrans.46.2817",
        "10.1002/adem.200700240",
        "10.1063/1.3587228",
        "10.1016/S1002-0071(12)60080-X",
        "10.1016/j.scriptamat.2014.09.010",
        "10.1016/j.intermet.2014.04.019",
    )

    def __init__(self, *, impute: bool = False, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.impute = impute

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(COLUMNS)

    @property
    def units(self) -> tuple[str | None, ...]:
        return tuple(COLUMNS.values())

    def matrix(self, readings: Amounts) -> Features:
        magpie = element_table("magpie", _MAGPIE, self.impute)
        miedema = element_table("miedema", _MIEDEMA, self.impute)
        cohesive = element_table("electronic", ("cohesive_energy",), self.impute)
        table = np.hstack([magpie, miedema, cohesive])
        pairs = _mixing_enthalpies(self.impute)
        values = np.empty((len(readings), len(COLUMNS)))
        failures = unknown(readings, table, [*_MAGPIE, *_MIEDEMA, "cohesive energy"])
        for rows, elements, fractions in by_count(readings):
            enthalpy = 4 * _over_pairs(fractions, pairs[elements[:, :, None], elements[:, None, :]].transpose(1, 2, 0))
            values[rows] = _measures(fractions, table[elements].transpose(2, 0, 1), enthalpy)
            for row in rows[np.isnan(enthalpy)].tolist():
                failures.setdefault(row, "holds a pair of elements whose mixing enthalpy is not known")
        return Features(values, failures)


def _measures(fractions: Array, properties: Array, enthalpy: Array) -> Array:
    """All columns (g, 17) of fractions (g, k), properties (7, g, k) and mixing enthalpies (g,)."""
    melting, radius, pauling, miedema, valence, shear, cohesive = properties

    def mean(each: Array) -> Array:
        return np.asarray((fractions * each).sum(axis=1))

    def delta(each: Array) -> Array:
        middle = mean(each)[:, None]
        return np.sqrt(mean((1 - np.divide(each, middle, where=middle != 0, out=np.ones_like(each))) ** 2))

    def mismatch(each: Array) -> Array:
        return _over_pairs(fractions, np.abs(each.T[:, None] - each.T))

    entropy = -GAS_CONSTANT * mean(np.log(fractions))
    temperature, spread = mean(melting), delta(radius)
    omega = temperature * entropy / 1000 / np.maximum(np.abs(enthalpy), LEAST_ENTHALPY)
    ratio = np.divide(entropy, spread**2, where=spread > LEAST_DELTA, out=np.zeros_like(entropy))
    return np.column_stack(
        [
            entropy,
            enthalpy,
            temperature,
            omega,
            spread,
            _gamma(mean(radius), radius),
            mismatch(radius),
            ratio,
            np.sqrt(mean((pauling - mean(pauling)[:, None]) ** 2)),
            delta(miedema),
            mismatch(miedema),
            mean(valence),
            mean(cohesive),
            mean(shear),
            delta(shear),
            mismatch(shear),
            _strength(fractions, shear, mean(shear)[:, None]),
        ]
    )


def _over_pairs(fractions: Array, values: Array) -> Array:
    """Σ_{i<j} cᵢ cⱼ vᵢⱼ, (g,), for fractions (g, k) and values (k, k, g)."""
    total = np.zeros(len(fractions))
    for i in range(fractions.shape[1]):
        for j in range(i):
            total += fractions[:, i] * fractions[:, j] * values[i, j]
    return total


def _gamma(mean: Array, radius: Array) -> Array:
    """The solid angle around the smallest atom over that around the largest, both among atoms of mean size, (g,)."""

    def angle(own: Array) -> Array:
        return np.asarray(1 - np.sqrt((mean * own + own**2) / (mean + own) ** 2))

    return angle(radius.min(axis=1)) / angle(radius.max(axis=1))


def _strength(fractions: Array, shear: Array, mean: Array) -> Array:
    """Σ m / (1 + |m|/2) with m = 2 c (G − Ḡ)/(G + Ḡ), (g,); 0 where no element resists shear."""
    total = shear + mean
    share = 2 * fractions * np.divide(shear - mean, total, where=total != 0, out=np.zeros_like(shear))
    return np.asarray((share / (1 + np.abs(share) / 2)).sum(axis=1))


@lru_cache(maxsize=2)
def _mixing_enthalpies(is_imputed: bool) -> Array:
    """The mixing enthalpies (118, 118) of pairs of elements, kJ/mol; NaN, or the mean of all, where there is none."""
    pairs = {(COLUMN[row["a"]], COLUMN[row["b"]]): float(row["enthalpy"]) for row in rows_of("mixing_enthalpy")}
    fallback = np.mean(list(pairs.values())) if is_imputed else np.nan
    table = np.full((len(SYMBOLS), len(SYMBOLS)), fallback)
    for (a, b), value in pairs.items():
        table[a, b] = table[b, a] = value
    return table
