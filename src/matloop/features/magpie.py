"""Statistics of element properties: the Magpie set of Ward et al. 2016, doi 10.1038/npjcompumats.2017.28.

The same 132 columns as matminer's `ElementProperty.from_preset("magpie")` (0.10.1) gives, for all formulas at once.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from matloop.core.composition import Amounts
from matloop.features.base import Array, Features
from matloop.features.composition import CompositionFeaturizer, by_count
from matloop.features.element_table import element_table

#: The properties and their units.
PROPERTIES: dict[str, str | None] = {
    "Number": None,
    "MendeleevNumber": None,
    "AtomicWeight": "g/mol",
    "MeltingT": "K",
    "Column": None,
    "Row": None,
    "CovalentRadius": "pm",
    "Electronegativity": None,
    "NsValence": None,
    "NpValence": None,
    "NdValence": None,
    "NfValence": None,
    "NValence": None,
    "NsUnfilled": None,
    "NpUnfilled": None,
    "NdUnfilled": None,
    "NfUnfilled": None,
    "NUnfilled": None,
    "GSvolume_pa": "angstrom^3",
    "GSbandgap": "eV",
    "GSmagmom": "bohr_magneton",
    "SpaceGroupNumber": None,
}
#: The statistics over the elements of a formula, weighted by atomic fraction.
STATISTICS = ("minimum", "maximum", "range", "mean", "avg_dev", "mode")
#: Elements whose fractions differ by less are equally frequent for the mode, as for numpy.isclose.
RELATIVE, ABSOLUTE = 1e-5, 1e-8


class Magpie(CompositionFeaturizer):
    """Minimum, maximum, range, mean, mean deviation and mode of 22 properties of the elements: 132 columns.

    The mode is the property of the most frequent element, the least where several are equally frequent. The table has
    no value for some properties of rare elements (electronegativity of noble gases, radii beyond curium); `impute`
    takes the mean over all elements there, as matminer does by default, otherwise such formulas are failures.
    """

    name: ClassVar[str] = "magpie"
    citations = ("10.1038/npjcompumats.2017.28",)

    def __init__(self, *, impute: bool = True, on_failure: str = "raise") -> None:
        super().__init__(on_failure=on_failure)
        self.impute = impute

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{statistic} {name}" for name in PROPERTIES for statistic in STATISTICS)

    @property
    def units(self) -> tuple[str | None, ...]:
        return tuple(unit for unit in PROPERTIES.values() for _ in STATISTICS)

    def matrix(self, readings: Amounts) -> Features:
        table = element_table("magpie", tuple(PROPERTIES), self.impute)
        values = np.empty((len(readings), len(PROPERTIES), len(STATISTICS)))
        for rows, elements, fractions in by_count(readings):
            values[rows] = _statistics(table[elements], fractions)
        return Features(values.reshape(len(readings), -1), {})


def _statistics(properties: Array, fractions: Array) -> Array:
    """The statistics (g, p, 6) of the properties (g, k, p) of k elements in these fractions (g, k)."""
    least, most = properties.min(axis=1), properties.max(axis=1)
    mean = np.einsum("gk,gkp->gp", fractions, properties)
    deviation = np.einsum("gk,gkp->gp", fractions, np.abs(properties - mean[:, None]))
    largest = fractions.max(axis=1, keepdims=True)
    is_rarer = np.abs(fractions - largest) > ABSOLUTE + RELATIVE * largest
    mode = np.where(is_rarer[:, :, None], np.inf, properties).min(axis=1)
    return np.stack([least, most, most - least, mean, deviation, mode], axis=-1)
