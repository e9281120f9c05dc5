"""Where results were measured, as a model sees it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matloop.core.space import Space
from matloop.core.trial import Observation

#: What was measured this many ranges outside of the space counts as measured there: it says nothing of the space either
#: way, and from much farther (a wrong unit) rounding would leave no distance right.
FAR = 100.0


def inputs_of(space: Space, observations: Sequence[Observation]) -> np.ndarray:
    """The encoded places (n, d), achieved values before planned ones, none of them farther out than `FAR`."""
    return np.clip(space.encode(space.columns([o.location for o in observations])), -FAR, FAR)
