"""What a model has learned from a campaign, and what chance would have found: the facts behind a report."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

#: Fewer results than this teach a model nothing that is worth showing.
FEWEST_RESULTS = 5


@dataclass(frozen=True)
class Slice:
    """A prediction along one variable, all others held at the best point: `at`, `mean` and `std` of equal shape."""

    objective: str
    variable: str
    at: list[float | str]
    mean: np.ndarray
    std: np.ndarray


@dataclass(frozen=True)
class Learned:
    """What a model has learned about each objective."""

    #: objective -> variable -> share of what moves it; the shares sum to one.
    relevance: dict[str, dict[str, float]] = field(default_factory=dict)
    slices: list[Slice] = field(default_factory=list)
    #: objective -> the noise of one measurement as the model estimates it, in the objective's unit.
    noise: dict[str, float] = field(default_factory=dict)
    #: Limits to state beside it, such as a fallback that was used.
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Baseline:
    """The best value so far of random search, after 1 … n trials: quartiles over `n_repeats` campaigns, shape (n,)."""

    lower: np.ndarray
    median: np.ndarray
    upper: np.ndarray
    n_repeats: int
    #: How it was obtained: "on the same twin", or "estimated with the model of this campaign".
    source: str
