"""The published pools on which the planners are compared: replicates averaged by condition, with their direction.

The files are read from the folder that the environment variable MATLOOP_DATA names; nothing is copied from it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Pool:
    """A finite table of candidates with the answer to each.

    `columns` holds each parameter as shape (n,), numbers or text; `readings` each condition's replicates.
    """

    name: str
    columns: dict[str, np.ndarray]
    readings: tuple[np.ndarray, ...]
    goal: str

    @property
    def n(self) -> int:
        return len(self.readings)

    @cached_property
    def values(self) -> np.ndarray:
        """The mean over each condition's replicates, shape (n,)."""
        return np.array([reading.mean() for reading in self.readings])

    @cached_property
    def utilities(self) -> np.ndarray:
        """The values with the sign turned where less is better, shape (n,)."""
        return self.values if self.goal == "maximize" else -self.values

    @cached_property
    def encoded(self) -> np.ndarray:
        """The candidates as numbers, shape (n, d): columns of numbers scaled to 0..1, one column a level of text."""
        parts = [_one_hot(c) if c.dtype == object else _scaled(c)[:, None] for c in self.columns.values()]
        return np.column_stack(parts)

    def top(self, share: float) -> np.ndarray:
        """Which rows are among the best ceil(share x n), ties with the last of them included: shape (n,), boolean."""
        count = int(np.ceil(round(share * self.n, 9)))
        return self.utilities >= np.sort(self.utilities)[-count]


def _one_hot(column: np.ndarray) -> np.ndarray:
    return (column[:, None] == np.array(sorted(set(column)), object)[None, :]).astype(float)


def _scaled(column: np.ndarray) -> np.ndarray:
    low, high = column.min(), column.max()
    return (column - low) / ((high - low) or 1.0)


# -- where each comes from -------------------------------------------------------------------------------------


def _olympus(folder: Path) -> pd.DataFrame:
    import pandas as pd

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    names = [entry["name"] for part in ("parameters", "measurements") for entry in config[part]]
    return pd.read_csv(folder / "data.csv", header=None, names=names)


def _one_file(name: str) -> Callable[[Path], pd.DataFrame]:
    def read(folder: Path) -> pd.DataFrame:
        import pandas as pd

        return pd.read_csv(folder / name, encoding="utf-8-sig")

    return read


def _direct_arylation(folder: Path) -> pd.DataFrame:
    return _one_file("experiment_index.csv")(folder).drop(columns="entry")


def _hmof(folder: Path) -> pd.DataFrame:
    """All three parts of the 65 bar table; its first column is a running number and no property."""
    import pandas as pd

    names = ["id", "accessible_volume", "void_fraction", "largest_pore", "limiting_pore", "uptake"]
    parts = [pd.read_csv(folder / f"{part}_65bar.csv", header=None, names=names) for part in ("train", "val", "test")]
    return pd.concat(parts).sort_values("id").drop(columns="id")


#: Name -> folder, how it is read (the last column is what was measured), goal.
POOLS: dict[str, tuple[str, Callable[[Path], pd.DataFrame], str]] = {
    "crossed_barrel": ("pvlab_crossed_barrel", _one_file("crossed_barrel.csv"), "maximize"),
    "agnp": ("pvlab_agnp", _one_file("AgNP_dataset.csv"), "minimize"),
    "p3ht": ("pvlab_p3ht", _one_file("P3HT_dataset.csv"), "maximize"),
    "autoam": ("pvlab_autoam", _one_file("AutoAM_dataset.csv"), "maximize"),
    "perovskite": ("pvlab_perovskite", _one_file("Perovskite_dataset.csv"), "minimize"),
    "oer_plate_3496": ("olympus_oer_plate_3496", _olympus, "minimize"),
    "oer_plate_3860": ("olympus_oer_plate_3860", _olympus, "minimize"),
    "photo_pce10": ("olympus_photo_pce10", _olympus, "minimize"),
    "photo_wf3": ("olympus_photo_wf3", _olympus, "minimize"),
    "hplc": ("olympus_hplc", _olympus, "maximize"),
    "suzuki": ("olympus_suzuki", _olympus, "maximize"),
    "perovskites": ("olympus_perovskites", _olympus, "minimize"),
    "direct_arylation": ("edbo_direct_arylation", _direct_arylation, "maximize"),
    "liquidus": ("nimo_liquidus", _one_file("al-si-zn_352.csv"), "minimize"),
    "hmof_ch4": ("hmof_ch4", _hmof, "maximize"),
}

#: The five sets of Liang et al. 2021 (npj Comput. Mater. 7:188, doi:10.1038/s41524-021-00656-9).
LIANG = ("crossed_barrel", "p3ht", "agnp", "perovskite", "autoam")


def data_folder() -> Path:
    """The folder of the published data. Raises SystemExit with the remedy where it is not named."""
    folder = os.environ.get("MATLOOP_DATA")
    if not folder or not Path(folder).is_dir():
        raise SystemExit("set MATLOOP_DATA to the folder of the published datasets")
    return Path(folder)


def load(name: str) -> Pool:
    """One pool by its name, its conditions in the order in which they first appear."""
    folder, read, goal = POOLS[name]
    table = read(data_folder() / folder)
    *parameters, measured = table.columns
    groups = table.groupby(list(parameters), sort=False)[measured]
    conditions = groups.mean().index.to_frame(index=False)
    columns = {str(p): _column(conditions[p]) for p in parameters}
    return Pool(name, columns, tuple(group.to_numpy(float) for _, group in groups), goal)


def _column(series: pd.Series) -> np.ndarray:
    text = series.dtype.kind not in "fiub"
    return np.array([str(v) for v in series], object) if text else series.to_numpy(float)
