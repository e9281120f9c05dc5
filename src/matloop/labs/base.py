"""What all labs share: their fields are the `[lab]` table of a file; what they learn later stays out of comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr

from matloop.core.errors import LabError
from matloop.core.objective import Objective
from matloop.core.space import Space
from matloop.core.trial import Outcome
from matloop.labs.outcome import outcome_of


class LabModel(BaseModel):
    """A lab as one model. `prepare` comes before everything else; two labs with equal fields are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    _space: Space | None = PrivateAttr(None)
    _objectives: tuple[Objective, ...] = PrivateAttr(())
    _folder: Path = PrivateAttr(Path())
    _base: Path = PrivateAttr(Path())

    def prepare(self, space: Space, objectives: Sequence[Objective], folder: Path, base: Path) -> None:
        """Take what the lab's own table does not say: the space, the objectives, a working folder for this campaign,
        and the folder from which relative paths count. Raises InputError where the lab cannot work with them.
        """
        self._space, self._objectives = space, tuple(objectives)
        self._folder, self._base = Path(folder).absolute(), Path(base).absolute()

    def begin(self) -> None:
        """Called before anything is ever sent to it for this campaign, but not when one is resumed. Raises LabError."""

    @property
    def _known_space(self) -> Space:
        if self._space is None:
            raise LabError("this lab has not been prepared", "call prepare(space, objectives, folder, base) first")
        return self._space

    def _outcome(self, given: Any, log: str = "", files_from: Path | None = None) -> Outcome:
        return outcome_of(given, self._objectives, self._known_space, log, files_from)

    def __eq__(self, other: object) -> bool:
        # pydantic compares private attributes too: a lab at work would differ from the one in the file
        return type(self) is type(other) and isinstance(other, LabModel) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash((type(self), self.model_dump_json()))
