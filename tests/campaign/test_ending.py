"""How a campaign ends: by a rule, by the cost, and how it goes on in spite of that."""

from __future__ import annotations

import pytest
from engine_bench import QuickLab, SlowLab, campaign_of, engine_of, events_of

from matloop import Campaign, Integer, Maximize, Outcome, Reached, Real, Space, Stalled
from matloop.campaign.ending import reasons_to_stop
from matloop.campaign.spending import spent
from matloop.core.errors import InputError
from matloop.core.event import EVENT, Finished, Started
from matloop.core.state import fold
from matloop.core.trial import Status, Trial

SPACE = Space(x=Real(0, 1), hours=Integer(1, 5))


def campaign(stop=(), lab=lambda x, hours: x, planner="random", batch=1, **settings) -> Campaign:
    chooser = {"kind": planner, "batch": batch}
    return Campaign(SPACE, [Maximize("y")], planner=chooser, stop=stop, lab=lab, store=":memory:", **settings)


def test_the_first_rule_to_hold_ends_it_with_its_reason() -> None:
    """The journal has the reason, status tells it, and the budget is not used up."""
    made = campaign([Reached("y >= 0.8"), Stalled(40)], budget=50)
    state = made.run(progress=False)
    reached = next(t for t in state.trials.values() if t.outcome and t.outcome.values["y"] >= 0.8)
    assert state.status == "finished"
    assert state.status_reason == f"y >= 0.8 is reached by trial {reached.number}: y {reached.outcome.values['y']:.4g}"
    assert len(state.trials) == reached.number < 50
    assert [e.reason for e in events_of(made.journal) if isinstance(e, Finished)] == [state.status_reason]


def test_what_was_planned_and_not_sent_stays_so() -> None:
    """A batch is not carried out to its end once a rule holds; nothing in flight is lost."""
    made = campaign_of(budget=20, batch=8, stop=[Reached("y >= -2")])
    lab = SlowLab(3)
    engine = engine_of(lab, made)
    engine.run({})
    assert len(lab.sent) == 3
    assert len(engine.state.of_status(Status.DONE)) == 3
    assert len(engine.state.of_status(Status.PLANNED)) == 5
    assert engine.state.status == "finished"


def test_the_same_command_does_not_go_on_by_itself() -> None:
    """Running again ends at once with the same reason."""
    made = campaign(Reached("y >= 0.5"), budget=20)
    first = made.run(progress=False).status_reason
    n = len(made.state.trials)
    assert made.run(progress=False).status_reason == first
    assert len(made.state.trials) == n


def test_it_can_go_on_in_spite_of_a_rule() -> None:
    """`go_on` sets the rules aside that hold, and no others; the journal knows it, so that a resumed run does too."""
    made = campaign([Reached("y >= 0.5"), Stalled(6)], budget=40, seed=3)
    made.run(progress=False)
    state = made.run(progress=False, go_on=True)
    assert state.set_aside == {"reached"}
    assert "no improvement in the last 6" in state.status_reason
    assert fold(made.journal.store.read(made.name)).set_aside == {"reached"}
    started = [e for e in events_of(made.journal) if isinstance(e, Started)]
    assert [e.set_aside for e in started] == [[], ["reached"]]


def test_a_changed_rule_counts_again() -> None:
    """Changing the rules brings those back that were set aside."""
    made = campaign(Reached("y >= 0.5"), budget=30, name="c")
    made.run(progress=False)
    made.run(progress=False, go_on=True)
    other = campaign(Reached("y >= 0.4"), budget=30, name="c")
    other.__dict__["journal"] = made.journal
    other.begin(accept_changes=True)
    assert other.state.set_aside == set()
    assert [kind for kind, _ in reasons_to_stop(other.spec, other.state)] == ["reached"]


def test_rules_are_asked_once_for_each_result() -> None:
    """However often the engine turns, a rule costs no more than the results do."""
    asked = []

    class Counting:
        def reason(self, standing) -> str | None:
            asked.append(len(standing.observations))
            return "that will do" if len(asked) > 7 else None

    made = campaign_of(budget=30, stop=[Counting()])
    engine = engine_of(SlowLab(1, patience=5), made)
    assert engine.run({}) == "that will do"
    assert asked == list(range(8))


def test_a_rule_that_breaks_pauses_the_campaign() -> None:
    """It is said, what is in flight is finished, and the error comes out at the end."""

    class Broken:
        def reason(self, standing) -> str | None:
            if len(standing.observations) > 2:
                raise FloatingPointError("overflow")
            return None

    made = campaign_of(budget=30, stop=[Broken()])
    engine = engine_of(SlowLab(2), made)
    with pytest.raises(FloatingPointError):
        engine.run({})
    assert (engine.state.status, engine.state.status_reason) == ("paused", "a stop rule failed: overflow")
    assert not engine.state.of_status(Status.RUNNING)


def test_a_journal_of_before_can_still_be_read() -> None:
    """An event written without rules set aside says that there are none."""
    event = EVENT.validate_python({"kind": "started", "sequence": 1})
    assert isinstance(event, Started)
    assert event.set_aside == []


# -- costs --------------------------------------------------------------------------------------------------------


def test_the_budget_of_costs_is_never_exceeded() -> None:
    """Trials are begun as long as the rest pays for them; then it says what is left."""
    made = campaign(cost="1 + 0.5 * hours", budget_cost=20)
    state = made.run(progress=False)
    total = sum(1 + 0.5 * t.point["hours"] for t in state.trials.values())
    assert spent(made.spec, state) == pytest.approx(total)
    assert 20 - 3.5 < total <= 20
    assert "budget of 20" in state.status_reason


def test_a_constant_cost_counts_trials() -> None:
    """With batches and several in flight too."""
    made = campaign_of(cost=3, budget_cost=21, batch=4)
    engine = engine_of(SlowLab(3), made)
    assert engine.run({}) == "the budget of 21 for all costs is used"
    assert len(engine.state.trials) == 7


def test_measured_costs_count_as_they_come() -> None:
    """Without a cost in the definition the measured value `cost` counts; the next trial costs what others did."""

    class Dear(QuickLab):
        def answer(self, trial: Trial) -> Outcome:
            return Outcome(values={"y": 0.5, "cost": 2.0 if trial.number < 4 else 5.0})

    made = campaign_of(budget_cost=20)
    engine = engine_of(Dear(), made)
    reason = engine.run({})
    assert spent(made.spec, engine.state) == 21.0  # of the 4 left after five, the sixth was to take 3.2 and took 5
    assert reason == "the budget of 20 for all costs is used"


# -- by hand ------------------------------------------------------------------------------------------------------


def test_by_hand_a_rule_ends_it_with_the_result_that_meets_it() -> None:
    """No more is proposed then, unless it is said to go on."""
    made = campaign(Reached("y >= 1"), lab=None, budget=10)
    made.propose(2)
    made.record({"1": {"y": 2}})
    assert made.state.status == "finished"
    assert made.state.status_reason == "y >= 1 is reached by trial 1: y 2"
    with pytest.raises(InputError, match="no need for more") as told:
        made.propose(1)
    assert "--go-on" in told.value.hint
    assert len(made.propose(1, go_on=True)) == 2
    made.record({"2": {"y": 3}})
    assert made.state.status == "running"
    assert len(made.propose(1)) == 2


def test_by_hand_nothing_is_proposed_that_cannot_be_paid() -> None:
    """Fewer come where the rest of the budget pays for fewer, and then none."""
    made = campaign(lab=None, cost=4, budget_cost=10)
    assert len(made.propose(5)) == 2
    with pytest.raises(InputError, match="2 left of the budget of 10"):
        made.propose(1)
