"""Campaigns of many kinds, told as journals and folded into states, for the tests of reports."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matloop.core import event as e
from matloop.core.choice import Choice
from matloop.core.insight import Baseline, Learned, Slice
from matloop.core.mixture import Mixture
from matloop.core.objective import AtMost, Maximize, Minimize, Objective
from matloop.core.parameter import Integer, Real
from matloop.core.space import Point, Space
from matloop.core.spec import CampaignSpec, Elsewhere, Settings
from matloop.core.state import CampaignState, fold
from matloop.core.trial import Outcome

EVIL = "<script>alert(1)</script>"
LONG = "a quantity whose name is far longer than any axis of any figure could ever hold " * 2


@dataclass
class Told:
    """A campaign as a report receives it."""

    spec: CampaignSpec
    state: CampaignState
    learned: Learned | None = None
    baseline: Baseline | None = None


@dataclass
class Teller:
    """Writes a journal, event by event."""

    spec: CampaignSpec
    events: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.say(e.Created, spec=self.spec.to_dict(), key="k4x7", provenance={"matloop": "0.1", "python": "3.11.9"})
        self.say(e.Started, provenance={"matloop": "0.1", "host": "bench-2"})

    def say(self, kind: type[e.Event], **facts: Any) -> None:
        n = len(self.events) + 1
        self.events.append(
            kind(sequence=n, time=f"2026-05-04T08:{n // 60 % 60:02d}:{n % 60:02d}Z", elapsed=2.0 * n, **facts)
        )

    def plan(self, number: int, point: Point, reason: str = "", predicted: Mapping[str, e.Prediction] = {}) -> str:
        trial = f"{self.spec.campaign.name[:12]}-{number:04d}"
        proposal = e.Proposal(point=point, reason=reason, predicted=dict(predicted))
        self.say(e.Planned, trial=trial, number=number, proposal=proposal, planner="bayesian")
        return trial

    def send(self, trial: str, deadline: float = 600.0) -> None:
        self.say(e.Submitted, trial=trial, attempt=1, deadline=deadline)

    def told(self, **insight: Any) -> Told:
        return Told(self.spec, fold(self.events), **insight)


Truth = Callable[[Point, np.random.Generator], dict[str, float]]


def run(
    spec: CampaignSpec, truth: Truth, n: int, *, n_start: int = 10, fails: Sequence[int] = (), seed: int = 0
) -> Teller:
    """A campaign of n trials in which the model becomes better; those in `fails` crack."""
    rng = np.random.default_rng(seed)
    teller = Teller(spec)
    points = spec.space.points(spec.space.from_unit(rng.random((n, spec.space.width))))
    for number, point in enumerate(points, 1):
        values = truth(point, rng)
        trial = teller.plan(number, point, *_said(number, n_start, values, rng))
        teller.send(trial)
        if number in fails:
            teller.say(e.Failed, trial=trial, outcome=Outcome(failed="the barrel cracked before the test", log="E17"))
        else:
            std = {name: abs(value) * 0.1 for name, value in values.items()} if number % 2 else {}
            teller.say(e.Observed, trial=trial, outcome=Outcome(values=values, std=std))
    return teller


def _said(number: int, n_start: int, values: dict[str, float], rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    if number <= n_start:
        return f"space-filling start, {number} of {n_start}", {}
    predicted = {
        name: e.Prediction(mean=value + rng.normal() * 0.12 * abs(value), std=0.12 * abs(value) + 1e-3)
        for name, value in values.items()
    }
    return "log expected improvement −1.32: 70 % exploiting, 30 % exploring; it would teach most about theta", predicted


BARREL = Space(
    n=Integer(6, 12, step=2),
    theta=Real(0, 200, unit="degree"),
    r=Real(1.5, 2.5, unit="mm"),
    t=Real(0.7, 1.4, unit="mm"),
)


def toughness(point: Point, rng: np.random.Generator) -> dict[str, float]:
    shape = math.exp(-(((float(point["theta"]) - 130) / 70) ** 2)) * float(point["t"]) * float(point["r"])
    return {"toughness": float(18 * shape * (1 + 0.12 * rng.normal()) + 0.02 * float(point["n"]) ** 2)}


def definition(name: str, space: Space, *wishes: Objective, lab: str = "twin", budget: int = 50) -> CampaignSpec:
    return CampaignSpec(
        campaign=Settings(name=name, budget=budget, description=""),
        space=space,
        objective=wishes,
        planner=Elsewhere(kind="bayesian"),
        lab=Elsewhere(kind=lab),
    )


def barrel(n: int = 50, fails: Sequence[int] = (7, 23)) -> Told:
    """Four numeric parameters, one goal, two failures, a baseline and a model."""
    spec = definition("crossed-barrel", BARREL, Maximize("toughness", unit="J"), budget=n)
    grown = 44 * (1 - np.exp(-np.arange(1, n + 1) / 22))
    baseline = Baseline(grown * 0.75, grown * 0.85, grown * 0.97, 200, "on the same twin")
    teller = run(spec, toughness, n, fails=fails)
    teller.say(e.Noted, text="nozzle changed", trial=None, by="Ana")
    return teller.told(learned=barrel_lessons(), baseline=baseline)


def barrel_lessons() -> Learned:
    cuts = []
    for name, (low, high) in {"theta": (0, 200), "t": (0.7, 1.4), "r": (1.5, 2.5), "n": (6, 12)}.items():
        x = np.linspace(low, high, 41)
        mean = 20 + 15 * np.sin(3 * (x - low) / (high - low)) * (2 if name == "theta" else 0.5)
        cuts.append(Slice("toughness", name, x.tolist(), mean, 2 + 2 * np.abs(np.cos(x))))
    share = {"n": 0.07, "theta": 0.55, "r": 0.15, "t": 0.23}
    return Learned({"toughness": share}, cuts, {"toughness": 3.14}, ["The noise is assumed to be the same everywhere."])


PAINT = Space(
    binder=Choice(["acrylic", "alkyd", "silicone resin", "polyurethane"]),
    cured=Choice([True, False]),
    share=Mixture({"TiO2": {"low": 0.1}, "talc": {}, "chalk": {}}, total=1.0),
    speed=Real(10, 5000, log=True, unit="rpm"),
    coats=Integer(1, 4),
)


def paint_truth(point: Point, rng: np.random.Generator) -> dict[str, float]:
    hiding = 60 * float(point["TiO2"]) + 8 * float(point["coats"]) + (point["binder"] == "acrylic") * 6 + rng.normal()
    cost = 2 + 9 * float(point["TiO2"]) + 0.8 * float(point["coats"]) + 0.1 * rng.normal()
    return {"hiding power": hiding, "cost": cost, "VOC": 20 + 30 * (point["binder"] == "alkyd") + 3 * rng.normal()}


def paint(n: int = 60) -> Told:
    """Choices, a mixture and a logarithm; two goals and a condition; every kind of trouble; a paused person's lab."""
    wishes = Maximize("hiding power", unit="percent"), Minimize("cost", unit="EUR/kg"), AtMost("VOC", 45.0, unit="g/L")
    spec = definition("white-paint", PAINT, *wishes, lab="person", budget=80)
    teller = run(spec, paint_truth, n, fails=(5, 31, 40))
    start = PAINT.points(PAINT.from_unit(np.random.default_rng(9).random((6, PAINT.width))))
    ids = [teller.plan(n + 1 + i, point, "by hand") for i, point in enumerate(start)]
    for trial in ids[:5]:
        teller.send(trial, deadline=8.0)
    _trouble(teller, ids)
    teller.say(e.Paused, reason="5 faults of the lab in the last 8 trials")
    return teller.told(learned=paint_lessons())


def _trouble(teller: Teller, ids: Sequence[str]) -> None:
    teller.say(e.Lost, trial=ids[0], attempt=1, reason="the bench lost power")
    teller.say(
        e.Observed,
        trial=ids[1],
        outcome=Outcome(values={"hiding power": 61.5, "cost": 5.2, "VOC": 21.0, "gloss": 12.0}),
    )
    teller.say(e.Observed, trial=ids[1], outcome=Outcome(values={"hiding power": 16.5, "cost": 5.2, "VOC": 21.0}))
    teller.say(e.Failed, trial=ids[2], outcome=Outcome(failed="the stirrer stopped", is_fault=True, log="line 1\nE42"))
    achieved = {"speed": 812.5, "humidity": 41.0}
    values = {"hiding power": 50.25, "cost": 4.5, "VOC": 30.0}
    teller.say(e.Observed, trial=ids[3], outcome=Outcome(values=values, achieved=achieved))
    teller.say(e.Resolved, trial=ids[3], verdict="discarded", why="wrong bottle")


def paint_lessons() -> Learned:
    levels: list[float | str] = ["acrylic", "alkyd", "silicone resin", "polyurethane"]
    cuts = [
        Slice("hiding power", "binder", levels, np.array([60.0, 52, 50, 55]), np.array([2.0, 3, 4, 3])),
        Slice("hiding power", "speed", np.geomspace(10, 5000, 30).tolist(), np.linspace(45, 60, 30), np.full(30, 3.0)),
        Slice("cost", "TiO2", np.linspace(0.1, 1, 30).tolist(), np.linspace(3, 11, 30), np.full(30, 0.4)),
    ]
    shares = {
        "hiding power": {"TiO2": 0.5, "coats": 0.3, "binder": 0.15, "speed": 0.05},
        "cost": {"TiO2": 0.8, "coats": 0.2},
    }
    return Learned(shares, cuts, {"hiding power": 1.1}, [])


def empty() -> Told:
    """Nothing has happened yet."""
    spec = definition("empty", BARREL, Maximize("toughness", unit="J"), lab="command")
    return Told(spec, CampaignState(spec=spec.to_dict()))


def evil() -> Told:
    """Every text that a user writes tries to be markup, or is far too long."""
    space = Space(
        **{
            EVIL: Real(0, 1, unit='"><img src=x onerror=alert(2)>'),
            "größe 粒径 🧪": Real(1, 2, unit="µm"),
            LONG: Choice([EVIL, "</table>", "&amp;"]),
        },
    )
    wish = Maximize(f"y {EVIL} <a href='http://evil.example'>x</a> %{{x}}", unit="<b>J</b>")
    spec = CampaignSpec(
        campaign=Settings(name="ünï-名前_" + "x" * 50, description=f"--> {EVIL}"),
        space=space,
        objective=(wish,),
        planner=Elsewhere(kind=EVIL),
        lab=Elsewhere(kind=EVIL),
    )

    def truth(point: Point, rng: np.random.Generator) -> dict[str, float]:
        return {wish.name: float(rng.normal())}

    teller = run(spec, truth, 12, n_start=3, fails=(2,))
    trial = teller.plan(13, space.points(space.from_unit(np.full((1, 3), 0.5)))[0], f"{EVIL}\ud800")
    teller.send(trial)
    teller.say(e.Lost, trial=trial, attempt=1, reason=EVIL)
    teller.say(e.Noted, text=EVIL, by=EVIL)
    lessons = Learned(
        {wish.name: {EVIL: 0.9, LONG: 0.1}}, [Slice(wish.name, LONG, [EVIL], np.ones(1), np.ones(1))], {}, [EVIL]
    )
    return teller.told(learned=lessons, baseline=Baseline(np.zeros(3), np.ones(3), np.ones(3) * 2, 10, EVIL))


def render_of(told: Told) -> str:
    """The report of a campaign."""
    from matloop.reports.report import render

    versions = {"matloop": "0.1", "numpy": np.__version__, "journal sha256": "9f2c" * 16}
    return render(
        told.spec,
        told.state,
        learned=told.learned,
        baseline=told.baseline,
        provenance=versions,
        generated="2026-05-04 10:00 UTC",
    )
