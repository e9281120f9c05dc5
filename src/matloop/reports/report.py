"""The report of a campaign: one HTML file that opens without network."""

from __future__ import annotations

from matloop.core.insight import Baseline, Learned
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState
from matloop.reports import headline, sections
from matloop.reports.attention import matters
from matloop.reports.columns import parameters, quantities
from matloop.reports.definition import as_toml, provenance_rows
from matloop.reports.page import fill


def render(
    spec: CampaignSpec,
    state: CampaignState,
    *,
    learned: Learned | None,
    baseline: Baseline | None,
    provenance: dict[str, str],
    generated: str,
    forecast: str = "",
) -> str:
    """The report as one HTML document, to be written as UTF-8.

    `learned` and `baseline` are None where they are not known, and the report says so; `provenance` names versions,
    seeds and hashes of this moment, `generated` when that was, `forecast` what is expected of the goal, in a sentence.
    """
    best = headline.best_trials(spec, state)
    columns, measured = parameters(spec, state), quantities(spec, state)
    page = {
        "spec": spec,
        "state": state,
        "lab": headline.lab_label(spec),
        "wanted": headline.wanted(spec.objectives),
        "counts": headline.counts(state),
        "matters": matters(spec, state),
        "ending": headline.ending(spec, state),
        "forecast": forecast,
        "best": sections.best_section(spec, best, columns, learned),
        "progress": sections.progress_section(spec, state, baseline),
        "scatter": sections.scatter_section(spec, state, best, columns, learned),
        "parallel": sections.parallel_section(spec, state, best, columns, learned),
        "learned": sections.learned_section(spec, state, best, columns, learned),
        "suggestions": sections.suggestion_section(state, measured),
        "trials": sections.trial_section(state, columns, measured),
        "definition": as_toml(spec.to_dict()),
        "provenance": provenance_rows(provenance, state.provenance),
        "generated": generated,
    }
    return fill("report.html.jinja", page)
