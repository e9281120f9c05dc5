"""A provider in a few lines, to be given faults: it answers in the shapes of OPTIMADE, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from faulty_server import Asked, Reply

PROPERTIES = {
    "_own_gap": {"type": "float", "unit": "eV", "description": "of the band"},
    "_own_energy": {"type": "number", "x-optimade-unit": "eV/atom", "description": ""},
    "_own_shape": {"type": "string", "description": ""},
    "_own_tensor": {"type": "list", "unit": "GPa", "description": ""},
}


@dataclass
class Provider:
    """`style` is how pages are counted: offset, number or above (a cursor); `link` makes the link to the next one."""

    records: Sequence[dict[str, Any]]
    style: str = "offset"
    link: Callable[[str], Any] = lambda address: address
    info: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=lambda: PROPERTIES)
    meta: dict[str, Any] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == "/v1/info":
            return Reply({"data": {"id": "/", "type": "info", **self.info}, "meta": {"api_version": "1.1.0"}})
        if asked.path == "/v1/info/structures":
            return Reply({"data": {"properties": self.properties, "description": "structures"}})
        if asked.path == "/v1/links":
            return Reply({"data": self.links})
        if asked.path == "/v1/structures":
            return self._page(asked)
        return Reply({"errors": [{"detail": "Not Found", "status": "404"}]}, 404)

    def _page(self, asked: Asked) -> Reply:
        size = int(asked.query.get("page_limit", 10))
        start = self._start(asked, size)
        chosen = list(self.records[start : start + size])
        following = None
        if start + size < len(self.records):
            query = asked.query | self._cursor(start + size, size, chosen)
            following = self.link(f"http://{asked.headers['host']}/v1/structures?{urlencode(query)}")
        meta = {"data_returned": len(self.records), "more_data_available": following is not None} | self.meta
        return Reply({"data": chosen, "links": {"next": following}, "meta": meta})

    def _start(self, asked: Asked, size: int) -> int:
        if self.style == "number":
            return (int(asked.query.get("page_number", 1)) - 1) * size
        if self.style == "above":
            names = [record.get("id") for record in self.records]
            return names.index(asked.query["page_above"]) + 1 if "page_above" in asked.query else 0
        return int(asked.query.get("page_offset", 0))

    def _cursor(self, start: int, size: int, chosen: list[dict[str, Any]]) -> dict[str, str]:
        if self.style == "number":
            return {"page_number": str(start // size + 1)}
        return {"page_above": chosen[-1]["id"]} if self.style == "above" else {"page_offset": str(start)}
