"""What stands beside the figures of a rehearsal: how each is counted, and what must be known to read them."""

from __future__ import annotations

from matloop.campaign.rehearsal.findings import Rehearsal
from matloop.campaign.rehearsal.scene import BEYOND
from matloop.campaign.rehearsal.verdict import SURE


def definitions(rehearsal: Rehearsal) -> list[tuple[str, str]]:
    """(word, meaning) for every figure that is shown."""
    scene, measure = rehearsal.scene, rehearsal.measure
    n = len(rehearsal.seeds)
    followed = f"Random search is followed up to {BEYOND} times the budget, or until the space is used up. "
    told = [
        (measure.short, measure.definition[0].upper() + measure.definition[1:] + "."),
        ("named best", "The same of the design that a campaign itself calls its best, by what it measured; median."),
        (
            "trials to y",
            f"The trial with which a campaign reaches y; “never”: not within {scene.budget} trials (random search: not "
            "while it was followed).",
        ),
        (
            "AF(y)",
            "Acceleration factor: the trials that random search needs to reach y, in the median, over those that the "
            f"planner needs. {followed if measure.is_true else ''}“≥”: it had not got there by then.",
        ),
        (
            "EF(n)",
            "Enhancement factor: the best after n trials over the median best of random search after n trials; for "
            "what is to be small the other way round.",
        ),
        (
            "median, quartiles",
            f"Over {n} seeds, each of which begins a campaign of its own; AF and EF as in Liang et al. 2021, "
            "doi:10.1038/s41524-021-00656-9.",
        ),
        (
            "p",
            "Wilcoxon’s signed-rank test on pairs of equal seeds (ties by Pratt), corrected for the number of "
            f"comparisons by Holm; below {SURE:g} a difference counts as told apart.",
        ),
        ("batch", "Trials that are planned in one breath; their results arrive together."),
        ("noise", "What is added to each measured value, normally distributed, upon the noise of the lab itself."),
        ("starts", _starts(rehearsal)),
    ]
    if not measure.is_front:
        return told + (
            [("top 5 %", "The best 5 % of all candidates, by their true values.")] if measure.is_complete else []
        )
    return [row for row in told if row[0] != "named best"]


def _starts(rehearsal: Rehearsal) -> str:
    n = rehearsal.scene.starts
    if n:
        return f"The first {n} trials of each seed are the same random ones for every planner."
    return "Each planner begins as it does in earnest; planners with equal starts have equal ones for equal seeds."


def remarks(rehearsal: Rehearsal) -> list[str]:
    """What a reader must know before anything else."""
    told = []
    if (n := len(rehearsal.seeds)) < rehearsal.n_wanted:
        told.append(
            f"{n} of {rehearsal.n_wanted} seeds are finished; all figures rest on these. The same command goes on."
        )
    if rehearsal.stopped:
        n_stopped = len(rehearsal.stopped)
        campaigns = "1 campaign" if n_stopped == 1 else f"{n_stopped} campaigns"
        told.append(
            f"{campaigns} ended before the budget was used and count with what they had: {rehearsal.stopped[0]}"
        )
    if alike := rehearsal.alike:
        told.append(
            f"All campaigns of {' and '.join(alike)} are one and the same, as neither planner nor lab leaves anything "
            "to chance: --starts 5 lets each begin with other random trials."
        )
    if not rehearsal.measure.is_true:
        told.append("What this lab would give without noise is not known: designs are judged by what it gave.")
    if getattr(rehearsal.scene.spec, "stop", ()):
        told.append("The stop rules of the campaign are not applied: every rehearsed campaign uses its whole budget.")
    if report := str(getattr(rehearsal.scene.lab, "report", "") or ""):
        told.append(f"The lab: {report}.")
    return told
