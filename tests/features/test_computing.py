"""However features are computed, they are the same, and what was computed once is not computed again."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from slow_letters import SlowLetters

from matloop.core.errors import MatloopError
from matloop.core.registry import load, names
from matloop.features import workers
from matloop.features.base import TOO_LARGE, Features
from matloop.features.cache import SUFFIX, Cache, digest, identity
from matloop.features.combined import Combined
from matloop.features.computing import DIED, compute
from matloop.features.magpie import Magpie

CELLS = [f"text{i}" if i % 7 else f"bad{i}" for i in range(40)] + ["text1", "bad7", None, "text2"]
SHARED = [name for name in names("features") if load("features", name).kind == "composition"]


@pytest.fixture
def letters(tmp_path: Path) -> SlowLetters:
    return SlowLetters(log=str(tmp_path / "calls.txt"))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two Dask workers, each a process of its own, which find this folder's modules."""
    distributed = pytest.importorskip("distributed")
    found = {"PYTHONPATH": str(Path(__file__).parent)}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", env=found) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        client.run(sys.path.append, found["PYTHONPATH"])
        yield client


def same(a: Features, b: Features) -> bool:
    """Equal to the last bit, reasons too."""
    return a.values.tobytes() == b.values.tobytes() and a.failures == b.failures and a.values.shape == b.values.shape


@pytest.fixture(scope="module")
def _importable() -> Iterator[None]:
    """Other processes find this folder's modules too."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    yield
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.mark.usefixtures("_importable")
def test_all_ways_give_the_same(letters: SlowLetters, tmp_path: Path, client: Any) -> None:
    """One process, several, a Dask cluster, an empty cache and a full one: the same values and reasons, bit for bit."""
    plain = letters.features(CELLS)
    assert len(plain.failures) == 8
    ways = [
        compute(letters, CELLS),
        compute(letters, CELLS, n_jobs=2),
        compute(letters, CELLS, client=client),
        compute(letters, CELLS, cache=tmp_path / "a"),
        compute(letters, CELLS, cache=tmp_path / "a"),
        compute(letters, CELLS, n_jobs=2, cache=tmp_path / "b"),
        compute(letters, CELLS, client=client, cache=tmp_path / "c"),
    ]
    assert [same(way, plain) for way in ways] == [True] * len(ways)


@pytest.mark.usefixtures("_importable")
def test_our_featurizers_in_all_ways(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All featurizers of compositions together, in chunks of any size, in processes and on Dask: the same bits."""
    formulas = [f"Fe{i}O{j}Mg0.{i}" for i in range(1, 9) for j in range(1, 9)] + ["Zz", "MgO", "CuSO4·5H2O"]
    combined = Combined([load("features", name)() for name in SHARED])
    plain = combined.features(formulas)
    for part in combined.parts:
        monkeypatch.setattr(type(part), "per_task", 17)
    assert same(compute(combined, formulas), plain)
    assert same(compute(combined, formulas, n_jobs=2), plain)
    assert same(compute(combined, formulas, client=client), plain)
    assert same(compute(combined, formulas, cache=tmp_path), plain)
    assert same(compute(combined, formulas[::-1], cache=tmp_path), compute(combined, formulas[::-1]))


def test_equal_texts_are_described_once(letters: SlowLetters) -> None:
    """A formula that stands in many rows is computed once; each of its rows has its values, or its reason."""
    values, failures = compute(letters, ["a", "b", "a", "bad1", "a", "bad1"])
    assert sorted(letters.calls()) == ["a", "b", "bad1"]
    assert np.array_equal(values[0], values[4])
    assert failures == {3: "ValueError: bad1 is bad", 5: "ValueError: bad1 is bad"}


def test_what_is_cached_is_not_computed(letters: SlowLetters, tmp_path: Path) -> None:
    """Known cells come from the disk, failures too; only new ones are computed, in whatever order they stand."""
    compute(letters, ["a", "bad1", "b"], cache=tmp_path / "c")
    again = compute(letters, ["c", "b", "bad1", "a"], cache=tmp_path / "c")
    assert letters.calls() == ["a", "bad1", "b", "c"]
    assert same(again, letters.features(["c", "b", "bad1", "a"]))


def test_parts_are_cached_each(letters: SlowLetters, tmp_path: Path) -> None:
    """What is known of one featurizer serves every combination that it is part of; cheap ones leave no files."""
    compute(letters, ["Fe", "O"], cache=tmp_path / "c")
    both = Combined([Magpie(), letters])
    made = compute(both, ["O", "Fe"], cache=tmp_path / "c")
    assert letters.calls() == ["Fe", "O"]
    assert same(made, both.features(["O", "Fe"]))
    assert {path.parent.name.split("-")[0] for path in (tmp_path / "c").rglob(f"*{SUFFIX}")} == {"slow_letters"}


def test_other_parameters_other_entries(letters: SlowLetters) -> None:
    """A featurizer has another identity with other parameters or another version, not with another on_failure."""

    class Newer(SlowLetters):
        version = 2

    known = identity(letters)
    assert identity(SlowLetters(log=letters.log, on_failure="nan")) == known
    assert identity(SlowLetters(log=letters.log, power=2.0)) != known
    assert identity(Newer(log=letters.log)) != known


@pytest.mark.parametrize("harm", [b"", b"PK\x03\x04 half a file", b"\x93NUMPY"])
def test_a_harmed_file_counts_as_absent(letters: SlowLetters, tmp_path: Path, harm: bytes) -> None:
    """Half a file in the cache, or none of its format, costs a new computation and nothing else."""
    compute(letters, ["a", "b"], cache=tmp_path / "c")
    for path in (tmp_path / "c").rglob(f"*{SUFFIX}"):
        path.write_bytes(harm)
    assert same(compute(letters, ["a", "b"], cache=tmp_path / "c"), letters.features(["a", "b"]))


def test_a_harmed_byte_makes_nothing_wrong(letters: SlowLetters, tmp_path: Path) -> None:
    """Whichever byte of a file is harmed, what the cache still knows is right, and it raises nothing."""
    cells = ["a", "bad1", "b"]
    plain, digests = compute(letters, cells, cache=tmp_path), [digest(cell) for cell in cells]
    (path,) = tmp_path.rglob(f"*{SUFFIX}")
    whole = path.read_bytes()
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        known = Cache(tmp_path).known(letters, digests)
        for row in np.flatnonzero(known.is_known):
            assert np.array_equal(known.values[row], plain.values[row], equal_nan=True)
            assert known.failures.get(int(row)) == plain.failures.get(int(row))


def test_a_crash_loses_little(tmp_path: Path) -> None:
    """A process that is killed leaves whole files: the next one takes what is there and computes the rest."""
    log, cache = tmp_path / "calls.txt", tmp_path / "c"
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import matloop.features.computing as computing
from slow_letters import SlowLetters
computing.KEPT_EVERY = 0.0
computing.compute(SlowLetters(log={str(log)!r}), ["a%d" % i for i in range(12)] + ["die"], cache={str(cache)!r})
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    letters = SlowLetters(log=str(log))
    before = len(letters.calls())
    made = compute(letters, [f"a{i}" for i in range(12)], cache=cache)
    assert not made.failures
    assert len(letters.calls()) - before == 2  # the last chunk of five was under way


def test_writers_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Several threads that fill one cache at the same time all get the right values."""
    plain = SlowLetters().features(CELLS[:12])
    made: list[Features] = []

    def fill() -> None:
        made.extend(compute(SlowLetters(), CELLS[:12], cache=tmp_path) for _ in range(5))

    threads = [threading.Thread(target=fill) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 20
    assert all(same(each, plain) for each in made)


def test_the_cache_has_bounds(tmp_path: Path) -> None:
    """What was used longest ago is forgotten where the cache would become too large."""
    cache = Cache(tmp_path, limit=3000)
    for i in range(20):
        compute(SlowLetters(), [f"cell{i}"], cache=cache)
    sizes = [path.stat().st_size for path in tmp_path.rglob(f"*{SUFFIX}")]
    assert 0 < sum(sizes) <= 3000
    digests = [digest(f"cell{i}") for i in (0, 19)]
    assert cache.known(SlowLetters(), digests).is_known.tolist() == [False, True]


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    """A cache where a file stands in the way is no reason to fail."""
    (tmp_path / "c").write_text("a file")
    assert same(compute(SlowLetters(), ["a"], cache=tmp_path / "c"), SlowLetters().features(["a"]))


@pytest.mark.parametrize(
    ("cell", "other"), [("Fe", "Fe "), ([1, 2.5], [1, 2.6]), ({"Fe": 1}, {"Fe": 2}), (np.ones(2), np.ones(3))]
)
def test_digests_are_of_content(cell: Any, other: Any) -> None:
    """Equal cells have equal digests, others do not; what is neither text nor numbers has none and is not cached."""
    assert digest(cell) == digest(type(cell)(cell) if not isinstance(cell, np.ndarray) else cell.copy())
    assert digest(cell) != digest(other)
    assert digest(object()) is None


@pytest.mark.usefixtures("_importable")
def test_a_cell_that_kills_its_process(letters: SlowLetters, tmp_path: Path) -> None:
    """A cell that brings its process down is a failure; all others are computed, and the cell is not remembered."""
    cells = [f"a{i}" for i in range(13)] + ["die"] + [f"b{i}" for i in range(8)]
    values, failures = compute(letters, cells, n_jobs=2, cache=tmp_path / "c")
    assert failures == {13: DIED}
    assert np.array_equal(np.delete(values, 13, axis=0), letters.features(cells[:13] + cells[14:]).values)
    assert Cache(tmp_path / "c").known(letters, [digest("die"), digest("a0")]).is_known.tolist() == [False, True]


@pytest.mark.usefixtures("_importable")
@pytest.mark.parametrize("n_jobs", [2, -1])
def test_a_cell_that_kills_is_never_described_here(n_jobs: int) -> None:
    """However few the cells are, and even where there is one processor, another process is the one that dies."""
    with mock.patch("matloop.features.computing.n_cores", return_value=1):
        values, failures = compute(SlowLetters(), ["a", "die"], n_jobs=n_jobs)
    assert failures == {1: DIED}
    assert np.array_equal(values[:1], SlowLetters().features(["a"]).values)


def test_a_cell_too_large_for_the_memory(letters: SlowLetters, tmp_path: Path) -> None:
    """It is a failure like any other, but is tried again the next time: there may be more memory then."""
    for _ in range(2):
        assert compute(letters, ["a", "large", "b"], cache=tmp_path / "c").failures == {1: TOO_LARGE}
    assert letters.calls() == ["a", "large", "b", "large"]


@pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL, and the kernel's word on who has died")
def test_no_process_outlives_the_first(tmp_path: Path) -> None:
    """After kill -9 of the first process the others end, though a library lets them run nothing of Python."""
    psutil = pytest.importorskip("psutil")
    log = tmp_path / "calls.txt"
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from matloop.features.computing import compute
from slow_letters import SlowLetters
compute(SlowLetters(log={str(log)!r}), ["stuck"] * 3 + ["a%d" % i for i in range(40)], n_jobs=2)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(SlowLetters(log=str(log)).calls()) < 10 and time.monotonic() < deadline:
        time.sleep(0.05)
    others = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    assert len(others) >= 2
    assert psutil.wait_procs(others, timeout=30)[1] == []


@pytest.mark.usefixtures("_importable")
def test_a_cell_that_kills_workers_of_a_cluster() -> None:
    """A cell that kills every Dask worker it meets ends as a failure, not the cluster: all others are computed."""
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    cells = [f"a{i}" for i in range(7)] + ["die"] + [f"b{i}" for i in range(6)]
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        client.run(sys.path.append, str(Path(__file__).parent))
        values, failures = compute(SlowLetters(), cells, client=client)
    assert failures == {7: DIED}
    assert np.array_equal(np.delete(values, 7, axis=0), SlowLetters().features(cells[:7] + cells[8:]).values)


def test_a_cluster_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that has lost its workers is not waited for without end."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "LOOKS_EVERY", 0.2)
    monkeypatch.setattr(workers, "WITHOUT_WORKERS", 0.5)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", processes=False) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
        pytest.raises(MatloopError, match="no workers any more") as caught,
    ):
        compute(Magpie(), ["MgO"], client=client)
    assert caught.value.hint


@pytest.mark.usefixtures("_importable")
def test_progress_is_told(letters: SlowLetters) -> None:
    """Progress counts the cells, ends at their number, and names what is computed."""
    told: list[tuple[float, float | None, str]] = []
    compute(letters, [f"a{i}" for i in range(12)], progress=lambda *now: told.append(now))
    assert told == [(5, 12, "slow_letters"), (10, 12, "slow_letters"), (12, 12, "slow_letters")]


def test_no_cells() -> None:
    """Nothing comes of nothing, in every way."""
    for made in (
        compute(Magpie(), []),
        compute(Magpie(), [], n_jobs=2),
        compute(Combined(["magpie", "fractions"]), []),
    ):
        assert made.values.shape[0] == 0
        assert not made.failures
