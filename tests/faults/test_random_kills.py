"""kill -9 at random moments, of the engine alone or of everything at once: twenty always, a hundred on demand."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

KILLS_EACH = 5
N_CAMPAIGNS = 20 if os.environ.get("MATLOOP_FAULTS") == "full" else 4
LABS = [("irreversible", False), ("repeatable", False), ("irreversible", True), ("none", False)]


@pytest.mark.parametrize("seed", range(N_CAMPAIGNS))
def test_killed_at_random_moments(make_scene: Callable[..., Any], seed: int) -> None:
    """A campaign killed five times, anywhere, ends with every effect once where it must be, and every value true."""
    rng = random.Random(seed)
    effect, recall = LABS[seed % len(LABS)]
    scene = make_scene(effect=effect, recall=recall, budget=24, capacity=rng.randint(1, 3), batch=rng.randint(1, 4))
    scene.set_seconds(rng.choice([0.0, 0.02, 0.05]))
    for _ in range(KILLS_EACH):
        after = len(scene.acknowledged) + rng.randint(0, 6)
        pause = rng.uniform(0, 0.05 if after else 0.2)

        def is_the_moment(after: int = after, pause: float = pause) -> bool:
            if len(scene.acknowledged) < after:
                return False
            time.sleep(pause)
            return True

        assert scene.run_and_kill(is_the_moment, power_cut=rng.random() < 0.6)
    scene.finish()
