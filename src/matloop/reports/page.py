"""One HTML file that opens without network: a template filled with facts, its figures and scripts inside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from matloop.reports.wording import counted, duration, moment, number

#: Where plotly.js goes, past the template: escaping and re-encoding five megabytes would take longer than the rest.
PLACE_OF_PLOTLY = "/*plotly.js*/"


def fill(template: str, facts: Mapping[str, Any]) -> str:
    """The page that a template and the facts make, to be written as UTF-8."""
    plotly, script = _plotly(), _text("report.js.jinja")
    html = _template(template).render(
        facts,
        css=Markup(_text("report.css")),
        script=Markup(script),
        plotly=Markup(PLACE_OF_PLOTLY),
        script_hashes=[_hash(script), _plotly_hash()],
    )
    # a lone surrogate, which JSON may bring along, cannot be written as UTF-8
    safe = html.encode("utf-8", "replace").decode("utf-8")
    before, after = safe.rsplit(PLACE_OF_PLOTLY, 1)
    return before + plotly + after


@lru_cache(maxsize=2)
def _template(name: str) -> Any:
    environment = Environment(
        loader=PackageLoader("matloop", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "duration": duration, "counted": counted, "moment": moment}
    return environment.get_template(name)


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
    """What a Content-Security-Policy calls a script by: nothing but the scripts of this page may run in it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
