"""The headline of a report: what was wanted, on which lab, how far it is, and what is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matloop.core import merit
from matloop.core.objective import Objective
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.core.trial import Status
from matloop.reports.wording import labelled, listed

#: What each kind of lab means for the figures: a reader must never take a simulation for an experiment.
LABS = {
    "replay": "results are looked up in published data; no experiment was carried out",
    "emulator": "results come from a model fitted to data; no experiment was carried out",
    "twin": "results come from equations of physics; no experiment was carried out",
    "function": "results come from a Python function",
    "command": "results come from a program that ran once for each trial",
    "person": "a person carried the trials out and entered their results",
}
IS_SIMULATED = {"replay", "emulator", "twin"}


@dataclass(frozen=True)
class LabLabel:
    """What carried the trials out, in a word and in a sentence."""

    kind: str
    meaning: str
    is_simulated: bool


def lab_label(spec: CampaignSpec) -> LabLabel:
    """The label of the campaign's lab; without one in the definition, it was a function given in Python."""
    kind = str(getattr(spec.lab, "kind", "lab")) if spec.lab is not None else "person"
    return LabLabel(kind, LABS.get(kind, "a lab that a plug-in provides"), kind in IS_SIMULATED)


def wanted(objectives: Sequence[Objective]) -> str:
    """The wishes in one sentence, units included."""
    return listed(_sentence(wish) for wish in objectives)


def _sentence(wish: Objective) -> str:
    # thresholds and targets state the unit with their number already
    has_number = hasattr(wish, "limit") or hasattr(wish, "value")
    return wish.sentence() if has_number else labelled(wish.sentence(), wish.unit)


def ending(spec: CampaignSpec, state: CampaignState) -> str:
    """With what it ends, in words; empty where budgets alone end it."""
    aside = [getattr(rule, "kind", "") in state.set_aside for rule in spec.stop]
    rules = [f"{rule} (set aside)" if off else str(rule) for rule, off in zip(spec.stop, aside, strict=True)]
    return f"Ends with{' the first of' * (len(rules) > 1)}: {'; '.join(rules)}." if rules else ""


def best_trials(spec: CampaignSpec, state: CampaignState) -> list[TrialState]:
    """The best trial, or the Pareto front in the order of the first goal."""
    observations = merit.counting(spec.space, state.observations)
    found = [state.trials[observations[i].trial] for i in merit.best(spec.objectives, observations)]
    goal = next((wish for wish in spec.objectives if not wish.is_threshold), spec.objectives[0])
    return sorted(found, key=lambda t: -_utility(goal, t)) if len(found) > 1 else found


def _utility(goal: Objective, trial: TrialState) -> float:
    observation = trial.observation
    return float(goal.utility(merit.values(goal, [observation]))[0]) if observation is not None else 0.0


def meets_conditions(spec: CampaignSpec, best: Sequence[TrialState]) -> bool:
    """Whether what is shown as the best keeps every threshold."""
    observations = [t.observation for t in best if t.observation is not None]
    return bool((merit.shortfall(spec.objectives, observations) <= 0).all())


def counts(state: CampaignState) -> list[tuple[str, int, str]]:
    """(what, how many, how it is shown) for each status; what needs no words when it is zero is left out then."""
    failed = state.of_status(Status.FAILED)
    faults = sum(t.outcome is not None and t.outcome.is_fault for t in failed)
    always = [
        ("done", len(state.of_status(Status.DONE)), "good"),
        ("failed", len(failed) - faults, "bad"),
        ("unknown", len(state.of_status(Status.UNKNOWN)), "bad"),
        ("in flight", len(state.of_status(Status.RUNNING)), "calm"),
    ]
    sometimes = [
        ("lab faults", faults, "bad"),
        ("conflicts", len(state.conflicted), "bad"),
        ("planned, not begun", len(state.of_status(Status.PLANNED)), "calm"),
        ("discarded", len(state.of_status(Status.DISCARDED)), "calm"),
    ]
    return [(what, n, tone if n else "calm") for what, n, tone in always] + [row for row in sometimes if row[1]]
