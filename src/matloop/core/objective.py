"""What is wanted of the results: Maximize, Minimize, Near, AtMost, AtLeast."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

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


AnyObjective = Annotated[Maximize | Minimize | Near | AtMost | AtLeast, Field(discriminator="goal")]
