"""From a screen to the steps that carry it out: checked against the candidates at hand, and made ready."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from matloop.core.errors import InputError, Mistake, SpecError
from matloop.screening.predictor import parts_of
from matloop.screening.screen import Screen
from matloop.screening.stage import Gathering, Remembering, Scene, Stage
from matloop.screening.stages.calculator import Calculation
from matloop.screening.stages.predict import Predict
from matloop.screening.stages.readable import TITLE, Readable


@dataclass(frozen=True)
class Step:
    """One step: what the funnel calls it, the stage it comes from, and the stage made ready."""

    title: str
    kind: str
    stage: Stage | None
    ready: Any


@dataclass(frozen=True)
class Plan:
    """All steps in order. Those before the first that gathers or calculates are done chunk by chunk.

    `added` are the columns that the stages add to the candidates, with their units.
    """

    steps: tuple[Step, ...]
    added: Mapping[str, str | None]

    @property
    def n_streaming(self) -> int:
        """How many steps are done chunk by chunk."""
        late = (i for i, step in enumerate(self.steps) if isinstance(step.ready, Gathering | Calculation))
        return next(late, len(self.steps))

    @property
    def gathers_first(self) -> bool:
        """Whether the first step that is not done chunk by chunk can say beforehand who cannot be chosen."""
        n = self.n_streaming
        return n < len(self.steps) and isinstance(self.steps[n].ready, Gathering)

    @property
    def segments(self) -> list[list[int]]:
        """The steps of each chunk: a step that remembers stands alone, it is for the first process."""
        parts: list[list[int]] = []
        is_open = False
        for i in range(self.n_streaming + self.gathers_first):
            remembers = isinstance(self.steps[i].ready, Remembering)
            if is_open and not remembers:
                parts[-1].append(i)
            else:
                parts.append([i])
            is_open = not remembers
        return parts

    def remembers(self, segment: list[int]) -> bool:
        return isinstance(self.steps[segment[0]].ready, Remembering)

    def about(self) -> list[Any]:
        """What the work on chunks depends on."""
        steps = self.steps[: self.n_streaming + self.gathers_first]
        return [[step.kind, _settings(step.stage), _identity(step.ready)] for step in steps]


def plan_of(screen: Screen, scene: Scene, source: str = "the screen") -> Plan:
    """The steps of a screen on these candidates. Raises SpecError with every mistake at once."""
    mistakes: list[Mistake] = []
    if not screen.stages and not scene.models:
        mistakes.append(
            Mistake("stages", "there are none, and no model either", "matloop screen --template shows some")
        )
    known, added = scene, dict[str, str | None]()
    for i, stage in enumerate(screen.stages):
        wrong = stage.mistakes(f"stages[{i}]", known)
        mistakes += wrong
        if not wrong:
            added.update(stage.adds(known))
            known = _after(stage, known)
    if mistakes:
        raise SpecError(mistakes, source)
    return Plan(tuple(_steps(screen, scene)), added)


def _steps(screen: Screen, scene: Scene) -> Any:
    yield Step(TITLE, "read", None, Readable())
    predicted: set[str] = set()
    known = scene
    for stage in [*screen.stages, *(Predict(prediction=model) for model in scene.models)]:
        needed = [model for model in stage.models(scene) if model not in predicted]
        if isinstance(stage, Predict) and not needed:
            continue  # it is predicted already
        for model in needed if not isinstance(stage, Predict) else ():
            yield _step(Predict(prediction=model), known)
        predicted.update(needed)
        yield _step(stage, known)
        known = _after(stage, known)


def _step(stage: Stage, scene: Scene) -> Step:
    try:
        return Step(stage.title, str(getattr(stage, "kind", "stage")), stage, stage.ready(scene))
    except InputError as error:
        raise InputError(f"{stage.title}: {error.message}", error.hint) from error


def _after(stage: Stage, scene: Scene) -> Scene:
    """What later stages can count on: the columns that the stage and its models add, too."""
    models = [model for model in stage.models(scene) if model in scene.models]
    predicted = [column for model in models for column in parts_of(model, scene.models[model].task)]
    added = stage.adds(scene)
    columns = dict.fromkeys((*scene.columns, *predicted, *added))
    return replace(scene, columns=tuple(columns), units={**scene.units, **{c: u for c, u in added.items() if u}})


def _settings(stage: Stage | None) -> Any:
    return None if stage is None else stage.model_dump(mode="json", exclude={"name"})


def _identity(ready: Any) -> str:
    """What a step knows beside its settings, as the keys of known materials."""
    known = getattr(ready, "known", None)
    return "" if known is None else hashlib.sha256(known.tobytes()).hexdigest()
