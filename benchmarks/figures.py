"""The figures of the results: drawn with Plotly, made into PNG by a headless Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmarks import comparison, scores
from benchmarks.markdown import OURS
from benchmarks.measures import MEASURES
from benchmarks.pools import POOLS
from benchmarks.records import Record

#: Ours stands out; the peers have muted colours that people with colour blindness can tell apart (Okabe and Ito).
COLOURS = ["#0072B2", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#999999", "#F0E442", "#332288", "#882255", "#117733"]
OURS_COLOUR = "#D55E00"
FONT = {"family": "DejaVu Sans, Helvetica, sans-serif", "size": 14, "color": "#222"}


def colour_of(peers: list[str]) -> dict[str, str]:
    """The same colour for the same peer in every figure; random is a light grey."""
    others = [peer for peer in sorted(peers) if peer not in (OURS, "random")]
    return {OURS: OURS_COLOUR, "random": "#bbbbbb"} | {p: COLOURS[i % len(COLOURS)] for i, p in enumerate(others)}


def write_all(found: list[Record], folder: Path, protocol: str = "2+50") -> None:
    """ranks.png, curves.png and share.png from the recorded choices; timing.png where times were measured."""
    table = scores.measured(found, protocol)
    main = [r for r in found if r["protocol"] == protocol and r["readings"] == "mean" and "error" not in r]
    write(ranks(table), folder / "ranks.png", 900, 160 + 34 * table["peer"].nunique())
    write(curves(main), folder / "curves.png", 1300, 1500)
    if (folder / "timing.json").exists():
        timings = json.loads((folder / "timing.json").read_text(encoding="utf-8"))
        write(times(timings), folder / "timing.png", 900, 160 + 30 * len(timings))
    write(shares(table), folder / "share.png", 340 + 76 * table["peer"].nunique(), 640)


def ranks(table: pd.DataFrame) -> go.Figure:
    """Mean ranks over pools, a mark for each measure, the best planner on top."""
    some = scores.ranked(table)
    by = {m: comparison.mean_ranks(some.assign(value=some[m]), more) for m, (_, more) in MEASURES.items()}
    order = pd.concat(by, axis=1).mean(axis=1).sort_values(ascending=False).index
    figure = go.Figure()
    places = np.arange(len(order))
    marks = [("#0072B2", "circle", 0.2), (OURS_COLOUR, "diamond", 0.0), ("#009E73", "square", -0.2)]
    for (name, rank), (colour, symbol, offset) in zip(by.items(), marks, strict=True):
        mark = {"size": 12, "color": colour, "symbol": symbol}
        figure.add_scatter(x=rank[order], y=places + offset, mode="markers", marker=mark, name=name)
    figure.update_xaxes(title=f"mean rank over {some['pool'].nunique()} pools (1 is best)", gridcolor="#eee")
    figure.update_yaxes(gridcolor="#eee", ticksuffix="  ", tickvals=places, ticktext=list(order), zeroline=False)
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return figure


def curves(found: list[Record]) -> go.Figure:
    """One panel a pool: the share of its top 5 % found so far, the mean over seeds of each planner."""
    names = [name for name in POOLS if any(r["pool"] == name for r in found)]
    peers = sorted({r["peer"] for r in found}, key=lambda p: (p == OURS, p))
    colours = colour_of(peers)
    figure = make_subplots(rows=-(-len(names) // 3), cols=3, subplot_titles=names, vertical_spacing=0.055)
    for i, name in enumerate(names):
        for peer in peers:
            share = _shares_so_far([r for r in found if r["peer"] == peer and r["pool"] == name])
            if share is not None:
                line = {"color": colours[peer], "width": 3.5 if peer == OURS else 1.8}
                x = np.arange(1, len(share) + 1)
                figure.add_scatter(
                    x=x, y=share, mode="lines", line=line, name=peer, showlegend=False,
                    row=i // 3 + 1, col=i % 3 + 1,
                )  # fmt: skip
    for peer in reversed(peers):  # a legend of its own, for not every planner is in the first panel
        line = {"color": colours[peer], "width": 4}
        figure.add_scatter(x=[None], y=[None], mode="lines", line=line, name=peer, row=1, col=1)
    figure.update_xaxes(gridcolor="#eee", range=[1, None])
    figure.update_yaxes(gridcolor="#eee", rangemode="tozero")
    figure.update_xaxes(title="trial", row=-(-len(names) // 3))
    figure.update_yaxes(title="share found", col=1)
    figure.update_layout(legend={"orientation": "h", "y": 1.03, "yanchor": "bottom", "x": 0})
    return figure


def _shares_so_far(own: list[Record]) -> np.ndarray | None:
    """The mean over campaigns, shape (t,)."""
    if not own:
        return None
    top = scores.pool_of(own[0]["pool"]).top(0.05)
    length = min(len(r["rows"]) for r in own)
    return np.mean([np.cumsum(top[r["rows"][:length]]) for r in own], axis=0) / top.sum()


def shares(table: pd.DataFrame) -> go.Figure:
    """Pools down, planners across: the share of the top 5 %, shaded by its ratio to the pool's best."""
    name = "share of the top 5 % found"
    means = table.pivot_table(index="pool", columns="peer", values=name, aggfunc="mean")
    relative = means.div(means.max(axis=1), axis=0)
    peers = list(relative.mean().sort_values(ascending=False).index)
    names = [pool for pool in POOLS if pool in means.index]
    means, relative = means.loc[names, peers], relative.loc[names, peers]
    figure = go.Figure(
        go.Heatmap(
            z=relative,
            x=peers,
            y=names,
            text=means.map(lambda v: "" if pd.isna(v) else f"{v:.2f}"),
            texttemplate="%{text}",
            colorscale="Blues",
            zmin=0,
            zmax=1.15,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    figure.update_xaxes(side="top", tickangle=-35)
    return figure


def times(rows: list[dict[str, Any]]) -> go.Figure:
    """CPU milliseconds of a suggestion, by the number of results known, the fastest planner on top."""
    table = pd.DataFrame(rows).set_index("planner").drop(columns="error", errors="ignore").dropna(how="all")
    table = table.sort_values(table.columns[0], ascending=False)
    figure = go.Figure()
    for name, colour, symbol in zip(table.columns, ("#0072B2", OURS_COLOUR), ("circle", "diamond"), strict=False):
        mark = {"size": 12, "color": colour, "symbol": symbol}
        words = name.removeprefix("CPU ms ")
        figure.add_scatter(x=table[name], y=list(table.index), mode="markers", marker=mark, name=words)
    figure.update_xaxes(title="CPU time of a suggestion, ms", type="log", gridcolor="#eee", dtick=1)
    figure.update_yaxes(gridcolor="#eee", ticksuffix="  ")
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return figure


def write(figure: go.Figure, path: Path, width: int, height: int) -> None:
    """A PNG of this size in pixels; without a Chromium on the PATH the page itself is written as HTML."""
    figure.update_layout(
        width=width, height=height, font=FONT, paper_bgcolor="white", plot_bgcolor="white",
        margin={"l": 20, "r": 20, "t": 90, "b": 60},
    )  # fmt: skip
    figure.update_yaxes(automargin=True)
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        figure.write_html(path.with_suffix(".html"))
        return
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "figure.html"
        figure.write_html(page, config={"staticPlot": True})
        page.write_text("<style>body{margin:0}</style>" + page.read_text(encoding="utf-8"), encoding="utf-8")
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--screenshot={path}",
             f"--window-size={width},{height}", "--virtual-time-budget=10000", page.as_uri()],
            check=True, capture_output=True, timeout=240,
        )  # fmt: skip
