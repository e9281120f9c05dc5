"""Results brought by a person: nothing is lost, nothing is taken twice, and one bad row costs no other."""

import math
from contextlib import suppress
from pathlib import Path

import pytest
from by_hand import BOTH, begun, bench, definition
from hypothesis import given, settings
from hypothesis import strategies as st

from matloop.campaign.journal import Journal
from matloop.campaign.person import propose
from matloop.campaign.planning import ENTERED
from matloop.campaign.record import record_table, record_values, resolve
from matloop.campaign.sheet import write_sheet
from matloop.core.errors import InputError, MatloopError, TableError
from matloop.core.event import Failed, Lost
from matloop.core.trial import Outcome, Status
from matloop.labs.function import FunctionLab
from matloop.store.sql import SqlStore


def first(journal, number=1):
    return journal.state.trials[f"bench-ab12-{number:04d}"]


def record(bench, tmp_path, text, name="results.csv"):
    spec, journal = bench
    path = Path(tmp_path) / name
    path.write_text(text, encoding="utf-8")
    return record_table(spec, journal, path, by="Ada")


# -- rows of planned trials


def test_a_filled_in_sheet_is_taken_and_says_by_whom(tmp_path):
    spec, journal = bench(2)
    path = write_sheet(spec, list(journal.state.trials.values()), tmp_path / "s.csv")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text("\n".join([lines[0], lines[1][:-2] + ",31.2,fine", lines[2]]))
    recorded = record_table(spec, journal, path, by="Ada")
    assert (recorded.accepted, recorded.n_empty, recorded.problems) == (["bench-ab12-0001"], 1, [])
    assert first(journal).outcome == Outcome(values={"toughness": 31.2})
    assert first(journal, 2).status is Status.RUNNING
    assert {event.by for event in journal.store.read("bench")[-2:]} == {"Ada"}
    assert [(note.trial, note.text) for note in journal.state.notes] == [("bench-ab12-0001", "fine")]


@pytest.mark.parametrize("name", ["bench-ab12-0002", " BENCH-AB12-0002", "2", "2.0", "2,0"])
@pytest.mark.parametrize("column", ["trial", "number", "Trial ID"])
def test_a_trial_is_named_by_its_id_or_number(tmp_path, name, column):
    b = bench(2)
    assert record(b, tmp_path, f"{column};toughness\n{name};5\n").accepted == ["bench-ab12-0002"]


def test_an_unknown_trial_and_two_that_differ_are_problems_of_their_rows(tmp_path):
    b = bench(2)
    text = "trial,number,toughness\nbench-ab12-0003,,1\nbench-ab12-0001,2,1\nbench-ab12-0001,1,1\n"
    recorded = record(b, tmp_path, text)
    assert [problem.path for problem in recorded.problems] == ["results.csv:2", "results.csv:3"]
    assert "did you mean" not in recorded.problems[0].hint, "under a neighbour's name it would be the wrong sample"
    assert recorded.accepted == ["bench-ab12-0001"]


def test_a_mistake_in_one_row_costs_no_other_row(tmp_path):
    b = bench(5)
    text = 'trial,toughness,note\n1,abc,\n2,2.5 kg,\n3,3.5,"open\n4,4.5,,,,\n4,1e400,\n5,5.5\n9,1,\n'
    recorded = record(b, tmp_path, text)
    assert [problem.path for problem in recorded.problems] == [f"results.csv:{line}" for line in (2, 3, 4, 6, 8)]
    assert recorded.accepted == ["bench-ab12-0004", "bench-ab12-0005"]


def test_the_same_row_twice_is_one_and_other_values_are_a_conflict_that_is_kept(tmp_path):
    b = bench(2)
    recorded = record(b, tmp_path, "trial,toughness\n1,5\n1,5.0\n1,6\n")
    trial = ["bench-ab12-0001"]
    assert (recorded.accepted, recorded.duplicates, recorded.conflicts) == (trial, trial, trial)
    assert [outcome.values for _, outcome in first(b[1]).conflicts] == [{"toughness": 6.0}]
    before = b[1].state.sequence
    again = record(b, tmp_path, "trial,toughness\n1,5\n1,5.0\n1,6\n")
    assert (len(again.duplicates), b[1].state.sequence) == (3, before)


def test_units_in_the_header_and_in_a_cell_are_converted_and_said(tmp_path):
    b = bench(2)
    recorded = record(b, tmp_path, "trial,toughness [mJ]\n1,31200\n2,0.5 kJ\n")
    assert first(b[1], 1).outcome.values == {"toughness": pytest.approx(31.2)}
    assert first(b[1], 2).outcome.values == {"toughness": pytest.approx(500)}
    assert recorded.remarks == ["toughness: converted from mJ to J"]


def test_a_decimal_comma_is_understood_and_said(tmp_path):
    b = bench(2)
    recorded = record(b, tmp_path, "trial;toughness\n1;1,234\n2;1.234\n")
    assert first(b[1]).outcome.values == {"toughness": 1.234}
    assert "decimal comma" in recorded.remarks[0]
    assert "ambiguous" in recorded.problems[0].message


def test_a_standard_deviation_without_a_unit_is_in_that_of_its_value(tmp_path):
    b = bench(2)
    record(b, tmp_path, "trial,toughness,toughness std\n1,31200 mJ,500\n2,3,\n")
    assert first(b[1]).outcome.std == {"toughness": pytest.approx(0.5)}
    assert first(b[1], 2).outcome.std == {}
    assert (
        record(b, tmp_path, "trial,toughness,toughness_std\n2,3,-1\n2,,1\n").problems[1].message.startswith("no value")
    )


def test_a_missing_objective_is_a_problem_unless_the_trial_failed(tmp_path):
    b = bench(4, BOTH)
    recorded = record(
        b, tmp_path, "trial,toughness,cost,failed\n1,5,,\n2,5,,cracked\n3,failed: dissolved,,\n4,1,2,no\n"
    )
    assert [problem.path for problem in recorded.problems] == ["results.csv:2"]
    assert "cost" in recorded.problems[0].message
    outcomes = [first(b[1], number).outcome for number in (2, 3)]
    assert [outcome.failed for outcome in outcomes] == ["cracked", "dissolved"]
    assert not any(outcome.is_fault for outcome in outcomes)
    assert first(b[1], 2).status is Status.FAILED
    assert first(b[1], 4).status is Status.DONE


def test_every_value_and_a_failure_contradict_each_other(tmp_path):
    b = bench(1)
    assert "leave one" in record(b, tmp_path, "trial,toughness,failed\n1,5,yes\n").problems[0].message


def test_settings_that_differ_from_the_plan_are_the_achieved_ones(tmp_path):
    b = bench(1)
    plan = first(b[1]).point
    theta = plan["theta"] + 1
    record(b, tmp_path, f"trial,n,theta [rad],solvent,toughness\n1,{plan['n']}.0,{math.radians(theta)!r},WATER,5\n")
    expected = {"theta": pytest.approx(theta)} | ({} if plan["solvent"] == "water" else {"solvent": "water"})
    assert first(b[1]).outcome.achieved == expected


def test_settings_that_were_only_rounded_are_the_planned_ones(tmp_path):
    b = bench(1)
    plan = first(b[1]).point
    record(b, tmp_path, f"trial,n,theta,toughness\n1,{plan['n']},{plan['theta']:.9g},5\n")
    assert first(b[1]).outcome.achieved == {}


def test_an_option_that_there_is_not_is_refused(tmp_path):
    b = bench(1)
    (problem,) = record(b, tmp_path, "trial,solvent,toughness\n1,watr,5\n").problems
    assert "did you mean 'water'" in problem.message


def test_columns_that_mean_nothing_are_reported_once(tmp_path):
    b = bench(2)
    assert record(b, tmp_path, "trial,operator,toughness,,date\n1,Ada,1,,today\n2,Ada,2,x,\n").ignored == [
        "operator",
        "date",
    ]


@pytest.mark.parametrize(
    "event",
    [
        Lost(trial="bench-ab12-0001", attempt=1),
        Failed(trial="bench-ab12-0001", outcome=Outcome(failed="arm", is_fault=True)),
    ],
)
def test_a_late_result_is_welcome(tmp_path, event):
    b = bench(1)
    b[1].add(event)
    assert record(b, tmp_path, "trial,toughness\n1,5\n").accepted == ["bench-ab12-0001"]
    assert first(b[1]).status is Status.DONE


def test_a_result_of_a_discarded_trial_is_kept_as_a_conflict(tmp_path):
    b = bench(1)
    resolve(*b, 1, discard=True)
    assert record(b, tmp_path, "trial,toughness\n1,5\n").conflicts == ["bench-ab12-0001"]


def test_what_another_process_has_recorded_meanwhile_is_seen(tmp_path):
    store = SqlStore(tmp_path / "matloop.db")
    spec = definition()
    journal = begun(spec, store)
    propose(spec, journal, 1)
    other = Journal(SqlStore(tmp_path / "matloop.db"), "bench")
    record_values(spec, other, {"1": {"toughness": 5}})
    assert record((spec, journal), tmp_path, "trial,toughness\n1,5\n").duplicates == ["bench-ab12-0001"]


def test_a_note_on_a_row_still_to_be_filled_in_is_kept_once(tmp_path):
    b = bench(1)
    for _ in range(2):
        record(b, tmp_path, "trial,toughness,note\n1,,in the oven\n")
    assert [note.text for note in b[1].state.notes] == ["in the oven"]


def test_a_table_without_use_changes_nothing(tmp_path):
    b = bench(1)
    with pytest.raises(TableError, match="no column"):
        record(b, tmp_path, "trial,tough\n1,5\n")
    assert not b[1].state.observations


# -- rows of trials that nobody planned


NEW = "n,theta,solvent,toughness\n8,10,water,5\n8,10,water,5\n8,10,water,6\n"


def test_a_row_with_every_variable_enters_a_trial_and_the_same_file_twice_adds_nothing(tmp_path):
    b = bench(1)
    recorded = record(b, tmp_path, NEW)
    assert recorded.accepted == [f"bench-ab12-{number:04d}" for number in (2, 3, 4)]
    trial = first(b[1], 2)
    assert (trial.planner, trial.point) == (ENTERED, {"n": 8, "theta": 10.0, "solvent": "water"})
    again = record(b, tmp_path, NEW)
    assert (again.accepted, again.duplicates) == ([], recorded.accepted)
    more = record(b, tmp_path, NEW + "8,10,water,5\n", "longer.csv")
    assert (more.accepted, len(more.duplicates)) == (["bench-ab12-0005"], 3)


def test_plan_and_result_of_an_entered_trial_are_one_transaction(tmp_path):
    b = bench(0)
    commits = []
    append = b[1].store.append
    b[1].store.append = lambda *a: commits.append([e.kind for e in a[1]]) or append(*a)
    record(b, tmp_path, "n,theta,solvent,toughness\n8,10,water,5\n8,20,none,failed: cracked\n")
    assert commits == [["planned", "observed"], ["planned", "failed"]]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("7,10,water,5", "off its grid"),
        ("8,999,water,5", "outside"),
        ("8,195,water,5", "breaks the constraint"),
        ("8,,water,5", "names no trial"),
        ("8,10,oil,5", "none of the options"),
    ],
)
def test_what_may_not_be_tried_is_not_entered(tmp_path, row, said):
    b = bench(0)
    recorded = record(b, tmp_path, f"n,theta,solvent,toughness\n{row}\n8,10,none,1\n")
    assert said in recorded.problems[0].message
    assert len(recorded.accepted) == 1, "and the next row is, though its option reads like 'nothing'"


def test_entered_trials_cost_no_budget(tmp_path):
    spec = definition(budget=1)
    journal = begun(spec)
    record((spec, journal), tmp_path, NEW)
    assert len(propose(spec, journal, 1)) == 1


# -- values by name


def test_values_are_recorded_by_name_with_units_and_achieved_settings():
    spec, journal = bench(2)
    recorded = record_values(
        spec,
        journal,
        {"1": {"toughness": "0.0312 kJ", "theta": 3, "note": "hot"}, "bench-ab12-0002": {"failed": "cracked"}},
    )
    assert (len(recorded.accepted), recorded.problems) == (2, [])
    assert first(journal).outcome.values == {"toughness": pytest.approx(31.2)}
    assert first(journal).outcome.achieved == {"theta": 3.0}
    assert first(journal, 2).outcome.failed == "cracked"
    assert journal.state.notes[0].text == "hot"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"toughness": ""},
        {"toughness": None},
        {"toughness": math.nan},
        {"toughness": math.inf},
        {"toughness": True},
        {"toughness": [1]},
        {"toughness [kg]": 1},
        {"toughness": 1, "Toughness": 2},
        {"tough": 1},
        {"theta": 3},
    ],
)
def test_bad_values_are_problems_and_cost_no_other_trial(values):
    spec, journal = bench(2)
    recorded = record_values(spec, journal, {"1": values, "2": {"toughness": 1}})
    assert [problem.path for problem in recorded.problems] == ["trial 1"]
    assert recorded.accepted == ["bench-ab12-0002"]


def test_text_that_no_file_can_hold_is_mended_not_fatal():
    spec, journal = bench(1)
    assert record_values(spec, journal, {"1": {"failed": "cra\udcffcked\0", "note": "\udcff"}}).problems == []


# -- resolving


def unknown():
    spec, journal = bench(1)
    journal.add(Lost(trial="bench-ab12-0001", attempt=1))
    return spec, journal


def test_an_unknown_trial_is_resolved_in_each_of_three_ways():
    outcome = resolve(*unknown(), 1, {"toughness": "32000 mJ", "theta": 3}).outcome
    assert outcome == Outcome(values={"toughness": 32.0}, achieved={"theta": 3.0})
    assert resolve(*unknown(), "bench-ab12-0001").status is Status.PLANNED
    assert resolve(*unknown(), 1, discard=True, why="dropped").status is Status.DISCARDED
    assert resolve(*unknown(), 1, {"failed": "cracked"}).status is Status.FAILED


def test_a_correction_needs_a_reason_and_keeps_what_was_said_before():
    spec, journal = bench(1)
    record_values(spec, journal, {"1": {"toughness": 5}})
    with pytest.raises(InputError, match="done already") as refused:
        resolve(spec, journal, 1, {"toughness": 6})
    assert "why" in refused.value.hint
    resolve(spec, journal, 1, {"toughness": 6}, why="misread")
    assert first(journal).outcome.values == {"toughness": 6.0}
    assert [event.kind for event in journal.store.read("bench")][-2:] == ["observed", "resolved"]


def test_a_conflict_is_settled_without_a_reason():
    spec, journal = bench(1)
    record_values(spec, journal, {"1": {"toughness": 5}})
    record_values(spec, journal, {"1": {"toughness": 6}})
    assert resolve(spec, journal, 1, {"toughness": 6}).conflicts == []


@pytest.mark.parametrize(
    "wrong", [{"happened": {}}, {"happened": {"toughness": 1}, "discard": True}, {"happened": {"x": 1}}, {"trial": 7}]
)
def test_a_resolution_that_says_nothing_clear_is_refused(wrong):
    spec, journal = unknown()
    before = journal.state.sequence
    with pytest.raises(InputError):
        resolve(spec, journal, **({"trial": 1} | wrong))
    assert journal.state.sequence == before


def test_what_is_planned_or_discarded_already_cannot_be_so_again():
    spec, journal = unknown()
    resolve(spec, journal, 1)
    with pytest.raises(InputError, match="not been begun"):
        resolve(spec, journal, 1)
    resolve(spec, journal, 1, discard=True)
    with pytest.raises(InputError, match="discarded already"):
        resolve(spec, journal, 1, discard=True, why="sure")


def test_a_trial_that_an_engine_has_in_hand_is_left_to_it(tmp_path):
    by_hand = definition()
    journal = begun(by_hand, SqlStore(tmp_path / "matloop.db"))
    propose(by_hand, journal, 1)
    spec = definition(lab=FunctionLab(lambda point: 1.0))
    with SqlStore(tmp_path / "matloop.db").engine_lock("bench"):
        with pytest.raises(InputError, match="under way") as refused:
            resolve(spec, journal, 1)
        assert "stop the engine" in refused.value.hint
        assert resolve(by_hand, journal, 1, {"toughness": 1}).status is Status.DONE, "a person's own is theirs"
    with pytest.raises(InputError, match="it happened"):
        resolve(spec, journal, 1, why="not so")
    assert resolve(spec, journal, 1, discard=True, why="not so").status is Status.DISCARDED


def test_a_crashed_engines_trial_may_be_resolved():
    _, journal = bench(1)
    assert resolve(definition(lab=FunctionLab(lambda point: 1.0)), journal, 1).status is Status.PLANNED


# -- whatever comes


ODD = st.text(max_size=15) | st.sampled_from(
    [
        "1",
        "2",
        "3",
        "bench-ab12-0002",
        "5",
        "5,5",
        "1.234",
        "1e400",
        "#N/A",
        '"',
        "failed: x",
        "3 kg",
        "8",
        "water",
        "ß",
    ]
)
NAMES = st.sampled_from(
    ["trial", "number", "n", "theta [degree]", "solvent", "toughness", "toughness [mJ]", "note", "x", "failed"]
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(NAMES | ODD, min_size=1, max_size=6),
    st.lists(st.lists(ODD, max_size=7), max_size=5),
    st.sampled_from(",;\t"),
)
def test_no_table_loses_or_alters_what_is_recorded(tmp_path_factory, header, rows, delimiter):
    b = bench(3)
    record_values(*b, {"1": {"toughness": 5}})
    before, kept = b[1].store.read("bench"), first(b[1]).outcome
    text = "\n".join(delimiter.join(row) for row in [header, *rows])
    with suppress(MatloopError):
        recorded = record(b, tmp_path_factory.mktemp("fuzz"), text)
        assert len(recorded.accepted) <= len(rows)
    after = b[1].store.read("bench")
    assert after[: len(before)] == before
    assert first(b[1]).outcome == kept


@settings(max_examples=60, deadline=None)
@given(st.lists(ODD.filter(lambda cell: not set(cell) & set('"\r\n\0')), max_size=3), st.floats(0, 1e6))
def test_good_rows_survive_bad_ones(tmp_path_factory, bad, value):
    b = bench(2)
    text = f"trial,number,toughness,note\n,1,{value!r},\nbad,{','.join(bad)},\n,2,{value!r},\n"
    recorded = record(b, tmp_path_factory.mktemp("fuzz"), text)
    assert recorded.accepted == ["bench-ab12-0001", "bench-ab12-0002"]


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(1, 6)), st.lists(st.integers(0, 4), max_size=6))
def test_order_and_repetition_of_rows_change_no_result(tmp_path_factory, order, repeated):
    b = bench(5)
    rows = [f"{number},{number * 1.5}" for number in [*order, *(order[i] for i in repeated)]]
    recorded = record(b, tmp_path_factory.mktemp("order"), "trial,toughness\n" + "\n".join(rows))
    assert len(recorded.duplicates) == len(repeated)
    assert not recorded.conflicts
    assert {t.number: t.outcome.values["toughness"] for t in b[1].state.trials.values()} == {
        number: number * 1.5 for number in order
    }


def test_a_correction_changes_only_what_it_names():
    """Achieved settings, other values and spreads stay as they were recorded; the corrected value loses its spread."""
    spec, journal = bench(1)
    before = {"toughness": 5.0, "toughness std": 0.5, "theta": 51.0}
    record_values(spec, journal, {"1": before})
    recorded = journal.state.trials[next(iter(journal.state.trials))].outcome
    assert recorded.achieved == {"theta": 51.0}
    corrected = resolve(spec, journal, 1, {"toughness": 6.0}, why="typing error").outcome
    assert corrected.values == {"toughness": 6.0}
    assert corrected.achieved == {"theta": 51.0}
    assert corrected.std == {}
