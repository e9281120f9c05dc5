"""Addresses: whose they are, where a page may lead, and how one is made of another."""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from matloop.core.errors import SourceError


def host_of(url: str) -> str:
    """The host of an address, with its port and without a login; of what is no address its beginning."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url[:60]
    except ValueError:
        return url[:60]


def without_login(url: str) -> str:
    """The address as it may be shown: without the name and the password of who asks."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def is_of_this_machine(host: str) -> bool:
    """Whether this is the computer itself, which needs no rest."""
    name = host.rpartition(":")[0] if host.count(":") == 1 else host
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost"


def is_safe_step(origin: str, target: str) -> bool:
    """Whether a host may lead from one address to another: within itself, or over https to another one."""
    start, end = urlsplit(origin), urlsplit(target)
    if end.scheme not in ("http", "https") or not end.hostname or (start.scheme, end.scheme) == ("https", "http"):
        return False
    return start.hostname == end.hostname or (end.scheme == "https" and not is_of_this_machine(end.hostname))


def joined(url: str, told: str) -> str | None:
    """The address that a host tells, which may be relative; None for what is none."""
    try:
        target = urljoin(url, told)
        urlsplit(target)
    except ValueError:
        return None
    return target


def at_home(link: str, told: str) -> str:
    """The following address as the host tells it, but on the host and under the path that were asked.

    Servers behind a gateway name themselves by the address that they have there; what counts of that is the query.
    Raises SourceError where it has none: what it leads to is not on this host.
    """
    here, there = urlsplit(link), urlsplit(joined(link, told) or "?" + told.partition("?")[2])
    if (there.scheme, there.netloc) == (here.scheme, here.netloc):
        return urlunsplit(there)
    if not there.query:
        raise SourceError(f"{here.netloc} leads to '{told[:100]}', where matloop does not follow")
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
