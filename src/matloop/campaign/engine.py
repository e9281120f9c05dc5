"""The engine: carries a campaign on from whatever its journal says, until its end or until it is stopped.

One turn: take what the labs answer, see whether the end is reached, send what can be sent, wait a little.
Nothing is sent before its intent is committed, and no answer is used before it is committed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from matloop.campaign.asking import Asking
from matloop.campaign.ending import n_planned, reason_to_stop, too_dear, used_budget
from matloop.campaign.intake import result_events, taken_in
from matloop.campaign.journal import Journal
from matloop.campaign.planning import intent, plan
from matloop.campaign.spending import affordable
from matloop.campaign.stop import StopSwitch
from matloop.core import event as e
from matloop.core.contracts import Lab
from matloop.core.errors import MatloopError
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Effect, NotStarted, Outcome, Running, Status, Trial, Unknown
from matloop.store.crash import crash_point

#: How often a trial that leaves no trace behind it is begun before it is given up.
MOST_ATTEMPTS = 3
#: How long a lab is listened to after it was told to cancel, in seconds: it may have to end a program first.
CANCEL_PATIENCE = 10.0
#: The pause between two looks at the lab grows from the first to the second, in seconds.
SHORTEST_WAIT, LONGEST_WAIT = 0.0005, 0.1
#: How often the journal is looked at for what others have written, in seconds.
REFRESH = 1.0
#: How often the lab is asked again about trials given up as unknown, in seconds.
ASK_AGAIN = 10.0


class Engine:
    """Runs one campaign against one lab."""

    def __init__(self, spec: CampaignSpec, lab: Lab, journal: Journal, stop: StopSwitch) -> None:
        self.spec = spec
        self.lab = lab
        self.journal = journal
        self.stop = stop
        #: Why nothing more could be planned, and the results by then (`results_at`): it holds until the next one.
        self._exhausted: tuple[int, str] = (-1, "")
        #: What the stop rules said, and of which results.
        self._judged: tuple[int, str | None] = (-1, None)
        #: What the lab was given here and has not answered yet, also where somebody else has recorded a result.
        self._sent: set[str] = set()
        #: How often each trial was sent here: a trial that power cuts kept from beginning is no fault of the lab.
        self._n_sends: Counter[str] = Counter()
        #: When each overdue trial was cancelled (monotonic seconds), and what went wrong in that.
        self._cancelled: dict[str, tuple[float, str]] = {}
        #: Faults before this engine began have been seen: whoever resumes wants to try again.
        self._seen = frozenset(journal.state.accepted)
        self._asking = Asking(lab)
        #: Who broke down while thinking, and how.
        self._breakdown: tuple[str, Exception] | None = None
        self._wait = SHORTEST_WAIT
        self._refreshed = time.monotonic()
        self._ask_again_at = 0.0

    @property
    def state(self) -> CampaignState:
        return self.journal.state

    def run(self, provenance: dict[str, str], set_aside: Sequence[str] = ()) -> str:
        """Work until the end; returns the reason for it, which the journal has too.

        `set_aside` are the stop rules in spite of which it goes on. Raises what the planner or a rule raised, after
        what was in flight has been finished.
        """
        self.journal.start_clock()
        try:
            self.journal.add(e.Started(provenance=provenance, set_aside=list(set_aside)))
            while True:
                moved = self._collect()
                if end := self._end():
                    self.journal.add(end)
                    if self._breakdown:
                        raise self._breakdown[1]
                    return end.reason
                moved |= self._fill()
                self._rest(moved)
        finally:
            self.journal.stop_clock()

    # -- taking answers -------------------------------------------------------------------------------------

    def _collect(self) -> bool:
        moved = self._ask_for_the_lost()
        for trial in self._in_flight():
            answer = self._ask(trial)
            if isinstance(answer, Running) and self._is_overdue(trial):
                answer = self._give_up(trial)
            if not isinstance(answer, Running):
                self._take(trial, answer)
                moved = True
        return moved

    def _in_flight(self) -> list[TrialState]:
        return [t for t in self.state.trials.values() if t.status is Status.RUNNING or t.id in self._sent]

    def _ask_for_the_lost(self, at_once: bool = False) -> bool:
        """A late answer to a trial given up as unknown is as good as one in time."""
        if not at_once and time.monotonic() < self._ask_again_at:
            return False
        self._ask_again_at = time.monotonic() + ASK_AGAIN
        answers = [(trial, self._ask(trial)) for trial in self.state.of_status(Status.UNKNOWN)]
        told = [(trial, answer) for trial, answer in answers if isinstance(answer, Outcome | NotStarted)]
        for trial, answer in told:
            self._take(trial, answer)
        return bool(told)

    def _ask(self, trial: TrialState) -> Running | Outcome | NotStarted | Unknown:
        answer = self._asking.ask(trial.id)
        if trouble := self._asking.trouble(trial.id):
            self._note(trial.id, f"{trouble}; it is asked again, ever more seldom")
        return answer

    def _note(self, trial: str, text: str) -> None:
        """A remark on a trial, which is made once."""
        if not any(note.trial == trial and note.text == text for note in self.state.notes):
            self.journal.add(e.Noted(trial=trial, text=text))

    def _is_overdue(self, trial: TrialState) -> bool:
        return self.journal.elapsed - trial.submitted_at > trial.deadline

    def _give_up(self, trial: TrialState) -> Running | Outcome | NotStarted | Unknown:
        """Silence beyond the deadline: cancel, and listen a little longer, so that no two attempts overlap."""
        if trial.id not in self._cancelled:
            self._cancelled[trial.id] = (time.monotonic(), self._cancel(trial))
        cancelled, trouble = self._cancelled[trial.id]
        answer, late = self._ask(trial), f"no answer within {trial.deadline:g} s{trouble}"
        if unheard := self._asking.trouble(trial.id):
            late = f"{late}; {unheard}"
        if isinstance(answer, Unknown):
            return Unknown(f"{late}; {answer.reason}")
        is_given_up = isinstance(answer, Running) and time.monotonic() - cancelled >= CANCEL_PATIENCE
        return Unknown(late) if is_given_up else answer

    def _cancel(self, trial: TrialState) -> str:
        try:
            self.lab.cancel(trial.id)
        except Exception as error:  # noqa: BLE001 - cancelling is an attempt; the trial becomes unknown either way
            return f"; it could not be cancelled: {error}"
        return ""

    def _take(self, trial: TrialState, answer: Outcome | NotStarted | Unknown) -> None:
        self._sent.discard(trial.id)
        self._cancelled.pop(trial.id, None)
        if isinstance(answer, Outcome):
            outcome = taken_in(answer, self.spec.objectives, self.journal.store)
            self.journal.commit(lambda state: result_events(state, trial.id, outcome))
        else:
            self.journal.commit(lambda state: self._without_result(state.trials[trial.id], answer))

    def _without_result(self, trial: TrialState, answer: NotStarted | Unknown) -> list[e.AnyEvent]:
        """What follows where there is none: another attempt, a fault of the lab, or a question to a person."""
        if not trial.is_open:  # somebody has recorded its result meanwhile
            return []
        again = e.NotBegun(trial=trial.id, attempt=trial.attempts, reason=answer.reason)
        if isinstance(answer, NotStarted):
            if self._n_sends[trial.id] < MOST_ATTEMPTS:
                return [again]
            why = f"{self._n_sends[trial.id]} attempts never began, the latest because: {answer.reason}"
            return [e.Failed(trial=trial.id, outcome=Outcome(failed=why, is_fault=True))]
        may_repeat = self.lab.effect is not Effect.IRREVERSIBLE and not self._asking.trouble(trial.id)
        if may_repeat and trial.attempts < MOST_ATTEMPTS:
            return [again.model_copy(update={"reason": f"{answer.reason}; it may be repeated"})]
        return [e.Lost(trial=trial.id, attempt=trial.attempts, reason=answer.reason)]

    # -- the end --------------------------------------------------------------------------------------------

    def _end(self) -> e.Paused | e.Finished | None:
        state = self.state
        if self._in_flight():
            return None
        stopping = self._reason_to_stop()
        if self._breakdown:
            return e.Paused(reason="{} failed: {}".format(*self._breakdown))
        if self.stop.is_set:
            return e.Paused(reason="stopped on request")
        if reason := self._too_many_faults():
            return e.Paused(reason=reason)
        if not (reason := stopping or self._nothing_more_to_plan()):
            return None
        if state.of_status(Status.PLANNED) and not stopping:
            return None
        if state.of_status(Status.UNKNOWN) and self._ask_for_the_lost(at_once=True):
            return self._end()
        if unknown := state.of_status(Status.UNKNOWN):
            numbers = ", ".join(str(trial.number) for trial in unknown)
            return e.Paused(reason=f"{reason}; the outcome of trial {numbers} is unknown")
        return e.Finished(reason=reason if state.observations else f"{reason}, and not one trial gave a result")

    def _nothing_more_to_plan(self) -> str | None:
        by_then, reason = self._exhausted
        exhausted = reason if by_then == self.state.results_at else None
        return used_budget(self.spec, self.state, self.journal.elapsed) or exhausted

    def _reason_to_stop(self) -> str | None:
        """What the stop rules say of the results; they are asked once for each new result."""
        if self._judged[0] != self.state.results_at and not self._breakdown:
            try:
                self._judged = self.state.results_at, reason_to_stop(self.spec, self.state)
            except Exception as error:  # noqa: BLE001 - it is raised again once nothing is in flight any more
                self._breakdown = "a stop rule", error
        return self._judged[1]

    def _too_many_faults(self) -> str | None:
        most, window = self.spec.campaign.pause_after
        accepted = [t for t in list(self.state.accepted)[-window:] if t not in self._seen]
        latest = sorted({*accepted, *self._asking.troubled}, key=lambda t: self.state.trials[t].number)[-window:]
        faults = [told for told in map(self._fault, latest) if told]
        if len(faults) < most:
            return None
        return f"{len(faults)} of the last {len(latest)} trials failed in the lab, the latest with: {faults[-1]}"

    def _fault(self, trial: str) -> str:
        """What went wrong in the lab with a trial, also while its outcome is open; nothing where all is well."""
        outcome = self.state.trials[trial].outcome
        if outcome is None:
            return self._asking.trouble(trial)
        return (outcome.failed or "") if outcome.is_fault else ""

    # -- sending --------------------------------------------------------------------------------------------

    def _fill(self) -> bool:
        """Send as much as the lab takes; plan anew only when nothing planned is left."""
        moved = False
        while (free := self._free_places()) > 0 and (self._send_planned(free) or self._plan_and_send(free)):
            moved = True
        return moved

    def _free_places(self) -> int:
        if self.stop.is_set or self._reason_to_stop() or self._breakdown or self._too_many_faults():
            return 0
        return self.lab.capacity - len(self._in_flight())

    def _send_planned(self, most: int) -> bool:
        waiting = [trial.id for trial in self.state.of_status(Status.PLANNED)][:most]
        return self._send(lambda state: [state.trials[trial] for trial in waiting if _waits(state, trial)], ())

    def _plan_and_send(self, most: int) -> bool:
        if self._nothing_more_to_plan():
            return False
        wanted = int(getattr(self.spec.planner, "batch", 1))
        if self.spec.campaign.budget is not None:
            wanted = min(wanted, self.spec.campaign.budget - n_planned(self.state))
        new: list[e.Planned] = []

        def chosen(state: CampaignState) -> list[TrialState]:
            new[:] = self._planned(state, wanted)
            return [TrialState(p.trial, p.number, p.proposal.point, p.planner) for p in new[:most]]

        return self._send(chosen, new)

    def _planned(self, state: CampaignState, wanted: int) -> list[e.Planned]:
        try:
            planned = plan(self.spec, state, wanted)
        except Exception as error:  # noqa: BLE001 - it is raised again once nothing is in flight any more
            self._breakdown = "the planner", error
            return []
        paid = affordable(self.spec, state, planned)
        if not paid:
            reason = too_dear(self.spec, state) if planned else "the space holds no untried point"
            self._exhausted = state.results_at, reason
        return paid

    def _send(self, choose: Callable[[CampaignState], list[TrialState]], new: Sequence[e.Planned]) -> bool:
        """Commit the intent (with the plans it rests on, in one transaction), then tell the lab."""
        chosen: list[TrialState] = []

        def decide(state: CampaignState) -> list[e.AnyEvent]:
            chosen[:] = choose(state)
            return [*new, *(intent(self.spec, trial, self.lab.deadline, "sent") for trial in chosen)]

        self.journal.commit(decide)
        for trial in chosen:
            state = self.state.trials[trial.id]
            if state.status is Status.RUNNING:
                self._submit(state)
        return bool(chosen)

    def _submit(self, trial: TrialState) -> None:
        crash_point("send.before")
        units = {**self.spec.space.units, **{o.name: o.unit for o in self.spec.objectives if o.unit}}
        order = Trial(trial.id, self.spec.campaign.name, trial.number, trial.attempts, trial.point, units)
        self._sent.add(trial.id)
        self._n_sends[trial.id] += 1
        try:
            self.lab.submit(order)
        except MatloopError as error:
            self._take(trial, Outcome(failed=f"it could not be sent: {error.message}", is_fault=True))
        except Exception as error:  # noqa: BLE001 - a lab that breaks its contract: nobody knows how far it came
            self._take(trial, Unknown(f"sending it failed: {error!r}"))
        crash_point("send.after")

    # -- waiting --------------------------------------------------------------------------------------------

    def _rest(self, moved: bool) -> None:
        self._wait = SHORTEST_WAIT if moved else min(2 * self._wait, LONGEST_WAIT)
        if not moved:
            self.stop.wait(self._wait)
        if time.monotonic() - self._refreshed > REFRESH:
            self.journal.refresh()
            self._refreshed = time.monotonic()


def _waits(state: CampaignState, trial: str) -> bool:
    return state.trials[trial].status is Status.PLANNED
