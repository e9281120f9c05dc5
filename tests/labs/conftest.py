"""A command lab in a folder of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lab_bench import OBJECTIVES, SPACE

from matloop.labs.command import CommandLab


@pytest.fixture
def make_lab(tmp_path: Path) -> Callable[..., CommandLab]:
    """A prepared command lab whose program is Python source; the same folder each time, as after a restart."""

    def make(source: str = "print(1)", objectives: Any = OBJECTIVES, **settings: Any) -> CommandLab:
        (tmp_path / "lab.py").write_text(source, encoding="utf-8")
        if "recall" in settings:
            (tmp_path / "recall.py").write_text(settings["recall"], encoding="utf-8")
            settings["recall"] = [sys.executable, "recall.py"]
        lab = CommandLab([sys.executable, "lab.py"], **settings)
        lab.prepare(SPACE, objectives, tmp_path / "work" / "camp", tmp_path)
        return lab

    return make


@pytest.fixture
def data_folder() -> Path:
    """The folder of published datasets."""
    folder = os.environ.get("MATLOOP_DATA")
    if not folder:
        pytest.skip("MATLOOP_DATA names no folder of published datasets")
    return Path(folder)
