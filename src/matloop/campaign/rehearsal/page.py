"""From a rehearsal to its page: figures, tables, and the definitions that stand beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from matloop.campaign.provenance import spec_hash, versions
from matloop.campaign.rehearsal.compare import Result, acceleration, enhancement, quartiles
from matloop.campaign.rehearsal.definitions import definitions, remarks
from matloop.campaign.rehearsal.findings import Rehearsal, Row
from matloop.campaign.rehearsal.measure import Target
from matloop.campaign.rehearsal.noise import Noise
from matloop.campaign.rehearsal.verdict import probability_text
from matloop.files.whole import write_whole
from matloop.reports.backtest import LevelSection, Page, Table, render
from matloop.reports.columns import Column
from matloop.reports.figures.bands import Band, Level, banded
from matloop.reports.figures.style import Figure, title
from matloop.reports.tables import Cell
from matloop.reports.wording import labelled, number

#: Points along the curve of AF(y).
ALONG = 60


def write_page(rehearsal: Rehearsal, path: Path) -> Path:
    """Write the page of a rehearsal as one HTML file; returns its path."""
    scene, spec = rehearsal.scene, rehearsal.scene.spec
    n_seeds = len(rehearsal.seeds)
    page = Page(
        counts=[
            ("campaigns", f"{n_seeds * len(scene.configurations):,}"),
            ("configurations", f"{len(scene.configurations):,}"),
            ("seeds each", f"{n_seeds:,}"),
            ("trials in a campaign", f"{scene.budget:,}"),
        ],
        levels=[_section(rehearsal, noise, results) for noise, results in rehearsal.results.items()],
        definitions=definitions(rehearsal),
        remarks=remarks(rehearsal),
        provenance={
            **versions(),
            "seeds": f"{rehearsal.seeds[0]} to {rehearsal.seeds[-1]}",
            "definition (SHA-256)": spec_hash(spec.to_dict()),
            "CPU time for each trial": "{:.1f} ms in the planners, {:.1f} ms in all the rest".format(
                *(1000 * s for s in rehearsal.seconds)
            ),
        },
        generated=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_whole(path, render(spec, page))
    return path


def _section(rehearsal: Rehearsal, noise: Noise, results: Sequence[Result]) -> LevelSection:
    told = rehearsal.verdicts[noise]
    text = noise.sentence(rehearsal.scene.spec.objectives)
    return LevelSection(
        title=text[0].upper() + text[1:],
        advice=told.sentence,
        tables=_tables(rehearsal, noise),
        figures=list(_figures(rehearsal, results).items()),
        tests=[(name, "p " + probability_text(p)) for name, p in told.probabilities.items()],
        tested=told.compared,
    )


# -- the tables -----------------------------------------------------------------------------------------------

_NAMES = [("planner", False), ("batch", True)]


def _tables(rehearsal: Rehearsal, noise: Noise) -> list[Table]:
    """How good, and how soon."""
    rows = [row for row in rehearsal.rows if row.noise == noise.text]
    made = [_goodness(rehearsal, rows)]
    if rehearsal.targets:
        titles = [text for t in rehearsal.targets for text in (f"trials to {t.label}", f"AF({t.label})")]
        headings = [*_NAMES, *((text, True) for text in titles)]
        made.append(Table(headings, [[*_names(row), *_times(rehearsal, row)] for row in rows]))
    return made


def _goodness(rehearsal: Rehearsal, rows: Sequence[Row]) -> Table:
    measure, budget = rehearsal.measure, rehearsal.scene.budget
    titles = [labelled(f"{measure.short} after {budget}", measure.unit), f"EF({budget})"]
    titles += [] if measure.is_front else ["named best"]
    titles += ["top 5 % found"] if any(row.top for row in rows) else []
    cells = [
        [
            *_names(row),
            _cell(row.best),
            _cell(row.enhancement, 3) if row.enhancement and not row.is_random else Cell("–"),
            *([] if measure.is_front else [Cell(number(row.named))]),
            *([_cell([100 * v for v in row.top], 3, " %")] if row.top else []),
        ]
        for row in rows
    ]
    return Table([*_NAMES, *((text, True) for text in titles)], cells)


def _names(row: Row) -> list[Cell]:
    return [Cell(row.planner, is_number=False), Cell("–" if row.is_random else str(row.batch))]


def _times(rehearsal: Rehearsal, row: Row) -> list[Cell]:
    cells = []
    for target in rehearsal.targets:
        low, middle, high = (_count(v) for v in row.trials[target.label])
        quarters = "" if low == high else f"{low} to {high}; "
        cells.append(Cell(middle, f"{quarters}{row.reached[target.label]:.0%} do"))
        factor = row.acceleration[target.label]
        cells.append(Cell("–") if factor is None or row.is_random else Cell(factor.text, factor.range))
    return cells


def _cell(values: Sequence[float], digits: int = 4, unit: str = "") -> Cell:
    low, middle, high = (number(float(v), digits) for v in values)
    return Cell(middle + unit, f"{low} to {high}{unit}")


def _count(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "never"


# -- the figures ----------------------------------------------------------------------------------------------


def _figures(rehearsal: Rehearsal, results: Sequence[Result]) -> dict[str, Figure]:
    measure = rehearsal.measure
    axis = title(Column(measure.name, measure.unit), 60)
    levels = [
        Level(float(measure.shown(np.array([t.score]))[0]), t.label) for t in rehearsal.targets if t.label != "95%"
    ]
    curves = {r: measure.shown(quartiles(r.within)) for r in results}
    trials = np.arange(1, rehearsal.scene.budget + 1)
    bands = [_band(results, r, trials, curve) for r, curve in curves.items()]
    made = {"Best so far": banded(bands, "trials", axis, f"{measure.name} after each trial", levels)}
    if any(r.configuration.batch > 1 for r in results):
        waited = [_by_batch(results, r, curve) for r, curve in curves.items() if not r.configuration.is_random]
        made["Best so far, by batches waited for"] = banded(
            waited, "batches", axis, f"{measure.name} after each batch", levels
        )
    return made | _against_random(rehearsal, results)


def _against_random(rehearsal: Rehearsal, results: Sequence[Result]) -> dict[str, Figure]:
    random = next(r for r in results if r.configuration.is_random)
    others = [r for r in results if r is not random]
    made: dict[str, Figure] = {}
    if rehearsal.targets and (bands := [b for r in others if (b := _acceleration_band(rehearsal, results, r, random))]):
        name = "AF(y), ratio of trials"
        made["Acceleration, AF(y)"] = banded(
            bands, "y, in % of the way to the best known", name, name, [Level(1, "1")], 340, rangemode="tozero"
        )
    factors = [(r, enhancement(r, random, rehearsal.measure)) for r in others]
    trials = np.arange(1, rehearsal.scene.budget + 1)
    if bands := [_band(results, r, trials, rows) for r, rows in factors if rows is not None]:
        name = "EF(n), ratio of the best"
        made["Enhancement, EF(n)"] = banded(bands, "trials, n", name, name, [Level(1, "1")], 340)
    if all(r.top is not None for r in results):
        tops = [_band(results, r, trials, 100 * quartiles(r.top[:, : r.budget])) for r in results if r.top is not None]
        name = "share of the top 5 % found (%)"
        made["Share of the top 5 % found"] = banded(tops, "trials", name, name, height=340, rangemode="tozero")
    return made


def _acceleration_band(rehearsal: Rehearsal, results: Sequence[Result], result: Result, random: Result) -> Band | None:
    """AF along the way from typical to best, where both are known; None where they never are."""
    measure = rehearsal.measure
    shares = np.linspace(0.0, 1.0, ALONG + 1)[1:]
    scores = measure.typical + shares * (measure.best - measure.typical)
    factors = [acceleration(result, random, Target("", float(score))) for score in scores]
    known = [(100 * s, (f.low, f.median, f.high)) for s, f in zip(shares, factors, strict=True) if f and not f.at_least]
    if not known:
        return None
    return _band(results, result, np.array([x for x, _ in known]), np.array([q for _, q in known]).T)


def _by_batch(results: Sequence[Result], result: Result, curve: np.ndarray) -> Band:
    """The curve at the end of each batch."""
    size = result.configuration.batch
    ends = np.minimum(np.arange(size, result.budget + size, size), result.budget)
    return _band(results, result, np.arange(1, len(ends) + 1), curve[:, ends - 1])


def _band(results: Sequence[Result], result: Result, x: np.ndarray, rows: np.ndarray) -> Band:
    others = [r for r in results if not r.configuration.is_random]
    place = None if result.configuration.is_random else others.index(result)
    return Band(result.configuration.name, x, rows, place)
