"""A lab made of physics: equations give the true value, and noise is laid over it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, PrivateAttr

from matloop.core import registry
from matloop.core.errors import InputError
from matloop.core.objective import Objective
from matloop.core.space import Point, Space
from matloop.core.trial import Outcome
from matloop.labs.outcome import fault
from matloop.labs.simulated import SimulatedLab


class TwinLab(SimulatedLab):
    """`TwinLab("crossed_barrel", noise=0.15, seconds=2)`: equations found by name in the entry points `matloop.twins`.

    Such a twin is a function of a mapping variable -> column of shape (n,) that gives output -> column (n,), without
    noise; an output that is a curve is {"x": (m,), "y": (n, m)}. `noise` is the standard deviation of the logarithm
    of a measured value (log-normal, its median on the true value), one factor for the whole of a curve; unless given
    it is the `RELATIVE_NOISE` of the twin's module, or none where there is no such constant. `ABSOLUTE_NOISE` of the
    module, if it has that, is white noise on each point of a curve, and grows with `noise`.
    """

    label: ClassVar[str] = "twin"

    kind: Literal["twin"] = "twin"
    model: str = Field(description="the name of the twin")
    noise: float | None = Field(None, ge=0, le=10, description="relative noise; the twin's own unless given")

    _simulate: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = PrivateAttr(None)
    _sigma: float = PrivateAttr(0.0)
    _white: float = PrivateAttr(0.0)

    def __init__(self, model: Any = None, **settings: Any) -> None:
        super().__init__(**({} if model is None else {"model": model}), **settings)

    def prepare(self, space: Space, objectives: Sequence[Objective], folder: Path, base: Path) -> None:
        """Find the equations and try them once. Raises InputError where they do not fit the space or the objectives."""
        super().prepare(space, objectives, folder, base)
        simulate = registry.load("twins", self.model)
        module = sys.modules[simulate.__module__]
        own, white = (float(getattr(module, name, 0.0)) for name in ("RELATIVE_NOISE", "ABSOLUTE_NOISE"))
        self._simulate, self._sigma = simulate, own if self.noise is None else self.noise
        self._white = white * self._sigma / own if own else 0.0
        self._try(space)

    def _try(self, space: Space) -> None:
        try:
            given = self._true_values(space.from_unit(np.full((1, space.width), 0.5)))
        except KeyError as error:
            raise InputError(f"the twin '{self.model}' needs {error}", "name the variables of the space so") from None
        except TypeError as error:
            raise InputError(f"the twin '{self.model}' does not fit this space: {error}") from None
        except ValueError:
            return  # the middle of the space need not be a possible design; each point is told for itself
        missing = [objective.name for objective in self._objectives if objective.name not in given]
        if missing:
            raise InputError(f"the twin '{self.model}' does not give {missing[0]}", "it gives " + ", ".join(given))

    def _true_values(self, columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
        assert self._simulate is not None, "prepare comes first"
        n = len(next(iter(columns.values())))
        return {
            name: values if isinstance(values, Mapping) else np.broadcast_to(np.asarray(values, float), (n,))
            for name, values in self._simulate(columns).items()
        }

    def rehearse(self, points: Sequence[Point], rng: np.random.Generator) -> list[Outcome]:
        if not points:
            return []
        try:
            true = self._true_values(self._known_space.columns(points))
        except ValueError as error:
            if len(points) > 1:
                return [outcome for point in points for outcome in self.rehearse([point], rng)]
            return [fault(f"the twin cannot simulate this point: {error}")]
        measured = {name: self._measured(values, len(points), rng) for name, values in true.items()}
        return [self._outcome(dict(zip(measured, row, strict=True))) for row in zip(*measured.values(), strict=True)]

    def _measured(self, true: Any, n: int, rng: np.random.Generator) -> list[Any]:
        """The n values of one output with their noise, or its n curves."""
        factors = np.exp(self._sigma * rng.standard_normal(n))
        if not isinstance(true, Mapping):
            return list((true * factors).tolist())
        y = np.asarray(true["y"]) * factors[:, None]
        y = y + self._white * rng.standard_normal(y.shape)
        return [{"x": true["x"], "y": row} for row in y]
