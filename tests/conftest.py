"""What all tests share: the published data where they are, and an environment that leaks into none."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, however slow the machine: a failure means a change. HYPOTHESIS_PROFILE=explore looks
# for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# A shell without job control lets its background ignore Ctrl-C, and what the tests start would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
