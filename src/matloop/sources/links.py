"""The addresses of pages: those that follow, always on the host that was asked."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit


def at_home(link: str, told: str) -> str:
    """The following address as the host tells it, but on the host and under the path that were asked.

    Servers behind a gateway name themselves by the address that they have there; what counts of that is the query.
    """
    try:
        there = urlsplit(urljoin(link, told))
    except ValueError:
        there = urlsplit("?" + told.partition("?")[2])
    here = urlsplit(link)
    if (there.scheme, there.netloc) == (here.scheme, here.netloc):
        return urlunsplit(there)
    return urlunsplit((here.scheme, here.netloc, here.path, there.query, ""))


def with_value(link: str, key: str, value: object) -> str:
    """The same address with another value in its query."""
    parts = urlsplit(link)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True)) | {key: str(value)}
    return urlunsplit(parts._replace(query=urlencode(asked, quote_via=quote)))


def without(link: str, key: str) -> str:
    """The same address without a key of its query."""
    parts = urlsplit(link)
    asked = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != key]
    return urlunsplit(parts._replace(query=urlencode(asked, quote_via=quote)))
