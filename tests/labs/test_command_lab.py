"""The command lab: what goes in, what comes out, and that every way of going wrong is told."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from lab_bench import OBJECTIVES, SPACE, settled, trial, until

from matloop.core.contracts import Lab
from matloop.core.errors import InputError, LabError
from matloop.core.objective import Maximize, Minimize
from matloop.core.trial import NotStarted, Outcome, Running, Unknown
from matloop.labs.command import CommandLab

ECHO = """
import json, sys
request = json.load(sys.stdin)
print(json.dumps({"values": {"y": request["point"]["x"] * 2}, "files": ["curve.csv"]}))
open("request.json", "w").write(json.dumps(request))
print("a remark", file=sys.stderr)
"""


def test_it_keeps_the_contract(make_lab) -> None:
    """A command lab is a Lab, irreversible unless told otherwise, and equal to its definition while it works."""
    lab = make_lab()
    assert isinstance(lab, Lab)
    assert (lab.effect, lab.capacity, lab.deadline) == ("irreversible", 1, 86400.0)
    lab.submit(trial())
    assert lab == CommandLab.model_validate(lab.model_dump(mode="json")) == CommandLab([sys.executable, "lab.py"])
    settled(lab)


def test_request_and_result(make_lab, tmp_path: Path) -> None:
    """The program gets campaign, trial, attempt, point and units; its values, files, status and remarks are kept."""
    lab = make_lab(ECHO)
    lab.submit(trial())
    outcome = settled(lab)
    assert outcome.values == {"y": 1.0}
    assert outcome.files == {"curve.csv": str(tmp_path / "curve.csv")}
    assert "exit status 0" in outcome.log
    assert "a remark" in outcome.log
    assert json.loads((tmp_path / "request.json").read_text()) == {
        "campaign": "camp",
        "trial": "t-1",
        "attempt": 1,
        "point": {"x": 0.5, "temperature": 100.0},
        "units": {"temperature": "degC", "y": "J"},
    }


def test_units_are_converted(make_lab) -> None:
    """A value in another unit of the same dimension is converted, achieved settings too."""
    lab = make_lab(
        """print('{"values": {"y": "1.5 kJ"}, "achieved": {"temperature": {"value": 373.15, "unit": "K"}}}')"""
    )
    lab.submit(trial())
    outcome = settled(lab)
    assert outcome.values == pytest.approx({"y": 1500.0})
    assert outcome.achieved == pytest.approx({"temperature": 100.0})


def test_a_failed_material_is_no_fault(make_lab) -> None:
    """{"failed": …} is a result that planners learn from."""
    lab = make_lab("""print('{"failed": "cracked"}')""")
    lab.submit(trial())
    outcome = settled(lab)
    assert outcome.failed == "cracked"
    assert not outcome.is_fault


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import sys; print('no gas', file=sys.stderr); sys.exit(3)", "status 3: no gas"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("pass", "printed nothing"),
        ("print('hello')", "printed no JSON object but: hello"),
        ("print('{\"y\": NaN}')", "not a finite number"),
        ('print(\'{"y": 1, "y": 2}\')', "'y' twice"),
        ("print('[1, 2]')", "not a number"),
        ("print('{\"z\": 1}')", "no value for y"),
        ('print(\'{"y": "3 m"}\')', "not a unit of the same dimension"),
        ("print('9' * 2_000_000)", "more than 1,000,000 bytes"),
        ("print('9' * 900_000)", "no JSON object"),
        ("print('[' * 200_000)", "no JSON object"),
        ("import sys; sys.stdout.buffer.write(bytes(range(256)))", "no JSON object"),
        ('print(\'{"y": "\\\\ud800"}\')', "not a number"),
    ],
)
def test_what_cannot_be_used_is_a_fault_that_says_why(make_lab, source: str, told: str) -> None:
    """A program that ends badly or prints nonsense fails its trial by a fault of the lab, in a sentence."""
    lab = make_lab(source)
    lab.submit(trial())
    outcome = settled(lab)
    assert outcome.is_fault
    assert told in outcome.failed
    Outcome.model_validate_json(outcome.model_dump_json())


def test_chatter_before_the_result(make_lab) -> None:
    """A program may print lines of its own before the last one, which is the result."""
    lab = make_lab("print('warming up…'.encode().decode()); print('{\"y\": 2}')")
    lab.submit(trial())
    assert settled(lab).values == {"y": 2.0}


def test_several_at_once_in_any_order(make_lab) -> None:
    """Trials run side by side, and each result comes when it is there."""
    lab = make_lab(
        "import json, sys, time; x = json.load(sys.stdin)['point']['x']; time.sleep(x); print(x)", capacity=2
    )
    lab.submit(trial("slow", x=1.0))
    lab.submit(trial("fast", x=0.0))
    assert settled(lab, "fast").values == {"y": 0.0}
    assert isinstance(lab.poll("slow"), Running)
    assert settled(lab, "slow").values == {"y": 1.0}


def test_a_large_request_and_a_long_log(make_lab) -> None:
    """Standard streams are files: nothing blocks on a full pipe, and of a long log the end is kept."""
    lab = make_lab("import sys; sys.stderr.write('x' * 300_000 + 'end'); print(1)")
    lab.submit(trial(x="a" * 300_000))
    outcome = settled(lab)
    assert outcome.values == {"y": 1.0}
    assert outcome.log.endswith("end")
    assert len(outcome.log) < 21_000


def test_cancel_ends_the_program_with_its_children(make_lab, tmp_path: Path) -> None:
    """Cancelling kills the whole group, also a program that ignores the request to end."""
    source = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("child", "w").write(str(child.pid)); os.rename("child", "child.pid")
time.sleep(60)
"""
    lab = make_lab(source)
    lab.submit(trial())
    until((tmp_path / "child.pid").exists)
    lab.cancel("t-1")
    answer = settled(lab)
    assert isinstance(answer, Unknown), "it was at work: what it has done by then nobody knows"
    assert "was ended after" in answer.reason
    pid = int((tmp_path / "child.pid").read_text())
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])


def test_cancel_of_nothing_is_harmless(make_lab) -> None:
    """A trial that nobody knows can be cancelled."""
    make_lab().cancel("never")


@pytest.mark.parametrize("folder", ["with space", "naïve 実験", "quote ' and \" mark"])
def test_any_path_and_any_name(tmp_path: Path, folder: str) -> None:
    """Paths with spaces, quotes and letters of any script work; so do trial ids with slashes."""
    base = tmp_path / folder
    base.mkdir()
    (base / "läb.py").write_text("print(7)", encoding="utf-8")
    lab = CommandLab([sys.executable, "läb.py"])
    lab.prepare(SPACE, OBJECTIVES, base / "arbeit", base)
    lab.submit(trial("a/../b:é"))
    assert settled(lab, "a/../b:é").values == {"y": 7.0}
    assert not (base / "b").exists()


def test_several_objectives(make_lab) -> None:
    """With several objectives each is wanted."""
    lab = make_lab("print('{\"y\": 1}')", objectives=[Maximize("y", unit="J"), Minimize("cost")])
    lab.submit(trial())
    assert "no value for cost" in settled(lab).failed


# -- before the first trial ---------------------------------------------------------------------------------------


def refused(tmp_path: Path, *command: str, **settings: object) -> InputError:
    with pytest.raises(InputError) as caught:
        CommandLab(command, **settings).prepare(SPACE, OBJECTIVES, tmp_path / "work", tmp_path)
    return caught.value


def test_a_program_that_cannot_run_is_told_before_the_first_trial(tmp_path: Path) -> None:
    """Missing, a folder, not executable, a missing script, a missing working folder: each has its own hint."""
    (tmp_path / "plain.py").write_text("print(1)")
    (tmp_path / "folder").mkdir()
    assert "neither on PATH" in refused(tmp_path, "no-such-program").hint
    assert 'command = ["python", "plain.py"]' in refused(tmp_path, "plain.py").hint
    assert "is a folder" in refused(tmp_path, "./folder").hint
    assert "did you mean 'plain.py'" in refused(tmp_path, sys.executable, "plane.py").hint
    assert "no folder" in refused(tmp_path, sys.executable, cwd="nowhere").message
    assert "no-such" in refused(tmp_path, sys.executable, recall=["no-such"]).message


@pytest.mark.skipif(os.name == "nt", reason="needs a shell script")
def test_a_program_is_found_beside_the_campaign_and_python_always(tmp_path: Path, monkeypatch) -> None:
    """A program in the working folder needs no ./, and `python` is this one where PATH has none."""
    script = tmp_path / "lab.sh"
    script.write_text("#!/bin/sh\necho 5\n")
    script.chmod(0o755)
    for command in (["lab.sh"], ["./lab.sh"]):
        lab = CommandLab(command)
        lab.prepare(SPACE, OBJECTIVES, tmp_path / "work", tmp_path)
        assert lab._command == [str(script)]
    monkeypatch.setenv("PATH", str(tmp_path))
    lab = CommandLab(["python", "-c", "print(5)"])
    lab.prepare(SPACE, OBJECTIVES, tmp_path / "work", tmp_path)
    assert lab._command[0] == sys.executable


def test_a_program_that_vanishes_later_is_a_fault(make_lab, tmp_path: Path) -> None:
    """What was there at the beginning and is gone at the trial is told by the trial."""
    if os.name == "nt":
        pytest.skip("needs a shell script")
    script = tmp_path / "lab.sh"
    script.write_text("#!/bin/sh\necho 5\n")
    script.chmod(0o755)
    lab = CommandLab(["lab.sh"])
    lab.prepare(SPACE, OBJECTIVES, tmp_path / "work", tmp_path)
    script.unlink()
    lab.submit(trial())
    outcome = settled(lab)
    assert outcome.is_fault
    assert "could not be run" in outcome.failed


def test_environment_and_working_folder(make_lab, tmp_path: Path) -> None:
    """env adds to the environment, cwd counts from the campaign's file."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "lab.py").write_text("import os; print(os.environ['GAIN'])")
    lab = CommandLab([sys.executable, "lab.py"], cwd="inner", env={"GAIN": "4.5"})
    lab.prepare(SPACE, OBJECTIVES, tmp_path / "work", tmp_path)
    lab.submit(trial())
    assert settled(lab).values == {"y": 4.5}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="a folder that refuses")
def test_a_folder_that_cannot_be_written(make_lab, tmp_path: Path) -> None:
    """Where the request cannot be written down nothing is begun, and that is said."""
    lab = make_lab()
    lab._folder.chmod(0o500)
    with pytest.raises(LabError):
        lab.submit(trial())
    lab._folder.chmod(0o700)
    assert isinstance(lab.poll("t-1"), NotStarted)


def test_a_request_that_cannot_be_written_begins_nothing(make_lab, monkeypatch) -> None:
    """A full disk at the request: LabError, and the trial never began."""
    lab = make_lab()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matloop.labs.command.Attempt.write_request", full)
    with pytest.raises(LabError, match="No space left"):
        lab.submit(trial())
    assert isinstance(lab.poll("t-1"), NotStarted)


# -- recall -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kind", "told"),
    [
        ('print(\'{"values": {"y": "2 kJ"}}\')', Outcome, ""),
        ("print('{\"y\": 2000}')", Outcome, ""),
        ('print(\'{"failed": "cracked"}\')', Outcome, ""),
        ('print(\'{"status": "running"}\')', Running, ""),
        ('print(\'{"status": "not_started"}\')', NotStarted, "recall"),
        ('print(\'{"status": "unknown"}\')', Unknown, "either"),
        ('print(\'{"status": "nonsense"}\')', Unknown, "nonsense"),
        ("print('{\"y\": Infinity}')", Unknown, "finite"),
        ("print('robot offline')", Unknown, "robot offline"),
        ("raise SystemExit('no connection')", Unknown, "no connection"),
    ],
)
def test_recall_answers_for_what_was_lost(make_lab, source: str, kind: type, told: str) -> None:
    """The recall program's word is taken; where it fails, the trial is unknown and the reason says why."""
    lab = make_lab(recall=source)
    answer = lab.poll("lost")
    assert isinstance(answer, kind)
    assert told in getattr(answer, "reason", "")
    if kind is Outcome and answer.failed is None:
        assert answer.values == {"y": 2000.0}


def test_recall_is_asked_by_id_and_not_at_every_look(make_lab, tmp_path: Path) -> None:
    """It gets campaign, trial and attempt, and a running trial is not asked about a hundred times a second."""
    lab = make_lab(
        recall="import sys; open('asked', 'a').write(sys.stdin.read() + '\\n'); print('{\"status\": \"running\"}')"
    )
    for _ in range(5):
        assert isinstance(lab.poll("lost"), Running)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [json.loads(line) for line in asked] == [{"campaign": "camp", "trial": "lost", "attempt": 0}]


def test_a_deleted_folder_is_noticed(make_lab, tmp_path: Path) -> None:
    """A record that was lost since the crash takes the certainty with it, for this process and all later ones."""
    make_lab().begin()
    assert isinstance(make_lab().poll("t-1"), NotStarted), "the record is whole, and t-1 is not in it"
    shutil.rmtree(tmp_path / "work")
    lab = make_lab()
    assert isinstance(lab.poll("t-1"), Unknown)
    lab.submit(trial("t-2"))
    assert isinstance(lab.poll("t-1"), Unknown), "a new record says nothing of what came before it"
    assert isinstance(make_lab().poll("t-1"), Unknown)


def test_a_deleted_folder_of_one_trial_is_noticed(make_lab, tmp_path: Path) -> None:
    """A trial that was sent, but whose folder is gone, is unknown: its program may have run."""
    lab = make_lab()
    lab.submit(trial("t-1"))
    settled(lab, "t-1")
    shutil.rmtree(tmp_path / "work" / "camp" / "t-1")
    assert isinstance(make_lab().poll("t-1"), Unknown)


def test_making_a_lab_ready_writes_nothing(make_lab, tmp_path: Path) -> None:
    """To check a definition leaves no trace."""
    make_lab()
    assert not (tmp_path / "work").exists()


def test_an_attempt_that_was_sent_is_not_sent_again(make_lab, tmp_path: Path) -> None:
    """The same trial handed over twice runs once; another trial under its name is refused, not given its result."""
    lab = make_lab("open('runs', 'a').write('x'); print(1)")
    lab.submit(trial("t-1", x=0.5))
    settled(lab)
    lab.submit(trial("t-1", x=0.5))
    assert settled(lab).values == {"y": 1.0}
    assert (tmp_path / "runs").read_text() == "x"
    with pytest.raises(LabError, match="another trial"):
        make_lab().submit(trial("t-1", x=0.7))
