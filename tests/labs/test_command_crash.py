"""The command lab under kill -9 of matloop, of the supervisor and of the program, between any two steps.

What must hold: no effect twice, no result lost, and no outcome guessed. The program's effect is a line in a file.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lab_bench import OBJECTIVES, SPACE, settled, trial, until

from matloop.core.trial import NotStarted, Outcome, Running, Unknown
from matloop.labs import supervise
from matloop.labs.command import CommandLab

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 as POSIX knows it")

EFFECT = """
import json, os, sys, time
request = json.load(sys.stdin)
with open("effects", "a") as file:
    file.write(request["trial"] + "\\n")
open("pid", "w").write(str(os.getpid())); os.rename("pid", "program.pid")
time.sleep(request["point"]["x"])
print(json.dumps({"y": 42}))
"""

ENGINE = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from lab_bench import OBJECTIVES, SPACE, trial
from matloop.labs.command import CommandLab
import matloop.labs.command as module
lab = CommandLab([sys.executable, "lab.py"])
lab.prepare(SPACE, OBJECTIVES, Path("work/camp").absolute(), Path.cwd())
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
{before}
lab.submit(trial(x={x}))
{after}
die()
"""

#: A supervisor that is killed at a step: run in place of supervise.py.
DYING = """
import os, signal, sys
sys.path.insert(0, {folder!r})
import supervise
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
supervise.{step} = die
supervise.main(sys.argv[1], sys.argv[2:])
"""


def effects(base: Path) -> list[str]:
    return (base / "effects").read_text().splitlines() if (base / "effects").exists() else []


def run_engine(base: Path, before: str = "", after: str = "", x: float = 0.0) -> None:
    """An engine's stand-in that submits one trial and is killed."""
    source = ENGINE.format(here=str(Path(__file__).parent), before=before, after=after, x=x)
    assert subprocess.run([sys.executable, "-c", source], cwd=base).returncode == -signal.SIGKILL


def supervisor_pid(base: Path) -> int:
    claim = base / "work" / "camp" / "t-1" / "1" / supervise.CLAIM
    until(lambda: claim.exists() and claim.read_text().endswith("\n"))
    return int(claim.read_text().split()[-1])


def test_killed_engine_loses_no_result(make_lab, tmp_path: Path) -> None:
    """The engine dies at once after submitting: the program runs on, and a new engine gets its result."""
    make_lab(EFFECT)
    run_engine(tmp_path, after="import time; time.sleep(0.3)")
    outcome = settled(make_lab(EFFECT))
    assert outcome.values == {"y": 42.0}
    assert effects(tmp_path) == ["t-1"]


def test_killed_at_the_moment_of_starting(make_lab, tmp_path: Path) -> None:
    """The engine dies as soon as the supervisor is spawned: either it runs and its result comes, or it never will."""
    make_lab(EFFECT)
    run_engine(tmp_path)
    answer = settled(make_lab(EFFECT))
    time.sleep(0.3)
    if isinstance(answer, NotStarted):
        assert effects(tmp_path) == []
    else:
        assert answer.values == {"y": 42.0}
        assert effects(tmp_path) == ["t-1"]


@pytest.mark.parametrize(
    "before",
    [
        "module.Attempt.write_request = die",
        "CommandLab._supervisor = die",
    ],
)
def test_killed_before_the_supervisor_exists(make_lab, tmp_path: Path, before: str) -> None:
    """The engine dies while it writes the request: the trial never began, for certain, and may be sent again."""
    make_lab(EFFECT)
    run_engine(tmp_path, before=before)
    lab = make_lab(EFFECT)
    assert isinstance(lab.poll("t-1"), NotStarted)
    assert isinstance(lab.poll("t-1"), NotStarted), "asked twice it says the same"
    lab.submit(trial(attempt=2, x=0.0))
    assert settled(lab).values == {"y": 42.0}
    assert effects(tmp_path) == ["t-1"]


def dying_lab(make_lab, tmp_path: Path, step: str, monkeypatch) -> CommandLab:
    lab = make_lab(EFFECT)
    script = tmp_path / "dying.py"
    script.write_text(DYING.format(folder=str(Path(supervise.__file__).parent), step=step))
    monkeypatch.setattr(supervise, "__file__", str(script))
    lab.submit(trial(x=0.0))
    return lab


@pytest.mark.parametrize(
    ("step", "expected", "n_effects"),
    [
        ("try_lock", NotStarted, 0),
        ("claim", NotStarted, 0),
        ("os.fsync", NotStarted, 1),
        ("run", Unknown, 0),
        ("write_exit", Unknown, 1),
        ("os.replace", Unknown, 1),
    ],
)
def test_killed_supervisor(make_lab, tmp_path: Path, monkeypatch, step: str, expected: type, n_effects: int) -> None:
    """The supervisor dies at a step: 'never began' only before its claim is whole, afterwards 'unknown'; no guess."""
    lab = dying_lab(make_lab, tmp_path, step, monkeypatch)
    answer = settled(lab)
    if step == "os.fsync":  # dies inside the claim: its text is there or not, the program was not started either way
        assert isinstance(answer, NotStarted | Unknown)
        n_effects = 0
    else:
        assert isinstance(answer, expected)
    assert len(effects(tmp_path)) == n_effects
    assert type(settled(make_lab(EFFECT))) is type(answer), "a new process says the same"
    if isinstance(answer, Unknown) and n_effects:
        assert '{"y": 42}' in answer.reason, "what it had printed is shown to the person who is asked"


def test_killed_supervisor_while_the_program_lives(make_lab, tmp_path: Path) -> None:
    """As long as the program lives the trial is running; when it ends unwatched, its outcome is unknown."""
    lab = make_lab(EFFECT)
    lab.submit(trial(x=1.0))
    until((tmp_path / "program.pid").exists)
    os.kill(supervisor_pid(tmp_path), signal.SIGKILL)
    lab._supervisors["t-1"][1].wait()
    assert isinstance(lab.poll("t-1"), Running)
    assert isinstance(make_lab(EFFECT).poll("t-1"), Running)
    assert isinstance(settled(lab), Unknown)


def test_killed_supervisor_and_a_lab_that_remembers(make_lab, tmp_path: Path) -> None:
    """With a recall program the lost outcome is asked for, with the attempt that was sent."""
    lab = make_lab(EFFECT)
    lab.submit(trial(x=0.5))
    until((tmp_path / "program.pid").exists)
    os.kill(supervisor_pid(tmp_path), signal.SIGKILL)
    source = "import json, sys; print(json.dumps({'y': json.load(sys.stdin)['attempt'] * 10}))"
    assert settled(make_lab(EFFECT, recall=source)).values == {"y": 10.0}


def test_killed_program(make_lab, tmp_path: Path) -> None:
    """The program is killed: its end is recorded, and is a fault of the lab."""
    lab = make_lab(EFFECT)
    lab.submit(trial(x=30.0))
    until((tmp_path / "program.pid").exists)
    os.kill(int((tmp_path / "program.pid").read_text()), signal.SIGKILL)
    outcome = settled(lab)
    assert isinstance(outcome, Outcome)
    assert "SIGKILL" in outcome.failed
    assert outcome.is_fault


def test_polite_signals_do_not_end_the_supervisor(make_lab, tmp_path: Path) -> None:
    """At a shutdown everything gets SIGTERM: the supervisor stays until it has recorded the program's end."""
    lab = make_lab(EFFECT)
    lab.submit(trial(x=0.5))
    until((tmp_path / "program.pid").exists)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(supervisor_pid(tmp_path), number)
    assert settled(lab).values == {"y": 42.0}


def test_a_ruled_out_attempt_never_starts(make_lab, tmp_path: Path) -> None:
    """A supervisor that comes late, after 'never began' was answered, finds the attempt claimed and goes away."""
    lab = make_lab(EFFECT)
    attempt = lab._folder / "t-1" / "1"
    attempt.mkdir(parents=True)
    (attempt / supervise.REQUEST).write_text('{"trial": "t-1", "point": {"x": 0}}')
    assert isinstance(lab.poll("t-1"), NotStarted)
    late = [sys.executable, "-I", "-S", supervise.__file__, str(attempt), sys.executable, str(tmp_path / "lab.py")]
    assert subprocess.run(late, cwd=tmp_path).returncode == 0
    assert effects(tmp_path) == []


def test_twenty_supervisors_start_one_program(make_lab, tmp_path: Path) -> None:
    """However often an attempt is sent, and while others ask about it, it is carried out once."""
    lab = make_lab(EFFECT)
    lab.submit(trial(x=0.2))
    attempt = lab._folder / "t-1" / "1"
    command = [sys.executable, "-I", "-S", supervise.__file__, str(attempt), sys.executable, "lab.py"]
    others = [subprocess.Popen(command, cwd=tmp_path) for _ in range(20)]
    until((attempt / supervise.CLAIM).exists)  # who asks before that rules the attempt out
    asking = make_lab(EFFECT)
    for other in others:
        asking.poll("t-1")
        assert other.wait() == 0
    assert settled(asking).values == {"y": 42.0}
    assert effects(tmp_path) == ["t-1"]


def test_a_supervisor_that_cannot_work_is_a_fault(make_lab, monkeypatch, tmp_path: Path) -> None:
    """A supervisor that fails by itself would fail each time: that is a fault of the lab, not a reason to resend."""
    lab = make_lab(EFFECT)
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('broken Python')")
    monkeypatch.setattr(supervise, "__file__", str(broken))
    lab.submit(trial())
    outcome = settled(lab)
    assert outcome.is_fault
    assert "broken Python" in outcome.log


def test_cancelled_before_it_began(make_lab, tmp_path: Path) -> None:
    """A trial that is cancelled before its supervisor got to it never begins."""
    lab = make_lab(EFFECT)
    attempt = lab._folder / "t-1" / "1"
    attempt.mkdir(parents=True)
    (attempt / supervise.REQUEST).write_text("{}")
    lab.cancel("t-1")
    subprocess.run(
        [sys.executable, "-I", "-S", supervise.__file__, str(attempt), sys.executable, "-c", "1"], check=True
    )
    assert isinstance(lab.poll("t-1"), NotStarted)


def test_a_full_disk_delays_the_record_but_does_not_lose_it(monkeypatch, tmp_path: Path) -> None:
    """Where there is no room to write the end down, the supervisor waits for room."""
    refusals = iter([True, True, False])
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if next(refusals, False):
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(supervise.os, "fsync", fsync)
    monkeypatch.setattr(supervise.time, "sleep", lambda _: None)
    supervise.write_exit(str(tmp_path), {"status": 0})
    assert (tmp_path / supervise.EXIT).read_text() == '{"status": 0}'


def test_random_kills(make_lab, tmp_path: Path) -> None:
    """Engines are killed at random moments and replaced: every trial ends with its result, each effect is made once."""
    chance = random.Random(3)
    make_lab(EFFECT)
    for n in range(6):
        id, attempt = f"t-{n}", 1
        source = ENGINE.format(here=str(Path(__file__).parent), before="", after="import time; time.sleep(5)", x=0.02)
        source = source.replace("trial(", f"trial(id={id!r}, attempt={attempt}, ")
        engine = subprocess.Popen([sys.executable, "-c", source], cwd=tmp_path)
        until((tmp_path / "work" / "camp" / id / "1").exists)
        time.sleep(chance.uniform(0, 0.08))
        engine.kill()
        engine.wait()
        lab = CommandLab([sys.executable, "lab.py"])
        lab.prepare(SPACE, OBJECTIVES, tmp_path / "work" / "camp", tmp_path)
        while isinstance(answer := settled(lab, id), NotStarted):
            attempt += 1
            lab.submit(trial(id, attempt, x=0.0))
        assert answer.values == {"y": 42.0}
        assert effects(tmp_path).count(id) == 1
