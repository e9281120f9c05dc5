"""A server of runs for each file of fault tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

if os.name == "nt":
    collect_ignore_glob = ["test_*.py"]  # kill -9 and fork as POSIX knows them
else:
    from scene import Driver, Scene


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    serving = Driver()
    yield serving
    serving.close()


@pytest.fixture
def make_scene(tmp_path: Path, driver: Any) -> Callable[..., Any]:
    def make(**settings: Any) -> Any:
        return Scene(tmp_path, driver, **settings)

    return make
