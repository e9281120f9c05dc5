"""A screen at work: chunk after chunk through the steps, each committed, and what is left of them to the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.screening.calculating import Calculators, calculators
from matloop.screening.calculations import Calculations
from matloop.screening.ledger import LISTED, Ledger
from matloop.screening.plan import Plan
from matloop.screening.source import Source
from matloop.screening.stage import REASON, Gathering
from matloop.screening.stages.calculator import Calculation
from matloop.screening.work import Sifted, Tally, Work, marked
from matloop.screening.workers import Workers, workers
from matloop.version import __version__

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Run:
    """A screen under way: `frames()` gives the shortlist in pieces; when it is through, the tallies are complete."""

    plan: Plan
    work: Work
    source: Source
    folder: Path
    #: What the results depend on beside the plan and the source: hashes of the models.
    models: Mapping[str, str]
    chunk: int
    n_workers: int = 1
    #: Processes for costly calculations; as many as for chunks unless given.
    n_calculating: int | None = None
    dask: str | None = None
    is_fresh: bool = False
    progress: Progress = silent
    tallies: list[Tally] = field(default_factory=list)
    #: Files of those who fell, where they are listed.
    fallen: list[Path] = field(default_factory=list)

    def frames(self) -> Iterator[pd.DataFrame]:
        """The shortlist, the index its places in the stream. Raises what a worker, a source or a disk may raise."""
        self._require_deadlines()
        self.tallies = [Tally() for _ in self.plan.steps]
        with Ledger(self.folder, self._about(), self.is_fresh) as ledger:
            self.work.lists_fallen = bool(ledger.about[LISTED])
            if ledger.n_all is None:
                with workers(self.work, self.n_workers, self.dask) as crew:
                    self._sift(ledger, crew)
            yield from self._finish(ledger)

    def _require_deadlines(self) -> None:
        """Raises InputError where nobody could end a calculation that takes too long."""
        calculations = (step.ready for step in self.plan.steps if isinstance(step.ready, Calculation))
        if self.dask is not None and any(each.stage.deadline is not None for each in calculations):
            raise InputError("a deadline needs processes of this machine", "leave out the deadline, or --dask")

    def _about(self) -> dict[str, Any]:
        return {
            "version": __version__,
            "candidates": self.source.identity,
            "material": [self.work.material, self.work.kind],
            "models": dict(self.models),
            "confidence": self.work.confidence,
            "chunk": self.chunk,
            "stages": self.plan.about(),
            LISTED: self.work.lists_fallen,
        }

    # -- chunk by chunk ---------------------------------------------------------------------------------------

    def _sift(self, ledger: Ledger, crew: Workers) -> None:
        """The chunks that are not committed yet, in order, through all steps that work on chunks."""
        for segment in self.plan.segments:
            if self.plan.remembers(segment):
                for learned in ledger.learned(segment[0]):
                    self.plan.steps[segment[0]].ready.recall(learned)
        done = ledger.n_parts * self.chunk
        kept = sum(ledger.n_left(i) for i in range(ledger.n_parts))
        self.progress(done, self.source.total, f"{kept:,} kept")
        for n, sifted in self._sifted(ledger, crew):
            ledger.commit(sifted)
            done, kept = done + n, kept + len(sifted.frame)
            self.progress(done, self.source.total, f"{kept:,} kept")
        ledger.finish()

    def _sifted(self, ledger: Ledger, crew: Workers) -> Iterator[tuple[int, Sifted]]:
        """The number of candidates of each chunk, and what became of them."""
        sizes: list[int] = []

        def counted() -> Iterator[Any]:
            for chunk in self.source.chunks(self.chunk, ledger.n_parts):
                sizes.append(len(chunk))
                yield chunk

        stream: Iterator[Any] = counted()
        for i, segment in enumerate(self.plan.segments):
            stream = self._through(segment, stream, crew, is_first=i == 0)
        for n, sifted in enumerate(stream):
            yield sizes[n], sifted

    def _through(self, segment: list[int], stream: Iterator[Any], crew: Workers, is_first: bool) -> Iterator[Sifted]:
        """Each chunk through the steps of a segment; those that remember are asked here, the others by the crew."""
        before: list[Sifted | None] = []

        def items() -> Iterator[tuple[Any, ...]]:
            for each in stream:
                before.append(None if is_first else each)
                yield segment, (each if is_first else each.frame)

        if self.plan.remembers(segment):
            passed: Iterable[Sifted] = (self.work.sift(*item) for item in items())
        else:
            passed = crew.in_order("read" if is_first else "sift", items())
        for sifted in passed:
            earlier = before.pop(0)
            yield sifted if earlier is None else earlier.then(sifted)

    # -- to the end -------------------------------------------------------------------------------------------

    def _finish(self, ledger: Ledger) -> Iterator[pd.DataFrame]:
        self.fallen = list(ledger.fallen())
        ledger.clear_rest()
        stream: Iterator[pd.DataFrame] = self._left(ledger)
        for place in range(self.plan.n_streaming, len(self.plan.steps)):
            stream = filter(len, self._last(place, stream, ledger))
        yield from stream

    def _left(self, ledger: Ledger) -> Iterator[pd.DataFrame]:
        """What is left of each chunk; their tallies are added up meanwhile."""
        for i in range(ledger.n_parts):
            frame, tallies = ledger.part(i)
            for step, tally in tallies.items():
                self.tallies[step].add(tally)
            if len(frame):
                yield frame

    def _last(self, place: int, stream: Iterator[pd.DataFrame], ledger: Ledger) -> Iterator[pd.DataFrame]:
        """The stream through one of the steps after the chunks."""
        ready = self.plan.steps[place].ready
        if isinstance(ready, Gathering):
            yield from self._gathered(place, ready, stream, ledger)
        elif isinstance(ready, Calculation):
            yield from self._calculated(place, ready, stream, ledger)
        else:
            for frame in stream:
                sifted = self.work.sift([place], frame)
                self.tallies[place].add(sifted.tallies[place])
                self._keep(sifted.fallen or [], ledger)
                yield sifted.frame

    def _gathered(
        self, place: int, ready: Gathering, stream: Iterator[pd.DataFrame], ledger: Ledger
    ) -> Iterator[pd.DataFrame]:
        is_counted = place == self.plan.n_streaming and self.plan.gathers_first
        for frame in stream:
            if not is_counted:
                self.tallies[place].entered += len(frame)
            self._let_go(place, ready.add(self.work.candidates(frame)), ledger)
        chosen, rest = ready.chosen()
        self._let_go(place, rest, ledger)
        yield chosen

    def _let_go(self, place: int, fallen: pd.DataFrame, ledger: Ledger) -> None:
        if len(fallen):
            self.tallies[place].count(0, fallen[REASON].to_numpy(object))
            self._keep([marked(fallen, place)] if self.work.lists_fallen else [], ledger)

    def _keep(self, fallen: list[pd.DataFrame], ledger: Ledger) -> None:
        for frame in fallen:
            self.fallen.append(ledger.keep_rest(len(self.fallen), frame))

    def _calculated(
        self, place: int, ready: Calculation, stream: Iterator[pd.DataFrame], ledger: Ledger
    ) -> Iterator[pd.DataFrame]:
        deadline = ready.stage.deadline
        known = Calculations(ledger.folder, deadline)
        if self.is_fresh:
            known.forget_failures()
        with ExitStack() as opened:
            crew: Calculators | None = None
            for frame in stream:
                candidates = self.work.candidates(frame)
                given = ready.given(candidates)
                keys = [ready.key(each) for each in given]
                missing = {key: each for key, each in zip(keys, given, strict=True) if known.get(key) is None}
                if missing and crew is None:
                    n = self.n_calculating or self.n_workers
                    crew = opened.enter_context(calculators(Work([ready]), known, n, self.dask, deadline))
                for done, _ in enumerate(crew.results(missing) if crew else ()):
                    self.progress(done + 1, len(missing), "calculated")
                verdict = ready.verdict([known.get(key) for key in keys])
                self.tallies[place].count(len(candidates), verdict.reasons)
                made = candidates.with_columns(verdict.columns).frame
                if self.work.lists_fallen and not verdict.kept.all():
                    fell = ~verdict.kept
                    self._keep([marked(made[fell], place, verdict.reasons[fell])], ledger)
                yield made[verdict.kept]
