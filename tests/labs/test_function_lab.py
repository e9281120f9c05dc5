"""The function lab: how a callable is found and called, and that nothing it does harms another trial."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from lab_bench import OBJECTIVES, SPACE, settled, trial, until

from matloop.core.contracts import Lab
from matloop.core.errors import InputError
from matloop.core.trial import NotStarted, Running, Unknown
from matloop.labs.function import FunctionLab


def prepared(function: object, base: Path = Path(), **settings: object) -> FunctionLab:
    lab = FunctionLab(function, **settings)
    lab.prepare(SPACE, OBJECTIVES, base, base)
    return lab


def result(function: object) -> object:
    lab = prepared(function)
    lab.submit(trial())
    return settled(lab)


def by_keyword(x: float, temperature: float) -> float:
    return x + temperature


def with_default(x: float, temperature: float, gain: float = 2.0) -> float:
    return gain * x


class Rig:
    def measure(self, x: float, **rest: float) -> float:
        return x

    def __call__(self, point: dict) -> float:
        return point["x"]


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (by_keyword, 100.5),
        (with_default, 1.0),
        (lambda point: point["x"], 0.5),
        (lambda point, gain=3: point["x"] * gain, 1.5),
        (lambda **point: point["x"], 0.5),
        (lambda *points: points[0]["x"], 0.5),
        (lambda x, **others: x, 0.5),
        (Rig().measure, 0.5),
        (Rig(), 0.5),
        (partial(with_default, gain=4.0), 2.0),
        (len, 2.0),
    ],
)
def test_keywords_or_one_dict(function: object, value: float) -> None:
    """Variables go in as keywords where the parameters are named after them, else the point as one dict."""
    assert result(function).values == {"y": value}


@pytest.mark.parametrize(
    ("function", "told"),
    [(lambda x: x, "not 'temperature'"), (lambda x, temprature: x, "'temprature'"), (lambda a, b: a, "'a', 'b'")],
)
def test_parameters_that_fit_neither_way(function: object, told: str) -> None:
    """A variable that would be ignored, or a parameter that the space does not have, is told before the first call."""
    with pytest.raises(InputError, match=told):
        prepared(function)


def test_the_contract_and_equality() -> None:
    """Irreversible unless said otherwise; equal by fields, whatever is at work."""
    lab = prepared(by_keyword, capacity=2)
    lab.submit(trial())
    settled(lab)
    assert isinstance(lab, Lab)
    assert lab.effect == "irreversible"
    assert lab.function == "test_function_lab:by_keyword"
    assert lab == FunctionLab("test_function_lab:by_keyword", capacity=2) != FunctionLab(by_keyword)
    assert FunctionLab.model_validate(lab.model_dump(mode="json")) == lab


def test_exceptions_are_faults_with_their_traceback() -> None:
    """An exception, even one that would end the process, fails its own trial alone."""
    for error in ("ValueError('too hot')", "SystemExit(3)", "KeyboardInterrupt()"):
        outcome = result(lambda point, error=error: exec(f"raise {error}"))
        assert outcome.is_fault
        assert error.partition("(")[0] in outcome.failed
        assert "Traceback" in outcome.log
        assert len(outcome.log) <= 4000


def test_results_that_make_no_sense_are_faults() -> None:
    """What cannot be an outcome is refused in words."""
    assert "not a number" in result(lambda point: object()).failed
    assert "no value for y" in result(lambda point: {"z": 1}).failed


def test_as_many_at_once_as_its_capacity() -> None:
    """Calls run side by side up to the capacity, the others wait for their turn and may be given up before it."""
    gate, running, most = threading.Event(), [], []

    def function(point: dict) -> float:
        running.append(1)
        most.append(len(running))
        gate.wait(10)
        running.pop()
        return point["x"]

    lab = prepared(function, capacity=2)
    for n in range(5):
        lab.submit(trial(str(n), x=n / 10))
    until(lambda: len(running) == 2)
    lab.cancel("4")
    assert isinstance(lab.poll("4"), NotStarted)
    assert isinstance(lab.poll("0"), Running)
    gate.set()
    assert [settled(lab, str(n)).values["y"] for n in range(4)] == [0.0, 0.1, 0.2, 0.3]
    assert max(most) == 2


def test_trials_of_an_earlier_process_are_unknown() -> None:
    """A call dies with its process, and nobody knows how far it got."""
    assert isinstance(prepared(by_keyword).poll("other"), Unknown)


def test_a_hanging_call_does_not_keep_the_process(tmp_path: Path) -> None:
    """The process may end while a call is still running."""
    source = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from lab_bench import OBJECTIVES, SPACE, trial
from matloop.labs.function import FunctionLab
lab = FunctionLab(lambda point: time.sleep(60))
lab.prepare(SPACE, OBJECTIVES, Path(), Path())
lab.submit(trial())
"""
    subprocess.run([sys.executable, "-c", source], timeout=20, check=True)


def test_functions_are_found_beside_the_file(tmp_path: Path) -> None:
    """Each campaign finds its own lab.py, also where another one's has been loaded before."""
    for folder, value in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mylab.py").write_text(f"def measure(point):\n    return {value}\n")
        lab = prepared("mylab:measure", tmp_path / folder)
        lab.submit(trial())
        assert settled(lab).values == {"y": float(value)}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mylab:mesure", "did you mean 'measure'"),
        ("mylap:measure", "did you mean 'mylab'"),
        ("broken:f", "SyntaxError"),
        ("needy:f", "no_such_package"),
        ("mylab:number", "cannot be called"),
        ("__main__:<lambda>", "run\\(function\\)"),
    ],
)
def test_what_cannot_be_found_is_told(tmp_path: Path, name: str, told: str) -> None:
    """A wrong name, a broken module or a missing package is an InputError that helps."""
    (tmp_path / "mylab.py").write_text("number = 3\ndef measure(point):\n    return 1\n")
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "needy.py").write_text("import no_such_package\n")
    with pytest.raises(InputError, match=told):
        prepared(name, tmp_path)


def test_names_have_two_parts() -> None:
    """'measure' alone is no function in a file."""
    with pytest.raises(ValueError, match=r"package\.module:name"):
        FunctionLab("measure")


def test_no_thread_is_left_over() -> None:
    """When all calls are done their threads end."""
    lab = prepared(by_keyword)
    lab.submit(trial())
    settled(lab)
    until(lambda: lab._n_workers == 0)
