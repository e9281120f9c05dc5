"""What the models have learned of a campaign: which parameters matter, and how each moves the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from matloop.core.choice import Choice
from matloop.core.insight import Learned, Slice
from matloop.core.merit import best, counting
from matloop.core.objective import Objective
from matloop.core.parameter import Integer, Real
from matloop.core.space import Point, Space
from matloop.core.trial import Observation
from matloop.planners.surrogates import Surrogate

#: Points along a slice, and random points at which the model is probed for relevance.
ALONG, PROBES = 41, 512


def learned(
    space: Space,
    objectives: Sequence[Objective],
    observations: Sequence[Observation],
    models: Mapping[str, Surrogate],
) -> Learned:
    """Relevance, slices through the best point, and noise of each objective, by the models of these observations."""
    results = counting(space, observations) or list(observations)
    leaders = best(objectives, results)
    centre = results[leaders[0] if leaders else -1].point
    return Learned(
        relevance={name: _relevance(space, model) for name, model in models.items()},
        slices=[s for name, model in models.items() for s in _slices(space, name, model, centre)],
        noise={name: model.model.noise_variance_**0.5 for name, model in models.items()},
        remarks=[f"{name}: {m.model.fallback_}" for name, m in models.items() if m.model.fallback_],
    )


def _relevance(space: Space, model: Surrogate) -> dict[str, float]:
    """The share of the prediction's variance that each parameter explains alone or with others.

    Total-effect indices of the posterior mean (Jansen 1999, doi:10.1016/S0010-4655(98)00154-4): a parameter is drawn
    anew while all others stay, and half the mean squared change counts.
    """
    rng = np.random.Generator(np.random.PCG64(0))
    u, fresh = rng.random((2, PROBES, space.width))
    mean = model.mean(space.from_unit(u))
    effects: dict[str, float] = {}
    start = 0
    for name, parameter in space.parameters.items():
        changed = u.copy()
        changed[:, start : start + parameter.width] = fresh[:, start : start + parameter.width]
        start += parameter.width
        if len(parameter.variables(name)) > 1 and parameter.width == 1:
            # beside a prior the length scales are those of what it leaves over
            return column_relevance(space, model) if model.space is space else {}
        effects[name] = float(np.mean((model.mean(space.from_unit(changed)) - mean) ** 2) / 2)
    return _shares(effects)


def column_relevance(space: Space, model: Surrogate) -> dict[str, float]:
    """The share of each variable by length scales alone: for a pool, whose columns cannot be drawn apart."""
    strength, features = model.model.relevance(), space.features
    effects: dict[str, float] = {}
    for block, value in zip(space.blocks, strength, strict=True):
        variable = features[block.start].split("=")[0]
        effects[variable] = max(effects.get(variable, 0.0), float(value))
    return _shares(effects)


def _shares(effects: dict[str, float]) -> dict[str, float]:
    total = sum(effects.values())
    ranked = sorted(effects.items(), key=lambda item: -item[1])
    return {name: effect / total if total > 0 else 1 / len(effects) for name, effect in ranked}


def _slices(space: Space, objective: str, model: Surrogate, centre: Point) -> list[Slice]:
    slices = []
    for variable, at in _ranges(space).items():
        columns = space.columns([{**centre, variable: value} for value in at])
        mean, std = model.predict(columns)
        slices.append(Slice(objective, variable, list(at), mean, std))
    return slices


def _ranges(space: Space) -> dict[str, list[float | str]]:
    """The values along which each variable is shown. A mixture's components cannot be moved one at a time."""
    ranges: dict[str, list[float | str]] = {}
    for name, parameter in space.parameters.items():
        if isinstance(parameter, Choice):
            ranges[name] = [option if isinstance(option, str) else str(option) for option in parameter.options]
        elif isinstance(parameter, Real | Integer):
            ranges[name] = [float(value) for value in parameter.spread(ALONG)]
    return ranges
