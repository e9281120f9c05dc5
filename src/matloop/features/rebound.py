"""A function of another package that is given something else under one of the names that it uses.

For libraries that offer no parameter for it. Nothing is changed in the library itself: others who use it in the same
process, or in another thread, do not notice.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any


def rebound(function: Any, **names: Any) -> Any:
    """The same function, with these global names bound anew. Raises LookupError where it does not use one of them."""
    unused = [name for name in names if name not in function.__code__.co_names]
    if unused:
        raise LookupError(f"{function.__qualname__} of this version does not use {unused[0]}")
    scope = function.__globals__ | names
    found = FunctionType(function.__code__, scope, function.__name__, function.__defaults__, function.__closure__)
    found.__kwdefaults__ = function.__kwdefaults__
    return found
