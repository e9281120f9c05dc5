"""Servers on loopback; a cache of each test's own; waits that are noted, not waited."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faulty_server import Asked, FaultyServer, Reply


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test fetched is unknown to the next."""
    monkeypatch.setenv("MATLOOP_CACHE", str(tmp_path / "cache"))


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
