"""A definition and a provenance are written for people, whatever they hold."""

from __future__ import annotations

import tomllib

from matloop.reports.definition import as_toml, provenance_rows


def test_a_definition_is_written_as_its_file_would_be() -> None:
    data = {
        "campaign": {"name": "paint", "seed": 3},
        "space": {"a b": {"low": 0.5, "kind": "real"}, "constraints": ["x <= 1"]},
    }
    text = as_toml(data)
    assert tomllib.loads(text) == data
    assert '"a b" = { kind = "real", low = 0.5 }' in text


def test_long_lists_are_cut_and_say_how_long_they_are() -> None:
    text = as_toml({"space": {"pool": {"table": {"x": list(range(600))}}}})
    assert "(600 in all)" in text
    assert len(text) < 200


def test_each_version_that_worked_on_a_campaign_is_named_once() -> None:
    before = [{"matloop": "0.1"}, {"matloop": "0.1"}, {"matloop": "0.2", "host": "a"}]
    assert provenance_rows({"matloop": "0.3"}, before) == [("matloop", "0.3", "0.1, 0.2"), ("host", "–", "a")]
