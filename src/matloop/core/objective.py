"""What is wanted of the results: Maximize, Minimize, Near, AtMost, AtLeast, Match."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from matloop.core.curve import Curve
from matloop.core.curve_distance import Distance, features
from matloop.core.curve_target import Target, or_a_file
from matloop.core.parameter import given


class Objective(BaseModel, ABC):
    """One wish about one measured quantity, named `name` and given in `unit`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    unit: str | None = None
    description: str = ""

    @property
    def is_threshold(self) -> bool:
        """Whether it is a condition to be met rather than something to be made as good as possible."""
        return False

    @abstractmethod
    def utility(self, values: np.ndarray) -> np.ndarray:
        """How good the values are, shape unchanged, in the objective's unit: the higher the better."""

    @abstractmethod
    def sentence(self) -> str:
        """The wish in words."""

    def satisfied(self, values: np.ndarray) -> np.ndarray:
        """Whether a threshold is met (always, for what is no threshold)."""
        return self.utility(values) >= 0 if self.is_threshold else np.ones(np.shape(values), bool)

    def _with_unit(self, number: float) -> str:
        return f"{number:g} {self.unit}" if self.unit else f"{number:g}"


class Maximize(Objective):
    """As high as possible."""

    goal: Literal["maximize"] = "maximize"

    def __init__(self, name: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(name=name), **settings)

    def utility(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(values, float)

    def sentence(self) -> str:
        return f"maximize {self.name}"


class Minimize(Objective):
    """As low as possible."""

    goal: Literal["minimize"] = "minimize"

    def __init__(self, name: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(name=name), **settings)

    def utility(self, values: np.ndarray) -> np.ndarray:
        return -np.asarray(values, float)

    def sentence(self) -> str:
        return f"minimize {self.name}"


class Near(Objective):
    """As near to `value` as possible."""

    goal: Literal["near"] = "near"
    value: float

    def __init__(self, name: Any = None, value: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(name=name, value=value), **settings)

    def utility(self, values: np.ndarray) -> np.ndarray:
        return -np.abs(np.asarray(values, float) - self.value)

    def sentence(self) -> str:
        return f"{self.name} near {self._with_unit(self.value)}"


class AtMost(Objective):
    """A condition: not above `limit`."""

    goal: Literal["at_most"] = "at_most"
    limit: float

    def __init__(self, name: Any = None, limit: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(name=name, limit=limit), **settings)

    @property
    def is_threshold(self) -> bool:
        return True

    def utility(self, values: np.ndarray) -> np.ndarray:
        return self.limit - np.asarray(values, float)

    def sentence(self) -> str:
        return f"{self.name} at most {self._with_unit(self.limit)}"


class AtLeast(Objective):
    """A condition: not below `limit`."""

    goal: Literal["at_least"] = "at_least"
    limit: float

    def __init__(self, name: Any = None, limit: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(name=name, limit=limit), **settings)

    @property
    def is_threshold(self) -> bool:
        return True

    def utility(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(values, float) - self.limit

    def sentence(self) -> str:
        return f"{self.name} at least {self._with_unit(self.limit)}"


class Match(Objective):
    """A curve, such as a spectrum, as near to the `target` as possible. Its value is the distance between the two.

    The distances are those of `core/curve_distance.py`, on the x of the target; that of "rmse" is in the unit of y.
    """

    goal: Literal["match"] = "match"
    target: Target = Field(
        description="a file of two columns, or points { x = […], y = […] }", json_schema_extra=or_a_file
    )
    distance: Distance = "rmse"
    weights: tuple[float, ...] | None = Field(None, description="how much each point of the target counts")
    axis: str = Field("", description="what the curve runs along, for figures: wavelength [nm]")

    def __init__(self, name: Any = None, target: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(name=name, target=target), **settings)

    @model_validator(mode="after")
    def _fits_together(self) -> Match:
        if self.unit and self.distance != "rmse":
            raise ValueError(f"the distance '{self.distance}' has no unit: leave 'unit' away")
        if self.weights is not None and (min(self.weights, default=0.0) < 0 or not sum(self.weights)):
            raise ValueError("weights are 0 or more, and one is more than 0")
        if self.weights is not None and self.target.is_read and len(self.weights) != len(self.target.x):
            raise ValueError(f"{len(self.weights)} weights for the {len(self.target.x)} points of the target")
        return self

    def utility(self, values: np.ndarray) -> np.ndarray:
        return -np.asarray(values, float)

    def sentence(self) -> str:
        return f"match the curve of {self.name} ({self.distance})"

    @property
    def grid(self) -> np.ndarray:
        """The x of the target, (m,). Raises ValueError while its file has not been read."""
        if not self.target.is_read:
            raise ValueError(f"the target '{self.target.file}' has not been read")
        return np.asarray(self.target.x)

    def curve(self, y: Any) -> Curve:
        """The curve with these y on the grid of the target. Raises ValueError for another number of them."""
        n = len(y) if hasattr(y, "__len__") else 0
        if n != len(self.grid):
            raise ValueError(f"{n} numbers where the target has {len(self.grid)} points: give the x of the curve too")
        return Curve(self.target.x, y)

    def resampled(self, curve: Curve) -> np.ndarray:
        """y (m,) on the grid of the target. Raises ValueError where the curve does not reach a point that counts."""
        if curve.x == self.target.x:
            return np.asarray(curve.y)
        counts = self._weights > 0
        y = np.zeros(len(counts))
        y[counts] = curve.at(self.grid[counts])
        return y

    def features(self, curves: np.ndarray) -> np.ndarray:
        """Vectors (n, m) between which the distance of curves (n, m), given on the grid of the target, is Euclidean."""
        return features(self.distance, curves, self.grid, self._weights)

    @property
    def target_features(self) -> np.ndarray:
        """Those of the target, (m,)."""
        return self.features(np.asarray(self.target.y)[None])[0]

    def distance_of(self, curve: Curve) -> float:
        """How far the curve is from the target. Raises ValueError where it does not reach a point that counts."""
        return float(np.linalg.norm(self.features(self.resampled(curve)[None])[0] - self.target_features))

    @property
    def _weights(self) -> np.ndarray:
        """Of each point, (m,), with sum 1."""
        weights = np.ones(len(self.grid)) if self.weights is None else np.asarray(self.weights)
        return weights / weights.sum()


AnyObjective = Annotated[Maximize | Minimize | Near | AtMost | AtLeast | Match, Field(discriminator="goal")]
