"""A screen that was killed goes on where it was, gives the same shortlist, and does nothing costly twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from stand_in import screened

from matloop.core.errors import InputError
from matloop.screening.calculations import FILE
from matloop.screening.compositions import Compositions

CANDIDATES = Compositions(elements=["Li", "Na", "Fe", "Ti", "O", "S"], n_elements=(2, 3), amounts=4)
STAGES = [
    {"kind": "chemistry", "charge_balance": True},
    {"kind": "unique", "by": "elements"},
    {"kind": "range", "prediction": "number", "high": 20, "confidence": 0.5},
    {"kind": "top", "keep": 6, "prediction": "number"},
]
#: Runs the same screen in a process that may be killed; each chunk takes its time.
SCRIPT = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import stand_in
from test_screen_resume import CANDIDATES, STAGES

def slow(done, total, told=""):
    time.sleep(0.05)

stand_in.screened(STAGES, CANDIDATES, Path({folder!r}), ("number",), chunk=50, progress=slow)
"""


def _whole(tmp_path: Path) -> tuple[pd.DataFrame, list[Any]]:
    frame, funnel, _ = screened(STAGES, CANDIDATES, tmp_path / "whole", ("number",), chunk=120)
    return frame, funnel


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_killed_in_the_middle_it_goes_on_to_the_same_shortlist(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    script = SCRIPT.format(tests=str(Path(__file__).parent), folder=str(folder))
    for least in (2, 9):
        process = subprocess.Popen([sys.executable, "-c", script])
        deadline = time.monotonic() + 60
        while len(list(folder.glob("part-*.parquet"))) < least and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    n_parts = len(list(folder.glob("part-*.parquet")))
    assert n_parts >= 9
    seen: list[float] = []
    frame, funnel, run = screened(
        STAGES, CANDIDATES, folder, ("number",), chunk=50, progress=lambda done, total, told="": seen.append(done)
    )
    assert seen[0] == 50 * n_parts
    whole, of_whole = _whole(tmp_path)  # chunks of another size change nothing
    pd.testing.assert_frame_equal(frame, whole)
    assert funnel == of_whole
    assert sum(len(pd.read_parquet(path)) for path in run.fallen) == CANDIDATES.n - len(frame)


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    whole, _ = _whole(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "whole").glob("part-*")}
    again, _ = _whole(tmp_path)
    pd.testing.assert_frame_equal(whole, again)
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "whole").glob("part-*")} == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stages": [STAGES[0]]}, "stages"),
        ({"candidates": CANDIDATES.model_copy(update={"sample": 100})}, "candidates"),
        ({"models": ("kind",), "stages": STAGES[:2]}, "models"),
        ({"chunk": 121}, "chunk"),
    ],
)
def test_whatever_changed_is_noticed_and_named(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    given = {"stages": STAGES, "candidates": CANDIDATES, "models": ("number",), "chunk": 120, "folder": tmp_path}
    screened(**given)
    with pytest.raises(InputError, match=told) as caught:
        screened(**given | change)
    assert "--fresh" in caught.value.hint
    screened(**given | change, fresh=True)


def test_a_list_of_the_rejected_cannot_be_asked_for_afterwards_but_need_not_be_asked_for_again(tmp_path: Path) -> None:
    def run(lists: bool, fresh: bool = False) -> Any:
        return screened(STAGES, CANDIDATES, tmp_path, ("number",), chunk=120, lists=lists, fresh=fresh)

    frame, _, _ = run(lists=False)
    with pytest.raises(InputError, match="list of the rejected"):
        run(lists=True)
    run(lists=True, fresh=True)
    again, _, told = run(lists=False)
    pd.testing.assert_frame_equal(frame, again)
    assert sum(len(pd.read_parquet(path)) for path in told.fallen) == CANDIDATES.n - len(frame)


def test_another_number_to_keep_uses_what_is_known_of_the_stream(tmp_path: Path) -> None:
    """Stages after the first that gathers are no part of the work on chunks."""
    stages = [*STAGES[:3], {"kind": "diversity", "keep": 5, "prediction": "number", "among": 50}]
    first = [*stages, {"kind": "top", "keep": 4, "prediction": "number"}]
    later = [*stages, {"kind": "top", "keep": 2, "prediction": "number"}]
    screened(first, CANDIDATES, tmp_path, ("number",), chunk=120)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("part-*")}
    frame, _, _ = screened(later, CANDIDATES, tmp_path, ("number",), chunk=120)
    assert len(frame) == 2
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("part-*")} == before


def test_two_screens_do_not_write_into_one_folder(tmp_path: Path) -> None:
    def second(done: float, total: float | None, told: str = "") -> None:
        with pytest.raises(InputError, match="another screen"):
            screened(STAGES, CANDIDATES, tmp_path, ("number",), chunk=120)

    screened(STAGES, CANDIDATES, tmp_path, ("number",), chunk=400, progress=second)


def test_a_damaged_state_is_refused_with_a_way_out(tmp_path: Path) -> None:
    screened(STAGES, CANDIDATES, tmp_path, ("number",), chunk=120)
    (tmp_path / "screen.json").write_text('{"about": ')
    with pytest.raises(InputError, match=r"screen\.json cannot be read"):
        screened(STAGES, CANDIDATES, tmp_path, ("number",), chunk=120)
    screened(STAGES, CANDIDATES, tmp_path, ("number",), chunk=120, fresh=True)


# -- calculations ---------------------------------------------------------------------------------------------

COSTLY = [
    STAGES[0],
    {"kind": "top", "keep": 8, "prediction": "number"},
    {"kind": "calculator", "function": "lab:energy"},
]


#: Few files: what is kept of calculations does not depend on them.
NO_LISTS = {"lists": False, "chunk": 1000}


class Lab:
    """Counts its calls; refuses what has sulfur, and can be made to stop everything at a call."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.calls: list[str] = []
        self.stop_at = stop_at

    def find(self, name: str, base: Path) -> Any:
        return self.energy

    def energy(self, formula: str) -> Any:
        if len(self.calls) == self.stop_at:
            raise KeyboardInterrupt
        self.calls.append(formula)
        return {"failed": "did not converge"} if "S" in formula else {"energy": float(len(formula)), "code": "hand"}


def test_no_calculation_is_done_twice_whenever_it_was_stopped(tmp_path: Path) -> None:
    first, second, third = Lab(stop_at=3), Lab(), Lab()
    with pytest.raises(KeyboardInterrupt):
        screened(COSTLY, CANDIDATES, tmp_path, ("number",), **NO_LISTS, find_calculator=first.find)
    frame, funnel, _ = screened(COSTLY, CANDIDATES, tmp_path, ("number",), **NO_LISTS, find_calculator=second.find)
    assert len(first.calls) == 3
    assert len(second.calls) == 5
    assert not set(first.calls) & set(second.calls)
    again, _, _ = screened(COSTLY, CANDIDATES, tmp_path, ("number",), **NO_LISTS, find_calculator=third.find)
    assert third.calls == []
    pd.testing.assert_frame_equal(frame, again)
    assert funnel[-1].reasons == {"did not converge": funnel[-1].entered - len(frame)}
    assert (frame["energy"] == frame["formula"].str.len()).all()


def test_a_line_that_was_cut_off_is_calculated_again(tmp_path: Path) -> None:
    lab = Lab()
    whole, _, _ = screened(COSTLY, CANDIDATES, tmp_path, ("number",), **NO_LISTS, find_calculator=lab.find)
    lines = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(lines[:-20])
    other = Lab()
    again, _, _ = screened(COSTLY, CANDIDATES, tmp_path, ("number",), **NO_LISTS, find_calculator=other.find)
    assert len(other.calls) == 1
    pd.testing.assert_frame_equal(whole, again)


def test_calculations_outlive_a_fresh_start_but_failures_are_tried_again(tmp_path: Path) -> None:
    screened(COSTLY, CANDIDATES, tmp_path, ("number",), **NO_LISTS, find_calculator=Lab().find)
    lab = Lab()
    _, funnel, _ = screened(COSTLY, CANDIDATES, tmp_path, ("number",), **NO_LISTS, find_calculator=lab.find, fresh=True)
    assert lab.calls
    assert len(lab.calls) == funnel[-1].reasons["did not converge"]
    assert all("S" in formula for formula in lab.calls)


def test_a_result_that_is_no_finite_number_is_a_failure(tmp_path: Path) -> None:
    answers = {"Li2O": float("nan"), "LiO": None, "FeO": "text", "TiO2": [1.0]}

    def find(name: str, base: Path) -> Any:
        return lambda formula: answers[formula]

    candidates = pd.DataFrame({"formula": list(answers), "x": 1.0})
    frame, funnel, _ = screened([COSTLY[-1]], candidates, tmp_path, find_calculator=find)
    assert frame["formula"].tolist() == ["FeO"]
    assert sum(funnel[-1].reasons.values()) == 3
    assert (
        json.loads((tmp_path / FILE).read_text().splitlines()[0])[1]["failed"] == "calculated is nan, no finite number"
    )


def test_a_function_whose_file_has_changed_is_asked_again(tmp_path: Path) -> None:
    from importlib.util import module_from_spec, spec_from_file_location

    def find(name: str, base: Path) -> Any:
        spec = spec_from_file_location("oven", tmp_path / "oven.py")
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.bake

    candidates = pd.DataFrame({"formula": ["FeO", "NiO"], "x": [1.0, 2.0]})
    found = []
    for factor in (1, 1, 20):
        (tmp_path / "oven.py").write_text(f"def bake(x):\n    return {factor} * x\n")
        frame, _, _ = screened([COSTLY[-1]], candidates, tmp_path / "s", find_calculator=find)
        found.append(frame["calculated"].tolist())
    assert found == [[1, 2], [1, 2], [20, 40]]
    assert len((tmp_path / "s" / FILE).read_text().splitlines()) == 4
