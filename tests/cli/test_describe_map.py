"""matloop describe --map: a page beside the features."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from matloop.datasets.dataset import Dataset

if TYPE_CHECKING:
    from conftest import Matloop

TABLE = "formula,gap\n" + "\n".join(
    f"{formula},{i / 2}" for i, formula in enumerate("Fe2O3 Al2O3 Cr2O3 NaCl KCl KBr Cu Ni CuNi".split())
)


def test_a_map_and_clusters_are_drawn_beside_the_features(matloop: Matloop) -> None:
    Path("gaps.csv").write_text(TABLE, encoding="utf-8")
    told = matloop(
        "describe", "gaps.csv", "-f", "magpie", "--map", "pca", "--clusters", "3", "--workers", "1", "--no-cache"
    )
    assert told.code == 0, told.err
    assert "3 clusters by k-means" in told.out
    assert "Map: gaps.features.map.html" in told.out
    assert "Fe2O3" in Path("gaps.features.map.html").read_text(encoding="utf-8")
    assert {"map 1", "map 2", "cluster"} <= set(Dataset.read("gaps.features.parquet").columns)


def test_the_facts_of_the_map_are_json(matloop: Matloop) -> None:
    Path("gaps.csv").write_text(TABLE, encoding="utf-8")
    words = "describe gaps.csv -f magpie --clusters auto --workers 1 --no-cache --json".split()
    facts = json.loads(matloop(*words).out)
    assert facts["map"]["method"] == "pca"
    assert sum(facts["map"]["clusters"]["sizes"]) == 9


def test_an_unknown_map_or_clustering_is_refused_before_anything_is_computed(matloop: Matloop) -> None:
    Path("gaps.csv").write_text(TABLE, encoding="utf-8")
    for words, said in ((["--map", "tsne"], "no map 'tsne'"), (["--clusters", "many"], "no clustering 'many'")):
        told = matloop("describe", "gaps.csv", "--workers", "1", "--no-cache", *words)
        assert told.code == 2
        assert said in told.err
        assert not Path("gaps.features.parquet").exists()
