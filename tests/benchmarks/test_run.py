"""A run over peers, pools and seeds."""

from dataclasses import replace
from pathlib import Path

import pytest
from bench_pools import small_pool

from benchmarks import client, records, run
from benchmarks.environments import PeerUnavailableError
from benchmarks.peers.table import Peer

WANTED = ["--peers", "hebo", "random", "--pools", "autoam", "--seeds", "0", "2", "--trials", "3"]


@pytest.fixture
def run_without_hebo(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One peer cannot be installed; the list notes each time that somebody tried."""
    tried: list[str] = []
    found = client.python_of

    def python_of(peer: Peer) -> Path:
        if peer.environment == "hebo":
            tried.append(peer.package)
            raise PeerUnavailableError("no wheel for this machine")
        return found(peer)

    monkeypatch.setattr(client, "python_of", python_of)
    monkeypatch.setattr(run, "pool_of", lambda name: replace(small_pool(), name=name))
    return tried


def test_a_peer_that_cannot_be_installed_is_recorded(run_without_hebo: list[str], tmp_path: Path) -> None:
    """It stands in the records with its reason, is not installed again for each campaign, and stops nobody else."""
    run.main([*WANTED, "--out", str(tmp_path)])
    found = records.read(tmp_path)
    assert [r.get("error") for r in found] == ["no wheel for this machine"] * 2 + [None] * 2
    assert run_without_hebo == ["HEBO"]


def test_what_is_recorded_is_not_made_again(run_without_hebo: list[str], tmp_path: Path) -> None:
    """A second run adds what is missing and leaves the rest; --fresh makes a peer's campaigns anew."""
    run.main([*WANTED, "--out", str(tmp_path)])
    before = records.read(tmp_path)
    run.main([*WANTED, "--out", str(tmp_path)])
    assert records.read(tmp_path) == before
    run.main(
        [
            "--peers",
            "random",
            "--pools",
            "autoam",
            "--seeds",
            "0",
            "1",
            "--trials",
            "3",
            "--out",
            str(tmp_path),
            "--fresh",
        ]
    )
    assert [(r["peer"], r["seed"]) for r in records.read(tmp_path)] == [("hebo", 0), ("hebo", 1), ("random", 0)]
