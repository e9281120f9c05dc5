"""PubChem: compounds by their names, numbers, SMILES, keys or formula, with computed properties (PUG REST)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset, SetAside
from matloop.datasets.provenance import LICENCE, ORIGIN
from matloop.datasets.provenance import column as provenance
from matloop.files.table import read_text
from matloop.sources import pubchem_properties
from matloop.sources.base import PoliteSource, first_records
from matloop.sources.paging import read_on
from matloop.sources.part import Part
from matloop.sources.pubchem_book import PubchemBook
from matloop.sources.records import Table

URL = "https://pubchem.ncbi.nlm.nih.gov/rest/pug"
LICENCE_WORDS = "no restriction by NCBI; contributors may claim rights"
CITATION = "Kim et al. 2025, Nucleic Acids Research 53, D1516, https://doi.org/10.1093/nar/gkae1059"
#: By what compounds can be named.
BY = ("name", "cid", "smiles", "inchikey", "formula")
#: No compound has a larger number: PubChem refuses a whole list for one that has.
LARGEST = 2**31 - 1
KEYS = ("by", "values", "properties")


class Pubchem(PoliteSource):
    """`Pubchem().fetch({"by": "name", "values": ["aspirin", "caffeine"]})`.

    A query has `by` (name, cid, smiles, inchikey or formula) and `values`, and may have `properties`. Of a name, SMILES
    or key the best match is taken, of a formula every compound.
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
        """The compounds that PubChem has; an identifier that it does not know is set aside.

        Raises SourceError when it gives nothing more; what came before is kept.
        """
        asked = _asked(query)
        self.remarks.clear()
        with self._working(keep, progress) as (folder, client, told):
            part = Part(folder / "pubchem")
            part.open({"source": "pubchem", "url": self._url} | asked)
            try:
                with self._kept_on_failure(part):
                    read_on(PubchemBook(client, self._url, asked, part), part, most, told)
                aside = [SetAside(place, why) for page in part.pages() for place, why in page.aside]
                return self._dataset(first_records(part.pages(), most), aside, progress)
            finally:
                part.close()

    def _dataset(self, records: Iterable[Any], aside: Sequence[SetAside], progress: Progress) -> Dataset:
        rows = [_row(record, self._url) for record in records]
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: _column(name) for name in names}
        table = Table("pubchem", self._url, columns, lambda: iter([*rows, *aside]), LICENCE_WORDS, CITATION)
        return table.held(progress)


def query_of(
    given: Mapping[str, Sequence[str] | None],
    file: Path | None = None,
    file_has: str = "name",
    properties: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The query for identifiers of one kind, from a command and from a file with one a line. Raises InputError."""
    lists = {by: list(values) for by, values in given.items() if values}
    if file is not None:
        if not file.is_file():
            raise InputError(f"there is no file {file}")
        lines = [line.strip() for line in read_text(file).splitlines()]
        lists.setdefault(file_has, []).extend(line for line in lines if line and not line.startswith("#"))
    if len(lists) > 1:
        raise InputError(f"compounds are given by {' and by '.join(lists)}", "one kind at a time")
    ((by, values),) = lists.items() if lists else (("name", []),)
    return {"by": by, "values": values, "properties": properties}


def _row(record: Mapping[str, Any], url: str) -> dict[str, Any]:
    smiles = next((record[name] for name in pubchem_properties.SMILES if record.get(name)), None)
    rest = {name: value for name, value in record.items() if name not in (*pubchem_properties.SMILES, "CID")}
    origin = {ORIGIN: f"{url}/compound/cid/{record.get('CID')}/JSON", LICENCE: LICENCE_WORDS}
    return {"cid": record.get("CID"), "smiles": smiles} | rest | origin


def _column(name: str) -> Column:
    if name == "cid":
        return Column(name, role="identity", description="the number of the compound in PubChem")
    if name == "smiles":
        return Column(name, role="material", kind="molecule")
    if name == "asked for":
        return Column(name, role="identity", kind="text", description="the identifier that led to it")
    return provenance(name) if name in (ORIGIN, LICENCE) else pubchem_properties.column(name)


def _asked(query: Mapping[str, Any]) -> dict[str, Any]:
    for key in query:
        if key not in KEYS:
            raise InputError(f"a query to PubChem has no '{key}'", did_you_mean(key, KEYS))
    by, values = query.get("by"), query.get("values") or []
    if by not in BY:
        raise InputError(f"compounds are not found by '{by}'", did_you_mean(by, BY))
    texts = list(dict.fromkeys(text for value in values if (text := str(value).strip())))
    if not texts:
        raise InputError("no compound is named", f"such as --{by} and its value")
    for text in texts if by == "cid" else []:
        if not text.isdecimal() or not 0 < int(text) <= LARGEST:
            raise InputError(f"'{text[:40]}' is no CID", "a CID is a whole number, such as 2244; names go with --name")
    properties = pubchem_properties.chosen(query.get("properties"))
    return {"by": by, "values": texts, "properties": properties[1:]}
