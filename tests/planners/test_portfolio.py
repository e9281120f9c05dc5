"""The portfolio of confidence bounds trusts and doubts in turn."""

import numpy as np
import pytest

from matloop import Maximize, Real, Space
from matloop.core.seeds import generator
from matloop.core.trial import Observation
from matloop.planners.portfolio import Portfolio


def test_the_exploration_weights_are_spread_exponentially() -> None:
    """Over many trials the β have the mean and the median of an exponential distribution; any eight span it."""
    betas = np.array([Portfolio(exploration=2.0).beta(number) for number in range(1, 4096)])
    assert betas.mean() == pytest.approx(2.0, rel=0.01)
    assert np.median(betas) == pytest.approx(2.0 * np.log(2.0), rel=0.01)
    for first in range(1, 64):
        few = betas[first : first + 8]
        assert few.min() < 0.5 * 2.0
        assert few.max() > 1.3 * 2.0


def test_a_batch_holds_a_cautious_and_a_curious_trial() -> None:
    """Within a batch some trials stay near the best that is known, others go where little is known."""
    space = Space(x=Real(0, 1))
    seen = [Observation(str(x), {"x": x}, {"y": -10 * (x - 0.2) ** 2}) for x in (0.0, 0.1, 0.2, 0.3, 0.4)]
    batch = Portfolio(starts=3).propose(space, [Maximize("y")], seen, [], 6, generator(0, 6))
    places = [proposal.point["x"] for proposal in batch]
    assert min(abs(x - 0.2) for x in places) < 0.1
    assert max(places) > 0.5
    assert all("σ" in proposal.reason and "y" in proposal.predicted for proposal in batch)
