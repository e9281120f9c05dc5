"""From a campaign to its report: what was learned, how chance would have done, and where it all comes from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from matloop.campaign.ending import n_planned
from matloop.campaign.forecast import trials_left
from matloop.campaign.provenance import spec_hash, versions
from matloop.files.whole import write_whole

if TYPE_CHECKING:
    from matloop.campaign.campaign import Campaign


def write_report(campaign: Campaign, path: Path) -> Path:
    """Write the report as one HTML file; returns its path."""
    from matloop.reports.report import render

    spec, state = campaign.spec, campaign.state
    lessons = campaign.findings.learned()
    chance = campaign.baseline(n_planned(state)) if state.trials else None
    provenance = {
        **versions(),
        "campaign key": state.key,
        "seed": str(spec.campaign.seed),
        "journal": f"{state.sequence} events in {campaign.journal.store.path or 'memory'}",
        "definition (SHA-256)": spec_hash(state.spec),
    }
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    told = campaign.forecast() if state.trials else None
    ahead = "" if told is None or told.is_reached else told.sentence(trials_left(spec, state))
    html = render(spec, state, learned=lessons, baseline=chance, provenance=provenance, generated=now, forecast=ahead)
    write_whole(path, html)
    return path
