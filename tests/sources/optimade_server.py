"""The OPTIMADE reference server, with structures of our own making, in a process that can be killed and begun again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

#: Rock-salt cells, all different: pairs of a metal and a non-metal, each at several lattice constants.
METALS = ("Li", "Na", "K", "Mg", "Ca", "Sr", "Ba", "Ti", "V", "Mn", "Fe", "Co", "Ni", "Zn", "Cd")
OTHERS = ("O", "S", "Se", "F", "Cl", "N")


def rock_salt(metal: str, other: str, constant: float) -> dict[str, Any]:
    """The OPTIMADE fields of a conventional rock-salt cell, the lattice constant in angstrom."""
    a = constant
    corners = [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]
    middles = [(0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5), (0.5, 0.5, 0.5)]
    positions = [[a * x for x in place] for place in corners + middles]
    first, second = sorted((metal, other))
    kind = {"concentration": [1.0]}
    return {
        "elements": [first, second],
        "nelements": 2,
        "elements_ratios": [0.5, 0.5],
        "chemical_formula_descriptive": f"{metal}4{other}4",
        "chemical_formula_reduced": f"{first}{second}",
        "chemical_formula_anonymous": "AB",
        "chemical_formula_hill": None,
        "dimension_types": [1, 1, 1],
        "nperiodic_dimensions": 3,
        "lattice_vectors": [[a, 0, 0], [0, a, 0], [0, 0, a]],
        "cartesian_site_positions": positions,
        "nsites": 8,
        "species": [{"name": name, "chemical_symbols": [name], **kind} for name in (metal, other)],
        "species_at_sites": [metal] * 4 + [other] * 4,
        "structure_features": [],
        "last_modified": "2024-05-06T07:08:09Z",
        "immutable_id": None,
    }


def entries(n: int, prefix: str = "test", stretch: float = 1.0) -> list[dict[str, Any]]:
    """n entries with a property of their own; the cells of two lists differ by the factor `stretch`."""
    made = []
    for number in range(n):
        metal, other = METALS[number % len(METALS)], OTHERS[number // len(METALS) % len(OTHERS)]
        constant = stretch * (4.0 + 0.7 * (number // (len(METALS) * len(OTHERS))))
        attributes = rock_salt(metal, other, constant)
        attributes["band_gap"] = round(0.01 * number, 4)
        attributes["is_stable"] = number % 3 == 0
        made.append({"id": f"{prefix}-{number:04d}", "type": "structures", "attributes": attributes})
    return made


class ReferenceServer:
    """optimade-python-tools on loopback; `start` and `kill` as often as a test likes, always at one address."""

    def __init__(self, folder: Path, listed: list[dict[str, Any]], page_limit: int = 25, prefix: str = "test") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        lines = [{"x-optimade": {"meta": {"api_version": "1.2.0"}}}, *listed]
        (folder / "structures.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        own = [
            {"name": "band_gap", "type": "float", "unit": "eV", "description": "the width of the band gap"},
            {"name": "is_stable", "type": "boolean", "description": "whether it lies on the hull"},
        ]
        settings = {
            "database_backend": "mongomock",
            "mongo_database": f"optimade_{self.port}",
            "insert_test_data": False,
            "insert_from_jsonl": str(folder / "structures.jsonl"),
            "base_url": self.url,
            "page_limit": page_limit,
            "page_limit_max": 2 * page_limit,
            "provider": {"name": "Test", "description": "made for tests", "prefix": prefix, "homepage": None},
            "provider_fields": {"structures": own},
            "log_dir": str(folder),
            "create_default_index": False,
        }
        self._config, self._log = folder / "config.json", folder / "server.log"
        self._config.write_text(json.dumps(settings), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | {"OPTIMADE_CONFIG_FILE": str(self._config), "OMP_NUM_THREADS": "1"}
        words = ["-m", "uvicorn", "optimade.server.main:app", "--host", "127.0.0.1", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([sys.executable, *words], env=environment, stdout=log, stderr=log)
        for _ in range(600):
            try:
                httpx.get(f"{self.url}/v1/info", timeout=5).raise_for_status()
                return
            except httpx.HTTPError:
                assert self._process.poll() is None, self._log.read_text(encoding="utf-8")[-2000:]
                time.sleep(0.1)
        raise AssertionError("the reference server does not start")

    @property
    def log(self) -> str:
        """What the server has written so far: a line for each request."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
