"""A small HTTP server that answers as a test says, faults included, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from matloop.datasets.dataset import Dataset
from matloop.sources.fetching import fetch_into


@dataclass(frozen=True)
class Asked:
    """A request: its path, its query, its form where it was posted, and its headers."""

    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What is sent: `cut` ends the body after so many bytes, though its length promised more; `drip` is the time that
    each of its bytes takes, in seconds.
    """

    body: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: float = 0.0

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class FaultyServer:
    """`answer` is called with each request; the replies in `faults` come first, one for each request that they fit."""

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        self.answer = answer
        self.faults: list[tuple[Callable[[Asked], bool], Reply]] = []
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def fail(self, *replies: Reply, where: Callable[[Asked], bool] = lambda _: True) -> None:
        """Send these before the right answers."""
        self.faults += [(where, reply) for reply in replies]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply_to(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            for i, (fits, reply) in enumerate(self.faults):
                if fits(asked):
                    del self.faults[i]
                    return reply
        return self.answer(asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._respond({})

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                self._respond(dict(parse_qsl(self.rfile.read(length).decode())))

            def _respond(self, form: dict[str, str]) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = server.reply_to(Asked(parts.path, query, form, headers))
                content = reply.content
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if not reply.drip:
                    self.wfile.write(content[: reply.cut])
                    return
                with suppress(OSError):  # whoever asked may have gone
                    for i in range(len(content)):
                        self.wfile.write(content[i : i + 1])
                        time.sleep(reply.drip)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def fetched_into(path: Path, source: Any, query: dict[str, Any], **how: Any) -> Dataset:
    """The dataset as it stands in the file after `fetch_into`."""
    _, n = fetch_into(path, source, query, **how)
    dataset = Dataset.read(path)
    assert len(dataset) == n
    return dataset
