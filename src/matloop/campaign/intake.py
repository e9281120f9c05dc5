"""What comes back of a trial, made fit for the journal: files kept, contract checked, known results left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matloop.core import event as e
from matloop.core.curve_scores import scored
from matloop.core.errors import StoreError
from matloop.core.objective import Objective
from matloop.core.state import CampaignState
from matloop.core.trial import Outcome
from matloop.store.sql import SqlStore


def taken_in(outcome: Outcome, objectives: Sequence[Objective], store: SqlStore) -> Outcome:
    """The outcome as the journal will have it. A lab that breaks its contract fails at this trial, and at no other."""
    outcome = _with_distances(_with_files_kept(outcome, store), objectives)
    missing = [wish.name for wish in objectives if wish.name not in outcome.values]
    if outcome.failed is None and missing:
        return outcome.model_copy(update={"failed": f"no value for {', '.join(missing)}", "is_fault": True})
    try:
        outcome.model_dump_json()
    except ValueError as error:
        return Outcome(failed=f"the lab's answer cannot be written down: {error}", is_fault=True)
    return outcome


def _with_distances(outcome: Outcome, objectives: Sequence[Objective]) -> Outcome:
    """The distance of each curve to its target among the values, whoever made the outcome."""
    try:
        return scored(outcome, objectives)
    except ValueError as error:
        return outcome.model_copy(update={"failed": outcome.failed or str(error), "is_fault": True})


def _with_files_kept(outcome: Outcome, store: SqlStore) -> Outcome:
    """Put the files that a lab names into the store; one that cannot be read is said, not fatal."""
    kept, log = {}, outcome.log
    for name, place in outcome.files.items():
        try:
            kept[name] = store.put(Path(place).read_bytes())
        except (OSError, ValueError, StoreError) as error:
            log = f"{log}\nfile {name} could not be kept from {place}: {error}".strip()
    return outcome.model_copy(update={"files": kept, "log": log}) if outcome.files else outcome


def result_events(state: CampaignState, trial: str, outcome: Outcome, by: str = "matloop") -> list[e.AnyEvent]:
    """What a result adds to the journal: nothing if it is known already."""
    if state.is_known(trial, outcome):
        return []
    if outcome.failed is not None:
        return [e.Failed(trial=trial, outcome=outcome, by=by)]
    return [e.Observed(trial=trial, outcome=outcome, by=by)]
