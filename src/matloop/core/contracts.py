"""Every contract on one page. Structural: whatever has these methods is a planner, a lab or a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from matloop.core.event import AnyEvent, Proposal
from matloop.core.objective import Objective
from matloop.core.progress import Progress, silent
from matloop.core.space import Point, Space
from matloop.core.standing import Standing
from matloop.core.trial import Answer, Effect, Observation, Trial

if TYPE_CHECKING:
    from pathlib import Path

    from matloop.datasets.dataset import Dataset


@runtime_checkable
class Planner(Protocol):
    """Chooses the next points. Stateless: the same history and the same generator give the same answer."""

    def propose(
        self,
        space: Space,
        objectives: Sequence[Objective],
        observations: Sequence[Observation],
        pending: Sequence[Point],
        n: int,
        rng: np.random.Generator,
    ) -> list[Proposal]:
        """Up to n points that meet every constraint; fewer only where the space has no more to offer.

        `rng` belongs to the next trial; `core.seeds.shared(rng)` is the same for all trials of a campaign.
        """


@runtime_checkable
class Lab(Protocol):
    """Where trials are carried out.

    `capacity` is how many trials it takes at once, `effect` what carrying one out does to the world, `deadline` the
    seconds after which its silence is an alarm. After a crash a new Lab object is asked about the trials of the old
    one: `poll` answers by trial id, from whatever the lab remembers.
    """

    @property
    def capacity(self) -> int: ...

    @property
    def effect(self) -> Effect: ...

    @property
    def deadline(self) -> float: ...

    def submit(self, trial: Trial) -> None:
        """Begin to carry the trial out; return at once."""

    def poll(self, trial_id: str) -> Answer:
        """What is known of it now: Running, an Outcome, NotStarted (for certain) or Unknown."""

    def cancel(self, trial_id: str) -> None:
        """Give it up, if that can still be done."""


@runtime_checkable
class Store(Protocol):
    """Durable memory: the journals of campaigns, and files by their content."""

    def append(self, campaign: str, events: Sequence[AnyEvent], expected_sequence: int) -> list[AnyEvent]:
        """Commit the events, numbered; raises SequenceConflict if the journal is not at `expected_sequence`."""

    def read(self, campaign: str, after: int = 0) -> list[AnyEvent]:
        """The events with a sequence above `after`, in order."""

    def put(self, content: bytes) -> str:
        """Keep the bytes; returns their hash."""

    def get(self, content_hash: str) -> bytes:
        """The bytes with this hash. Raises KeyError."""


@runtime_checkable
class Source(Protocol):
    """Where datasets come from: a database that is asked over the network."""

    def fetch(
        self,
        query: Mapping[str, Any],
        keep: Path | None = None,
        most: int | None = None,
        progress: Progress = silent,
    ) -> Dataset:
        """The records that answer the query, at most `most`, each with its origin and its licence.

        They come page by page, and each finished page is kept in the folder `keep`: after a kill at any moment the
        same call gives the same dataset, with no record twice and no finished page asked for again. The folder is the
        caller's to delete, once the dataset is saved. Records that cannot be used are set aside with their reason.
        Raises QueryRefused, and SourceError when the source gives nothing more.
        """


@runtime_checkable
class StopRule(Protocol):
    """Says when a campaign has reached its end. Stateless: the same results give the same answer.

    It is asked after each result, so its answer must not cost more than a suggestion does.
    """

    def reason(self, standing: Standing) -> str | None:
        """Why no further trial is worth it, in a sentence with its numbers; None while there is no reason to end."""
