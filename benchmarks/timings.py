"""How long the everyday things take on this machine: `python benchmarks/timings.py` prints a table.

Times depend on machine and load: they are figures to look at, and no test compares them with a limit.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from matloop import Bayesian, Campaign, FunctionLab, Integer, Maximize, Random, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation

SPACE = Space(n=Integer(6, 12, step=2), theta=Real(0, 200), r=Real(1.5, 2.5), t=Real(0.7, 1.4))
GOAL = [Maximize("y")]
REPEATS = 5


def height(point: dict) -> float:
    """A hill for the planner to climb: what it costs is nothing, so that only matloop's own time is measured."""
    return -((point["theta"] / 200 - 0.6) ** 2) - (point["r"] - 2) ** 2 + 0.1 * point["n"]


def command(folder: Path, *words: str) -> float:
    """The seconds of one command in a new process, the fastest of some."""
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "matloop", *words], cwd=folder, capture_output=True, check=True)
        taken.append(time.perf_counter() - began)
    return min(taken)


def bookkeeping(folder: Path, n: int) -> float:
    """Seconds a trial that an engine spends on a lab which answers at once, planner included (random)."""
    campaign = Campaign(SPACE, GOAL, planner=Random(), name="book", budget=n, store=folder / "matloop.db")
    began = time.perf_counter()
    campaign.run(FunctionLab(height, effect="none"), progress=False)
    return (time.perf_counter() - began) / n


def resuming(folder: Path) -> float:
    """Seconds until a campaign of 1,000 trials, resumed in a new process, has planned and measured one more."""
    script = folder / "resume.py"
    budget = "1001 + int(sys.argv[1])"
    script.write_text(
        "import sys\nsys.path.insert(0, '.')\nfrom timings import *\n"
        f"c = Campaign(SPACE, GOAL, planner=Bayesian(), name='book', budget={budget}, store='matloop.db')\n"
        "c.run(FunctionLab(height, effect='none'), progress=False, accept_changes=True)\n"
    )
    (folder / "timings.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    taken = []
    for i in range(REPEATS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "resume.py", str(i)], cwd=folder, capture_output=True, check=True)
        taken.append(time.perf_counter() - began)
    return min(taken)


def suggestion(n: int) -> float:
    """Seconds for one suggestion after n results, in the median."""
    points = [p.point for p in Random().propose(SPACE, GOAL, [], [], n, generator(0, 1))]
    seen = [Observation(str(i), point, {"y": height(point)}) for i, point in enumerate(points)]
    return statistics.median(
        timed(lambda k=k: Bayesian().propose(SPACE, GOAL, seen, [], 1, generator(0, k))) for k in range(1, 9)
    )


def timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main() -> None:
    rows: list[tuple[str, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows.append(("matloop --help", command(folder, "--help")))
        rows.append(("bookkeeping of a trial, all commits", bookkeeping(folder, 1000)))
        rows.append(("status at 1,000 trials", command(folder, "status", "book")))
        rows.append(("report at 1,000 trials", command(folder, "report", "book")))
        rows.append(("resume at 1,000 trials, one more trial", resuming(folder)))
    rows += [(f"suggestion after {n} results", suggestion(n)) for n in (50, 500)]
    for what, seconds in rows:
        print(f"{what:45}{1000 * seconds:10.1f} ms")  # noqa: T201 - this is what it is for


if __name__ == "__main__":
    main()
