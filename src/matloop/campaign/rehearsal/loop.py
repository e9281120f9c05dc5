"""One rehearsed campaign: propose, ask the lab, observe, with no journal and no waiting.

The planner is asked as in earnest (campaign/planning.py), with the same seeds and the same checks. A batch is planned
in one breath and its results arrive together. Replicates and noise are drawn from the campaign's seed and the trial's
number, so that they differ from seed to seed and are the same for every planner.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from matloop.campaign.planning import proposals
from matloop.campaign.rehearsal.scene import Configuration, Scene
from matloop.campaign.rehearsal.truth import true_values
from matloop.core.merit import best, counting
from matloop.core.seeds import generator
from matloop.core.space import Point
from matloop.core.spec import CampaignSpec
from matloop.core.state import TrialState
from matloop.core.trial import Observation, Outcome, Status
from matloop.planners.designs import Random


class Interrupted(Exception):
    """The rehearsal was told to stop."""


@dataclass
class Rehearsed:
    """What became of one campaign."""

    configuration: str
    seed: int
    #: The true values of its trials, (n, objectives); not-a-number for a trial that gave nothing.
    true: np.ndarray
    #: The position of the trial that the campaign itself calls the best of its budget; −1 without one.
    named: int = -1
    #: Why it ended before its time; empty where it did not.
    stopped: str = ""
    #: CPU seconds in the planner, and in all the rest.
    planner_seconds: float = 0.0
    other_seconds: float = 0.0
    n_trials: int = 0


@dataclass
class _Course:
    """A campaign under way."""

    scene: Scene
    configuration: Configuration
    spec: CampaignSpec
    points: list[Point] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    #: The places of the trials that gave nothing, and those that gave a value not known to be the truth.
    faults: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    measured: list[list[float]] = field(default_factory=list)
    planner_seconds: float = 0.0


def rehearse(
    scene: Scene, configuration: Configuration, seed: int, is_stopped: Callable[[], bool] = lambda: False
) -> Rehearsed:
    """Carry one campaign out. Raises Interrupted; whatever a planner raises ends this campaign alone, and is told."""
    began = time.process_time()
    course = _Course(scene, configuration, _seeded(scene, configuration, seed))
    stopped = ""
    try:
        _carry_out(course, is_stopped)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - planners are foreign code: the other campaigns go on
        stopped = f"the planner failed: {error}"
    done = _rehearsed(course, seed, stopped or _too_many_faults(course))
    done.other_seconds = time.process_time() - began - done.planner_seconds
    return done


def _seeded(scene: Scene, configuration: Configuration, seed: int) -> CampaignSpec:
    settings = scene.spec.campaign.model_copy(update={"seed": seed})
    return scene.spec.model_copy(update={"campaign": settings, "planner": configuration.planner})


def _carry_out(course: _Course, is_stopped: Callable[[], bool]) -> None:
    configuration, budget = course.configuration, course.scene.budget
    if course.scene.starts:
        _batch(course, Random(), min(course.scene.starts, budget))
    n_starts = len(course.points)
    size = budget if configuration.is_random else configuration.batch
    while len(course.points) < budget and not _too_many_faults(course):
        if is_stopped():
            raise Interrupted
        if not _batch(course, configuration.planner, min(size, budget - len(course.points))):
            return
    if configuration.is_random:
        _follow_on(course, n_starts)


def _follow_on(course: _Course, n_starts: int) -> None:
    """The points to which this very random search comes after its budget: a longer draw begins with the shorter."""
    space, objectives = course.spec.space, course.spec.objectives
    rng = generator(course.spec.campaign.seed, n_starts + 1)
    n = course.scene.horizon(course.configuration) - n_starts
    drawn = Random().propose(space, objectives, course.observations[:n_starts], [], n, rng)
    course.points += [proposal.point for proposal in drawn[len(course.points) - n_starts :]]


def _batch(course: _Course, planner: object, n: int) -> int:
    """Plan n trials and take their results; returns how many the planner had to offer."""
    first = len(course.points) + 1
    began = time.process_time()
    told = proposals(course.spec, planner, course.observations, [], first, n)  # type: ignore[arg-type]
    course.planner_seconds += time.process_time() - began
    for number, proposal in enumerate(told, start=first):
        course.points.append(proposal.point)
        _measure(course, number, proposal.point)
    return len(told)


def _measure(course: _Course, number: int, point: Point) -> None:
    lab_rng, noise_rng = generator(course.spec.campaign.seed, number).spawn(2)
    outcome = course.scene.lab.rehearse([point], lab_rng)[0]
    names = [wish.name for wish in course.spec.objectives]
    if outcome.failed is None and any(name not in outcome.values for name in names):
        outcome = Outcome(failed="no value for an objective", is_fault=True)
    course.measured.append([outcome.values.get(name, np.nan) for name in names])
    seen = _with_noise(course, outcome, noise_rng)
    if outcome.failed is not None:
        (course.faults if outcome.is_fault else course.failed).append(number - 1)
    status = Status.DONE if seen.failed is None else Status.FAILED
    observation = TrialState(f"{number:04d}", number, point, "", status=status, outcome=seen).observation
    if observation is not None:
        course.observations.append(observation)


def _with_noise(course: _Course, outcome: Outcome, rng: np.random.Generator) -> Outcome:
    if not course.configuration.noise.size or outcome.failed is not None:
        return outcome
    std = course.scene.std_of(course.configuration.noise)
    drawn = dict(zip((w.name for w in course.spec.objectives), std * rng.standard_normal(len(std)), strict=True))
    values = {name: value + float(drawn.get(name, 0.0)) for name, value in outcome.values.items()}
    return outcome.model_copy(update={"values": values})


def _too_many_faults(course: _Course) -> str:
    """The rule by which a campaign pauses (`pause_after`); a rehearsal ends then."""
    most, window = course.spec.campaign.pause_after
    n = sum(place >= len(course.measured) - window for place in course.faults)
    return f"{n} of the last {window} trials failed in the lab" if n >= most else ""


def _rehearsed(course: _Course, seed: int, stopped: str) -> Rehearsed:
    scene = course.scene
    if scene.quiet_lab is None:
        true = np.array(course.measured, float).reshape(-1, len(course.spec.objectives))
    else:
        true = true_values(course.spec, scene.quiet_lab, course.points)
    rough = [i for i, point in enumerate(course.points) if not course.spec.space.is_true(point)]
    true[[*course.faults, *course.failed, *rough]] = np.nan
    observations = counting(course.spec.space, course.observations)
    leaders = best(course.spec.objectives, observations)
    named = int(observations[leaders[0]].trial) - 1 if leaders else -1
    return Rehearsed(
        course.configuration.key,
        seed,
        true,
        named,
        stopped,
        planner_seconds=course.planner_seconds,
        n_trials=len(course.measured),
    )
