"""The stage `chemistry`: which elements, how many of them, in which shares, and whether charges can balance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from matloop.core.composition import COLUMN, SYMBOLS, Amounts
from matloop.core.errors import Mistake, did_you_mean
from matloop.datasets.column import MATERIALS
from matloop.screening.balance import Balance
from matloop.screening.candidates import Candidates, taken
from matloop.screening.elements import LISTS
from matloop.screening.stage import Scene, Stage, Verdict, no_material, verdict_of


class Chemistry(Stage):
    """Keeps candidates of the elements that are allowed, in number and shares that are wanted, and neutral.

    Elements are named by their symbols, or by a list: toxic, radioactive, scarce, rare_earths, noble_gases.
    """

    kind: Literal["chemistry"] = "chemistry"
    allowed: tuple[str, ...] = Field((), description="the only elements that may be there; all unless given")
    forbidden: tuple[str, ...] = Field((), description="elements that must not be there")
    required: tuple[str, ...] = Field((), description="elements that must all be there")
    some_of: tuple[str, ...] = Field((), description="elements of which one must be there")
    n_elements: tuple[int, int] | None = Field(None, description="[least, most] number of elements")
    shares: dict[str, tuple[float, float]] = Field({}, description="[least, most] atomic fraction of an element")
    charge_balance: bool = Field(False, description="whether common oxidation states must cancel")
    mixed_valence: bool = Field(False, description="whether atoms of one element may differ in oxidation state")
    electronegativity_order: bool = Field(True, description="whether anions must be more electronegative than cations")
    alloys: bool = Field(False, description="whether what is made of metals alone passes the charge balance")
    oxidation_states: dict[str, tuple[int, ...]] = Field({}, description="oxidation states in place of the common ones")

    @field_validator("allowed", "forbidden", "required", "some_of")
    @classmethod
    def _elements(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in LISTS:
                _known(name, LISTS)
        return names

    @field_validator("shares", "oxidation_states")
    @classmethod
    def _by_element(cls, table: dict[str, Any]) -> dict[str, Any]:
        for name in table:
            _known(name)
        return table

    @model_validator(mode="after")
    def _makes_sense(self) -> Chemistry:
        for what, (low, high) in {"n_elements": self.n_elements or (1, 1), **self.shares}.items():
            if low > high:
                raise ValueError(f"{what}: the least is {low:g}, which is above the most, {high:g}")
        asked = (self.allowed, self.forbidden, self.required, self.some_of, self.n_elements, self.shares)
        if not any(asked) and not self.charge_balance:
            raise ValueError('asks for nothing: give forbidden = ["toxic"], charge_balance = true, …')
        return self

    def sentence(self) -> str:
        return ", ".join(self._words())

    def _words(self) -> Iterator[str]:
        named = {"only": self.allowed, "no": self.forbidden, "with": self.required, "some of": self.some_of}
        for words, names in named.items():
            if names:
                yield f"{words} {_few(names)}"
        if self.n_elements:
            low, high = self.n_elements
            yield f"{low} elements" if low == high else f"{low} to {high} elements"
        yield from (f"{name} from {low:g} to {high:g}" for name, (low, high) in self.shares.items())
        if self.charge_balance:
            yield "charges balance"

    def mistakes(self, path: str, scene: Scene) -> list[Mistake]:
        found = no_material(path, scene, MATERIALS)
        if not found and self.charge_balance and scene.kind == "molecule":
            found = [
                Mistake(f"{path}.charge_balance", "is for compositions and structures: bonds of molecules share charge")
            ]
        return found

    def ready(self, scene: Scene) -> RightChemistry:
        return RightChemistry(self)


class RightChemistry:
    """The judge, with the elements as flags of the periodic table."""

    def __init__(self, stage: Chemistry) -> None:
        self.stage = stage
        forbidden = _flags(stage.forbidden)
        #: Forbidden by name, or not among the allowed ones.
        self.unwanted = forbidden | ~_flags(stage.allowed) if stage.allowed else forbidden
        self.balance = Balance(stage.oxidation_states, stage.mixed_valence, stage.electronegativity_order, stage.alloys)

    def judge(self, candidates: Candidates) -> Verdict:
        amounts, failures = candidates.amounts()
        reasons = np.full(len(candidates), "", object)
        if not failures:
            return verdict_of(self._reasons(amounts))
        for place, reason in failures.items():
            reasons[place] = reason
        reasons[reasons == ""] = self._reasons(amounts)
        return verdict_of(reasons)

    def _reasons(self, amounts: Amounts) -> np.ndarray:
        """Why each formula falls, text (n,); the first ground counts."""
        reasons = np.full(len(amounts), "", object)
        if not len(amounts):
            return reasons
        rows = np.repeat(np.arange(len(amounts)), amounts.counts)
        unwanted = np.flatnonzero(self.unwanted[amounts.elements])
        reasons[rows[unwanted]] = [f"has {SYMBOLS[e]}" for e in amounts.elements[unwanted].tolist()]
        for holds, ground in self._grounds(amounts, rows):
            reasons[(reasons == "") & holds] = ground
        if self.stage.charge_balance and (left := reasons == "").any():
            whole = taken(amounts, left)
            reasons[np.flatnonzero(left)[~self.balance.holds(whole)]] = "charges do not balance"
        return reasons

    def _grounds(self, amounts: Amounts, rows: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
        stage, n = self.stage, len(amounts)
        if stage.n_elements:
            least, most = stage.n_elements
            yield amounts.counts < least, f"fewer than {least} elements"
            yield amounts.counts > most, f"more than {most} elements"
        for name in dict.fromkeys(e for named in stage.required for e in (sorted(LISTS.get(named, {named})))):
            yield ~_having(amounts, rows, _flags([name]), n), f"has no {name}"
        if stage.some_of:
            yield ~_having(amounts, rows, _flags(stage.some_of), n), f"has none of {_few(stage.some_of)}"
        for name, (low, high) in stage.shares.items():
            share = np.zeros(n)
            inside = amounts.elements == COLUMN[name]
            share[rows[inside]] = amounts.fractions[inside]
            yield share < low - 1e-9, f"less {name} than {low:g}"
            yield share > high + 1e-9, f"more {name} than {high:g}"


def _having(amounts: Amounts, rows: np.ndarray, flags: np.ndarray, n: int) -> np.ndarray:
    """Which formulas have one of the flagged elements, (n,)."""
    has = np.zeros(n, bool)
    has[rows[flags[amounts.elements]]] = True
    return has


def _flags(names: Any) -> np.ndarray:
    """The elements of these names and lists among all, boolean (118,)."""
    flags = np.zeros(len(SYMBOLS), bool)
    for name in names:
        flags[[COLUMN[symbol] for symbol in LISTS.get(name, {name})]] = True
    return flags


def _known(name: str, others: Any = ()) -> None:
    if name not in COLUMN:
        lists = f"; or a list: {', '.join(others)}" if others else ""
        hint = did_you_mean(name, [*SYMBOLS, *others])
        raise ValueError(f"there is no element '{name[:40]}'" + (f": {hint}" if hint else lists))


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
