"""The pores of a framework, by Zeo++ (Willems et al. 2012, doi:10.1016/j.micromeso.2011.08.020) through pyzeo."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import numpy as np

from matloop.core.errors import InputError, MissingExtra
from matloop.core.structure import Structure, StructureError
from matloop.features.base import Features
from matloop.features.crystal import Crystal, CrystalFeaturizer
from matloop.features.zeopp_worker import SAID

_UNITS = {
    "largest cavity diameter": "angstrom",
    "pore limiting diameter": "angstrom",
    "largest diameter along the path": "angstrom",
    "accessible surface area": "m^2/g",
    "accessible surface area per volume": "m^2/cm^3",
    "accessible volume": "cm^3/g",
    "accessible void fraction": None,
}


#: The ways in which Zeo++ divides large atoms.
_ACCURACIES = (
    *("OCC", "FCC", "ACC", "AQC", "DDH", "TIH", "ICH", "ICC", "RIH", "S4", "S10", "S20", "S30", "S40", "S50", "S100"),
    *("S500", "S1000", "S10000", "DEF", "HI", "MED", "LOW"),
)


class Pores(CrystalFeaturizer):
    """Diameters of the largest sphere that fits, of the largest that passes through, and surface and volume.

    The surface and the volume are those that the centre of a probe of radius `probe` (angstrom) can reach from outside:
    1.86 for nitrogen. They are sampled by `surface_samples` points on each atom and `volume_samples` in the cell,
    with the same random numbers for every structure. `radii` gives radii in angstrom instead of those of Zeo++, which
    are from the CCDC. Where radii differ, the tessellation of Zeo++ makes cavities up to 4 % too large (LTA: 10.65
    instead of 10.27 Å, MFI: 6.39 instead of 6.17 Å); `accuracy` divides large atoms into small spheres: 'S10' is
    within 0.2 % for LTA and takes 20 times longer; 'OCC', 'FCC', 'S4', 'S20', 'MED' and 'DEF' are other ways.

    Zeo++ works in another process, which may come to harm: `deadline` in seconds for each structure.
    """

    name: ClassVar[str] = "pores"
    extra: ClassVar[str | None] = "porous"
    citations = ("10.1016/j.micromeso.2011.08.020", "10.1021/ci200386x")
    per_task: ClassVar[int] = 8

    def __init__(
        self,
        *,
        probe: float = 1.86,
        radii: Mapping[str, float] | None = None,
        accuracy: str | None = None,
        surface_samples: int = 500,
        volume_samples: int = 50_000,
        deadline: float = 600.0,
        on_failure: str = "raise",
    ) -> None:
        super().__init__(on_failure=on_failure)
        self.probe, self.radii, self.accuracy = probe, radii, accuracy
        self.surface_samples, self.volume_samples, self.deadline = surface_samples, volume_samples, deadline

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(_UNITS)

    @property
    def units(self) -> tuple[str | None, ...]:
        return tuple(_UNITS.values())

    def matrix(self, readings: list[Crystal]) -> Features:
        if not (self.probe > 0 and self.surface_samples > 0 and self.volume_samples > 0 and self.deadline > 0):
            raise InputError("the radius of the probe, the samples and the deadline are positive numbers")
        if self.accuracy not in (None, *_ACCURACIES):
            raise InputError(f"no accuracy '{self.accuracy}'", "one of: " + ", ".join(_ACCURACIES))
        try:
            import pyzeo  # noqa: F401
        except ImportError as error:
            raise MissingExtra("pyzeo", "porous") from error
        with _Zeopp() as self._zeopp:
            try:
                return super().matrix(readings)
            finally:
                del self._zeopp

    def describe(self, crystal: Crystal) -> list[float]:
        task = {
            "v1": _v1(crystal.structure),
            "radii": dict(self.radii or {}),
            "accuracy": self.accuracy,
            "probe": self.probe,
            "surface_samples": self.surface_samples,
            "volume_samples": self.volume_samples,
        }
        found = self._zeopp.answer(task, self.deadline)
        area, volume = found["area"], found["volume"]
        return [
            *found["diameters"],
            area["ASA_m^2/g"],
            area["ASA_m^2/cm^3"],
            volume["AV_cm^3/g"],
            volume["AV_Volume_fraction"],
        ]


def _v1(structure: Structure) -> str:
    """The structure as Zeo++ reads it: the first vector along x, the second in the plane of x and y."""
    assert structure.lattice is not None
    _, upper = np.linalg.qr(structure.lattice.T)
    lattice = (upper * np.sign(np.diag(upper))[:, None]).T
    vectors = [f"{name}= {_row(v)}" for name, v in zip(("va", "vb", "vc"), lattice, strict=True)]
    places = structure.fractional @ lattice
    atoms = [f"{symbol} {_row(place)}" for symbol, place in zip(structure.symbols, places, strict=True)]
    return "\n".join(["Unit cell vectors:", *vectors, str(len(atoms)), *atoms, ""])


def _row(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:.10f}" for number in numbers)


class _Zeopp:
    """A process with Zeo++ in it, started when it is first asked, and again after it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="matloop-zeopp-")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()
        self._folder.cleanup()

    def answer(self, task: dict[str, Any], deadline: float) -> Any:
        """What Zeo++ finds for one structure. Raises StructureError where it died or took too long."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        is_late = threading.Event()

        def end_it() -> None:
            is_late.set()
            process.kill()

        timer = threading.Timer(deadline, end_it)
        timer.start()
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(task) + "\n")
                process.stdin.flush()
            line = process.stdout.readline()
        finally:
            timer.cancel()
        if line:
            return json.loads(line)
        status = self._end()
        if is_late.is_set():
            raise StructureError(f"Zeo++ was not done after {deadline:g} s")
        raise StructureError(f"Zeo++ gave up: {self._last_words() or f'it ended with status {status}'}")

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "matloop.features.zeopp_worker", self._folder.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
        return self._process

    def _end(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            return process.wait(1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def _last_words(self) -> str:
        with suppress(OSError):
            said = (Path(self._folder.name) / SAID).read_text("utf-8", errors="replace").splitlines()
            told = [line.strip() for line in said if line.strip() and not line.startswith("Exiting")]
            return " ".join(told[-2:])[:200]
        return ""
