"""The report in a real browser without network: its figures are drawn and its policy forbids nothing it needs."""

import shutil
import subprocess
from importlib.resources import files
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
    told = _shown(page, tmp_path)
    assert told.stdout.count('class="main-svg"') >= 2
    complaints = [line for line in told.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_numbers_are_sorted_by_what_they_are(tmp_path: Path) -> None:
    """Thousands have commas, and the quartiles below a median are no more digits of it."""
    cells = ["12<small>10 to 14</small>", "9", "1,545<small>2</small>", "–", "-0.5", "2e-3"]
    rows = "".join(f"<tr><td>{cell}</td></tr>" for cell in cells)
    heading = '<th class="number"><span role="button">n</span></th>'
    table = f'<table class="sortable"><thead><tr>{heading}</tr></thead><tbody>{rows}</tbody></table>'
    script = (files("matloop.reports") / "report.js.jinja").read_text("utf-8")
    click = "document.querySelector('span').click(); document.title = document.querySelector('tbody').textContent;"
    page = tmp_path / "table.html"
    page.write_text(f"<meta charset=utf-8>{table}<script>{script}{click}</script>", encoding="utf-8")
    assert "<title>-0.52e-391210 to 141,5452–</title>" in _shown(page, tmp_path).stdout


def _shown(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """What Chromium makes of a page, and what it complains of."""
    options = [*QUIET.split(), f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom"]
    return subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", *options, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
