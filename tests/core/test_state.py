"""The fold over a journal: the same however it is cut, and nothing that came is lost."""

import copy
import itertools

from hypothesis import given
from hypothesis import strategies as st

from matloop.core import event as e
from matloop.core.state import CampaignState, fold
from matloop.core.trial import Outcome, Status

TRIALS = ["t1", "t2", "t3"]
GOOD = [Outcome(values={"y": value}) for value in (1.0, 2.0)]
BAD = [Outcome(failed="it cracked"), Outcome(failed="the arm dropped it", is_fault=True)]


def planned(number):
    point = {"x": float(number)}
    return e.Planned(trial=f"t{number}", number=number, proposal=e.Proposal(point=point), planner="random")


TRIAL_EVENTS = st.one_of(
    st.builds(e.Submitted, trial=st.sampled_from(TRIALS), attempt=st.integers(1, 3), deadline=st.just(9.0)),
    st.builds(e.Observed, trial=st.sampled_from(TRIALS), outcome=st.sampled_from(GOOD)),
    st.builds(e.Failed, trial=st.sampled_from(TRIALS), outcome=st.sampled_from(BAD)),
    st.builds(e.NotBegun, trial=st.sampled_from(TRIALS), attempt=st.just(1)),
    st.builds(e.Lost, trial=st.sampled_from(TRIALS), attempt=st.just(1)),
    st.builds(
        e.Resolved,
        trial=st.sampled_from(TRIALS),
        verdict=st.sampled_from(["happened", "did_not_happen", "discarded"]),
        outcome=st.sampled_from([None, *GOOD]),
    ),
    st.builds(e.Noted, text=st.just("a remark")),
    st.builds(e.Paused, reason=st.just("lunch")),
    st.builds(e.Started),
)


@st.composite
def journals(draw):
    events = [e.Created(spec={"a": 1}, key="k"), *(planned(n) for n in (1, 2, 3)), *draw(st.lists(TRIAL_EVENTS))]
    return [ev.model_copy(update={"sequence": i, "elapsed": float(i)}) for i, ev in enumerate(events, start=1)]


@given(journals(), st.lists(st.integers(0, 40)))
def test_the_state_does_not_depend_on_how_the_journal_is_cut(events, cuts):
    state = CampaignState()
    places = sorted({0, len(events), *(cut for cut in cuts if cut < len(events))})
    for start, end in itertools.pairwise(places):
        for event in events[start:end]:
            state.apply(event)
        state = copy.deepcopy(state)
    assert state == fold(events)


@given(journals())
def test_events_survive_their_stored_form(events):
    assert fold(e.EVENT.validate_json(e.EVENT.dump_json(event)) for event in events) == fold(events)


@given(journals())
def test_the_same_result_at_once_again_changes_nothing(events):
    doubled = [ev for event in events for ev in ([event] * 2 if isinstance(event, e.Observed | e.Failed) else [event])]
    assert fold(doubled) == fold(events)


@given(journals())
def test_every_result_is_accepted_or_kept_as_a_conflict_until_a_person_decides(events):
    state = CampaignState()
    for event in events:
        state.apply(event)
        if isinstance(event, e.Observed | e.Failed):
            assert state.is_known(event.trial, event.outcome)


@given(journals())
def test_observations_are_those_of_trials_that_are_done_or_failed_by_nature(events):
    state = fold(events)
    known = {observation.trial for observation in state.observations}
    for trial in state.trials.values():
        is_told = trial.status in (Status.DONE, Status.FAILED) and not trial.outcome.is_fault
        assert (trial.id in known) == is_told
    assert [t.point for t in state.trials.values() if t.is_open] == state.pending


def test_a_second_result_with_other_content_is_kept_once_and_shown():
    events = [planned(1), e.Observed(trial="t1", outcome=GOOD[0], sequence=2)]
    events += [e.Observed(trial="t1", outcome=GOOD[1], sequence=n) for n in (3, 4)]
    state = fold(events)
    assert state.trials["t1"].outcome == GOOD[0]
    assert state.trials["t1"].conflicts == [(3, GOOD[1])]
    assert [trial.id for trial in state.conflicted] == ["t1"]


def test_a_late_result_is_welcome_where_the_lab_had_failed_or_was_silent():
    lost = e.Lost(trial="t1", attempt=1, reason="no answer")
    for before in (e.Failed(trial="t1", outcome=BAD[1]), lost):
        state = fold([planned(1), before, e.Observed(trial="t1", outcome=GOOD[0])])
        assert state.trials["t1"].status is Status.DONE
        assert [observation.values for observation in state.observations] == [{"y": 1.0}]


def test_a_failure_of_the_material_is_not_overruled_by_a_late_result():
    state = fold([planned(1), e.Failed(trial="t1", outcome=BAD[0]), e.Observed(trial="t1", outcome=GOOD[0])])
    assert state.trials["t1"].status is Status.FAILED
    assert state.conflicted


def test_a_result_that_is_there_is_not_undone_by_a_lab_that_says_it_never_began():
    done = [planned(1), e.Observed(trial="t1", outcome=GOOD[0])]
    for late in (e.NotBegun(trial="t1", attempt=1), e.Lost(trial="t1", attempt=1)):
        assert fold([*done, late]).trials["t1"].status is Status.DONE


def test_what_a_person_says_settles_a_trial():
    begun = [planned(1), e.Observed(trial="t1", outcome=GOOD[0]), e.Observed(trial="t1", outcome=GOOD[1])]
    said = e.Resolved(trial="t1", verdict="happened", outcome=GOOD[1])
    assert fold([*begun, said]).trials["t1"].outcome == GOOD[1]
    assert not fold([*begun, said]).conflicted
    assert fold([*begun, e.Resolved(trial="t1", verdict="discarded")]).observations == []
    assert fold([*begun, e.Resolved(trial="t1", verdict="did_not_happen")]).pending == [{"x": 1.0}]


def test_results_that_differ_by_rounding_or_by_their_log_are_the_same():
    state = fold([planned(1), e.Observed(trial="t1", outcome=GOOD[0])])
    assert state.is_known("t1", Outcome(values={"y": 1.0 + 1e-13}, log="sent again"))
    assert not state.is_known("t1", Outcome(values={"y": 1.001}))
