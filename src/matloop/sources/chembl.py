"""ChEMBL: molecules with their computed properties, or measured activities (REST)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from matloop.core.errors import BadAnswer, InputError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.dataset import Dataset, SetAside
from matloop.sources.answers import Answer
from matloop.sources.base import PoliteSource, first_records
from matloop.sources.chembl_records import activities, molecules
from matloop.sources.http import Client, json_of
from matloop.sources.links import with_value
from matloop.sources.paging import next_of, read_on
from matloop.sources.part import Link, Page, Part
from matloop.sources.records import Table

URL = "https://www.ebi.ac.uk/chembl/api/data"
LICENCE = "CC-BY-SA-3.0"
CITATION = "Zdrazil et al. 2024, Nucleic Acids Research 52, D1180, https://doi.org/10.1093/nar/gkad1004"
#: What can be asked for: the key of its list in an answer, and how its records become rows.
RESOURCES = {"molecule": ("molecules", molecules), "activity": ("activities", activities)}
KEYS = ("resource", "where", "page_limit")
#: The most records that ChEMBL gives at once.
LARGEST = 1000


class Chembl(PoliteSource):
    """`Chembl().fetch({"resource": "activity", "where": {"target_chembl_id": "CHEMBL240", "standard_type": "IC50"}})`.

    A query has `resource` (molecule or activity), `where` (filters in the way of ChEMBL, such as
    `molecule_properties__mw_freebase__lte`), and maybe `page_limit`.
    """

    def __init__(self, url: str = URL, per_second: float | None = None, is_fresh: bool = False) -> None:
        super().__init__(per_second, is_fresh)
        self._url = url.rstrip("/")

    def fetch(
        self,
        query: Mapping[str, Any],
        keep: Path | None = None,
        most: int | None = None,
        progress: Progress = silent,
    ) -> Dataset:
        """At most `most` records. Raises SourceError when ChEMBL gives nothing more; what came before is kept."""
        with self._read(query, keep, most, progress) as table:
            return table.held(progress)

    def write(
        self,
        path: Path,
        query: Mapping[str, Any],
        keep: Path,
        most: int | None = None,
        progress: Progress = silent,
    ) -> tuple[Dataset, int]:
        """The same in a file, written piece by piece, however many records there are."""
        with self._read(query, keep, most, progress) as table:
            return table.written(path, progress)

    @contextmanager
    def _read(
        self, query: Mapping[str, Any], keep: Path | None, most: int | None, progress: Progress
    ) -> Iterator[Table]:
        """What ChEMBL gave, once it has been read to the end."""
        asked = _asked(query)
        self.remarks.clear()
        with self._working(keep, progress) as (folder, client, told):
            part = Part(folder / "chembl")
            part.open({"source": "chembl", "url": self._url} | asked)
            try:
                with self._kept_on_failure(part):
                    read_on(ChemblBook(client, self._url, asked), part, most, told)
                self._compare("ChEMBL", part, most)
                yield self._table(part, asked["resource"], most)
            finally:
                part.close()

    def _table(self, part: Part, resource: str, most: int | None) -> Table:
        rows, columns = RESOURCES[resource][1](lambda: first_records(part.pages(), most), self._url)
        aside = [SetAside(place, why) for page in part.pages() for place, why in page.aside]
        return Table("chembl", self._url, columns, lambda: chain(aside, rows()), LICENCE, CITATION)


def filters(words: Iterable[str]) -> dict[str, str]:
    """{key: value} of words such as 'standard_type=IC50'. Raises InputError."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key.strip() and equals and value.strip()):
            raise InputError(f"'{word[:60]}' is no filter", "such as: standard_type=IC50, or pchembl_value__gte=6")
        found[key.strip()] = value.strip()
    return found


class ChemblBook:
    """A query as the pages that ChEMBL counts by offset."""

    def __init__(self, client: Client, url: str, query: Mapping[str, Any]) -> None:
        self._client, self._url, self._query = client, url, query
        self._key = RESOURCES[query["resource"]][0]

    def first(self) -> Link:
        asked = dict(self._query["where"]) | {"limit": str(self._query["page_limit"]), "offset": "0"}
        return f"{self._url}/{self._query['resource']}.json?{urlencode(asked, quote_via=quote)}"

    def turn_to(self, link: Link) -> Page:
        def read(answer: Answer) -> tuple[list[Any], dict[str, Any]]:
            told = json_of(answer)
            records = told.get(self._key) if isinstance(told, dict) else None
            if not isinstance(records, list) or not isinstance(told.get("page_meta"), dict):
                raise BadAnswer(f"ChEMBL answered without a list of {self._key}")
            return records, told["page_meta"]

        records, meta = self._client.ask(link, read)
        total = meta.get("total_count")
        following, aside = next_of(link, meta.get("next"), self.named(link))
        return Page(records, following, total if isinstance(total, int) else None, aside)

    def after(self, link: Link) -> Link | None:
        asked = dict(parse_qsl(urlsplit(link).query))
        try:
            return with_value(link, "offset", int(asked["offset"]) + int(asked["limit"]))
        except (KeyError, ValueError):
            return None

    def named(self, link: Link) -> str:
        offset = dict(parse_qsl(urlsplit(link).query)).get("offset", "")
        return f"page from record {int(offset) + 1} on" if offset.isdecimal() else f"page {link}"[:200]


def _asked(query: Mapping[str, Any]) -> dict[str, Any]:
    for key in query:
        if key not in KEYS:
            raise InputError(f"a query to ChEMBL has no '{key}'", did_you_mean(key, KEYS))
    resource = query.get("resource")
    if resource not in RESOURCES:
        raise InputError(f"matloop fetches no '{resource}' from ChEMBL", did_you_mean(resource, RESOURCES))
    where = {str(key): str(value) for key, value in (query.get("where") or {}).items()}
    for key in where:
        if key in ("limit", "offset", "format"):
            raise InputError(f"'{key}' is no filter", "pages are turned by matloop itself; --max limits the records")
    return {"resource": resource, "where": where, "page_limit": min(int(query.get("page_limit") or 500), LARGEST)}
