"""Which planner and batch size to take, how much earlier it is there, and how sure that is: in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matloop.campaign.rehearsal.compare import Result, acceleration, quartiles
from matloop.campaign.rehearsal.measure import Measure, Target

#: Differences with a smaller probability of being chance count as told apart.
SURE = 0.05
#: A larger batch is taken where it cannot be told apart and needs at most so much more.
TOLERATED = 1.1


@dataclass(frozen=True)
class Verdict:
    """A recommendation, and the tests behind it: other configuration -> probability of such a difference by chance."""

    sentence: str
    take: str | None
    target: str | None
    #: What the others were compared with: what is recommended, or else the leader.
    compared: str
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Yardstick:
    """By what the configurations are compared: one number for each seed, the smaller the better."""

    target: Target | None

    def of(self, result: Result) -> np.ndarray:
        """(seeds,): trials needed; without a target, the last score with its sign changed."""
        return result.trials_within(self.target) if self.target else -result.within[:, -1]


def verdict(results: Sequence[Result], measure: Measure, targets: Sequence[Target]) -> Verdict:
    """The recommendation for campaigns rehearsed with equal noise and equal seeds; one of them is random search."""
    stick = Yardstick(_target(results, targets))
    ranked = sorted(results, key=lambda r: (float(np.median(stick.of(r))), -_area(r)))
    leader, random = ranked[0], next(r for r in results if r.configuration.is_random)
    chance = _tests(leader, results, stick)
    n = len(leader.scores)
    name = stick.target.label if stick.target else None
    if leader is random or chance[random.configuration.name] >= SURE:
        return Verdict(_nobody(n, leader, random), None, name, leader.configuration.name, chance)
    equals = [r for r in results if r is not leader and r is not random and chance[r.configuration.name] >= SURE]
    taken = _largest_batch(leader, equals, stick)
    against = _tests(taken, results, stick)
    if against[random.configuration.name] >= SURE:
        taken, against = leader, chance
    sentence = _advice(taken, random, stick, measure, against[random.configuration.name])
    others = [r for r in [leader, *equals] if r is not taken]
    taken_name = taken.configuration.name
    return Verdict(sentence + _not_told_apart(others), taken_name, name, taken_name, against)


def _target(results: Sequence[Result], targets: Sequence[Target]) -> Target | None:
    """The first target, or the 95 %, or else the 90 %, that half of some configuration's campaigns reach."""
    by_label = {target.label: target for target in targets}
    wanted = [
        *(t for t in targets if not t.label.endswith("%")),
        *(by_label[k] for k in ("95%", "90%") if k in by_label),
    ]
    for target in wanted:
        if any(quartiles(r.trials_to(target))[1] <= r.budget for r in results):
            return target
    return None


def _area(result: Result) -> float:
    scores = result.within
    return float(np.mean(np.where(np.isfinite(scores), scores, np.nanmin(scores[np.isfinite(scores)], initial=0.0))))


def _tests(one: Result, results: Sequence[Result], stick: Yardstick) -> dict[str, float]:
    """Each other configuration -> the probability that such differences between equal seeds are chance.

    Wilcoxon's signed-rank test on pairs of equal seed, ties kept (Pratt 1959), corrected for the number of
    comparisons (Holm 1979).
    """
    others = [r for r in results if r is not one]
    raw = np.array([_paired(stick.of(one), stick.of(other)) for other in others])
    order = np.argsort(raw)
    corrected = np.minimum(1.0, np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1)))
    return {others[i].configuration.name: float(p) for i, p in zip(order, corrected, strict=True)}


def _paired(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import wilcoxon

    with np.errstate(invalid="ignore"):
        apart = np.where(a == b, 0.0, a - b)  # two that have nothing yet are equal
    apart = np.where(np.isfinite(apart), apart, np.sign(apart) * np.finfo(float).max)
    if len(apart) < 2 or not apart.any():
        return 1.0
    return float(wilcoxon(apart, zero_method="pratt").pvalue)


def _largest_batch(leader: Result, equals: Sequence[Result], stick: Yardstick) -> Result:
    """Of the leader's planner the largest batch that is about as good: it needs fewer rounds."""
    most = float(np.median(stick.of(leader))) * TOLERATED
    same = [r for r in equals if r.configuration.label == leader.configuration.label]
    fit = [r for r in same if stick.target and float(np.median(stick.of(r))) <= most]
    return max([leader, *fit], key=lambda r: r.configuration.batch)


def _advice(taken: Result, random: Result, stick: Yardstick, measure: Measure, probability: float) -> str:
    n, ours, theirs = len(taken.scores), stick.of(taken), stick.of(random)
    better, worse = int((ours < theirs).sum()), int((ours > theirs).sum())
    name = taken.configuration.name
    batch = taken.configuration.batch
    sure = f"ahead in {better} of {n} seeds, behind in {worse}, p {probability_text(probability)}"
    if stick.target is None:
        best, usual = (float(measure.shown(np.median(r.within[:, -1:], axis=0))[0]) for r in (taken, random))
        unit = f" {measure.unit}" if measure.unit else ""
        return (
            f"Take {name}: its {measure.short} after {taken.budget} trials is {best:.4g}{unit} in the median, that of "
            f"random search {usual:.4g}{unit} ({sure})."
        )
    low, middle, high = (_count(v) for v in quartiles(taken.trials_to(stick.target)))
    rounds = f", {int(np.ceil(quartiles(taken.trials_to(stick.target))[1] / batch))} batches" if batch > 1 else ""
    needed = float(quartiles(random.trials_to(stick.target))[1])
    most = random.scores.shape[1]
    theirs_text = f"random search {f'after {needed:.3g}' if np.isfinite(needed) else f'not within {most:,}'}"
    factor = acceleration(taken, random, stick.target)
    times = f", {'at least ' if factor.at_least else ''}{factor.median:.1f} times as many" if factor else ""
    return (
        f"Take {name}: it reaches {described(stick.target)} after {middle} trials{rounds} (quartiles {low} to {high}), "
        f"{theirs_text}{times} ({sure})."
    )


def described(target: Target) -> str:
    """A target in a sentence."""
    return (
        f"{target.label.removesuffix('%')} % of the way to the best known"
        if target.label.endswith("%")
        else target.label
    )


def _count(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "never"


def probability_text(p: float) -> str:
    """ "= 0.02" or "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"


def _nobody(n: int, leader: Result, random: Result) -> str:
    if leader is random:
        return f"Nothing here is ahead of random search in the median of {n} seeds."
    return (
        f"No difference can be told apart with these {n} seeds: {leader.configuration.name} is ahead of random search "
        f"in the median, but that may be chance; more seeds may tell."
    )


def _not_told_apart(others: Sequence[Result]) -> str:
    if not others:
        return ""
    names = [r.configuration.name for r in others]
    listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return f" With these seeds no difference to {listed} can be told."
