"""One thread for linear algebra: faster at the sizes of a campaign, and the same bits whatever the machine's load."""

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
    """Within this context the BLAS libraries use a single thread."""
    return _controller().limit(limits=1, user_api="blas")
