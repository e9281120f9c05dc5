"""The page of a screen says what its columns are."""

from pathlib import Path

import pandas as pd

from matloop.discovery.screen import screen
from matloop.screening.screen import Screen

PHASES = "formula,formation energy [eV/atom]\nBaO,-2.8\nTiO2,-3.2\nBaTiO3,-3.4\n"


def test_columns_have_units_and_texts_are_no_numbers(tmp_path: Path) -> None:
    """Energies stand with their unit, and what a candidate competes with is aligned as the text that it is."""
    (tmp_path / "phases.csv").write_text(PHASES)
    candidates = tmp_path / "found.csv"
    candidates.write_text("formula,formation energy [eV/atom]\nBaTi2O5,-3.3\n")
    stage = {"kind": "stability", "column": "formation energy", "phases": "phases.csv", "hull": 0.1}
    done = screen(
        Screen.model_validate({"stages": [stage]}), candidates, output=tmp_path / "s.parquet", base=tmp_path, workers=1
    )
    page = (tmp_path / "s.html").read_text(encoding="utf-8")
    assert "energy_above_hull (eV/atom)</span>" in page
    assert "formation energy (eV/atom)</span>" in page
    assert list(pd.read_parquet(done.shortlist.path)["competing_phases"]) == ["0.625 BaTiO3 + 0.375 TiO2"]
    assert '<td class="name">0.625 BaTiO3 + 0.375 TiO2</td>' in page
    assert '<th scope="col"><span role="button" tabindex="0">competing_phases</span>' in page
