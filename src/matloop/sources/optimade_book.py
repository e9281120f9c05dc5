"""A query to one OPTIMADE provider, as the pages that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from matloop.core.errors import BadAnswer, InputError, QueryRefused, did_you_mean
from matloop.sources.answers import Answer
from matloop.sources.http import Client, json_of
from matloop.sources.links import host_of, with_value, without
from matloop.sources.optimade_service import FORMULA, STRUCTURE, Property, Service, discovered
from matloop.sources.paging import next_of
from matloop.sources.part import Link, Page
from matloop.sources.providers import Provider
from matloop.sources.refusals import refusal_of
from matloop.sources.salvage import whole_records

#: Where the provider says what it is; the link of the first page, which holds no records.
INFO = "info"
#: What can be a cell of a table.
SCALAR = ("float", "integer", "string", "boolean", "number", "timestamp")
#: Servers refuse addresses that are longer.
LONGEST = 6000


class OptimadeBook:
    """`query` has `filter` and maybe `fields` (properties; all plain ones of the provider unless given), `page_limit`,
    and `structures`: False leaves the structures out.
    """

    def __init__(self, client: Client, provider: Provider, query: Mapping[str, Any]) -> None:
        self._client, self._provider, self._query = client, provider, query
        self._warned: set[str] = set()

    def first(self) -> Link:
        return INFO

    def turn_to(self, link: Link) -> Page:
        if link == INFO:
            service = discovered(self._client, self._provider)
            return Page([], self._first_page(service), facts={"service": asdict(service)})
        try:
            return self._page(link)
        except BadAnswer as error:
            error.records = whole_records(error.body)
            raise
        except QueryRefused as error:
            smaller = without(link, "page_limit")
            if error.status not in (400, 403) or smaller == link or "page_limit" not in error.message:
                raise
            return self._page(smaller)  # the provider's own size

    def after(self, link: Link) -> Link | None:
        """By counting on, where pages are counted by offset or number."""
        asked = dict(parse_qsl(urlsplit(link).query)) if link != INFO else {}
        try:
            if "page_offset" in asked and "page_limit" in asked:
                return with_value(link, "page_offset", int(asked["page_offset"]) + int(asked["page_limit"]))
            if "page_number" in asked:
                return with_value(link, "page_number", int(asked["page_number"]) + 1)
        except ValueError:
            pass
        return None

    def named(self, link: Link) -> str:
        asked = dict(parse_qsl(urlsplit(link).query))
        counted = [f"{key}={value}" for key, value in asked.items() if key.startswith("page_") and key != "page_limit"]
        return f"page {' '.join(counted) or '1'}"[:200]

    def _first_page(self, service: Service) -> str:
        asked = {"filter": self._query.get("filter") or None, "response_fields": self._fields(service)}
        asked["page_limit"] = str(self._query.get("page_limit") or 100)
        words = urlencode({key: value for key, value in asked.items() if value}, quote_via=quote)
        return f"{service.url}/structures?{words}"

    def _fields(self, service: Service) -> str | None:
        """The properties to ask for; None where they are too many to name: then the provider chooses."""
        structure = STRUCTURE if self._query.get("structures", True) else ()
        self._require_known(service)
        own = self._query.get("fields") or [
            name for name, its in service.properties.items() if name.startswith("_") and its.type in SCALAR
        ]
        fields = ",".join(dict.fromkeys([FORMULA, *structure, "last_modified", *own]))
        return fields if len(fields) < LONGEST else None

    def _require_known(self, service: Service) -> None:
        for name in self._query.get("fields") or ():
            known = service.properties
            is_told = name.startswith("_") or any(not one.startswith("_") for one in known)  # some list only their own
            if known and is_told and name not in known:
                near = did_you_mean(name, service.properties)
                raise InputError(f"{self._provider.name} has no property '{name[:60]}'", near)

    def _page(self, link: str) -> Page:
        document = self._client.ask(link, _document)
        told_meta = document.get("meta")
        meta: dict[str, Any] = told_meta if isinstance(told_meta, dict) else {}
        delay = meta.get("request_delay")
        if isinstance(delay, int | float) and delay > 0:
            self._client.pause(link, float(delay))
        links = document.get("links")
        told = links.get("next") if isinstance(links, dict) else None
        following, aside = next_of(link, told.get("href") if isinstance(told, dict) else told, self.named(link))
        if following is None and not aside and meta.get("more_data_available") is True:
            aside = [[self.named(link), "it says that there are more, but not where"]]
        total = meta.get("data_returned")
        new = [words for words in _warnings(meta) if words not in self._warned]
        self._warned.update(new)
        facts = {"warnings": new} if new else {}
        return Page(document["data"], following, total if isinstance(total, int) else None, aside, facts)


def _document(answer: Answer) -> dict[str, Any]:
    document = json_of(answer)
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        said = refusal_of(answer)
        raise BadAnswer(f"{host_of(answer.url)} answered without a list of data" + (f": {said}" if said else ""))
    return document


def _warnings(meta: Mapping[str, Any]) -> list[str]:
    warnings = meta.get("warnings")
    if not isinstance(warnings, list):
        return []
    words = [warning.get("detail") or warning.get("title") for warning in warnings if isinstance(warning, dict)]
    return [word[:300] for word in dict.fromkeys(words) if isinstance(word, str)]


def service_of(facts: Mapping[str, Any]) -> Service:
    """The service as a page's facts have it."""
    told = dict(facts["service"])
    return Service(**told | {"properties": {name: Property(**its) for name, its in told["properties"].items()}})
