"""What a stage of a screen is: data that say what is wanted, made ready once for the candidates at hand.

A stage judges candidates one by one (`ready` gives a Judge), in their order (a Judge that also remembers), or all
together (`ready` gives a Gathering, which holds no more than a bounded number of them). Kinds are found by entry points
of the group `matloop.stages`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from matloop.core.errors import Mistake, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from matloop.screening.candidates import Candidates
    from matloop.screening.predictor import Predictor


@dataclass(frozen=True)
class Verdict:
    """Which candidates stay, boolean (n,), why others fell, text (n,), and columns that were found out meanwhile."""

    kept: np.ndarray
    reasons: np.ndarray
    columns: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Judge(Protocol):
    """Judges candidates one by one. It is sent to other processes, so it must be picklable."""

    def judge(self, candidates: Candidates) -> Verdict: ...


@runtime_checkable
class Remembering(Judge, Protocol):
    """A judge for whom the order counts; it stays in the first process."""

    def learned(self) -> np.ndarray:
        """What the last `judge` added to its memory, to be kept on disk."""

    def recall(self, learned: np.ndarray) -> None:
        """Take into memory what an earlier process had learned, in the same order."""


@runtime_checkable
class Gathering(Protocol):
    """Chooses among all candidates, holding a bounded number of them."""

    def could_be(self, candidates: Candidates) -> Verdict:
        """Who among some candidates may still be chosen. Other processes ask this first, so as to send fewer on."""

    def add(self, candidates: Candidates) -> pd.DataFrame:
        """Take candidates in. Returns those that are certain not to be chosen, with their reason in `REASON`."""

    def chosen(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The chosen candidates, the best first, and those that were held and not chosen, with their reason."""


#: The column of the reason in what a Gathering hands back.
REASON = "screen_reason"


@dataclass(frozen=True)
class Scene:
    """What stages can count on: the columns of the candidates, what they are, and the models at hand."""

    columns: tuple[str, ...] = ()
    material: str | None = None
    kind: str | None = None
    models: Mapping[str, Predictor] = field(default_factory=dict)
    confidence: float = 0.9
    #: Relative paths count from here.
    base: Path = Path()
    #: Units of columns that have one.
    units: Mapping[str, str] = field(default_factory=dict)
    #: The materials that each model was trained on.
    trained_on: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    #: Finds "module:function", or a calculator by its name and settings; must be picklable.
    find_calculator: Callable[..., Callable[..., Any]] | None = None


class Stage(BaseModel, ABC):
    """One stage of a screen."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str | None = Field(None, description="what the stage is called; a sentence of its settings unless given")

    @property
    def title(self) -> str:
        """What the funnel calls it."""
        return self.name or self.sentence()

    @abstractmethod
    def sentence(self) -> str:
        """What it asks for, in a few words."""

    def models(self, scene: Scene) -> tuple[str, ...]:
        """The models whose predictions it needs."""
        return ()

    def adds(self, scene: Scene) -> Mapping[str, str | None]:
        """The columns that it adds to the candidates, with their units."""
        return {}

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        """What is wrong with it for these candidates."""
        return []

    @abstractmethod
    def ready(self, scene: Scene) -> Any:
        """A Judge, a Gathering or a Calculation. Raises InputError for files that cannot be used."""


def no_column(path: str, column: str, scene: Scene) -> list[Mistake]:
    """The mistake of naming a column that is not there."""
    if column in scene.columns:
        return []
    if column in scene.models:
        hint = f"'{column}' is a model: write prediction = \"{column}\""
    else:
        hint = did_you_mean(column, scene.columns)
    return [Mistake(path, f"the candidates have no column '{column}'", hint)]


def no_model(path: str, model: str, scene: Scene) -> list[Mistake]:
    """The mistake of naming a model that is not there."""
    if model in scene.models:
        return []
    hint = (
        did_you_mean(model, scene.models) if scene.models else "name its file: --model FILE, or [models] in the screen"
    )
    return [Mistake(path, f"there is no model '{model}'", hint)]


def no_material(path: str, scene: Scene, kinds: Sequence[str] = ()) -> list[Mistake]:
    """The mistake of asking for chemistry where no column says what the candidates are."""
    if scene.material is None:
        return [Mistake(path, "no column says which material a candidate is", "name it: --material COLUMN")]
    if kinds and scene.kind not in kinds:
        return [Mistake(path, f"asks for a {' or a '.join(kinds)}, but '{scene.material}' is a {scene.kind}")]
    return []


def verdict_of(reasons: np.ndarray, columns: Mapping[str, Any] | None = None) -> Verdict:
    """Kept is who has no reason to fall."""
    return Verdict(reasons == "", reasons, columns or {})


def why(n: int, *grounds: tuple[np.ndarray, str]) -> np.ndarray:
    """For each of n candidates the first ground that holds for it, as text (n,); "" where none does."""
    reasons = np.full(n, "", object)
    for holds, ground in reversed(grounds):
        reasons[holds] = ground
    return reasons
