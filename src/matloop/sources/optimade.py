"""OPTIMADE: one query to one or several databases of structures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError, QueryRefused, SourceError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.dataset import Dataset, SetAside
from matloop.sources import optimade_records
from matloop.sources.base import PoliteSource, first_records, with_what_is_kept
from matloop.sources.optimade_book import OptimadeBook, service_of
from matloop.sources.paging import read_on
from matloop.sources.part import Part
from matloop.sources.providers import Provider, provider
from matloop.sources.records import Table
from matloop.sources.union import PROVIDERS, united

KEYS = ("providers", "filter", "fields", "page_limit", "structures")


class Optimade(PoliteSource):
    """`Optimade().fetch({"providers": ["oqmd", "mp"], "filter": 'elements HAS "Ti"'})`.

    A query has `providers` (names, or addresses) and may have `filter` (in the language of OPTIMADE), `fields` (the
    properties that are wanted; all plain ones unless given), `page_limit`, and `structures`: False leaves them out.
    """

    def fetch(
        self,
        query: Mapping[str, Any],
        keep: Path | None = None,
        most: int | None = None,
        progress: Progress = silent,
    ) -> Dataset:
        """At most `most` records of each provider; materials that several of them have are one record.

        Raises SourceError where a provider failed; what the others and itself gave before is kept.
        """
        with self._read(query, keep, most, progress) as tables:
            made = self._held(tables, progress)
        return made[0] if len(made) == 1 else self._united(made, progress)

    def write(
        self,
        path: Path,
        query: Mapping[str, Any],
        keep: Path,
        most: int | None = None,
        progress: Progress = silent,
    ) -> tuple[Dataset, int]:
        """The same in a file; of one provider it is written piece by piece, however many records there are."""
        with self._read(query, keep, most, progress) as tables:
            if len(tables) == 1:
                return tables[0].written(path, progress)
            dataset = self._united(self._held(tables, progress), progress)
        dataset.save(path)
        return dataset, len(dataset)

    @contextmanager
    def _read(
        self, query: Mapping[str, Any], keep: Path | None, most: int | None, progress: Progress
    ) -> Iterator[list[Table]]:
        """What each provider gave, once all of them have been read to the end."""
        providers = _asked(query)
        self.remarks.clear()
        with self._working(keep, progress) as (folder, client, told):
            parts = {one: Part(folder / _as_file(one.name)) for one in providers}
            failures: dict[str, SourceError | QueryRefused] = {}
            try:
                for one, part in parts.items():
                    part.open({"source": "optimade", "url": one.url} | {key: query.get(key) for key in KEYS[1:]})
                    try:
                        read_on(OptimadeBook(client, one, query), part, most, told)
                    except (SourceError, QueryRefused) as error:
                        failures[one.name] = error
                    told.before += part.n_records
                if failures:
                    raise self._failed(failures, parts)
                yield [self._table(one, part, query, most) for one, part in parts.items()]
            finally:
                for part in parts.values():
                    part.close()

    def _held(self, tables: Sequence[Table], progress: Progress) -> list[Dataset]:
        """Of those providers that have any record which can be used. Raises InputError where none has."""
        made: list[Dataset] = []
        empty: list[InputError] = []
        for table in tables:
            try:
                made.append(table.held(progress))
            except InputError as error:
                empty.append(error)
                self.remarks.append(error.message)
        if not made:
            raise empty[0]
        return made

    def _table(self, one: Provider, part: Part, query: Mapping[str, Any], most: int | None) -> Table:
        service = service_of(next(part.pages()).facts)
        aside: list[SetAside] = []
        warnings: dict[str, None] = {}
        for page in part.pages():
            aside += [SetAside(f"{one.name}: {place}", why) for place, why in page.aside]
            warnings |= dict.fromkeys(page.facts.get("warnings", []))
        self.remarks += [f"{one.name} says: {word}" for word in list(warnings)[:5]]
        self._compare(one.name, part, most)
        return optimade_records.table(one, service, lambda: first_records(part.pages(), most), query, aside)

    def _united(self, made: list[Dataset], progress: Progress) -> Dataset:
        from matloop.sources.matching import best_matcher

        same, words = best_matcher()
        dataset = united(made, same, progress)
        n_shared = int(dataset.frame[PROVIDERS].str.contains(" ", regex=False).sum())
        self.remarks.append(f"{n_shared:,} materials are in more than one database, {words}; each origin is kept")
        return dataset

    def _failed(
        self, failures: Mapping[str, SourceError | QueryRefused], parts: Mapping[Provider, Part]
    ) -> SourceError | QueryRefused:
        first = next(iter(failures.values()))
        n_kept = sum(part.n_records for part in parts.values())
        if len(parts) == 1:
            return with_what_is_kept(first, first.message, first.hint, n_kept)
        lines = "; ".join(f"{name}: {error.message}" for name, error in failures.items())
        return type(first)(f"{lines} ({n_kept:,} records are kept)", "leave it out, or go on later")


def _asked(query: Mapping[str, Any]) -> list[Provider]:
    for key in query:
        if key not in KEYS:
            raise InputError(f"a query to OPTIMADE has no '{key}'", did_you_mean(key, KEYS))
    providers = list(dict.fromkeys(provider(name) for name in query.get("providers") or ()))
    if not providers:
        raise InputError("no provider is named", "such as --provider oqmd, or the address of any OPTIMADE API")
    return providers


def _as_file(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)[:100].lstrip(".") or "provider"
