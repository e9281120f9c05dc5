"""Features of compositions beside matminer's: the same formulas, CPU seconds of one thread, and whether values agree.

`MATLOOP_DATA=… python -m benchmarks.features` writes results/features.md. The formulas are those of the Matbench
tables, each once, in an order drawn with seed 0. Both sides begin with texts and end with a matrix. Ours is the
quickest of five runs, theirs of two (one where it takes more than ten seconds), all in one process.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import platform
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.markdown import table
from matloop.core.composition import parse_formula, read_formulas
from matloop.features.alloy import GAS_CONSTANT, Alloy
from matloop.features.base import Featurizer
from matloop.features.electronic import Electronic
from matloop.features.fractions import Fractions
from matloop.features.ionic import Ionic
from matloop.features.magpie import Magpie
from matloop.features.miedema import Miedema
from matloop.features.oxidation import Oxidation
from matloop.features.stoichiometry import Stoichiometry
from matloop.features.valence import Valence

RESULTS = Path(__file__).parent / "results" / "features.md"
#: What counts as equal: relative to the larger of 1 and the value.
EQUAL = 1e-9
#: Where matminer takes tens of milliseconds a formula, so many are compared; those of oxidation states are small ones.
FEW, MOST_ATOMS = 200, 24

Row = Sequence[float]


class Rival(NamedTuple):
    """A featurizer of ours, what gives the same in matminer, and which of our columns are compared with its answer."""

    ours: Featurizer
    theirs: Callable[[], Callable[[Any], Row]]
    columns: Sequence[int]
    formulas: str = "all"


def rivals() -> list[Rival]:
    from matminer.featurizers import composition as theirs

    def plain(*made: Any) -> Callable[[Any], Row]:
        return lambda composition: [value for each in made for value in each.featurize(composition)]

    def electronic() -> Callable[[Any], Row]:
        center, orbitals, metals = theirs.BandCenter(), theirs.AtomicOrbitals(), theirs.TMetalFraction()

        def featurize(c: Any) -> Row:
            h_shell, _, h_energy, l_shell, _, l_energy, gap = orbitals.featurize(c)
            shells = "spdf".index(h_shell), "spdf".index(l_shell)
            return [*center.featurize(c), h_energy, shells[0], l_energy, shells[1], gap, *metals.featurize(c)]

        return featurize

    def oxidation() -> Callable[[Any], Row]:
        states, differences = theirs.OxidationStates.from_preset("deml"), theirs.ElectronegativityDiff()

        def featurize(c: Any) -> Row:
            charged = c.reduced_composition.add_charges_from_oxi_state_guesses()
            is_ionic = any(species.oxi_state > 0 for species in charged)
            return [*states.featurize(charged), *(differences.featurize(charged) if is_ionic else [0.0] * 5)]

        return featurize

    def alloy() -> Callable[[Any], Row]:
        wen, gas = theirs.WenAlloys(), 1000 * GAS_CONSTANT / 8.314
        chosen = {name: i for i, name in enumerate(wen.feature_labels())}
        same = ["Yang delta", "Radii gamma", "Radii local mismatch", "Electronegativity delta"]
        same += ["Electronegativity local mismatch", "VEC mean", "Mean cohesive energy", "Shear modulus mean"]
        same += ["Shear modulus delta", "Shear modulus local mismatch", "Shear modulus strength model"]

        def featurize(c: Any) -> Row:
            values = wen.featurize(c)
            return [-gas * values[chosen["Configuration entropy"]], *(values[chosen[name]] for name in same)]

        return featurize

    return [
        Rival(Magpie(), lambda: plain(theirs.ElementProperty.from_preset("magpie")), range(132)),
        Rival(Fractions(), lambda: plain(theirs.ElementFraction()), range(118)),
        Rival(Stoichiometry(), lambda: plain(theirs.Stoichiometry()), range(6)),
        Rival(Valence(), lambda: plain(theirs.ValenceOrbital()), range(8)),
        Rival(Electronic(), electronic, range(7)),
        Rival(Alloy(impute=True), alloy, [0, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16], "few"),
        Rival(Miedema(impute=True, as_matminer=True), lambda: plain(theirs.Miedema()), range(3), "few"),
        Rival(Ionic(), lambda: plain(theirs.IonProperty()), range(3), "small"),
        Rival(Oxidation(), oxidation, range(1, 10), "small"),
    ]


def formulas(folder: Path, n: int) -> list[str]:
    """Formulas of the Matbench tables, each once."""
    heads = {path: pd.read_csv(path, nrows=0).columns for path in sorted(folder.glob("matbench_*/*.csv"))}
    columns = [pd.read_csv(path)["formula"].dropna() for path, head in heads.items() if "formula" in head]
    every = pd.concat(columns).astype(str).drop_duplicates()
    return list(every.sample(min(n, len(every)), random_state=0))


def small(texts: Sequence[str]) -> list[str]:
    """The first formulas of few atoms in whole numbers, reduced."""
    from pymatgen.core import Composition

    chosen: list[str] = []
    for text in texts:
        amounts = parse_formula(text).values()
        if len(amounts) > 1 and all(amount == int(amount) for amount in amounts):
            reduced = Composition(text).reduced_composition
            if reduced.num_atoms <= MOST_ATOMS:
                chosen.append(reduced.formula.replace(" ", ""))
    return chosen[:FEW]


def seconds(work: Callable[[list[str]], Any], texts: list[str], runs: int, patience: float = np.inf) -> float:
    """CPU seconds of the quickest run; no second run where the first took longer than `patience`.

    Each run has the texts in another order, so that nothing is remembered from the last one.
    """
    best = np.inf
    for run in range(runs):
        turned = texts[run + 1 :] + texts[: run + 1]
        begun = time.process_time()
        work(turned)
        best = min(best, time.process_time() - begun)
        if best > patience:
            break
    return best


def compare(rival: Rival, texts: list[str]) -> list[str]:
    """One row of the table."""
    from pymatgen.core import Composition

    rival.ours.features(texts[:10])  # tables are read once in a process
    values, failures = rival.ours.features(texts)
    ours = seconds(rival.ours.features, texts, 5)
    featurize = rival.theirs()
    n = len(rival.columns)

    def theirs_of(text: str) -> Row:
        try:
            return featurize(Composition(text))
        except Exception:  # noqa: BLE001 - matminer raises whatever it likes; such rows are counted
            return [np.nan] * n

    answer = np.full((len(texts), n), np.nan)

    def all_of_theirs(turned: list[str]) -> None:
        place = {text: i for i, text in enumerate(texts)}
        for text in turned:
            answer[place[text]] = theirs_of(text)

    theirs = seconds(all_of_theirs, texts, 2, 10.0)
    both = np.isfinite(answer).all(axis=1)
    both[list(failures)] = False
    a, b = values[:, list(rival.columns)][both], answer[both]
    error = np.abs(a - b) / np.maximum(1, np.abs(b))
    return [
        f"`{rival.ours.name}`",
        str(len(rival.columns)),
        f"{len(texts):,}",
        f"{theirs:.2f}",
        f"{ours:.4f}",
        f"{theirs / ours:,.0f}",
        f"{1e6 * ours / len(texts):.1f}",
        f"{(error <= EQUAL).all(axis=1).sum():,} of {both.sum():,}",
        f"{error.max(initial=0.0):.0e}",
    ]


def of_random_compositions(n: int) -> list[str]:
    """What a screen does: compositions that were not seen before, with amounts of two digits."""
    rng = np.random.default_rng(0)
    symbols = np.array("Li Na Mg Al Si P S Ca Ti V Cr Mn Fe Co Ni Cu Zn Zr Nb Mo O N F Cl".split())
    texts = []
    for _ in range(n):
        k = rng.integers(2, 6)
        amounts = rng.integers(1, 100, size=k)
        texts.append(
            "".join(f"{s}0.{a:02d}" for s, a in zip(rng.choice(symbols, k, replace=False), amounts, strict=True))
        )
    read = seconds(read_formulas, texts, 5)
    both = seconds(Magpie().features, texts, 5)
    return [f"{n:,}", f"{1e6 * read / n:.2f}", f"{1e6 * both / n:.2f}"]


def page(rows: list[list[str]], screen: list[str], n: int) -> str:
    head = ["featurizer", "columns", "formulas", "matminer, CPU s", "matloop, CPU s", "times faster", "µs a formula"]
    head += ["equal to 1e-9", "largest difference"]
    versions = ", ".join(f"{name} {version(name)}" for name in ("matminer", "pymatgen", "numpy"))
    return "\n".join(
        [
            "# Features of compositions, beside matminer",
            "",
            f"{n:,} different formulas of the Matbench tables; one thread; from texts to a matrix. {versions}, Python "
            f"{platform.python_version()}. Written by `python -m benchmarks.features`, which says how.",
            "",
            table(head, rows),
            "",
            "Equal: the difference is at most 1e-9 of the larger of 1 and the value, in all columns, of the formulas "
            "that both describe. `ionic` and `oxidation` were compared on formulas of at most "
            f"{MOST_ATOMS} atoms, reduced: pymatgen tries all choices of oxidation states.",
            "",
            "`alloy` and `miedema` take the mean over all elements where there is no value, and `miedema` has "
            "`as_matminer=true`. Ours keeps the sign of the mixing enthalpy, which matminer drops: the enthalpy and "
            "what follows from it are compared in the tests alone.",
            "",
            "A screen reads compositions that were never seen, with amounts of two digits:",
            "",
            table(["compositions", "reading, µs each", "reading and `magpie`, µs each"], [screen]),
            "",
        ]
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("-n", type=int, default=5000, help="so many formulas")
    arguments.add_argument("--screen", type=int, default=200_000, help="so many random compositions")
    chosen = arguments.parse_args()
    warnings.simplefilter("ignore")
    texts = formulas(Path(os.environ["MATLOOP_DATA"]), chosen.n)
    some = {"all": texts, "few": texts[:FEW], "small": small(texts)}
    rows = [compare(rival, some[rival.formulas]) for rival in rivals()]
    RESULTS.write_text(page(rows, of_random_compositions(chosen.screen), len(texts)), encoding="utf-8")


if __name__ == "__main__":
    main()
