"""Keeps Python's warning filters whole while scikit-learn fits in several threads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: What scikit-learn says of each task once the filters are empty.
_OF_EMPTY_FILTERS = "sklearn.utils.parallel.delayed"


@contextmanager
def steady_warnings() -> Iterator[None]:
    """Filters are afterwards what they were, and what scikit-learn says of their absence is not shown.

    scikit-learn 1.9 sets the filters anew in each task of a forest. Before Python 3.14 they belong to the process, so
    that two threads that put back what they found can leave none at all, and each later task warns.
    """
    filters, show = list(warnings.filters), warnings.showwarning

    def shown(message: Any, *rest: Any, **more: Any) -> None:
        if _OF_EMPTY_FILTERS not in str(message):
            show(message, *rest, **more)

    warnings.showwarning = shown
    try:
        yield
    finally:
        warnings.showwarning = show
        warnings.filters[:] = filters  # type: ignore[index]
