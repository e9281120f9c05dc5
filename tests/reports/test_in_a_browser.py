"""The report in a real browser without network: its figures are drawn and its policy forbids nothing it needs."""

import shutil
import subprocess
from pathlib import Path

import pytest
from report_campaigns import barrel, render_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update"
QUIET += " --disable-sync --enable-logging=stderr"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_figures_are_drawn_and_nothing_is_refused(tmp_path: Path) -> None:
    """Headless Chromium draws figures from the file alone, and reports neither errors nor refusals."""
    page = tmp_path / "report.html"
    page.write_text(render_of(barrel()), encoding="utf-8")
    options = [*QUIET.split(), f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000", "--dump-dom"]
    told = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", *options, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert told.stdout.count('class="main-svg"') >= 2
    complaints = [line for line in told.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
