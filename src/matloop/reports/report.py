"""The report of a campaign: one HTML file that opens without network."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from matloop.core.insight import Baseline, Learned
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState
from matloop.reports import headline, sections
from matloop.reports.attention import matters
from matloop.reports.columns import parameters, quantities
from matloop.reports.definition import as_toml, provenance_rows
from matloop.reports.wording import counted, duration, number


def render(
    spec: CampaignSpec,
    state: CampaignState,
    *,
    learned: Learned | None,
    baseline: Baseline | None,
    provenance: dict[str, str],
    generated: str,
) -> str:
    """The report as one HTML document, to be written as UTF-8.

    `learned` and `baseline` are None where they are not known, and the report says so; `provenance` names versions,
    seeds and hashes of this moment, `generated` when that was.
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
    return _fill(page)


def _fill(page: dict[str, Any]) -> str:
    plotly, script = _plotly(), _text("report.js.jinja")
    html = _template().render(
        page,
        css=Markup(_text("report.css")),
        script=Markup(script),
        plotly=Markup(PLACE_OF_PLOTLY),
        script_hashes=[_hash(script), _plotly_hash()],
    )
    # a lone surrogate, which JSON may bring along, cannot be written as UTF-8
    safe = html.encode("utf-8", "replace").decode("utf-8")
    before, after = safe.rsplit(PLACE_OF_PLOTLY, 1)
    return before + plotly + after


#: Where plotly.js goes, past the template: escaping and re-encoding five megabytes would take longer than the rest.
PLACE_OF_PLOTLY = "/*plotly.js*/"


@lru_cache(maxsize=1)
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("matloop", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "duration": duration, "counted": counted}
    return environment.get_template("report.html.jinja")


@lru_cache(maxsize=1)
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


@lru_cache(maxsize=1)
def _plotly_hash() -> str:
    return _hash(_plotly())


@lru_cache(maxsize=2)
def _text(name: str) -> str:
    return (files("matloop.reports") / name).read_text("utf-8").replace("\r\n", "\n")


def _hash(script: str) -> str:
    """What a Content-Security-Policy calls a script by: nothing but the scripts of this report may run in it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
