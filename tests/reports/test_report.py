"""The report of a campaign is one file that needs no network, hides nothing and lets nobody inject anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from report_campaigns import EVIL, Told, barrel, definition, empty, evil, paint, render_of

from matloop.core.insight import Baseline
from matloop.core.objective import Maximize
from matloop.core.parameter import Integer, Real
from matloop.core.space import Space
from matloop.core.state import CampaignState
from matloop.core.trial import Status
from matloop.reports.columns import parameters
from matloop.reports.figures.style import axis
from matloop.reports.wording import measured, setting


class Page(HTMLParser):
    """The elements, the visible text and the tables of a report."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.rows: dict[str, list[list[str]]] = {}
        self._table: str | None = None
        self._in_script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self._table = dict(attrs).get("id")
        elif tag == "tr" and self._table:
            self.rows.setdefault(self._table, []).append([])
        elif tag in ("td", "th") and self._table:
            self.rows[self._table][-1].append("")
        elif tag == "script":
            self.scripts.append((dict(attrs), ""))
        self._in_script = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False
        if tag == "table":
            self._table = None

    def handle_data(self, data: str) -> None:
        if self._in_script:
            if self.scripts:
                self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
            return
        self.text.append(data)
        if self._table and (rows := self.rows.get(self._table)) and rows[-1]:
            rows[-1][-1] += data.strip()

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    @property
    def figures(self) -> list[dict[str, Any]]:
        return [json.loads(text) for attrs, text in self.scripts if attrs.get("type") == "application/json"]

    @property
    def code(self) -> list[str]:
        return [text for attrs, text in self.scripts if attrs.get("type") != "application/json"]


TOLD = {"barrel": barrel, "paint": paint, "empty": empty, "evil": evil}


@pytest.fixture(scope="module")
def told() -> dict[str, Told]:
    return {name: make() for name, make in TOLD.items()}


@pytest.fixture(scope="module")
def pages(told: dict[str, Told]) -> dict[str, Page]:
    return {name: Page(render_of(one)) for name, one in told.items()}


@pytest.mark.parametrize("name", TOLD)
def test_nothing_is_loaded_from_anywhere(pages: dict[str, Page], name: str) -> None:
    for tag, attributes in pages[name].tags:
        assert tag not in {"link", "iframe", "object", "embed", "base", "img", "form"}
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert not any(key.startswith("on") for key in attributes)
    assert not re.search(r"@import|url\(", render_of(empty()).split("</style>")[0])


@pytest.mark.parametrize("name", TOLD)
def test_the_policy_lets_the_two_scripts_of_the_report_run_and_nothing_else(pages: dict[str, Page], name: str) -> None:
    policy = next(a["content"] for _, a in pages[name].tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    hashes = {base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in pages[name].code}
    assert hashes == set(re.findall(r"'sha256-([^']+)'", policy))
    assert len(hashes) == 2


def test_plotly_is_there_once(pages: dict[str, Page]) -> None:
    assert [len(code) > 1_000_000 for code in pages["barrel"].code] == [True, False]


def test_evil_names_are_shown_as_text_and_never_as_markup(pages: dict[str, Page], told: dict[str, Told]) -> None:
    page = pages["evil"]
    assert EVIL in page.words
    assert len(page.scripts) == 2 + len(page.figures)
    assert all("alert" not in code for code in page.code[1:])
    assert told["evil"].spec.campaign.name in page.words


def test_plotly_gets_neither_tags_nor_templates_from_names(pages: dict[str, Page]) -> None:
    for figure in pages["evil"].figures:
        for text in _texts(figure):
            assert set(re.findall(r"<[^>]*>", text)) <= {"<b>", "</b>", "<br>", "<extra>", "</extra>"}
        assert all("script" not in trace.get("hovertemplate", "") for trace in figure["data"])


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


def test_the_file_can_be_written_as_utf8_whatever_users_wrote() -> None:
    assert render_of(evil()).encode("utf-8")


def test_the_same_state_gives_the_same_report() -> None:
    assert render_of(paint()) == render_of(paint())


def test_the_headline_says_what_was_wanted_on_which_lab_and_how_far_it_is(pages: dict[str, Page]) -> None:
    words = pages["barrel"].words
    assert "Wanted: maximize toughness (J)." in words
    assert "twin results come from equations of physics; no experiment was carried out" in words
    assert "48 done 2 failed 0 unknown 0 in flight" in words
    assert "50 trials of 50 allowed" in words


def test_the_best_design_is_the_best_of_the_state(pages: dict[str, Page], told: dict[str, Told]) -> None:
    done = told["barrel"].state.of_status(Status.DONE)
    best = max(done, key=lambda t: t.outcome.values["toughness"] if t.outcome else 0.0)
    assert best.outcome is not None
    shown = measured(best.outcome.values["toughness"], best.outcome.std.get("toughness"))
    assert f"Trial {best.number}, of 50 results." in pages["barrel"].words
    assert f"theta {setting(best.point['theta'])} degree" in pages["barrel"].words
    assert f"toughness {shown} J" in pages["barrel"].words


def test_several_goals_show_the_pareto_front(pages: dict[str, Page]) -> None:
    assert re.search(r"\d+ trials that no other trial beats in every goal at once", pages["paint"].words)


@pytest.mark.parametrize(
    "expected",
    [
        "Nobody knows what became of trial 61 (the bench lost power).",
        "matloop resolve white-paint white-paint-0061 --happened 'hiding power=VALUE'",
        "matloop resolve white-paint white-paint-0061 --did-not-happen",
        "matloop resolve white-paint white-paint-0061 --discard",
        "Trial 62 has results that contradict each other",
        "matloop resolve white-paint white-paint-0062 --happened 'hiding power=16.5'",
        "Trial 65 has been silent",
        "The campaign is paused: 5 faults of the lab in the last 8 trials.",
        "matloop run white-paint",
        "1 lab faults",
    ],
)
def test_what_needs_a_person_comes_with_the_command_to_type(pages: dict[str, Page], expected: str) -> None:
    assert expected in pages["paint"].words


def test_a_campaign_in_good_order_asks_nobody(pages: dict[str, Page]) -> None:
    assert "Needs a person" not in pages["barrel"].words


def test_random_search_is_drawn_with_its_source_and_compared_in_words(pages: dict[str, Page]) -> None:
    names = [trace.get("name", "") for trace in pages["barrel"].figures[0]["data"]]
    assert any("on the same twin" in name and "200" in name for name in names)
    assert re.search(r"After 50 results the best is [\d.]+ J; random search has [\d.]+ J", pages["barrel"].words)


def test_without_a_baseline_the_report_says_so(pages: dict[str, Page]) -> None:
    assert "Random search is not shown" in pages["paint"].words


def test_a_baseline_shorter_than_the_campaign_is_compared_where_it_ends() -> None:
    told = barrel(20)
    told.baseline = Baseline(np.ones(5), np.ones(5), np.ones(5), 3, "on the same twin")
    assert "After 5 results" in Page(render_of(told)).words


def test_failures_are_marked_in_the_figures(pages: dict[str, Page]) -> None:
    progress, first = pages["barrel"].figures[:2]
    failed = next(trace for trace in progress["data"] if trace.get("name") == "failed, no value")
    assert failed["text"] == ["trial 7: failed", "trial 23: failed"]
    assert first["data"][2]["text"] == ["trial 7: failed", "trial 23: failed"]


def test_every_axis_names_its_unit(pages: dict[str, Page]) -> None:
    titles = {f["layout"]["xaxis"]["title"]["text"] for f in pages["barrel"].figures if "title" in f["layout"]["xaxis"]}
    assert {"theta (degree)", "r (mm)", "t (mm)", "n"} <= titles
    assert pages["barrel"].figures[0]["layout"]["yaxis"]["title"]["text"] == "toughness (J)"


def test_names_stand_on_axes_of_choices(pages: dict[str, Page]) -> None:
    axis = next(f["layout"]["xaxis"] for f in pages["paint"].figures if "ticktext" in f["layout"]["xaxis"])
    assert axis["ticktext"] == ["acrylic", "alkyd", "silicone resin", "polyurethane"]


def test_points_are_drawn_where_they_were_measured(pages: dict[str, Page], told: dict[str, Told]) -> None:
    state = told["barrel"].state
    done = [t for t in state.trials.values() if t.status is Status.DONE]
    cloud = next(f for f in pages["barrel"].figures if f["layout"]["xaxis"].get("title", {}).get("text") == "t (mm)")
    assert cloud["data"][0]["x"] == pytest.approx([t.point["t"] for t in done], rel=1e-5)


@pytest.mark.parametrize("name", ["barrel", "paint"])
def test_the_table_holds_every_trial_with_the_numbers_of_the_state(
    pages: dict[str, Page], told: dict[str, Told], name: str
) -> None:
    spec, state = told[name].spec, told[name].state
    heading, *rows = pages[name].rows["trial-table"]
    assert len(rows) == len(state.trials)
    for trial, row in zip(state.trials.values(), rows, strict=True):
        values = trial.outcome.values if trial.outcome is not None else {}
        std = trial.outcome.std if trial.outcome is not None else {}
        assert row[0] == str(trial.number)
        for i, variable in enumerate(spec.space.variables, 1):
            assert row[i].startswith(setting(trial.point[variable]))
        for i, wish in enumerate(spec.objectives, 1 + len(spec.space.variables)):
            known = wish.name in values
            assert row[i] == (measured(values[wish.name], std.get(wish.name)) if known else "–")
        assert row[heading.index("status")] in (str(trial.status), "lab fault")


def test_achieved_values_reasons_of_failure_and_extra_measurements_are_in_the_table(pages: dict[str, Page]) -> None:
    heading, *rows = pages["paint"].rows["trial-table"]
    assert rows[63][heading.index("speed (rpm)")].endswith("achieved 812.5")
    assert "humidity = 41" in rows[63][heading.index("note")]
    assert rows[63][heading.index("status")] == "discarded"
    assert "the stirrer stopped" in rows[62][heading.index("note")]
    assert rows[62][heading.index("status")] == "lab fault"
    assert rows[61][heading.index("gloss")] == "12"
    assert "contradicted by hiding power = 16.5" in rows[61][heading.index("note")]


def test_predictions_stand_beside_what_was_measured(pages: dict[str, Page], told: dict[str, Told]) -> None:
    trial = list(told["barrel"].state.trials.values())[10]
    prediction = trial.predicted["toughness"]
    assert trial.outcome is not None
    both = [
        measured(prediction.mean, prediction.std),
        measured(trial.outcome.values["toughness"], trial.outcome.std.get("toughness")),
    ]
    assert " ".join(both) in pages["barrel"].words
    assert "of 39 measured values lie within ± 2 standard deviations" in pages["barrel"].words


def test_what_the_model_learned_is_told_with_its_noise_and_remarks(pages: dict[str, Page]) -> None:
    assert "One measurement scatters by ± 3.1 J" in pages["barrel"].words
    assert "The noise is assumed to be the same everywhere." in pages["barrel"].words
    bars = next(f["data"][0] for f in pages["barrel"].figures if f["data"][0].get("type") == "bar")
    assert bars["text"] == ["7 %", "15 %", "23 %", "55 %"]


def test_an_empty_campaign_has_a_report_that_says_what_is_missing(pages: dict[str, Page]) -> None:
    words = pages["empty"].words
    assert "No trial has a usable result yet." in words
    assert "A model needs at least 5 results with a value; so far there are 0." in words
    assert "There are no trials yet." in words
    assert pages["empty"].figures == []


def test_the_definition_and_the_provenance_close_the_report(pages: dict[str, Page]) -> None:
    words = pages["barrel"].words
    assert 'theta = { kind = "real", low = 0.0, high = 200.0' in words
    assert "host – bench-2" in words
    assert "9f2c" * 16 in words


def test_the_sections_stand_in_their_order(pages: dict[str, Page]) -> None:
    order = ["result", "best", "progress", "parameters", "parallel", "learned", "suggestions", "trials", "definition"]
    found = [a["id"] for tag, a in pages["paint"].tags if tag in ("header", "section") and "id" in a]
    assert found == order


def test_a_thousand_trials_keep_the_page_light_enough(told: dict[str, Told]) -> None:
    page = Page(render_of(barrel(1000, fails=range(5, 1000, 37))))
    assert len(page.rows["trial-table"]) == 1001
    assert sum(len(text) for attrs, text in page.scripts if attrs) < 1_000_000


def test_few_whole_numbers_have_no_ticks_between_them() -> None:
    """A parameter that can be 1, 2 or 3 has no tick at 1.5; one of many numbers has those that fit."""
    space = Space(coats=Integer(1, 3), rounds=Integer(1, 300), time=Real(0, 3))
    spec = definition("whole", space, Maximize("y"))
    few, many, real = (axis(column) for column in parameters(spec, CampaignState(spec=spec.to_dict())))
    assert few["dtick"] == 1
    assert "dtick" not in many
    assert "dtick" not in real
