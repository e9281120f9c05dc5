"""Servers on loopback; a cache of each test's own; waits that are noted, not waited."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faulty_server import Asked, FaultyServer, Reply


@pytest.fixture(autouse=True)
def _own_cache_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test fetched is unknown to the next; and no server is given a rest."""
    monkeypatch.setenv("MATLOOP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("matloop.sources.http.PER_SECOND", 10_000.0)  # the servers here are our own


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client wanted to wait, which nobody waits."""
    noted: list[float] = []
    monkeypatch.setattr("matloop.sources.http.sleep", noted.append)
    return noted


Serve = Callable[[Callable[[Asked], Reply]], FaultyServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes servers that are closed when the test ends."""
    pytest.importorskip("httpx")
    servers: list[FaultyServer] = []

    def begin(answer: Callable[[Asked], Reply]) -> FaultyServer:
        servers.append(FaultyServer(answer))
        return servers[-1]

    yield begin
    for server in servers:
        server.close()
