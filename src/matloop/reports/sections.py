"""The sections of a report as plain data for its template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from matloop.core.insight import Baseline, Learned
from matloop.core.merit import counting
from matloop.core.objective import Objective
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState, TrialState
from matloop.reports import headline, learning, tables
from matloop.reports.columns import Column, most_relevant
from matloop.reports.figures.curves import best_curves
from matloop.reports.figures.parallel import parallel
from matloop.reports.figures.parameters import against_each_other, against_parameter
from matloop.reports.figures.predictions import predicted_against_measured
from matloop.reports.figures.progress import progress
from matloop.reports.suggestions import judged, predicted_quantities, suggestion, verdict
from matloop.reports.wording import labelled, number

#: A plot of predictions says something from so many on.
LEAST_JUDGED = 5

Section = dict[str, Any]


def goals_of(spec: CampaignSpec) -> list[Objective]:
    """What is to be made as good as possible, thresholds left aside."""
    return [wish for wish in spec.objectives if not wish.is_threshold]


def best_section(
    spec: CampaignSpec,
    best: Sequence[TrialState],
    columns: Sequence[Column],
    learned: Learned | None,
) -> Section:
    """The best design, or the Pareto front."""
    wishes = [Column(wish.name, wish.unit) for wish in spec.objectives]
    noise = learned.noise if learned else {}
    return {
        "is_front": len(goals_of(spec)) > 1,
        "columns": columns,
        "wishes": wishes,
        "headings": tables.headings([*columns, *wishes]),
        "rows": [tables.trial_row(trial, columns, wishes) for trial in best],
        "meets_conditions": headline.meets_conditions(spec, best),
        "noise": {c.name: number(noise[c.name], 2) for c in wishes if c.name in noise},
        "curves": best_curves(spec.objectives, best),
    }


def progress_section(spec: CampaignSpec, state: CampaignState, baseline: Baseline | None) -> Section:
    """One figure for each goal; random search is known for the first alone."""
    observations, goals = counting(spec.space, state.observations), goals_of(spec)
    trials = [state.trials[o.trial] for o in observations]
    thresholds = [wish for wish in spec.objectives if wish.is_threshold]
    shown = goals or list(spec.objectives[:1])
    figures = [
        progress(goal, thresholds if goals else [], trials, observations, baseline if i == 0 else None)
        for i, goal in enumerate(shown)
    ]
    return {
        "figures": figures if observations else [],
        "baseline": baseline,
        "comparison": _comparison(shown[0], figures[0].data, baseline) if observations and baseline else "",
        "goal": shown[0].name,
        "n_goals": len(goals),
    }


def _comparison(goal: Objective, data: Sequence[dict[str, Any]], baseline: Baseline) -> str:
    """How random search did at equal budget, in a sentence."""
    best = next(trace["y"] for trace in data if trace.get("name") == "best so far")
    n = min(len(best), len(baseline.median))
    if n == 0 or best[n - 1] is None:
        return ""
    unit = f" {goal.unit}" if goal.unit else ""
    low, middle, high = (number(float(q[n - 1])) for q in (baseline.lower, baseline.median, baseline.upper))
    results = "the first result" if n == 1 else f"{n:,} results"
    return (
        f"After {results} the best is {number(best[n - 1])}{unit}; random search has {middle}{unit} ({low} to {high})."
    )


def scatter_section(
    spec: CampaignSpec,
    state: CampaignState,
    best: Sequence[TrialState],
    columns: Sequence[Column],
    learned: Learned | None,
) -> Section:
    """Each objective against each parameter, and objectives against each other."""
    trials, best = _whole(spec, state.trials.values()), _whole(spec, best)
    shown = most_relevant(columns, learned.relevance if learned else {})
    has_results = any(o.failed is None for o in state.observations)
    grids = [
        (labelled(wish.name, wish.unit), [against_parameter(wish, column, trials, best) for column in shown])
        for wish in spec.objectives
    ]
    return {
        "grids": grids if has_results else [],
        "pairs": against_each_other(spec.objectives[:4], trials, best) if has_results else [],
        "n_shown": len(shown),
        "n_parameters": len(columns),
        "n_trials": len(trials),
    }


def _whole(spec: CampaignSpec, trials: Iterable[TrialState]) -> list[TrialState]:
    """Those that have a value for every variable: not the ones from before a parameter was added."""
    return [trial for trial in trials if spec.space.is_whole(trial.point)]


def parallel_section(
    spec: CampaignSpec,
    state: CampaignState,
    best: Sequence[TrialState],
    columns: Sequence[Column],
    learned: Learned | None,
) -> Section:
    """All parameters and objectives in one figure."""
    shown = most_relevant(columns, learned.relevance if learned else {})
    wishes = [Column(wish.name, wish.unit) for wish in spec.objectives]
    return {
        "figure": parallel(shown, wishes, _whole(spec, state.trials.values()), _whole(spec, best)),
        "colour": wishes[0].name,
    }


def learned_section(
    spec: CampaignSpec,
    state: CampaignState,
    best: Sequence[TrialState],
    columns: Sequence[Column],
    learned: Learned | None,
) -> Section:
    """Relevance, slices, noise and remarks; or why there are none."""
    n_results = sum(o.failed is None for o in state.observations)
    wishes = [Column(wish.name, wish.unit) for wish in spec.objectives]
    return {
        "why_nothing": learning.why_nothing(n_results) if learned is None else "",
        "relevance": learning.relevance_figure(learned) if learned else None,
        "lessons": learning.lessons(learned, columns, wishes, best) if learned else [],
        "remarks": learned.remarks if learned else [],
        "has_mark": len(best) == 1,
    }


def suggestion_section(state: CampaignState, quantities: Sequence[Column]) -> Section:
    """Reasons and predictions of all trials, and how good the predictions were."""
    shown = predicted_quantities(state, quantities)
    tested = [(column, judged(state, column)) for column in shown]
    return {
        "columns": shown,
        "rows": [suggestion(trial, shown) for trial in state.trials.values()],
        "figures": [predicted_against_measured(c, found) for c, found in tested if len(found) >= LEAST_JUDGED],
        "verdicts": [verdict(c, found) for c, found in tested if found],
    }


def trial_section(state: CampaignState, columns: Sequence[Column], quantities: Sequence[Column]) -> Section:
    """Every trial as a row, and the remarks in the journal."""
    return {
        "headings": tables.headings([*columns, *quantities]),
        "rows": [tables.trial_row(trial, columns, quantities) for trial in state.trials.values()],
        "notes": state.notes,
    }
