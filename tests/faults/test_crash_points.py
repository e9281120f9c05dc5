"""kill -9 at every named point between two steps of the engine: P1 to P4 hold at each of them.

With MATLOOP_FAULTS=full the second occurrence of each point, the harmless labs and each point alone are tried too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

IS_FULL = os.environ.get("MATLOOP_FAULTS") == "full"
OCCURRENCES = (1, 2, 3) if IS_FULL else (1, 3)
KINDS = ("submitted", "observed")
POINTS = [
    *(f"commit.{when}:{kind}" for kind in ("created", "started") for when in ("before", "after")),
    *(f"commit.{when}:{kind}#{n}" for n in OCCURRENCES for kind in KINDS for when in ("before", "after")),
    *(f"send.{when}#{n}" for n in OCCURRENCES for when in ("before", "after")),
]
EVERY_LAB = [(effect, recall) for effect in ("irreversible", "repeatable", "none") for recall in (False, True)]
LABS = EVERY_LAB if IS_FULL else EVERY_LAB[:3]


@pytest.mark.parametrize(("effect", "recall"), LABS)
def test_killed_at_every_point_of_one_campaign(make_scene: Callable[..., Any], effect: str, recall: bool) -> None:
    """One campaign that dies at each point in turn, and is resumed each time, ends as if nothing had happened."""
    scene = make_scene(effect=effect, recall=recall, budget=52 if IS_FULL else 36)
    for point in POINTS:
        assert scene.run(point), f"{point} was not reached"
    scene.finish()


@pytest.mark.parametrize(("effect", "recall"), LABS)
def test_power_cuts_at_every_point(make_scene: Callable[..., Any], effect: str, recall: bool) -> None:
    """The same with the lab's own processes dying at that moment too: what they did is recalled, repeated or asked."""
    scene = make_scene(effect=effect, recall=recall, budget=52 if IS_FULL else 36)
    for point in POINTS:
        assert scene.run(point, power_cut=True), f"{point} was not reached"
    scene.finish()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("effect", "recall"), LABS)
def test_killed_at_the_end(make_scene: Callable[..., Any], effect: str, recall: bool, when: str) -> None:
    """Around the very last commit nothing is done once more."""
    scene = make_scene(effect=effect, recall=recall, budget=2)
    assert scene.run(f"commit.{when}:finished")
    n = len(scene.effects)
    scene.finish()
    assert len(scene.effects) == n == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("recall", [False, True])
def test_killed_when_a_trial_turns_out_never_begun(make_scene: Callable[..., Any], recall: bool, when: str) -> None:
    """An intent that never reached the lab is found out at resuming, also by an engine that dies over it."""
    scene = make_scene(recall=recall, budget=3)
    assert scene.run("send.before")
    assert scene.run(f"commit.{when}:not_begun")
    scene.finish()
    assert len(scene.effects) == 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_when_a_trial_becomes_unknown(make_scene: Callable[..., Any], when: str) -> None:
    """A trial whose program died under way is asked about once, also by an engine that dies over the question."""
    scene = make_scene(budget=2, capacity=1)
    scene.set_seconds(30)
    assert scene.run_and_kill(lambda: scene.effects, power_cut=True)
    scene.set_seconds(0.01)
    assert scene.run(f"commit.{when}:unknown")
    assert scene.run(f"commit.{when}:paused")
    assert len(scene.effects) == 2
    scene.finish()
    assert [event.kind for event in scene.events].count("unknown") == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_when_a_trial_fails(make_scene: Callable[..., Any], when: str) -> None:
    """A sample that cracked is a result like any other: it is recorded once, and not repeated."""
    scene = make_scene(budget=3)
    (scene.folder / "cracks").touch()
    assert scene.run(f"commit.{when}:failed#2")
    scene.finish()
    assert len(scene.effects) == 3


@pytest.mark.parametrize("point", POINTS if IS_FULL else POINTS[:2])
@pytest.mark.parametrize(("effect", "recall"), LABS)
def test_killed_once(make_scene: Callable[..., Any], effect: str, recall: bool, point: str) -> None:
    """A campaign that dies once, at this point, ends as if nothing had happened."""
    scene = make_scene(effect=effect, recall=recall, budget=6)
    assert scene.run(point)
    scene.finish()
    assert len(scene.effects) == 6
