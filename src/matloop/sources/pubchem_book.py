"""A query to PubChem as pages: identifiers looked up a few at a time, then the properties of the compounds found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from time import monotonic
from typing import Any
from urllib.parse import quote

from matloop.core.errors import BadAnswer, HostUnreachable, QueryRefused
from matloop.sources.answers import Answer
from matloop.sources.http import PATIENCE, Client, json_of
from matloop.sources.paging import MOST_BAD
from matloop.sources.part import Link, Page, Part
from matloop.sources.pubchem_properties import chosen

#: How many identifiers are looked up for a page, and of how many compounds the properties are asked for at once.
LOOKED_UP, TAKEN = 20, 200
#: How long a search that PubChem carries out in the background is left alone between two questions, in seconds.
POLL = 3.0


class PubchemBook:
    """`query` has `by` and `values`, and maybe `properties`. The part remembers which compounds were found."""

    def __init__(self, client: Client, url: str, query: Mapping[str, Any], part: Part) -> None:
        self._client, self._url, self._part = client, url, part
        self._by, self._values = query["by"], query["values"]
        self._properties = chosen(query.get("properties"))

    def first(self) -> Link:
        return {"take": 0} if self._by == "cid" else {"look": 0}

    def turn_to(self, link: Link) -> Page:
        return self._look_up(link["look"]) if "look" in link else self._take(link["take"])

    def after(self, link: Link) -> Link | None:
        if "look" in link:
            done = link["look"] + LOOKED_UP
            return {"look": done} if done < len(self._values) else {"take": 0}
        return {"take": link["take"] + TAKEN}

    def named(self, link: Link) -> str:
        ((what, number),) = link.items()
        return f"page of {'identifiers' if what == 'look' else 'compounds'} from number {number + 1} on"

    # -- looking up -------------------------------------------------------------------------------------------

    def _look_up(self, begin: int) -> Page:
        found: list[list[Any]] = []
        aside: list[list[str]] = []
        n_lost = 0
        for value in self._values[begin : begin + LOOKED_UP]:
            try:
                cids, n_lost = self._compounds(value), 0
            except BadAnswer as error:  # one that PubChem stumbles over must not cost its neighbours
                n_lost += 1
                if n_lost == MOST_BAD:
                    raise
                aside.append([value, error.message])
                continue
            if not cids:
                aside.append([value, f"PubChem has no compound with this {self._by}"])
            found += [[cid, value] for cid in (cids if self._by == "formula" else cids[:1])]
        return Page([], self.after({"look": begin}), aside=aside, facts={"found": found})

    def _compounds(self, value: str) -> list[int]:
        """The numbers of the compounds that an identifier names, the best match first."""
        try:
            if self._by == "formula":
                return self._listed(f"{self._url}/compound/fastformula/{quote(value, safe='')}/cids/JSON")
            return self._listed(f"{self._url}/compound/{self._by}/cids/JSON", {self._by: value})
        except QueryRefused as error:
            if error.status in (400, 404):  # 400: a SMILES that it cannot read
                return []
            raise

    def _listed(self, url: str, form: Mapping[str, str] | None = None) -> list[int]:
        told = self._client.ask(url, _object, form)
        begin = monotonic()
        while isinstance(waiting := told.get("Waiting"), dict):
            if monotonic() - begin > PATIENCE:
                raise HostUnreachable("PubChem still works on the search", "the same command later goes on")
            self._client.told("PubChem works on the search")
            self._client.pause(url, POLL)
            key = quote(str(waiting.get("ListKey")), safe="")
            told = self._client.ask(f"{self._url}/compound/listkey/{key}/cids/JSON", _object, is_kept=False)
        cids = told.get("IdentifierList", {}).get("CID", []) if isinstance(told.get("IdentifierList"), dict) else None
        if not isinstance(cids, list) or not all(isinstance(cid, int) for cid in cids):
            raise BadAnswer("PubChem answered without a list of compounds")
        return [cid for cid in cids if cid > 0]

    # -- taking -----------------------------------------------------------------------------------------------

    def _take(self, begin: int) -> Page:
        wanted = list(islice(self._found(), begin, begin + TAKEN))
        if not wanted:
            return Page([])
        names = dict(wanted)
        cids = ",".join(str(cid) for cid, _ in wanted)
        rows = {row["CID"]: row for row in self._rows(cids) if isinstance(row, dict) and row.get("CID") in names}
        records = [row | {"asked for": names[cid]} for cid, row in rows.items()]
        aside = [[f"CID {cid}", "PubChem gives nothing for it"] for cid in names if cid not in rows]
        n_in_all = sum(1 for _ in self._found())
        following = {"take": begin + TAKEN} if begin + TAKEN < n_in_all else None
        return Page(records, following, n_in_all, aside)

    def _rows(self, cids: str) -> list[Any]:
        url = f"{self._url}/compound/cid/property/{','.join(self._properties)}/JSON"
        try:
            return self._client.ask(url, _properties, {"cid": cids})
        except QueryRefused as error:
            if error.status == 404:  # it has none of them
                return []
            raise

    def _found(self) -> Iterator[tuple[int, str]]:
        """Each compound once, with the first identifier that named it."""
        if self._by == "cid":
            pairs: Iterator[Any] = ((int(value), value) for value in self._values)
        else:
            pairs = chain.from_iterable(page.facts.get("found", []) for page in self._part.pages())
        seen: set[int] = set()
        for cid, value in pairs:
            if cid not in seen:
                seen.add(cid)
                yield cid, value


def _object(answer: Answer) -> dict[str, Any]:
    told = json_of(answer)
    if not isinstance(told, dict):
        raise BadAnswer("PubChem answered something that is not its own")
    return told


def _properties(answer: Answer) -> list[Any]:
    table = _object(answer).get("PropertyTable")
    rows = table.get("Properties") if isinstance(table, dict) else None
    if not isinstance(rows, list):
        raise BadAnswer("PubChem answered without a table of properties")
    return rows
