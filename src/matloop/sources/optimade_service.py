"""What an OPTIMADE provider says of itself: its version, its licence, its properties with their units."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from matloop.core.errors import BadAnswer, InputError, QueryRefused, SourceError, did_you_mean
from matloop.sources.answers import Answer
from matloop.sources.http import Client, json_of
from matloop.sources.providers import Provider

#: What is read of a structure; everything else is a property.
STRUCTURE = ("lattice_vectors", "cartesian_site_positions", "species", "species_at_sites", "dimension_types")
FORMULA = "chemical_formula_reduced"


@dataclass(frozen=True)
class Property:
    """A property of a provider's structures: its type is float, integer, string, boolean, or something composed."""

    type: str = ""
    unit: str | None = None
    description: str = ""


@dataclass(frozen=True)
class Service:
    """An OPTIMADE API of version 1: `url` with the version, and what it says of its structures."""

    url: str
    licence: str | None = None
    properties: dict[str, Property] = field(default_factory=dict)


def discovered(client: Client, provider: Provider) -> Service:
    """The service at a provider's address, through its index of databases where it has one.

    Raises SourceError where there is no OPTIMADE API of version 1, InputError where a database must be chosen.
    """
    url, info = _versioned(client, provider.url)
    if _attributes(info).get("is_index"):
        url, info = _versioned(client, _child(client, url, info, provider))
    return Service(url, _licence(_attributes(info)) or provider.licence, _described(client, url))


def _described(client: Client, url: str) -> dict[str, Property]:
    """The properties that a provider describes; its structures are there also where it describes none."""
    try:
        return _properties(client.ask(f"{url}/info/structures", _document))
    except QueryRefused:
        return {}


def _versioned(client: Client, base: str) -> tuple[str, dict[str, Any]]:
    """The address with its version, and the answer of /info there."""
    parts = urlsplit(base)
    path = re.sub(r"(/v\d+(\.\d+){0,2})?(/structures|/info)?/*$", "", parts.path.rstrip("/"))
    bare = f"{parts.scheme}://{parts.netloc}{path}"
    try:
        return f"{bare}/v1", client.ask(f"{bare}/v1/info", _document)
    except QueryRefused as error:
        versions = _versions(client, bare)
        if versions and "1" not in {version.split(".")[0] for version in versions}:
            spoken = ", ".join(versions)
            raise SourceError(f"{bare} speaks OPTIMADE {spoken[:60]}", "matloop speaks version 1") from error
        try:  # the specification lets an API without version answer as the newest one
            return bare, client.ask(f"{bare}/info", _document)
        except QueryRefused:
            hint = "give the base address, such as https://oqmd.org/optimade"
            raise SourceError(f"there is no OPTIMADE API at {bare}", hint) from error


def _versions(client: Client, bare: str) -> list[str]:
    """The major versions of an API, which /versions lists as CSV; none where it has no such list."""
    try:
        lines = client.ask(f"{bare}/versions", lambda answer: answer.body.decode("utf-8", "replace")).split()
    except (QueryRefused, SourceError):
        return []
    return [line.strip('",') for line in lines if re.fullmatch(r'"?v?\d+(\.\d+)*"?,?', line)]


def _child(client: Client, url: str, info: dict[str, Any], provider: Provider) -> str:
    """The address of the database behind an index: the only one, the default one, or the one that is named."""
    links = client.ask(f"{url}/links", _document)
    children = {
        str(link.get("id")): address
        for link in (links["data"] if isinstance(links["data"], list) else [])
        if isinstance(link, dict) and (address := _database(link))
    }
    asked = urlsplit(provider.url).fragment
    wanted = asked or _default(info)
    if wanted in children:
        return children[wanted]
    if len(children) == 1 and not asked:
        return next(iter(children.values()))
    if not children:
        raise SourceError(f"{provider.name} lists no database that can be asked", "give the address of its API")
    names = ", ".join(sorted(children))
    hint = (did_you_mean(asked, children) if asked else "") or f"choose one: --provider {provider.url}#{min(children)}"
    raise InputError(f"{provider.name} has several databases: {names[:300]}", hint)


def _database(link: dict[str, Any]) -> str | None:
    """The address of a child database that a link leads to."""
    attributes = link.get("attributes")
    if not isinstance(attributes, dict) or attributes.get("link_type") != "child":
        return None
    return link_text(attributes.get("base_url"))


def _default(info: dict[str, Any]) -> str:
    """The name of the database that an index calls its default; empty where it has none."""
    default: Any = _resource(info).get("relationships")
    for key in ("default", "data", "id"):
        default = default.get(key) if isinstance(default, dict) else None
    return str(default or "")


def _document(answer: Answer) -> dict[str, Any]:
    """A document of JSON:API. Raises BadAnswer for anything else."""
    document = json_of(answer)
    if not isinstance(document, dict) or "data" not in document:
        raise BadAnswer(f"{answer.url[:100]} answered something that is not OPTIMADE")
    return document


def _resource(document: dict[str, Any]) -> dict[str, Any]:
    data = document["data"]
    data = data[0] if isinstance(data, list) and data else data
    return data if isinstance(data, dict) else {}


def _attributes(document: dict[str, Any]) -> dict[str, Any]:
    attributes = _resource(document).get("attributes")
    return attributes if isinstance(attributes, dict) else {}


def link_text(link: Any) -> str | None:
    """The address of a link of JSON:API, which is a text, or an object with `href`, or null."""
    if isinstance(link, dict):
        link = link.get("href")
    return link if isinstance(link, str) and link else None


def _licence(attributes: dict[str, Any]) -> str | None:
    """The licence that the provider states: of its records, or of its API; by its name in SPDX, or a link."""
    for key in ("available_licenses_for_entries", "available_licenses"):
        names = attributes.get(key)
        if isinstance(names, list) and names:
            return " or ".join(str(name) for name in names)[:200]
    return (link_text(attributes.get("license")) or "")[:200] or None


def _properties(structures: dict[str, Any]) -> dict[str, Property]:
    """The properties of structures by their names."""
    listed = _resource(structures).get("properties") or _attributes(structures).get("properties")
    if not isinstance(listed, dict):
        return {}
    return {str(name): _property(told) for name, told in listed.items() if isinstance(told, dict)}


def _property(told: dict[str, Any]) -> Property:
    kind = told.get("x-optimade-type") or told.get("type")
    if isinstance(kind, list):  # JSON Schema: ["number", "null"]
        kind = next((one for one in kind if one != "null"), "")
    unit = told.get("x-optimade-unit") or told.get("unit")
    description = " ".join(str(told.get("description") or "").split())
    return Property(str(kind or ""), str(unit) if isinstance(unit, str) else None, description[:300])
