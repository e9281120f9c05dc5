"""A journal that version 0.1 wrote tells every later version the same."""

import json
from pathlib import Path

from matloop.core.event import EVENT
from matloop.core.spec import parse_spec
from matloop.core.state import fold
from matloop.core.trial import Status

JOURNAL = Path(__file__).parent / "journal-1.jsonl"
EVENTS = [EVENT.validate_json(line) for line in JOURNAL.read_text(encoding="utf-8").splitlines()]


def test_every_kind_of_event_is_in_it() -> None:
    """The golden journal holds each kind at least once: a new kind needs a golden file of its own."""
    assert {event.kind for event in EVENTS} == set(EVENT.json_schema()["discriminator"]["mapping"])


def test_it_is_read_back_as_it_was_written() -> None:
    """Nothing is lost or changed on the way in."""
    written = [json.loads(line) for line in JOURNAL.read_text(encoding="utf-8").splitlines()]
    for event, before in zip(EVENTS, written, strict=True):
        after = json.loads(event.model_dump_json())
        assert before.items() <= after.items()


def test_it_tells_the_same_state() -> None:
    """Six trials with the fates that they had then."""
    state = fold(EVENTS)
    fates = [trial.status for trial in state.trials.values()]
    assert fates == [Status.DONE, Status.FAILED, Status.FAILED, Status.DONE, Status.DISCARDED, Status.DONE]
    assert [o.values.get("y") for o in state.observations] == [1.5, None, 2.5, 3.5]
    assert state.observations[0].location["x"] == 0.11
    assert [trial.number for trial in state.conflicted] == [1]
    assert (state.status, state.sequence, len(state.notes)) == ("finished", len(EVENTS), 1)
    assert parse_spec(state.spec).campaign.budget == 8
