"""OPTIMADE against its reference server, which is killed; and our client, which is killed too."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("optimade.server")
pytest.importorskip("mongomock")
pytest.importorskip("uvicorn")

import pandas as pd
from faulty_server import fetched_into
from optimade_server import ReferenceServer, entries

from matloop.core.errors import HostUnreachable, QueryRefused
from matloop.core.structure import Structure
from matloop.datasets.dataset import Dataset
from matloop.sources.fetching import part_of
from matloop.sources.optimade import Optimade

N, PAGE = 130, 10
SERVED = entries(N)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferenceServer]:
    server = ReferenceServer(tmp_path_factory.mktemp("optimade"), SERVED, page_limit=PAGE)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def whole(server: ReferenceServer) -> Dataset:
    """All that the server has, fetched without trouble."""
    return Optimade(is_fresh=True).fetch({"providers": [server.url], "page_limit": PAGE})


def pages_asked(server: ReferenceServer, after: int = 0) -> list[str]:
    """The offsets of the pages that the server has sent, from a place in its log on."""
    log = server.log[after:]
    return re.findall(r'GET /v1/structures\?(?:\S*page_offset=(\d+))?\S* HTTP/1.1" 200', log)


def test_everything_arrives(whole: Dataset) -> None:
    """Each record with its id, its structure to the last digit, its properties with their units, and its address."""
    assert len(whole) == N
    assert whole.set_aside == []
    assert whole.material is not None
    assert whole.material.kind == "structure"
    assert whole.columns["_test_band_gap"].unit == "eV"
    assert whole.columns["_test_band_gap"].role == "target"
    for entry, row in zip(SERVED, whole.frame.itertuples(), strict=True):
        structure = Structure.from_json(row.structure)
        assert row.id == entry["id"]
        assert structure.symbols == tuple(entry["attributes"]["species_at_sites"])
        assert structure.positions.tolist() == entry["attributes"]["cartesian_site_positions"]
        assert row.origin.endswith(f"/v1/structures/{row.id}")
    assert whole.frame["_test_band_gap"].tolist() == [entry["attributes"]["band_gap"] for entry in SERVED]
    assert set(whole.frame["_test_is_stable"]) == {"yes", "no"}


def test_the_filter_is_passed_through(server: ReferenceServer) -> None:
    chosen = 'elements HAS "Ti" AND _test_band_gap > 0.5'
    fetched = Optimade().fetch({"providers": [f"{server.url}/v1/"], "filter": chosen, "page_limit": PAGE})
    expected = [e["id"] for e in SERVED if "Ti" in e["attributes"]["elements"] and e["attributes"]["band_gap"] > 0.5]
    assert fetched.frame["id"].tolist() == expected


def test_a_filter_that_cannot_be_read_is_refused_in_the_servers_words(server: ReferenceServer) -> None:
    with pytest.raises(QueryRefused, match="Unable to parse filter"):
        Optimade().fetch({"providers": [server.url], "filter": 'elements HAS "Ti'})


def test_a_page_larger_than_the_server_allows_is_asked_for_smaller(server: ReferenceServer, whole: Dataset) -> None:
    fetched = Optimade().fetch({"providers": [server.url], "page_limit": 1000})
    pd.testing.assert_frame_equal(fetched.frame, whole.frame)


def test_formulas_alone(server: ReferenceServer) -> None:
    """Without structures the material is the formula, and only the fields that were asked for are there."""
    query = {"providers": [server.url], "structures": False, "fields": ["_test_band_gap"], "page_limit": PAGE}
    fetched = Optimade().fetch(query, most=25)
    assert len(fetched) == 25
    assert fetched.material is not None
    assert fetched.material.kind == "composition"
    assert set(fetched.columns) == {
        "id",
        "formula",
        "_test_band_gap",
        "last_modified",
        "origin",
        "licence",
        "record_hash",
    }


def test_a_server_killed_and_begun_again_in_the_middle_is_not_noticed(
    server: ReferenceServer, whole: Dataset, tmp_path: Path
) -> None:
    """The client waits, and goes on where it was; no record is missing and none is there twice."""
    killed = threading.Event()

    def progress(done: float, total: float | None, told: str = "") -> None:
        if done >= 5 * PAGE and not killed.is_set():
            killed.set()
            server.kill()
            threading.Thread(target=server.start).start()

    query = {"providers": [server.url], "page_limit": PAGE}
    fetched = fetched_into(tmp_path / "all.parquet", Optimade(is_fresh=True), query, progress=progress)
    assert killed.is_set()
    pd.testing.assert_frame_equal(fetched.frame, whole.frame)


def test_a_server_that_stays_away_loses_nothing(
    server: ReferenceServer, whole: Dataset, tmp_path: Path, waits: list[float]
) -> None:
    """What came before is kept, the error says so, and the same call later fetches only the rest."""
    path = tmp_path / "all.parquet"
    query = {"providers": [server.url], "page_limit": PAGE}
    state = {"killed": False}

    def progress(done: float, total: float | None, told: str = "") -> None:
        if done >= 6 * PAGE and not state["killed"]:
            state["killed"] = True
            server.kill()

    with pytest.raises(HostUnreachable, match="60 records are kept") as caught:
        fetched_into(path, Optimade(is_fresh=True), query, progress=progress)
    assert "the same command goes on" in caught.value.hint
    assert not path.exists()
    server.start()
    before = len(server.log)
    fetched = fetched_into(path, Optimade(is_fresh=True), query)
    pd.testing.assert_frame_equal(fetched.frame, whole.frame)
    assert pages_asked(server, before) == [str(n) for n in range(6 * PAGE, N, PAGE)]
    assert not part_of(path).exists()


def test_a_client_killed_again_and_again_gives_the_same_dataset(
    server: ReferenceServer, whole: Dataset, tmp_path: Path
) -> None:
    """kill -9 after some pages, several times; then the same command: no page that was finished is asked for again."""
    path = tmp_path / "all.parquet"
    words = ["fetch", "optimade", "--provider", server.url, "--page-limit", str(PAGE), "-o", str(path), "--quiet"]
    environment = os.environ | {"MATLOOP_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    before = len(server.log)
    n_kills = 0
    for n_pages in (3, 9):
        process = subprocess.Popen([sys.executable, "-m", "matloop", *words], env=environment)
        while process.poll() is None and len(list(tmp_path.rglob("page-*.json.gz"))) < n_pages:
            time.sleep(0.002)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            n_kills += 1
        process.wait()
    assert n_kills == 2
    told = subprocess.run([sys.executable, "-m", "matloop", *words], env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    fetched = Dataset.read(path)
    pd.testing.assert_frame_equal(fetched.frame, whole.frame)
    assert fetched.columns == whole.columns
    asked = pages_asked(server, before)
    assert len(asked) <= N // PAGE + n_kills
    assert not part_of(path).exists()
