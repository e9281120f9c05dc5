"""Formulas for tests of composition features."""

from hypothesis import strategies as st

from matloop.core.composition import SYMBOLS
from matloop.core.registry import load, names

#: Every featurizer of compositions that is registered.
NAMES = [name for name in names("features") if load("features", name).kind == "composition"]

#: Symbol -> amount.
FORMULAS = st.dictionaries(st.sampled_from(SYMBOLS[:94]), st.integers(1, 9), min_size=1, max_size=5)


def scaled(parts: dict[str, int], factor: int) -> str:
    return "".join(f"{symbol}{factor * amount}" for symbol, amount in parts.items())


def shuffled(parts: dict[str, int]) -> str:
    return scaled(dict(reversed(list(parts.items()))), 1)
