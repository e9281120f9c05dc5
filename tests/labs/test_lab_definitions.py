"""What labs look like in a file: durations, defaults, spellings, and the door by which they come in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab_bench import OBJECTIVES, SPACE, trial
from pydantic import TypeAdapter, ValidationError

from matloop.core import registry
from matloop.core.contracts import Lab
from matloop.core.duration import Deadline, Duration, seconds_of
from matloop.core.spec import parse_spec
from matloop.core.trial import Running
from matloop.labs.command import CommandLab
from matloop.labs.person import PersonLab


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30 s", 30),
        ("2h", 7200),
        ("1 day", 86400),
        ("7 days", 604800),
        ("1.5 min", 90),
        (" .5 H ", 1800),
        ("250 ms", 0.25),
        ("12", 12),
        (12, 12),
        (0.5, 0.5),
        ("1 week", 604800),
    ],
)
def test_durations(written: object, seconds: float) -> None:
    """Text with a unit, or a number of seconds."""
    assert seconds_of(written) == seconds


@pytest.mark.parametrize(
    "written", ["", "soon", "1 fortnight", "-3 s", -1, True, None, [], "1 day 2 h", float("nan"), "9" * 400]
)
def test_no_durations(written: object) -> None:
    """Anything else is refused, in words."""
    with pytest.raises(ValidationError, match="duration"):
        TypeAdapter(Duration).validate_python(written)


def test_a_deadline_is_not_zero() -> None:
    """Silence cannot be an alarm from the start."""
    with pytest.raises(ValidationError):
        TypeAdapter(Deadline).validate_python(0)


@given(st.floats(0.001, 1e9))
def test_durations_survive_a_file(seconds: float) -> None:
    """What a definition writes down reads back the same."""
    lab = PersonLab(deadline=seconds)
    assert PersonLab.model_validate_json(lab.model_dump_json()) == lab


def test_all_kinds_come_in_by_the_registry() -> None:
    """Every kind is found by its name, has that name as its kind, and describes itself in a JSON Schema."""
    for kind in ("function", "replay", "emulator", "twin", "command", "person"):
        model = registry.load("labs", kind)
        assert model.model_fields["kind"].default == kind
        schema = model.model_json_schema()
        assert schema["additionalProperties"] is False
        assert schema["properties"]["kind"]["const"] == kind


def test_mistakes_in_a_file_are_told_with_their_path() -> None:
    """An unknown key and a bad duration in [lab] are told together."""
    data = {
        "space": {"x": {"kind": "real", "low": 0, "high": 1}},
        "objective": {"y": {"goal": "maximize"}},
        "planner": {"kind": "random"},
        "lab": {"kind": "command", "command": ["python"], "dead_line": 3, "capacity": 0},
    }
    with pytest.raises(Exception, match=r"lab\.dead_line") as caught:
        parse_spec(data)
    assert "did you mean 'deadline'" in str(caught.value)
    assert "lab.capacity" in str(caught.value)


def test_a_definition_does_not_change_by_use(tmp_path: Path) -> None:
    """Labs compare and hash by what the file says, before and after they were prepared."""
    lab, other = PersonLab(deadline="2 days"), PersonLab(deadline="48 h")
    lab.prepare(SPACE, OBJECTIVES, tmp_path, tmp_path)
    assert lab == other
    assert hash(lab) == hash(other)
    assert lab != PersonLab()
    assert CommandLab(["a"]) != lab


def test_a_person_answers_elsewhere() -> None:
    """A person's trial is running for as long as nobody has recorded a result; its effect cannot be undone."""
    lab = PersonLab()
    assert isinstance(lab, Lab)
    assert (lab.effect, lab.deadline) == ("irreversible", 7 * 86400)
    lab.submit(trial())
    assert isinstance(lab.poll("t-1"), Running)
    lab.cancel("t-1")
    assert isinstance(lab.poll("anything"), Running)
