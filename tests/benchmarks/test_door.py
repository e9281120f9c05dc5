"""Planners behind the door, in processes of their own."""

from collections.abc import Iterator

import numpy as np
import pytest
from bench_pools import small_pool

from benchmarks import protocol
from benchmarks.campaign import campaign
from benchmarks.client import PeerProcess
from benchmarks.peers.door import Peer, Session, Table

POOL = small_pool()


@pytest.fixture(scope="module", params=["random", "matloop"])
def process(request: pytest.FixtureRequest) -> Iterator[PeerProcess]:
    """One process for several campaigns, as in a run."""
    process = PeerProcess(request.param, patience=60)
    yield process
    process.close()


def test_a_campaign_chooses_each_row_once(process: PeerProcess) -> None:
    """The starts come first, no row twice, one time a suggestion."""
    record = campaign(process, POOL, 3, "mean", trials=8)
    assert record["rows"][:2] == protocol.starts(POOL, 3)
    assert len(set(record["rows"])) == 10
    assert len(record["cpu"]) == 8


def test_the_same_seed_gives_the_same_choices(process: PeerProcess) -> None:
    """A campaign depends on its seed alone, not on those that the process has seen before."""
    first = campaign(process, POOL, 4, "mean", trials=6)["rows"]
    campaign(process, POOL, 5, "mean", trials=6)
    assert campaign(process, POOL, 4, "mean", trials=6)["rows"] == first


def test_until_the_share_is_found(process: PeerProcess) -> None:
    """Without a number of trials it ends when 80 % of the top 5 % are found, and not before."""
    rows = campaign(process, POOL, 1, "single", trials=None)["rows"]
    top = POOL.top(0.05)
    assert top[rows].sum() >= 0.8 * top.sum() > top[rows[:-1]].sum()


def test_single_readings_repeat() -> None:
    """A replicate is drawn once for a campaign's row, and lies among that row's readings."""
    drawn = [protocol.answer(POOL, seed, 7, "single") for seed in range(30)]
    assert set(drawn) == set(POOL.readings[7].tolist())
    assert protocol.answer(POOL, 3, 7, "single") == drawn[3]


class Stubborn(Peer):
    """Proposes the first row again and again."""

    def ask(self) -> int:
        return 0


def test_a_row_tried_twice_is_an_error() -> None:
    """The door refuses a planner that proposes what was tried."""
    session = Session(Stubborn)
    table = {"pool": "small", "columns": {"x": [0.0, 1.0]}, "encoded": [[0.0], [1.0]], "goal": "maximize"}
    session.reply(table)
    with pytest.raises(RuntimeError, match="already tried"):
        session.reply({"seed": 0, "rows": [0], "values": [1.0]})


def test_nearest_untried_row() -> None:
    """A place between the rows is taken to the nearest row that was not tried."""
    peer = Stubborn(Table({"x": np.arange(3.0)}, np.array([[0.0], [0.5], [1.0]]), "maximize"))
    assert peer.nearest_untried(np.array([0.6])) == 1
    peer.rows.append(1)
    assert peer.nearest_untried(np.array([0.6])) == 2


def test_planners_cannot_read_the_order_of_the_file(process: PeerProcess) -> None:
    """Rows are shuffled at the door and come back by their numbers in the file."""
    process.give(POOL)
    assert sorted(process._order) == list(range(POOL.n))
    assert process._order.tolist() != list(range(POOL.n))
    rows = campaign(process, POOL, 2, "mean", trials=POOL.n - 2)["rows"]
    assert sorted(rows) == list(range(POOL.n))
