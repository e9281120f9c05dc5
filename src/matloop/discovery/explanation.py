"""What is told of a model that is explained: values for figures, sentences for a screen, facts for other programs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matloop.datasets.column import Column
from matloop.discovery.element_curves import SHARE_OF
from matloop.models.explain.contributions import Contributions
from matloop.models.explain.dependence import Dependence
from matloop.models.explain.permutation import Importances
from matloop.models.explain.rules import Rules

Array = NDArray[np.float64]
#: A rank correlation between an input and its contribution that is a direction.
CLEAR = 0.6
#: So many columns are named in a sentence; figures and tables have the others.
MOST_TOLD = 8


@dataclass(frozen=True)
class Inputs:
    """What the model sees: rows (n, d), the names and units of the columns, and which of them belong together.

    `groups` are such as the statistics of one property; `of_table` are all that was made of one column of the table.
    """

    X: Array
    names: tuple[str, ...]
    units: tuple[str | None, ...]
    groups: dict[str, list[int]]
    of_table: dict[str, list[int]]

    def take(self, rows: Any) -> Inputs:
        """These rows."""
        return replace(self, X=self.X[rows])


@dataclass(frozen=True)
class Explanation:
    """All that is told of a model; what could not be found out is None, and `remarks` say why.

    `shown` is, for each group of inputs, the column whose value stands for it in a figure.
    """

    target: Column
    label: str | None
    inputs: Inputs
    #: Which rows these are, in words.
    explained_by: str
    contributions: Contributions
    shown: dict[str, int]
    sensitivity: dict[str, float]
    curves: list[Dependence]
    rules: Rules
    importances: Importances | None = None
    #: The same for whole columns of the table: a material, of which many features say the same, as one.
    of_table: Importances | None = None
    judged_on: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def answer(self) -> Column:
        """What the model answers: the target, or the probability of a class."""
        if self.label is None:
            return self.target
        return Column(f"probability of {self.label}", role="target")

    def sentences(self) -> list[str]:
        """What whole columns of the table are worth, and where the shares of elements lead."""
        told = []
        unit = f" {self.answer.unit}" if self.answer.unit else ""
        if self.of_table is not None and len(self.of_table.groups) > 1:
            of = unit if self.of_table.loss_name == "MAE" else ""
            groups = self.of_table.groups
            worth = ", ".join(f"{g.name} {g.mean:.3g}{of}" for g in groups[:MOST_TOLD])
            rest = f"; of {len(groups) - MOST_TOLD} others less" if len(groups) > MOST_TOLD else ""
            told.append(f"{self.of_table.loss_name} added when a whole column is shuffled: {worth}{rest}.")
        for curve in self.curves:
            if curve.name.startswith(SHARE_OF):
                ends = f"{curve.grid[0]:.2f} to {curve.grid[-1]:.2f}"
                change = f"{curve.average[0]:.3g} to {curve.average[-1]:.3g}{unit}"
                told.append(f"{curve.name} from {ends}: {self.answer.name} from {change} on average.")
        return told

    def direction(self, group: str) -> str:
        """Whether the answer rises or falls with an input, "" where it does neither clearly: by rank correlation."""
        columns = self.inputs.groups[group]
        place = self.contributions.names.index(group)
        found = rank(self.inputs.X[:, self.shown[group]], self.contributions.values[:, place])
        if abs(found) < CLEAR:
            return ""
        name = f" with {self.inputs.names[self.shown[group]]}" if len(columns) > 1 else ""
        return ("rises" if found > 0 else "falls") + name

    def facts(self) -> dict[str, Any]:
        """For other programs."""
        told = self.contributions
        found = self.importances
        return {
            "target": self.target.name,
            "unit": self.target.unit,
            "class": self.label,
            "rows": len(self.inputs.X),
            "explained_by": self.explained_by,
            "importance": None
            if found is None
            else {
                "measure": f"{found.loss_name} added when shuffled",
                "judged_on": self.judged_on,
                "unshuffled": found.loss,
                "inputs": [
                    {"input": g.name, "mean": g.mean, "std": g.std, "members": list(g.members)} for g in found.groups
                ],
                "columns": {g.name: g.mean for g in (self.of_table.groups if self.of_table else ())},
            },
            "contributions": {
                "method": told.method,
                "scale": told.scale,
                "base": told.base,
                "mean_absolute": dict(zip(told.names, told.mean_absolute.tolist(), strict=True)),
            },
            "direction": {group: self.direction(group) for group in told.names},
            "sensitivity": self.sensitivity,
            "dependence": [
                {"input": c.name, "unit": c.unit, "at": c.grid.tolist(), "average": c.average.tolist()}
                for c in self.curves
            ],
            "rules": [
                {
                    "if": [str(condition) for condition in rule.conditions],
                    "then": rule.then,
                    "precision": rule.precision,
                    "measured_precision": rule.measured_precision,
                    "support": rule.support,
                    "rows": rule.n_holds,
                }
                for rule in self.rules.rules
            ],
            "rules_agree_with_model": self.rules.agreement,
            "remarks": self.remarks,
        }


def rank(values: Array, moved: Array) -> float:
    """The rank correlation of an input and its contribution; 0 where one of them does not vary."""
    from scipy.stats import spearmanr

    known = np.isfinite(values)
    if known.sum() < 3 or np.ptp(values[known]) == 0 or np.ptp(moved[known]) == 0:
        return 0.0
    return float(spearmanr(values[known], moved[known]).statistic)
