"""A screen of ten million compositions, beside scikit-learn's predict in a loop and the same through matminer.

`MATLOOP_DATA=… python -m benchmarks.screening` writes results/screening.md. The model is a forest of
`matloop train --model forest`, trained on the experimental band gaps of Matbench. The screen is the command itself, in
a process of its own with two workers: compositions are generated, read, described, predicted with a 90 % interval and
judged for the model's domain, sent through two stages, and committed chunk by chunk. The rivals predict a value and
nothing else; they get a forest of scikit-learn with the same settings, fitted to the same rows. CPU seconds of the
rivals are those of one thread.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import psutil

from benchmarks.markdown import table
from matloop.core.composition import SYMBOLS
from matloop.screening.compositions import Compositions

RESULTS = Path(__file__).parent / "results" / "screening.md"
ROWS = 10_000_000
#: Rows of the batches that rivals predict at once, as large as the chunks of the screen.
BATCH = 20_000
#: Kinds of models that are timed, each on so many rows.
KINDS = {
    "ridge": BATCH,
    "neural_network": BATCH,
    "forest": BATCH,
    "extra_trees": BATCH,
    "boosting": BATCH,
    "svm": 2_000,
}
SCREEN = """
name = "ten million compositions"
confidence = 0.9

[generate]
kind = "compositions"
elements = {elements}
without = ["radioactive", "noble_gases"]
n_elements = [2, 4]
amounts = 8
sample = {rows}

[[stages]]
kind = "range"
prediction = "gap"
low = 1.1
high = 1.7
confidence = 0.3
domain = "flagged"

[[stages]]
kind = "top"
prediction = "gap"
near = 1.4
keep = 1000
"""


class Screened(NamedTuple):
    """What the command took: seconds on the wall and of CPU, the peak of memory of all its processes, its facts."""

    wall: float
    cpu: float
    peak: float
    facts: dict[str, Any]


class Rival(NamedTuple):
    """Somebody else's way: rows and CPU seconds."""

    name: str
    rows: int
    cpu: float


def trained(folder: Path) -> Path:
    """The model, trained by the command."""
    data = Path(os.environ["MATLOOP_DATA"]) / "matbench_expt_gap" / "expt_gap.csv"
    frame = pd.read_csv(data).rename(columns={"target": "gap [eV]"})
    frame.to_csv(folder / "gaps.csv", index=False)
    words = ["train", "gaps.csv", "--model", "forest", "--split", "random", "-o", "gap.matloop", "--no-page", "--quiet"]
    subprocess.run([sys.executable, "-m", "matloop", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "gap.matloop"


def screened(model: Path, rows: int, workers: int, folder: Path) -> Screened:
    """Carry the screen out, and look at the memory of its processes ten times a second."""
    (folder / "screen.toml").write_text(SCREEN.format(elements=json.dumps(SYMBOLS[2:90]), rows=rows), encoding="utf-8")
    words = [
        "screen",
        "screen.toml",
        "--model",
        str(model.resolve()),
        "--workers",
        str(workers),
        "--json",
        "--no-page",
    ]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "matloop", *words], cwd=folder, stdout=subprocess.PIPE, text=True)
    watch = _Watch(process.pid)
    out, _ = process.communicate()
    peak = watch.end()
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"the screen ended with {process.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Screened(wall, cpu, peak, json.loads(out))


class _Watch:
    """The highest sum of the memory that a process and its descendants hold, by their resident sets."""

    def __init__(self, pid: int) -> None:
        self._root, self._peak, self._is_over = psutil.Process(pid), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._is_over.wait(0.1):
            try:
                family = [self._root, *self._root.children(recursive=True)]
                self._peak = max(self._peak, sum(_held(process) for process in family))
            except psutil.NoSuchProcess:
                continue

    def end(self) -> float:
        self._is_over.set()
        self._thread.join()
        return self._peak


def _held(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0.0


# -- the others -----------------------------------------------------------------------------------------------


def rivals(model: Path, n: int, n_single: int, n_matminer: int) -> list[Rival]:
    """Each on a part of the same candidates."""
    from sklearn.ensemble import RandomForestRegressor

    from matloop.discovery.trained import TrainedModel
    from matloop.features.combined import Combined

    ours = TrainedModel.load(model)
    known = RandomForestRegressor().get_params()
    settings = {k: v for k, v in ours.predictor.model[-1].get_params().items() if k in known} | {"n_jobs": 1}
    features, training = Combined(["magpie", "fractions"]), ours.training
    formulas = generator(ROWS).frame(5_000_000, 5_000_000 + n)["formula"].tolist()
    plain = RandomForestRegressor(**settings).fit(features.features(training["formula"]).values, training["gap"])

    def in_batches() -> None:
        for start in range(0, n, BATCH):
            plain.predict(features.features(formulas[start : start + BATCH]).values)

    def row_by_row() -> None:
        for formula in formulas[:n_single]:
            plain.predict(features.features([formula]).values)

    def through_matminer() -> None:
        other.predict(matminer(formulas[:n_matminer]))

    matminer = _matminer()
    other = RandomForestRegressor(**settings).fit(matminer(training["formula"].tolist()), training["gap"])
    return [
        Rival("our features, `RandomForestRegressor.predict` in batches", n, _cpu(in_batches)),
        Rival("the same row by row, as loops are often written", n_single, _cpu(row_by_row)),
        Rival("the same features by matminer, `predict` in one batch", n_matminer, _cpu(through_matminer)),
    ]


def _matminer() -> Any:
    """From formulas to element statistics and fractions, as matminer's documentation teaches it."""
    from matminer.featurizers.base import MultipleFeaturizer
    from matminer.featurizers.composition import ElementFraction, ElementProperty
    from matminer.featurizers.conversions import StrToComposition

    both = MultipleFeaturizer([ElementProperty.from_preset("magpie", impute_nan=True), ElementFraction()])
    convert = StrToComposition()
    both.set_n_jobs(1)
    convert.set_n_jobs(1)

    def features(formulas: list[str]) -> np.ndarray:
        frame = convert.featurize_dataframe(pd.DataFrame({"formula": formulas}), "formula", pbar=False)
        frame = both.featurize_dataframe(frame, "composition", pbar=False)
        return frame.drop(columns=["formula", "composition"]).to_numpy(float)

    return features


def by_kind(model: Path) -> list[list[str]]:
    """What the models that `train` knows take to predict a row, in µs, fitted to the same features."""
    from matloop.discovery.trained import TrainedModel
    from matloop.models.catalogue import model as made

    ours = TrainedModel.load(model)
    known, y = ours.features(ours.training)[0], ours.training["gap"].to_numpy()
    formulas = generator(ROWS).frame(0, BATCH)
    rows = ours.features(formulas)[0]
    lines = []
    for kind, n in KINDS.items():
        fitted = made(kind, "regression").fit(known, y)
        lines.append([f"`{kind}`", f"{1e6 * _cpu(lambda: fitted.predict(rows[:n])) / n:,.1f}"])  # noqa: B023
    return lines


def _cpu(work: Any) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def generator(rows: int) -> Compositions:
    return Compositions(
        elements=SYMBOLS[2:90], without=("radioactive", "noble_gases"), n_elements=(2, 4), amounts=8, sample=rows
    )


# -- the page -------------------------------------------------------------------------------------------------


def page(done: Screened, others: list[Rival], kinds: list[list[str]], rows: int, workers: int, load: float) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("scikit-learn", "matminer", "numpy", "pandas"))
    each = done.cpu / rows
    head = ["way", "gives", "rows", "CPU s", "µs a row", "rows per CPU second", "times as long", f"{ROWS:,} rows"]
    lines = [
        [
            "`matloop screen`, start and writing included",
            "a value, a 90 % interval, domain, stages, shortlist",
            f"{rows:,}",
            f"{done.cpu:,.0f}",
            f"{1e6 * each:.1f}",
            f"{1 / each:,.0f}",
            "1",
            _time(each * ROWS),
        ]
    ]
    for other in others:
        own = other.cpu / other.rows
        lines.append(
            [
                other.name,
                "a value",
                f"{other.rows:,}",
                f"{other.cpu:,.1f}",
                f"{1e6 * own:,.1f}",
                f"{1 / own:,.0f}",
                f"{own / each:,.3g}",
                _time(own * ROWS),
            ]
        )
    return "\n".join(
        [
            "# Screening, beside scikit-learn and matminer",
            "",
            f"{versions}, Python {platform.python_version()}; {os.cpu_count()} processors with a load of {load:.1f} "
            "from others when it began. Written by `python -m benchmarks.screening`, which says how.",
            "",
            f"**{rows:,} compositions** of two to four elements, generated while they are screened: "
            f"{_time(done.wall)} on the wall with {workers} workers, {rows / done.wall:,.0f} rows a second; at most "
            f"{done.peak / 1e9:.2f} GB in all processes together.",
            "",
            table(
                ["stage", "came", "left"],
                [[s["stage"], f"{s['came']:,}", f"{s['left']:,}"] for s in done.facts["funnel"]],
            ),
            "",
            "## CPU time, one thread",
            "",
            table(head, lines),
            "",
            "The last column is what ten million rows take on one processor at that rate. The rivals give a value: no "
            "interval, no domain, nothing committed, nothing to resume. All use forests of the same settings.",
            "",
            "## Which model",
            "",
            "What `predict` alone takes for a row of these features, one thread:",
            "",
            table(["model", "µs a row"], kinds),
            "",
        ]
    )


def _time(seconds: float) -> str:
    for size, unit in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=ROWS, help="compositions to be screened")
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--model", type=Path, help="a model of gap, in place of one that is trained now")
    arguments.add_argument("--rival-rows", type=int, default=100_000)
    arguments.add_argument("--single-rows", type=int, default=300)
    arguments.add_argument("--matminer-rows", type=int, default=2_000)
    arguments.add_argument("--to", type=Path, default=RESULTS)
    asked = arguments.parse_args()
    warnings.simplefilter("ignore")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        model = asked.model or trained(Path(folder))
        done = screened(model, asked.rows, asked.workers, Path(folder))
        others = rivals(model, asked.rival_rows, asked.single_rows, asked.matminer_rows)
        kinds = by_kind(model)
    asked.to.write_text(page(done, others, kinds, asked.rows, asked.workers, load), encoding="utf-8")


if __name__ == "__main__":
    main()
