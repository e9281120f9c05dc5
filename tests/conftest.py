"""What all tests share: the published data where they are, and an environment that leaks into none."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on a setting of whoever runs it."""
    for name in ("MATLOOP_CRASH", "MATLOOP_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of the published datasets; the test is skipped where it is not there."""
    folder = os.environ.get("MATLOOP_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MATLOOP_DATA does not name the folder of published data")
    return Path(folder)
