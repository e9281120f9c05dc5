"""The page of a rehearsal in a real browser without network."""

import shutil
import subprocess
from pathlib import Path

import pytest

from matloop import Campaign, Integer, Maximize, Real, Space, TwinLab, backtest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update"
QUIET += " --disable-sync --enable-logging=stderr"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_figures_are_drawn_and_nothing_is_refused(tmp_path: Path) -> None:
    """Headless Chromium draws the figures from the file alone, and reports neither errors nor refusals."""
    space = Space(n=Integer(6, 12, step=2), theta=Real(0, 200), r=Real(1.5, 2.5), t=Real(0.7, 1.4))
    campaign = Campaign(space, [Maximize("toughness")], lab=TwinLab("crossed_barrel"), budget=5, store=":memory:")
    told = backtest(campaign, planners=["sobol"], batches=[1, 2], seeds=3, workers=1, progress=False)
    page = told.report(tmp_path / "page.html")
    options = [*QUIET.split(), f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000", "--dump-dom"]
    shown = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", *options, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert shown.stdout.count('class="main-svg"') >= 2
    assert [line for line in shown.stderr.splitlines() if "CONSOLE" in line] == []
