"""Maps of described materials: places and clusters become columns, and a page that says how far to believe them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs

from matloop.core.errors import InputError
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery.describe import describe
from matloop.discovery.maps import map_of, names_of, wanted_clusters, write_page

X, OF_BLOB = make_blobs([30, 20, 10], 5, cluster_std=0.4, random_state=4)
FRAME = pd.DataFrame(X, columns=list("abcde")).assign(
    name=[f"sample {i}" for i in range(60)], y=X[:, 0], kind=np.array(["x", "y<b>", "z"])[OF_BLOB]
)
COLUMNS = [
    *(Column(name) for name in "abcde"),
    Column("name", role="identity", kind="text"),
    Column("y", role="target", unit="eV"),
    Column("kind", role="target", kind="text"),
]
DATASET = Dataset(FRAME, COLUMNS, name="blobs")


def test_places_and_clusters_become_columns_that_no_model_takes_for_inputs():
    drawn = map_of(DATASET, list("abcde"), "pca", "auto")
    added = [drawn.dataset.columns[name] for name in ("map 1", "map 2", "cluster")]
    assert {column.role for column in added} == {"identity"}
    assert len(drawn.dataset.inputs) == 5
    assert drawn.clusters.n_clusters == 3
    assert drawn.facts()["clusters"]["sizes"] == [30, 20, 10]
    np.testing.assert_array_equal(drawn.dataset.frame["map 1"], drawn.map.places[:, 0])


def test_a_map_without_clusters_has_none():
    drawn = map_of(DATASET, list("abcde"))
    assert drawn.clusters is None
    assert "cluster" not in drawn.dataset.columns
    assert len(drawn.sentences()) == 1


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("auto", ("k-means", None)),
        ("4", ("k-means", 4)),
        ("agglomerative", ("agglomerative", None)),
        ("agglomerative:4", ("agglomerative", 4)),
        ("hdbscan", ("hdbscan", None)),
    ],
)
def test_clusters_are_asked_for_by_number_or_method(text, meant):
    assert wanted_clusters(text) == meant


@pytest.mark.parametrize(
    ("text", "said"), [("hdbscn", "did you mean 'hdbscan'"), ("k-means:x", "no number"), ("0", "no num")]
)
def test_other_words_are_refused(text, said):
    with pytest.raises(InputError) as refused:
        wanted_clusters(text)
    assert said in str(refused.value)


def test_rows_without_clusters_are_said_to_have_none():
    noise = Dataset(pd.DataFrame(np.random.default_rng(0).uniform(size=(80, 5)), columns=list("abcde")))
    drawn = map_of(noise, list("abcde"), "pca", "3")
    assert "hardly fall into clusters" in drawn.sentences()[-1]


def test_the_page_shows_each_target_and_the_clusters(tmp_path: Path):
    """Numbers on a scale, classes and clusters by name; no name becomes a tag."""
    drawn = map_of(DATASET, list("abcde"), "pca", "3")
    page = write_page(drawn, tmp_path / "map.html", "blobs").read_text(encoding="utf-8")
    assert page.count("<h2>") == 3
    assert "y (eV)" in page
    assert "sample 7" in page
    assert "y<b>" not in page
    assert "trustworthiness" in page


def test_many_rows_are_drawn_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from matloop.reports import map as page_of_map

    monkeypatch.setattr(page_of_map, "MOST_POINTS", 20)
    page = write_page(map_of(DATASET, list("abcde")), tmp_path / "map.html", "blobs").read_text(encoding="utf-8")
    assert "of which 20 are drawn" in page


def test_rows_without_a_name_have_their_number():
    assert names_of(Dataset(FRAME[list("abcde")]))[:2] == ["row 1", "row 2"]
    assert names_of(DATASET)[0] == "sample 0"


def test_the_features_of_described_materials_are_drawn():
    """Of a dataset that was described, its features and nothing else make the map."""
    formulas = ["Fe2O3", "Al2O3", "Cr2O3", "NaCl", "KCl", "KBr", "Cu", "Ni", "CuNi"]
    frame = pd.DataFrame({"formula": formulas, "t": np.arange(9.0)})
    dataset = Dataset(frame, [Column("formula", role="material", kind="composition"), Column("t")])
    done = describe(dataset, n_jobs=1)
    assert "t" not in done.features
    assert len(done.features) == len(done.featurizer.names)
    drawn = map_of(done.dataset, done.features, "pca", "3")
    groups = [set(drawn.clusters.labels[i : i + 3]) for i in (0, 3, 6)]
    assert [len(group) for group in groups] == [1, 1, 1]
    assert replace(done, dataset=drawn.dataset).facts()["described"] == 9
