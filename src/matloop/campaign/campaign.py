"""A campaign: the whole undertaking, and the only object with a state."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.campaign import loading
from matloop.campaign.engine import Engine
from matloop.campaign.journal import Journal
from matloop.campaign.provenance import of_this_process
from matloop.campaign.stop import StopSwitch, stopping_on_signals
from matloop.core.contracts import Lab
from matloop.core.errors import InputError, Mistake, PlannerError, SpecError
from matloop.core.event import AnyEvent, Created, SpecChanged
from matloop.core.merit import best, counting
from matloop.core.objective import Objective
from matloop.core.seeds import generator
from matloop.core.space import Space
from matloop.core.spec import CampaignSpec, Settings, differences, parse_spec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Observation
from matloop.store.sql import SqlStore, folder_beside

if TYPE_CHECKING:
    import pandas as pd

    from matloop.campaign.findings import Findings
    from matloop.campaign.record import Recorded
    from matloop.campaign.why import Why
    from matloop.core.forecast import Forecast
    from matloop.core.insight import Baseline

STORE = "matloop.db"


class ChangedDefinition(InputError):
    """The campaign was begun with another definition."""

    def __init__(self, name: str, lines: Sequence[str]) -> None:
        changes = "\n".join(f"  {line}" for line in lines)
        super().__init__(
            f"the definition of '{name}' has changed since it was begun:\n{changes}",
            "go on with --accept-changes (in Python: accept_changes=True), or give the campaign another name",
        )
        self.differences = list(lines)


class Campaign:
    """A space, what is wanted, who chooses and who carries out; its memory is the journal in its store.

    >>> from matloop import Campaign, Maximize, Real, Space
    >>> campaign = Campaign(Space(x=Real(0, 1)), [Maximize("y")], budget=12, store=":memory:")
    >>> campaign.run(lambda point: 1 - (point["x"] - 0.3) ** 2, progress=False).status
    'finished'

    The store is the file `matloop.db` in the working folder unless `store` names another; running the same script
    again resumes where it ended. ":memory:" keeps nothing.
    """

    def __init__(
        self,
        space: Space,
        objectives: Objective | Sequence[Objective],
        *,
        planner: Any = None,
        stop: Any = None,
        lab: Any = None,
        name: str = "campaign",
        store: str | Path | None = None,
        folder: str | Path = ".",
        **settings: Any,
    ) -> None:
        """Define a campaign; `settings` are those of the `[campaign]` table (budget, seed, …).

        `stop` is a rule such as `Reached("strength >= 45")`, or a list of which the first to hold ends the campaign.

        Relative paths of data files count from `folder`. Raises SpecError with every mistake at once.
        """
        wishes = (objectives,) if isinstance(objectives, Objective) else tuple(objectives)
        data = {"campaign": {"name": name, **settings}, "space": space, "objective": wishes}
        parts = {"planner": planner, "stop": stop, "lab": as_lab(lab)}
        spec = parse_spec(data | {key: part for key, part in parts.items() if part is not None})
        self._begin(loading.with_pools(spec, Path(folder)), store, Path(folder))

    @classmethod
    def from_spec(cls, spec: CampaignSpec, store: str | Path | None = None, folder: str | Path = ".") -> Campaign:
        """The campaign of a definition whose pools have been read."""
        campaign = cls.__new__(cls)
        campaign._begin(spec, store, Path(folder))
        return campaign

    @classmethod
    def from_file(
        cls, path: str | Path, store: str | Path | None = None, amend: loading.Amend | None = None
    ) -> Campaign:
        """The campaign that a file defines, perhaps amended first. Raises SpecError with every mistake at once."""
        path = Path(path)
        return cls.from_spec(loading.load_spec(path, amend), store, path.parent)

    @classmethod
    def open(cls, name: str, store: str | Path = STORE, read_pools: bool = True) -> Campaign:
        """A campaign that is in the store already, as its journal defines it. Raises InputError if it is not there.

        To look at its state, the files of its pools need not be read.
        """
        if campaign := cls.find(name, store, read_pools):
            return campaign
        raise InputError(f"no campaign '{name}' in {store}", f"there are: {', '.join(cls.names(store)) or 'none'}")

    @classmethod
    def find(cls, name: str, store: str | Path = STORE, read_pools: bool = True) -> Campaign | None:
        """The same, or None if it is not there. Raises StoreError where there is no store."""
        journal = Journal(SqlStore(store, create=False), name)
        if not journal.state.sequence:
            return None
        folder = Path(journal.state.provenance[0].get("folder") or Path(store).parent)
        spec = parse_spec(journal.state.spec, f"the journal of {name}", is_trusted=True)
        spec = loading.with_pools(spec, folder, is_trusted=True) if read_pools else spec
        campaign = cls.from_spec(spec, store, folder)
        campaign.__dict__["journal"] = journal
        return campaign

    @staticmethod
    def names(store: str | Path = STORE) -> list[str]:
        """The campaigns in a store, oldest first. Raises StoreError where there is none."""
        return SqlStore(store, create=False).campaigns()

    def amended(self, amend: loading.Amend) -> Campaign:
        """The campaign of the same store and folder whose definition is amended. Raises SpecError."""
        definition = self.spec.to_dict()
        amend(definition)
        spec = loading.with_pools(parse_spec(definition, "the campaign with these changes"), self.folder)
        return Campaign.from_spec(spec, self.store_path, self.folder)

    def _begin(self, spec: CampaignSpec, store: str | Path | None, folder: Path) -> None:
        self.spec = spec
        self.folder = folder
        named = spec.campaign.store
        self._findings: Findings | None = None
        #: The lab that was made ready last.
        self._ready: Any = None
        self._store_path: str | Path = store or (folder / named if named else folder / STORE)

    # -- what is known --------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.spec.campaign.name

    @cached_property
    def journal(self) -> Journal:
        """The journal; opening it makes the store if there is none, but begins no campaign."""
        return Journal(SqlStore(self._store_path), self.name)

    @property
    def store_path(self) -> str | Path:
        """Where its store is, or will be."""
        return self._store_path

    @property
    def state(self) -> CampaignState:
        return self.journal.state

    @property
    def observations(self) -> list[Observation]:
        return self.state.observations

    @property
    def best(self) -> list[TrialState]:
        """The best trials so far: one, or the Pareto front of several goals; empty before there is any."""
        observations = counting(self.spec.space, self.observations)
        return [self.state.trials[observations[i].trial] for i in best(self.spec.objectives, observations)]

    def table(self) -> pd.DataFrame:
        """All trials as a table: a row each, with points, results and their units in the column names."""
        from matloop.reports.export import trials_table

        return trials_table(self.spec, self.state)

    # -- what can be done -----------------------------------------------------------------------------------

    def begin(self, accept_changes: bool = False) -> None:
        """Write the definition into the journal, or compare it with what stands there.

        Raises ChangedDefinition where it differs and the changes are not accepted.
        """
        journal, definition = self.journal, self.spec.to_dict()
        if not journal.state.sequence:
            provenance = of_this_process(definition) | {"folder": str(self.folder.resolve())}
            created = Created(spec=definition, key=secrets.token_hex(4), provenance=provenance)
            journal.commit(lambda state: [] if state.sequence else [created])
        changes = differences(journal.state.spec, definition)
        if changes and not accept_changes:
            raise ChangedDefinition(self.name, changes)
        if changes:
            journal.add(SpecChanged(spec=definition, differences=changes))

    def run(
        self,
        lab: Any = None,
        *,
        budget: int | None = None,
        accept_changes: bool = False,
        go_on: bool = False,
        progress: bool = True,
        on_event: Callable[[AnyEvent], None] | None = None,
    ) -> CampaignState:
        """Carry the campaign on until its end, or until Ctrl-C; running it again resumes.

        `lab` is a Lab, or any function point -> values; it replaces the one that was defined. A function counts as
        irreversible (after a crash, a trial that was under way is asked about, not repeated) unless it is given as
        `FunctionLab(function, effect="none")`. With `go_on`, the stop rules that hold now are set aside until they are
        changed. Raises StoreLocked where another engine works on the store.
        """
        self._amend(lab, budget)
        lab = self._ready_lab()
        settings = self.spec.campaign
        budgets = settings.budget, settings.budget_hours, settings.budget_cost
        if not any(budgets) and self.spec.space.n_points == float("inf"):
            raise InputError("a campaign without end: it has no budget", "give it one: budget = 50")
        with self.journal.store.engine_lock(self.name):
            self.journal.refresh()
            self.begin(accept_changes)
            if hasattr(lab, "begin") and not any(trial.attempts for trial in self.state.trials.values()):
                lab.begin()
            engine = Engine(self.spec, lab, self.journal, stop := StopSwitch())
            with self._shown(stop, progress), self.journal.heard_by(on_event), stopping_on_signals(stop):
                engine.run(of_this_process(self.spec.to_dict()), self._held(go_on))
        return self.state

    def propose(self, n: int = 1, accept_changes: bool = False, go_on: bool = False) -> list[TrialState]:
        """Plan n more trials for a person; returns all that wait for a result, the new ones last.

        With `go_on`, the stop rules that hold now are set aside.
        """
        from matloop.campaign.person import propose

        with self.journal.store.engine_lock(self.name):
            self.journal.refresh()
            self.begin(accept_changes)
            provenance = of_this_process(self.spec.to_dict())
            return propose(self.spec, self.journal, n, provenance, self._held(go_on))

    def record(self, results: str | Path | Mapping[str, Mapping[str, Any]], by: str = "person") -> Recorded:
        """Take results back: a CSV file, or trial -> {objective: value}. One bad row costs no other row."""
        from matloop.campaign.person import finish_by_hand
        from matloop.campaign.record import record_table, record_values

        if not self.state.sequence:  # a definition that has changed since keeps no result out
            self.begin()
        if isinstance(results, Mapping):
            recorded = record_values(self.spec, self.journal, results, by)
        else:
            recorded = record_table(self.spec, self.journal, Path(results), by)
        finish_by_hand(self.spec, self.journal)
        return recorded

    def resolve(
        self, trial: str | int, *, happened: Mapping[str, Any] | None = None, discard: bool = False, why: str = ""
    ) -> TrialState:
        """Say what became of a trial: it happened with these values, it is discarded, or else it did not happen."""
        from matloop.campaign.person import finish_by_hand
        from matloop.campaign.record import resolve

        resolved = resolve(self.spec, self.journal, trial, happened, discard, why)
        finish_by_hand(self.spec, self.journal)
        return resolved

    def report(self, path: str | Path | None = None) -> Path:
        """Write the report: one HTML file that opens without network."""
        from matloop.campaign.reporting import write_report

        return write_report(self, Path(path) if path else self._beside_store(f"{self.name}-report.html"))

    def export(self, folder: str | Path = ".", formats: Sequence[str] = ("csv", "parquet", "jsonl")) -> list[Path]:
        """Write the trials in each format, with units, and the whole journal; returns the paths."""
        from matloop.reports.export import write_exports

        events = self.journal.store.read(self.name)
        return write_exports(self.spec, self.state, events, Path(folder), formats)

    @property
    def findings(self) -> Findings:
        """What the results so far tell: what models learned of them, and how chance would have done."""
        from matloop.campaign.findings import Findings

        if self._findings is None or self._findings.sequence != self.state.sequence:
            self._findings = Findings(self.spec, self.state)
        return self._findings

    def baseline(self, n: int) -> Baseline | None:
        """How random search does in n trials of this campaign; None where that can be neither run nor estimated."""
        if getattr(self.spec.lab, "is_simulated", False):
            self._ready_lab()
        return self.findings.baseline(n)

    def check_constraints(self) -> None:
        """Raise SpecError where a search finds no point that meets all constraints."""
        from matloop.planners.designs import Random

        rng = generator(self.spec.campaign.seed, 0)
        try:
            found = Random().propose(self.spec.space, self.spec.objectives, [], [], 1, rng)
        except PlannerError as error:
            raise SpecError([Mistake("space.constraints", error.message, error.hint)], self.name) from error
        if not found:
            raise SpecError([Mistake("space.constraints", "not one point meets all constraints")], self.name)

    def check_lab(self) -> str:
        """Make the lab ready without sending anything; returns what it says of itself, such as an emulator's error.

        Raises InputError where it cannot be made ready.
        """
        if getattr(self.spec.lab, "kind", "person") == "person":
            return ""
        return str(getattr(self._ready_lab(), "report", "") or "")

    def repeats(self) -> list[str]:
        """Replay the journal through its planners: what they would propose otherwise now; empty where all agrees."""
        from matloop.campaign.planning import repeats

        events = self.journal.store.read(self.name)
        definitions = {e.sequence: e.spec for e in events if isinstance(e, Created | SpecChanged)}
        specs = {i: loading.with_pools(parse_spec(spec), self.folder) for i, spec in definitions.items()}
        return repeats(events, specs)

    def why(self, trial: str | int) -> tuple[TrialState, Why]:
        """A trial, and what spoke for it by the results that were known when it was planned."""
        from matloop.campaign.record import find_trial
        from matloop.campaign.why import why

        found = find_trial(self.state, trial)
        return found, why(self.journal.store.read(self.name), found.id, self.folder, self.spec)

    def forecast(self) -> Forecast | None:
        """How many more trials the goal of its stop rules will need; None where no goal is given."""
        from matloop.campaign.forecast import forecast

        return forecast(self.spec, self.state)

    def _beside_store(self, name: str) -> Path:
        path = self.journal.store.path
        return (path.parent if path else Path()) / name

    # -- inside ---------------------------------------------------------------------------------------------

    def _amend(self, lab: Any, budget: int | None) -> None:
        if lab is not None:
            self.spec = self.spec.model_copy(update={"lab": as_lab(lab)})
        if budget is not None:
            settings = Settings.model_validate(self.spec.campaign.model_dump() | {"budget": budget})
            self.spec = self.spec.model_copy(update={"campaign": settings})

    def _held(self, go_on: bool) -> list[str]:
        """The kinds of the stop rules that hold now, if it is to go on in spite of them."""
        from matloop.campaign.ending import reasons_to_stop

        return [kind for kind, _ in reasons_to_stop(self.spec, self.state)] if go_on else []

    def _ready_lab(self) -> Lab:
        lab: Any = self.spec.lab
        if lab is None:
            raise InputError("the campaign has no lab to carry the trials out", "add a [lab] table, or run(function)")
        if not isinstance(lab, Lab):
            raise InputError(
                f"the lab '{lab.kind}' is not installed here", "run the script that defined it, or its plugin"
            )
        if getattr(lab, "kind", "") == "person":
            raise InputError(
                f"the trials of '{self.name}' are carried out by a person",
                f"use: matloop propose {self.name} -n 4, then matloop record {self.name} results.csv",
            )
        working = folder_beside(self.store_path, self.folder) / self.name
        if hasattr(lab, "prepare") and self._ready is not lab:  # an emulator takes seconds to fit
            lab.prepare(self.spec.space, self.spec.objectives, working, self.folder)
        self._ready = lab
        return lab

    def _shown(self, stop: StopSwitch, progress: bool) -> AbstractContextManager[None]:
        if not progress:
            return nullcontext()
        from matloop.campaign.display import live_display

        return live_display(self.spec, self.journal, stop)


def as_lab(lab: Any) -> Any:
    """A Lab as it is; a plain function becomes a function lab."""
    if lab is None or not callable(lab) or isinstance(lab, Lab):
        return lab
    from matloop.labs.function import FunctionLab

    return FunctionLab(lab)
