"""matloop backtest, as a person uses it."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

FILE = """
[campaign]
name = "tiles"
budget = 6

[space]
heat = { kind = "real", low = 0, high = 10, unit = "degC" }
time = { kind = "integer", low = 1, high = 5 }

[objective]
strength = { goal = "maximize", unit = "MPa" }

[planner]
kind = "sobol"

[lab]
kind = "function"
function = "press:strength"
effect = "none"
"""
PRESS = "def strength(heat, time):\n    return 100 - (heat - 4) ** 2 - (time - 3) ** 2\n"
FAST = ("--seeds", "3", "--workers", "1", "--quiet")


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    (tmp_path / "tiles.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "press.py").write_text(PRESS, encoding="utf-8")
    rows = [f"{h},{t},{100 - (h - 4) ** 2 - (t - 3) ** 2}" for h in range(11) for t in range(1, 6)]
    (tmp_path / "old.csv").write_text("heat,time,strength\n" + "\n".join(rows) + "\n", encoding="utf-8")


def test_it_ends_with_a_recommendation_and_a_page(matloop, tmp_path):
    """A table, a sentence, the definitions and the place of the page; the page is there."""
    told = matloop("backtest", "tiles.toml", *FAST)
    assert told.code == 0, told.err
    for words in ("sobol", "random", "best after 6 [MPa]", "AF(", "Page: tiles-backtest"):
        assert words in told.out
    assert (tmp_path / "tiles-backtest" / "tiles-backtest.html").is_file()
    assert not (tmp_path / "matloop.db").exists()


def test_json_has_every_figure(matloop):
    """Facts for other programs: configurations, recommendations, and how all is counted."""
    told = json.loads(matloop("backtest", "tiles.toml", *FAST, "--batch", "1,2", "--noise", "0,5", "--json").out)
    assert told["is_complete"]
    assert len(told["configurations"]) == 6
    assert [r["noise"] for r in told["recommendations"]] == ["0", "5"]
    assert "definition" in told["measure"]


def test_another_lab_of_a_table(matloop):
    """A campaign in a real lab is rehearsed on a table of earlier results, as a replay or an emulator."""
    for kind in ("replay", "emulator"):
        told = matloop("backtest", "tiles.toml", "--lab", kind, "--data", "old.csv", *FAST, "-o", kind)
        assert told.code == 0, told.err
        assert f"tiles, on a {kind}" in told.out or f"tiles, on an {kind}" in told.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--batch", "some"], "no batch sizes"),
        (["--batch", "0"], "1 trial or more"),
        (["--noise", "much"], "no level of noise"),
        (["--planner", "bayesean"], "bayesian"),
        (["--lab", "emulator"], "--data"),
        (["--dask", "tcp://127.0.0.1:1"], "no Dask scheduler" if find_spec("distributed") else "distributed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_said(matloop, options, said):
    """A message with a hint, and no traceback."""
    told = matloop("backtest", "tiles.toml", *FAST, *options)
    assert told.code in (1, 2)
    assert said in told.err
    assert "Traceback" not in told.err


def test_a_real_lab_is_refused(matloop, tmp_path):
    """Hundreds of campaigns are never sent to a program or a person."""
    real = FILE.replace('kind = "function"\nfunction = "press:strength"\neffect = "none"', 'kind = "person"')
    (tmp_path / "real.toml").write_text(real, encoding="utf-8")
    told = matloop("backtest", "real.toml", *FAST)
    assert told.code == 2
    assert "a person carries these trials out for real" in told.err
    assert "--lab emulator" in told.err


@pytest.mark.skipif(os.name == "nt", reason="signals of a terminal")
def test_an_interrupted_rehearsal_keeps_what_is_finished(matloop, tmp_path):
    """Ctrl-C ends it with what is finished told; the same command goes on; no process is left behind."""
    slow = PRESS.replace("    return", "    import time as clock\n\n    clock.sleep(0.02)\n    return")
    (tmp_path / "press.py").write_text(slow, encoding="utf-8")
    words = [sys.executable, "-m", "matloop", "backtest", "tiles.toml", "--seeds", "200", "--workers", "2", "--quiet"]
    running = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    records = tmp_path / "tiles-backtest" / "campaigns.jsonl"
    for _ in range(600):
        if records.is_file() and len(records.read_text(encoding="utf-8").splitlines()) > 8:
            break
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 1, err
    assert "of 200 seeds are finished" in out
    assert "Traceback" not in err
    n_kept = len(records.read_text(encoding="utf-8").splitlines())
    again = matloop("backtest", "tiles.toml", "--seeds", "3", "--workers", "1", "--quiet")
    assert again.code == 0
    assert "6 campaigns" in again.out
    assert len(records.read_text(encoding="utf-8").splitlines()) <= n_kept + 6
