"""What is done with one chunk of candidates, in this process or any other: one stage after another judges it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.screening.candidates import Candidates
from matloop.screening.source import Chunk
from matloop.screening.stage import REASON, Gathering, Judge, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from matloop.screening.predictor import Predictor

#: The column that says at which step a candidate fell.
STEP = "screen_step"
#: So many different reasons are told apart at a step; the others are counted together.
MOST_REASONS = 100
OTHER = "other reasons"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
#: Gives the models, by name; called once in each process.
Loader = Callable[[], Mapping[str, "Predictor"]]


@dataclass
class Tally:
    """What a step did: how many came, and why so many of them fell."""

    entered: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def fell(self) -> int:
        return self.reasons.total()

    @property
    def kept(self) -> int:
        return self.entered - self.fell

    def count(self, entered: int, reasons: np.ndarray) -> None:
        """`reasons` (n,) has "" for who stays."""
        self.entered += entered
        for reason, n in Counter(reasons[reasons != ""].tolist()).items():
            self.reasons[general(reason)] += n
        self._shorten()

    def add(self, other: Tally) -> None:
        self.entered += other.entered
        self.reasons.update(other.reasons)
        self._shorten()

    def _shorten(self) -> None:
        for reason, n in self.reasons.most_common()[MOST_REASONS:]:
            if reason != OTHER:
                self.reasons[OTHER] += n
                del self.reasons[reason]


def general(reason: str) -> str:
    """A reason without what it quotes: the same for every candidate that has it."""
    return _QUOTED.sub("…", reason).removeprefix("… ").strip()


@dataclass
class Sifted:
    """What is left of a chunk, what each step did, and who fell where (None where nobody asked)."""

    frame: pd.DataFrame
    tallies: dict[int, Tally]
    fallen: list[pd.DataFrame] | None
    #: What remembering judges learned, by step.
    learned: dict[int, np.ndarray] = field(default_factory=dict)

    def then(self, later: Sifted) -> Sifted:
        """This followed by what later steps made of it."""
        fallen = None if self.fallen is None else [*self.fallen, *(later.fallen or [])]
        return Sifted(later.frame, {**self.tallies, **later.tallies}, fallen, {**self.learned, **later.learned})


class Work:
    """The steps with what they need. Each process gets it once, and loads the models when they are asked for."""

    def __init__(
        self,
        steps: Sequence[Any],
        material: str | None = None,
        kind: str | None = None,
        load: Loader = dict,
        confidence: float = 0.9,
        lists_fallen: bool = False,
    ) -> None:
        self.steps = list(steps)
        self.material, self.kind = material, kind
        self.confidence, self.lists_fallen = confidence, lists_fallen
        self._load = load
        self._models: Mapping[str, Predictor] | None = None
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_models": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = Lock()

    def models(self) -> Mapping[str, Predictor]:
        with self._lock:
            if self._models is None:
                self._models = self._load()
        return self._models

    def candidates(self, frame: pd.DataFrame) -> Candidates:
        return Candidates(frame, self.material, self.kind, self.models(), self.confidence)

    def read(self, places: Sequence[int], chunk: Chunk) -> Sifted:
        """Send a chunk through the steps at these places, beginning with the one that reads."""
        sifted = self.sift(places, chunk.frame())
        if chunk.unread:
            reasons = np.array([reason for reason, _ in chunk.unread], object)
            sifted.tallies[places[0]].count(len(chunk.unread), reasons)
            if sifted.fallen is not None:
                sifted.fallen.insert(0, _unread(chunk.unread, places[0]))
        return sifted

    def sift(self, places: Sequence[int], frame: pd.DataFrame) -> Sifted:
        """Send candidates through the steps at these places, one after another."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # the same bits whatever the number of threads elsewhere
            return self._passed(places, self.candidates(frame))

    def _passed(self, places: Sequence[int], candidates: Candidates) -> Sifted:
        tallies: dict[int, Tally] = {}
        fallen: list[pd.DataFrame] | None = [] if self.lists_fallen else None
        learned: dict[int, np.ndarray] = {}
        for place in places:
            tallies[place] = Tally()
            if not len(candidates):
                continue
            step = self.steps[place]
            verdict = self._verdict(step, candidates)
            tallies[place].count(len(candidates), verdict.reasons)
            if hasattr(step, "learned"):
                learned[place] = step.learned()
            candidates = candidates.with_columns(verdict.columns)
            if fallen is not None and not verdict.kept.all():
                fell = ~verdict.kept
                fallen.append(marked(candidates.frame[fell], place, verdict.reasons[fell]))
            candidates = candidates.those(verdict.kept)
        return Sifted(candidates.frame, tallies, fallen, learned)

    def calculate(self, key: str, given: Mapping[str, Any]) -> Any:
        """One calculation of the only step; `key` goes with it to tell whose result it is."""
        return self.steps[0].calculate(given)

    def _verdict(self, step: Judge | Gathering, candidates: Candidates) -> Verdict:
        return step.could_be(candidates) if isinstance(step, Gathering) else step.judge(candidates)


def marked(frame: pd.DataFrame, step: int, reasons: Any = None) -> pd.DataFrame:
    """Candidates that fell, with the place of the step and the reason."""
    return frame.assign(**{STEP: step} | ({} if reasons is None else {REASON: reasons}))


def _unread(unread: Sequence[tuple[str, str]], step: int) -> pd.DataFrame:
    """What could not be read as rows, in the column `record`; it has no place among them."""
    import pandas as pd

    frame = pd.DataFrame({"record": [text for _, text in unread]}, index=[-1] * len(unread))
    return marked(frame, step, [reason for reason, _ in unread])
