"""No command writes over what it reads, or twice into one file: a slip of the hand costs no data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Matloop

TABLE = "formula,gap\nNaCl,8.5\nKCl,8.4\nLiF,13.6\nMgO,7.8\nZnO,3.3\nwhat,1\n"


@pytest.fixture(autouse=True)
def _table(tmp_path: Path) -> None:
    (tmp_path / "gaps.csv").write_text(TABLE)
    (tmp_path / "gap.matloop").write_bytes(b"asked for nothing before the paths are known to be apart")


@pytest.mark.parametrize(
    "words",
    [
        "predict gap.matloop gaps.csv -o ./gaps.csv",
        "import gaps.csv --set-aside gaps.csv",
        "import gaps.csv --report gaps.csv",
        "import gaps.csv -o a.parquet --report a.parquet",
        "describe gaps.csv -o gaps.csv",
        "describe gaps.csv --failures gaps.csv",
        "describe gaps.csv -o a.csv --failures a.csv",
        "fetch bulk zinc gaps.csv -o gaps.csv",
    ],
)
def test_what_is_read_stays_as_it_is(words: str, matloop: Matloop, tmp_path: Path) -> None:
    told = matloop(*words.split())
    assert told.code == 2
    assert "would be written over" in told.err or "is named twice" in told.err
    assert (tmp_path / "gaps.csv").read_text() == TABLE
    assert {path.name for path in tmp_path.iterdir()} == {"gaps.csv", "gap.matloop"}


def test_a_dataset_is_described_anew_in_its_place_unless_it_would_lose_something(
    matloop: Matloop, tmp_path: Path
) -> None:
    assert matloop("import", "gaps.csv").code == 0
    assert matloop("import", "gaps.parquet", "--unit", "gap=eV").code == 0
    before = (tmp_path / "gaps.parquet").read_bytes()
    told = matloop("import", "gaps.parquet", "--drop", "gap")
    assert (told.code, "would lose its column 'gap'" in told.err) == (2, True)
    assert (tmp_path / "gaps.parquet").read_bytes() == before


def test_a_screen_s_shortlist_does_not_become_one_of_its_candidates(matloop: Matloop, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    assert matloop("import", "gaps.csv", "-o", "many/a.parquet").code == 0
    (tmp_path / "s.toml").write_text('[[stages]]\nkind = "unique"\n')
    told = matloop("screen", "s.toml", "many", "-o", "many/short.parquet")
    assert (told.code, "would be one of the files in many" in told.err) == (2, True)
    assert [path.name for path in (tmp_path / "many").iterdir()] == ["a.parquet"]
