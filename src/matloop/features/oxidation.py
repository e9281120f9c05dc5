"""Oxidation states, guessed by charge balance, and how electronegativity differs between ions (Deml et al. 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from matloop.core.composition import SYMBOLS, Amounts
from matloop.core.errors import InputError
from matloop.features.base import Array, Features
from matloop.features.charges import MOST_ATOMS, likeliest_states, whole_atoms
from matloop.features.composition import CompositionFeaturizer
from matloop.features.element_table import element_table

Mask = NDArray[np.bool_]


class Oxidation(CompositionFeaturizer):
    """Statistics of the oxidation states that make a formula neutral, as likely as the ICSD has them.

    - charge balanced: 1 where some choice is neutral; elements alone are. Where none is, as in most alloys, all states
      count as 0.
    - minimum, maximum, range and std_dev of the states, weighted by atomic fraction (matminer's OxidationStates).
    - EN difference: the mean electronegativity of the anions less that of each cation, and its statistics over the
      cations (matminer's ElectronegativityDiff); 0 where there are no ions.
    - share of cations and of anions among the atoms.

    Amounts that are no small whole ratio are failures: what oxidation state has the nickel in a steel?
    """

    name: ClassVar[str] = "oxidation"
    per_task: ClassVar[int] = 2_000
    citations = ("10.1103/PhysRevB.93.085142", "10.1016/j.commatsci.2012.10.028")

    @property
    def names(self) -> tuple[str, ...]:
        states = tuple(f"{statistic} oxidation state" for statistic in ("minimum", "maximum", "range", "std_dev"))
        differences = ("minimum", "maximum", "range", "mean", "std_dev")
        return (
            "charge balanced",
            *states,
            *(f"{statistic} EN difference" for statistic in differences),
            "cation fraction",
            "anion fraction",
        )

    def matrix(self, readings: Amounts) -> Features:
        values = np.full((len(readings), len(self.names)), np.nan)
        failures: dict[int, str] = {}
        fractions = readings.fractions
        for i in range(len(readings)):
            here = slice(readings.starts[i], readings.starts[i + 1])
            try:
                values[i] = _described(tuple(readings.elements[here].tolist()), fractions[here])
            except InputError as error:
                failures[i] = error.message
        return Features(values, failures)


def _described(elements: tuple[int, ...], fractions: Array) -> Array:
    if len(elements) == 1:
        return np.array([1.0] + [0.0] * 11)
    atoms = whole_atoms(fractions.tolist())
    if atoms is None:
        raise InputError(f"its amounts are no whole numbers of at most {MOST_ATOMS} atoms: no oxidation states")
    ions = likeliest_states(elements, atoms)
    if ions is None:
        return np.zeros(12)
    states = np.array([ion.state for ion in ions], float)
    shares = np.array([ion.atoms for ion in ions], float) / sum(atoms)
    is_cation, is_anion = states > 0, states < 0
    described = [1.0, states.min(), states.max(), np.ptp(states), _deviation(states, shares)]
    described += _differences([ion.element for ion in ions], shares, is_cation, is_anion)
    return np.array([*described, shares[is_cation].sum(), shares[is_anion].sum()])


def _differences(elements: Sequence[int], shares: Array, is_cation: Mask, is_anion: Mask) -> list[float]:
    """Minimum, maximum, range, mean and deviation of the electronegativity differences."""
    if not is_cation.any():
        return [0.0] * 5
    own = element_table("electronic", ("electronegativity",))[list(elements), 0]
    if np.isnan(own).any():
        unknown = SYMBOLS[elements[int(np.flatnonzero(np.isnan(own))[0])]]
        raise InputError(f"{unknown} has no known electronegativity")
    difference = np.average(own[is_anion], weights=shares[is_anion]) - own[is_cation]
    weights = shares[is_cation]
    mean = np.average(difference, weights=weights)
    return [difference.min(), difference.max(), np.ptp(difference), mean, _deviation(difference, weights)]


def _deviation(values: Array, weights: Array) -> float:
    """matminer's weighted standard deviation, which is not biased for equal weights; 0 of a single value."""
    if len(values) == 1:
        return 0.0
    mean = np.average(values, weights=weights)
    correction = weights.sum() / (weights.sum() ** 2 - (weights**2).sum())
    return float(np.sqrt(correction * np.dot(weights, (values - mean) ** 2)))
