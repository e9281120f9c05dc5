"""From a shortlist to its page: what is shown of each candidate, the figures, and what must be known about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.composition import parse_formula
from matloop.datasets.provenance import HASH, LICENCE, PROPRIETARY
from matloop.files.whole import write_whole
from matloop.reports.columns import Column
from matloop.reports.figures.funnel import Left, Predicted, funnel, intervals
from matloop.reports.figures.style import Figure
from matloop.reports.pictures import picture_of
from matloop.reports.shortlist import Entry, Page, Stage, render
from matloop.reports.tables import Cell
from matloop.reports.wording import labelled, number, shortened
from matloop.screening.elements import electronegativities
from matloop.screening.predictor import column_of
from matloop.screening.shortlist import Shortlist
from matloop.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from matloop.screening.running import Run

#: So many candidates stand on the page, so many of them in the figures; so many further columns and reasons are shown.
MOST_ENTRIES, MOST_IN_FIGURE, MOST_COLUMNS, MOST_REASONS = 200, 60, 6, 12


def write_page(shortlist: Shortlist, run: Run, path: Path) -> Path:
    """Write the page as one HTML file that needs no network."""
    write_whole(path, render(_page(shortlist, run)))
    return path


def _page(shortlist: Shortlist, run: Run) -> Page:
    facts, frame = shortlist.facts, shortlist.head(MOST_ENTRIES)
    columns = _Columns(shortlist, frame)
    came = facts.funnel[0].entered
    counts = [
        ("candidates", f"{came:,}"),
        ("on the shortlist", f"{len(shortlist):,}"),
        ("are left", _percent(len(shortlist) / came) if came else "–"),
    ]
    return Page(
        name=str(facts.screen.get("name", "screen")),
        description=str(facts.screen.get("description", "")),
        counts=counts,
        funnel=funnel([Left("all that came", came), *(Left(stage.title, stage.kept) for stage in facts.funnel)]),
        stages=[_stage(stage) for stage in facts.funnel],
        headings=columns.headings,
        entries=[Entry(columns.picture(row), columns.cells(row)) for row in _rows(frame)],
        n=len(shortlist),
        figures=list(_figures(shortlist, frame)),
        remarks=list(_remarks(shortlist, frame)),
        definitions=list(_definitions(shortlist)),
        provenance=_provenance(shortlist, run),
        screen=facts.screen,
        next_command=f"matloop new NAME --from {shortlist.path.name}" if len(shortlist) and facts.models else "",
        generated=f"{datetime.now().astimezone():%Y-%m-%d %H:%M}",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def _stage(stage: Any) -> Stage:
    reasons = [(shortened(reason, 120), n) for reason, n in stage.reasons.items()]
    more = sum(n for _, n in reasons[MOST_REASONS:])
    return Stage(stage.title, stage.entered, stage.kept, reasons[:MOST_REASONS] + ([("others", more)] if more else []))


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]


class _Columns:
    """What is shown of a candidate: its material, each prediction, and the first few other columns."""

    def __init__(self, shortlist: Shortlist, frame: pd.DataFrame) -> None:
        self._facts = shortlist.facts
        about_model = ("predicted", "lower", "upper", "std", "in_domain", "distance", "outside")
        parts = (*about_model, "neighbours", "neighbour_distance")
        of_models = {column_of(model, part) for model in self._facts.models for part in parts}
        own = {*of_models, self._facts.material, *self._facts.descriptors, HASH, LICENCE, PROPRIETARY}
        own |= {"formula"} if self._facts.kind == "structure" else set()  # which stands there as chemists write it
        others = [c for c in frame.columns if c not in own and "_probability_of_" not in c]
        units = {column.name: column.unit for column in shortlist.columns}
        #: Each with its heading, and whether it is a number.
        self._others = {str(c): (labelled(str(c), units.get(c)), _is_number(frame[c])) for c in others[:MOST_COLUMNS]}

    @property
    def headings(self) -> list[tuple[str, bool]]:
        material = self._facts.material
        found = [(material, False)] if material and self._facts.kind != "structure" else []
        found += [("formula", False)] if self._facts.kind == "structure" else []
        for name, about in self._facts.models.items():
            found.append((labelled(f"{name} predicted", about["target"].get("unit")), about["task"] == "regression"))
            found += [("domain", False), ("nearest known", False)]
        return [*found, *self._others.values()]

    def picture(self, row: Mapping[str, Any]) -> str:
        return picture_of(row.get(self._facts.material or ""), self._facts.kind)

    def cells(self, row: Mapping[str, Any]) -> list[Cell]:
        made = [Cell(self._material(row), is_number=False)] if self._facts.material else []
        for name, about in self._facts.models.items():
            made.append(_prediction(row, name, about["task"] == "regression"))
            is_in, distance = row.get(column_of(name, "in_domain")), row.get(column_of(name, "distance"))
            told = shortened(str(row.get(column_of(name, "outside")) or ""), 160)
            far = _number(distance if distance is None else round(distance, 3))
            where = "; ".join(filter(None, [f"distance {far}", told]))
            made.append(Cell("inside" if is_in else "outside", where, is_number=False))
            made.append(Cell(shortened(str(row.get(column_of(name, "neighbours")) or "–"), 90), is_number=False))
        return made + [Cell(_number(row[name]), is_number=is_number) for name, (_, is_number) in self._others.items()]

    def _material(self, row: Mapping[str, Any]) -> str:
        cell = row.get(self._facts.material or "")
        if self._facts.kind != "structure" or not isinstance(cell, str):
            return shortened(str(cell), 80)
        from matloop.core.errors import InputError
        from matloop.core.structure import Structure

        try:
            return _as_chemists_write(Structure.from_json(cell).formula)
        except InputError:
            return "–"


def _as_chemists_write(formula: str) -> str:
    """The most electropositive element first: SrTiO3, not O3SrTi."""
    amounts, chi = parse_formula(formula), electronegativities()
    ordered = sorted(amounts, key=lambda symbol: (chi.get(symbol, 0.0), symbol))
    return "".join(symbol if amounts[symbol] == 1 else f"{symbol}{amounts[symbol]:g}" for symbol in ordered)


def _prediction(row: Mapping[str, Any], name: str, is_number: bool) -> Cell:
    value = row.get(column_of(name))
    if not is_number:
        return Cell(str(value), f"probability {_number(row.get(column_of(name, 'probability')))}", is_number=False)
    low, high = (row.get(column_of(name, part)) for part in ("lower", "upper"))
    return Cell(_number(value), f"{_number(low)} to {_number(high)}")


def _is_number(cells: pd.Series) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(cells) and not is_bool_dtype(cells)


def _number(value: Any) -> str:
    return "–" if value is None or value != value else shortened(number(value, 3), 60)


def _figures(shortlist: Shortlist, frame: pd.DataFrame) -> Iterator[tuple[str, Figure]]:
    facts = shortlist.facts
    some = _rows(frame.head(MOST_IN_FIGURE))
    for name, about in facts.models.items():
        if about["task"] != "regression" or not some:
            continue
        shown = [
            Predicted(
                name="" if facts.kind == "structure" else str(row.get(facts.material or "", "")),
                value=float(row[column_of(name)]),
                lower=float(row[column_of(name, "lower")]),
                upper=float(row[column_of(name, "upper")]),
                is_in_domain=bool(row[column_of(name, "in_domain")]),
            )
            for row in some
        ]
        quantity = Column(about["target"]["name"], about["target"].get("unit"))
        confidence = float(facts.screen.get("confidence", 0.9))
        yield f"{name}, first {len(shown)}", intervals(quantity, shown, confidence)


def _remarks(shortlist: Shortlist, frame: pd.DataFrame) -> Iterator[str]:
    for name in shortlist.facts.models:
        column = column_of(name, "in_domain")
        if column in frame and len(frame) and (n := int((~frame[column].astype(bool)).sum())):
            some = "All" if n == len(frame) else n
            many = (
                f"{some} of the first {len(frame)} {'lies' if n == 1 else 'lie'} outside the domain of the model {name}"
            )
            told = "its intervals need not hold there. The table says why each does"
            yield f'{many}: {told}. The stage range can demand domain = "required".'
    unreadable = shortlist.funnel[0]
    if unreadable.entered and unreadable.kept < 0.5 * unreadable.entered:
        yield f"Of {unreadable.entered:,} candidates only {unreadable.kept:,} could be read. Is it the right column?"


def _definitions(shortlist: Shortlist) -> Iterator[tuple[str, str]]:
    confidence = float(shortlist.facts.screen.get("confidence", 0.9))
    if shortlist.facts.models:
        yield (
            "interval",
            f"holds the true value with a probability of {100 * confidence:g} %, for candidates in the domain",
        )
        yield (
            "domain",
            "where the model knows its way: near its training rows, the border being a distance of 1, and no input far "
            "beyond what it has seen, such as an element that none of them holds",
        )
        yield "nearest known", "the training rows whose features are most alike, with their measured values"


def _provenance(shortlist: Shortlist, run: Run) -> dict[str, str]:
    facts = shortlist.facts
    told = {
        "matloop": __version__,
        "candidates": facts.source or ("generated" if facts.screen.get("generate") else "given in Python"),
        "candidates, identity": shortened(run.source.identity, 120),
        "table": shortlist.path.name,
    }
    for name, about in facts.models.items():
        target = about["target"]
        told[f"model {name}"] = (
            f"{about['task']} of {labelled(target['name'], target.get('unit'))}, {about['sha256'][:16]}…"
        )
    return told
