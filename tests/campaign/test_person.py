"""Trials are planned for a person and handed over in one breath, within the budget."""

from datetime import datetime, timedelta

import pytest
from by_hand import SPACE, TOUGHNESS, begun, definition

from matloop import Campaign, Maximize
from matloop.campaign.person import is_overdue, propose
from matloop.campaign.planning import repeats
from matloop.campaign.record import record_values, resolve
from matloop.core.errors import InputError, PlannerError
from matloop.core.parameter import Real
from matloop.core.space import Space
from matloop.core.trial import Status
from matloop.labs.function import FunctionLab
from matloop.labs.person import PersonLab


def test_the_new_trials_wait_for_their_results_with_a_deadline():
    spec = definition()
    waiting = propose(spec, begun(spec), 3)
    assert [trial.number for trial in waiting] == [1, 2, 3]
    assert {trial.status for trial in waiting} == {Status.RUNNING}
    assert {trial.deadline for trial in waiting} == {7 * 86400.0}


def test_the_deadline_is_the_labs_own():
    spec = definition(lab=PersonLab(deadline="2 days"))
    assert propose(spec, begun(spec), 1)[0].deadline == 2 * 86400.0


def test_plans_and_intents_are_one_transaction():
    spec = definition()
    journal = begun(spec)
    commits = []
    append = journal.store.append
    journal.store.append = lambda *a: commits.append([e.kind for e in a[1]]) or append(*a)
    propose(spec, journal, 2)
    assert commits == [["started", "planned", "planned", "submitted", "submitted"]]


def test_those_that_wait_already_are_returned_too_the_new_ones_last():
    spec = definition()
    journal = begun(spec)
    propose(spec, journal, 2)
    record_values(spec, journal, {"1": {"toughness": 1.0}})
    assert [trial.number for trial in propose(spec, journal, 2)] == [2, 3, 4]
    assert [trial.number for trial in propose(spec, journal, 0)] == [2, 3, 4]


def test_asking_for_none_adds_nothing_to_the_journal():
    spec = definition()
    journal = begun(spec)
    assert propose(spec, journal, 0) == []
    assert journal.state.sequence == 1


def test_a_request_beyond_the_budget_is_cut_and_one_after_it_refused():
    spec = definition(budget=3)
    journal = begun(spec)
    propose(spec, journal, 2)
    assert len(propose(spec, journal, 5)) == 3
    with pytest.raises(InputError, match="budget of 3 trials is used") as refused:
        propose(spec, journal, 1)
    assert "raise" in refused.value.hint
    assert len(propose(spec, journal, 0)) == 3


def test_an_exhausted_space_is_said():
    spec = definition(most=1)
    journal = begun(spec)
    assert len(propose(spec, journal, 2)) == 1
    with pytest.raises(PlannerError, match="nothing left to propose"):
        propose(spec, journal, 1)


def test_a_campaign_with_another_lab_is_refused_with_the_way_out():
    spec = definition(lab=FunctionLab(lambda point: 1.0))
    with pytest.raises(InputError, match="not by a person") as refused:
        propose(spec, begun(spec), 1)
    assert "matloop run" in refused.value.hint


def test_a_negative_number_is_refused():
    spec = definition()
    with pytest.raises(InputError):
        propose(spec, begun(spec), -1)


def test_a_trial_that_did_not_happen_is_handed_over_again():
    spec = definition()
    journal = begun(spec)
    propose(spec, journal, 1)
    resolve(spec, journal, 1)
    assert journal.state.trials["bench-ab12-0001"].status is Status.PLANNED
    (again,) = propose(spec, journal, 0)
    assert (again.status, again.attempts) == (Status.RUNNING, 2)


def test_limits_are_checked_again_before_a_planned_trial_is_handed_over():
    spec = definition()
    journal = begun(spec)
    propose(spec, journal, 1)
    resolve(spec, journal, 1)
    narrowed = Space(**(SPACE.parameters | {"theta": Real(0, 1e-9)}))
    assert propose(definition(TOUGHNESS, space=narrowed), journal, 0) == []
    trial = journal.state.trials["bench-ab12-0001"]
    assert trial.status is Status.DISCARDED
    assert "theta" in trial.note


def test_what_was_proposed_by_hand_is_proposed_again_on_replay():
    spec = definition()
    journal = begun(spec)
    propose(spec, journal, 2)
    record_values(spec, journal, {"2": {"toughness": 3.0}})
    propose(spec, journal, 2)
    assert repeats(journal.store.read("bench"), {1: spec}) == []


def test_a_campaign_by_hand_ends_with_the_last_result_of_its_budget(tmp_path):
    """Running from the first proposal on, finished with the last result: no engine is needed to see that."""
    campaign = Campaign(Space(x=Real(0, 1)), [Maximize("y")], budget=2, store=tmp_path / "matloop.db")
    first, second = (trial.id for trial in campaign.propose(2))
    assert campaign.state.status == "running"
    campaign.record({first: {"y": 1.0}})
    assert campaign.state.status == "running"
    campaign.record({second: {"y": 2.0}})
    assert campaign.state.status == "finished"


def test_a_late_result_is_overdue_but_nothing_is_decided(tmp_path):
    """After the deadline a trial in a person's hands is called overdue; it stays running and takes its result."""
    campaign = Campaign(Space(x=Real(0, 1)), [Maximize("y")], lab=PersonLab(deadline="1 h"), store=tmp_path / "m.db")
    trial = campaign.propose(1)[0]
    begun = datetime.fromisoformat(trial.submitted_time)
    assert not is_overdue(trial, begun + timedelta(minutes=59))
    assert is_overdue(trial, begun + timedelta(minutes=61))
    campaign.record({trial.id: {"y": 1.0}})
    assert not is_overdue(campaign.state.trials[trial.id], begun + timedelta(days=1))
