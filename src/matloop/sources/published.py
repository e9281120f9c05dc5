"""Published datasets by name: from the folder MATLOOP_DATA, or fetched from their origin; always checked by hash."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from matloop.core.errors import HostUnreachable, InputError, TableError, did_you_mean
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.files.cache import cache_folder
from matloop.files.published import VARIABLE
from matloop.files.whole import sha256_of

_TABLE = Path(__file__).with_name("published.toml")


class File(BaseModel):
    """A file of a dataset: `file` below MATLOOP_DATA, `at` in its repository, with its hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    at: str | None = None
    sha256: str
    sheet: str | None = None
    joins: str | None = None
    says: dict[str, str] = {}


class PublishedColumn(Column):
    """A column, with what its file calls it, and with the words for its values where it has numbers for them."""

    header: str | None = None
    values: dict[str, str] = Field(default_factory=dict)


class Published(BaseModel):
    """The card of a published dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    source: str
    licence: str
    citation: list[str]
    notes: list[str] = []
    derived: str = ""
    layout: str = "table"
    rows: int
    has_header: bool = True
    files: list[File]
    columns: list[PublishedColumn]

    @property
    def address(self) -> str:
        """Where people can look at the origin."""
        repository, _, commit = self.source.partition("@")
        return f"https://github.com/{repository}/tree/{commit}"

    def url(self, file: File) -> str | None:
        """Where a file is fetched from; None for one that was derived."""
        if file.at is None:
            return None
        repository, _, commit = self.source.partition("@")
        return f"https://raw.githubusercontent.com/{repository}/{commit}/{quote(file.at)}"


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Any]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


def published_names() -> list[str]:
    """The names of all of them."""
    return sorted(_all())


def card(name: str) -> Published:
    """What is known of a dataset without having it. Raises InputError that names the nearest one."""
    if name not in _all():
        raise InputError(
            f"there is no published dataset '{name[:60]}'", did_you_mean(name, _all()) or "matloop datasets lists them"
        )
    return Published.model_validate({"name": name, **_all()[name]})


def found_here(file: File) -> Path | None:
    """The file below MATLOOP_DATA, where it is there."""
    folder = os.environ.get(VARIABLE)
    path = Path(folder).expanduser() / file.file if folder else None
    return path if path is not None and path.is_file() else None


def load_dataset(name: str) -> Dataset:
    """A published dataset by its name, such as `load_dataset("matbench_expt_gap")`; `matloop datasets` lists them.

    Raises InputError for an unknown name or a file with another content, HostUnreachable where it cannot be fetched.
    """
    from matloop.sources.published_table import dataset

    its = card(name)
    return dataset(its, [_path(its, file) for file in its.files])


def _path(its: Published, file: File) -> Path:
    """The file, whose content is what was published."""
    path = found_here(file)
    if path is None:
        return _fetched(its, file)
    if (found := sha256_of(path)) != file.sha256:
        raise TableError(
            f"{path} is not what was published as {its.name}: its SHA-256 begins with {found[:12]}, "
            f"and should with {file.sha256[:12]}",
            f"put the published file there, or leave {VARIABLE} unset to have it fetched",
        )
    return path


def _fetched(its: Published, file: File) -> Path:
    url = its.url(file)
    if url is None:
        raise InputError(
            f"{its.name} cannot be fetched: it is {its.derived}",
            f"set {VARIABLE} to the folder that has {file.file}; the originals are at {its.address}",
        )
    import pooch
    import requests

    folder, _ = cache_folder("published")
    pooch.get_logger().setLevel("ERROR")
    try:
        return Path(pooch.retrieve(url, f"sha256:{file.sha256}", fname=file.file.replace("/", "--"), path=folder))
    except ValueError as error:
        hint = "it was changed on its way or at its origin; nothing of it is used"
        raise TableError(f"what came from {url} is not what was published as {its.name}", hint) from error
    except requests.RequestException as error:
        hint = f"is this computer connected? A folder with copies of the published files is named by {VARIABLE}"
        raise HostUnreachable(f"{its.name} cannot be fetched: {_why(error)}", hint) from error


def _why(error: Any) -> str:
    import requests

    url = str(error.request.url) if error.request is not None else "its origin"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{url} answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return f"{url} does not answer"
    return f"{url} cannot be reached"
