"""Spaces, points and campaigns for property tests: every kind of parameter, awkward numbers included."""

import json
import math

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError

from matloop.core.choice import Choice
from matloop.core.mixture import Mixture
from matloop.core.parameter import Integer, Real
from matloop.core.pool import Pool
from matloop.core.space import Space

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: float(f"{x:.6g}"))
STEPS = st.sampled_from([0.05, 0.1, 0.25, 0.3, 0.7, 1e-3, 1 / 3, 2.5, 1e-9, 7.0, 1e-18])
WORDS = st.text("abcäøµλ0 -", min_size=1, max_size=8).filter(lambda word: word == word.strip() and word)


@st.composite
def reals(draw):
    if draw(st.booleans()):
        step, first, n = draw(STEPS), draw(st.integers(-50, 50)), draw(st.integers(1, 60))
        low = float(f"{first * step:.12g}")
        return Real(low, low + n * step * draw(st.sampled_from([1.0, 1.01])), step=step)
    low, width = draw(NUMBERS), draw(st.floats(1e-6, 1e6))
    log = draw(st.booleans())
    low = abs(low) + 1e-6 if log else low
    assume(low < low + width)
    return Real(low, low + width, log=log)


@st.composite
def integers(draw):
    low, n, step = draw(st.integers(-1000, 1000)), draw(st.integers(1, 100)), draw(st.integers(1, 7))
    return Integer(low, low + n * step, step=step)


@st.composite
def choices(draw):
    options = draw(
        st.one_of(
            st.lists(WORDS, min_size=1, max_size=6, unique=True),
            st.just([True, False]),
            st.lists(st.one_of(st.integers(-9, 9), st.sampled_from([0.5, 1.5])), min_size=1, max_size=5, unique=True),
            st.just(["none", 2, 0.5]),
        )
    )
    if len(options) > 1 and draw(st.booleans()):
        return Choice(options, descriptors={"size": [0.5 * i for i in range(len(options))], "same": [7] * len(options)})
    return Choice(options)


@st.composite
def mixtures(draw):
    n, total = draw(st.integers(2, 5)), draw(st.sampled_from([1.0, 100.0, 2.5, 0.3]))
    units = draw(st.integers(n, 12))
    lows = draw(st.lists(st.integers(0, units // n), min_size=n, max_size=n))
    highs = [draw(st.integers(low, units)) for low in lows]
    assume(sum(lows) <= units <= sum(highs))
    step = total / units
    parts = {
        f"part {i}": {"low": low * step, "high": high * step}
        for i, (low, high) in enumerate(zip(lows, highs, strict=True))
    }
    return Mixture(parts, total=total, step=step if draw(st.booleans()) else None)


@st.composite
def sparse_mixtures(draw):
    """Mixtures of which some components may be absent, with bounds that hold where they are present."""
    n, units = draw(st.integers(2, 5)), draw(st.integers(4, 12))
    total = draw(st.sampled_from([1.0, 100.0, 0.3]))
    step = total / units
    lows = draw(st.lists(st.integers(0, units // 2), min_size=n, max_size=n))
    parts = {
        f"share {i}": {"low": low * step, "high": draw(st.integers(max(low, 1), units)) * step, "required": i == 0}
        for i, low in enumerate(lows)
    }
    at_most = draw(st.integers(1, n))
    at_least = draw(st.none() | st.integers(1, at_most))
    try:
        return Mixture(parts, total=total, at_most=at_most, at_least=at_least, step=draw(st.sampled_from([None, step])))
    except ValidationError:
        return assume(False)


@st.composite
def pools(draw):
    n = draw(st.integers(1, 8))

    def column(cells):
        return draw(st.lists(cells, min_size=n, max_size=n))

    table = {"row": list(range(n)), "mass": column(NUMBERS), "name": column(WORDS), "is dry": column(st.booleans())}
    return Pool(table=table, label=draw(st.sampled_from([None, "name"])))


PARAMETERS = st.one_of(reals(), integers(), choices(), mixtures(), sparse_mixtures(), pools())


@st.composite
def spaces(draw, parameters=PARAMETERS):
    found = draw(st.lists(parameters, min_size=1, max_size=4))
    seen: set[str] = set()
    kept = {}
    for i, parameter in enumerate(found):
        name = f"p{i}"
        if not seen & set(parameter.variables(name)):
            kept[name] = parameter
            seen |= set(parameter.variables(name))
    return Space(**kept)


def uniform(n, width, seed=0):
    """Uniform numbers of shape (n, width), the corners of the unit cube among them."""
    u = np.random.default_rng(seed).random((n, width))
    u[0], u[1] = 0.0, np.nextafter(1.0, 0.0)
    return u


def is_enumerable(space, most=3000):
    return not math.isinf(space.n_points) and space.n_points <= most


@st.composite
def constrained_spaces(draw):
    """A space of every kind of parameter with constraints of every kind that can hold."""
    mixture = draw(st.sampled_from([None, 0.05]))
    space = {
        "a": Real(0, 10),
        "b": Real(-2, 10, step=0.4),
        "c": Real(0, 10),
        "n": Integer(0, 6),
        "s": Choice(["water", "ethanol", "none"]),
        "m": Mixture({"k": {"low": 0.1}, "na": {"high": 0.6}, "cs": {}}, step=mixture, at_most=2),
    }
    texts = draw(st.lists(st.sampled_from(CONSTRAINTS), min_size=1, max_size=3, unique=True))
    return Space(**space, constraints=texts)


CONSTRAINTS = [
    "a + 2 * b <= 12",
    "a * c >= 1 or n == 0",
    "a == 0 or c == 0",
    "count(a > 0, c > 0, n > 0) <= 2",
    "never s == 'water' and n > 3",
    "if s == 'water' then a <= 5 and b <= 5",
    "if k > 0 then n >= 1",
    "not (na > 0 and s == 'none')",
    "s in ['water', 'ethanol'] or b < 2",
    "k + na <= 0.9",
]


def as_toml(value):
    """Plain data as a TOML value."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {as_toml(v)}" for key, v in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
