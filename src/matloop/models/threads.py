"""How many threads models take: one for linear algebra, faster at the sizes of a campaign; forests as they are told."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import scipy.linalg  # noqa: F401 - its BLAS must be there when the controller looks for libraries
from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Within this context the BLAS libraries use a single thread: the same bits whatever the machine's load."""
    return _controller().limit(limits=1, user_api="blas")


def on_threads(model: Any, n: int) -> None:
    """Let what has an `n_jobs` in a model work in n threads, also within what wraps a fitted regressor."""
    parts: tuple[Any, ...] = (model, getattr(model, "regressor_", None))
    for part in parts:
        if hasattr(part, "get_params"):
            part.set_params(**{name: n for name in part.get_params() if name.split("__")[-1] == "n_jobs"})
