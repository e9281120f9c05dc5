"""A dataset becomes a dataset of features: nothing lost, nothing hidden."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from matloop.core.errors import InputError, MatloopError
from matloop.core.units import check_unit
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset
from matloop.discovery import describe as discovery
from matloop.discovery.describe import describe, reasons, write, write_failures
from matloop.discovery.representation import USUAL
from matloop.features import workers
from matloop.features.base import Featurizer
from matloop.features.catalogue import catalogue
from matloop.features.combined import Combined
from matloop.features.fractions import Fractions
from matloop.features.magpie import Magpie
from matloop.features.naming import featurizer, featurizers

FORMULAS = ["AlNi", "FeO", "Cu3Al", "Fe2Ti"]


@pytest.fixture
def alloys() -> Dataset:
    frame = pd.DataFrame(
        {"id": list("abcd"), "formula": FORMULAS, "temperature": [1.0, 2.0, 3.0, 4.0], "gap": [7.8, 0, 8.5, 2]}
    )
    columns = [
        Column("id", role="identity", kind="text"),
        Column("formula", role="material", kind="composition"),
        Column("temperature", unit="K"),
        Column("gap", role="target", unit="eV"),
    ]
    return Dataset(frame, columns, name="alloys", licence="CC0")


def salt() -> str:
    """Rock salt as the text of a cell."""
    corner, middle = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
    return json.dumps(
        {
            "lattice_vectors": (5.64 * np.eye(3)).tolist(),
            "cartesian_site_positions": (2.82 * np.array(corner + middle)).tolist(),
            "species_at_sites": ["Na"] * 4 + ["Cl"] * 4,
            "species": [{"name": s, "chemical_symbols": [s], "concentration": [1.0]} for s in ("Na", "Cl")],
            "dimension_types": [1, 1, 1],
        }
    )


def test_usual_features_of_a_composition(alloys: Dataset) -> None:
    """Without a word, compositions get the usual featurizers, whose columns are inputs with units and descriptions."""
    done = describe(alloys)
    assert tuple(part.name for part in done.featurizer.parts) == USUAL["composition"][0]
    assert done.column.name == "formula"
    made = done.dataset
    assert made.columns["mean MeltingT"].unit == "K"
    assert made.columns["mean MeltingT"].role == "input"
    assert "magpie" in made.columns["mean MeltingT"].description
    assert np.array_equal(made.frame[list(Magpie().names)].to_numpy(), Magpie().transform(FORMULAS))


def test_all_else_is_kept(alloys: Dataset) -> None:
    """Targets, other inputs, licence and name stay; what was described becomes an identity."""
    made = describe(alloys, [Fractions()]).dataset
    assert made.material is None
    assert made.columns["formula"].role == "identity"
    assert [column.name for column in made.targets] == ["gap"]
    assert made.columns["temperature"] == alloys.columns["temperature"]
    assert (made.name, made.licence) == ("alloys", "CC0")
    assert list(made.frame["gap"]) == list(alloys.frame["gap"])


def test_failures_are_set_aside(alloys: Dataset, tmp_path: Path) -> None:
    """A record that a featurizer cannot describe is set aside with its place, reason and cell; the others are whole."""
    done = describe(alloys, featurizers("alloy,fractions"))
    assert list(done.dataset.frame["id"]) == ["a", "c", "d"]
    assert np.isfinite(done.dataset.frame[list(done.featurizer.names)].to_numpy()).all()
    (record,) = done.failed
    assert (record.place, record.raw) == ("record 2", "FeO")
    assert record.reason.startswith("formula: alloy: O has no known")
    assert reasons(done.failed) == [(record.reason, 1, "record 2")]
    write_failures(done, tmp_path / "failures.csv")
    assert pd.read_csv(tmp_path / "failures.csv").to_dict("records") == [
        {"place": "record 2", "reason": record.reason, "record": "FeO"}
    ]
    assert done.facts()["reasons"] == [{"reason": record.reason, "records": 1, "first": "record 2"}]


def test_features_are_saved_without_loss(alloys: Dataset, tmp_path: Path) -> None:
    """A Parquet file gives the same dataset back, its failures too; a CSV file has the same numbers."""
    done = describe(alloys, featurizers("miedema,stoichiometry"))
    again = Dataset.read(write(done, tmp_path / "f.parquet"))
    pd.testing.assert_frame_equal(again.frame, done.dataset.frame)
    assert again.columns == done.dataset.columns
    assert again.set_aside == done.failed
    table = pd.read_csv(write(done, tmp_path / "f.csv"))
    assert table["2-norm"].tolist() == pytest.approx(done.dataset.frame["2-norm"].tolist())
    with pytest.raises(InputError, match="Parquet or CSV"):
        write(done, tmp_path / "f.xlsx")


def test_a_column_of_the_same_name(alloys: Dataset) -> None:
    """A feature that is called like a column of the table says whose it is, and harms neither."""
    renamed = Dataset(alloys.frame.rename(columns={"temperature": "Al fraction"}))
    made = describe(renamed, [Fractions()]).dataset
    assert made.frame["Al fraction"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert made.frame["fractions: Al fraction"][0] == 0.5


def test_structures_have_compositions_too() -> None:
    """Featurizers of compositions describe structures, beside those of structures and alone."""
    dataset = Dataset(
        pd.DataFrame({"structure": [salt(), "no structure"]}), [Column("structure", role="material", kind="structure")]
    )
    done = describe(dataset, featurizers("fractions,geometry,stoichiometry"))
    assert done.dataset.frame["Na fraction"].tolist() == [0.5]
    assert len(done.failed) == 1
    assert {part.kind for part in done.featurizer.parts} == {"structure"}
    alone = describe(dataset, [Magpie()]).dataset
    expected = dict(zip(Magpie().names, Magpie().transform(["NaCl"])[0], strict=True))
    assert alone.frame["mean Number"][0] == expected["mean Number"]


def test_structures_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A combination of featurizers of structures and of compositions reads each structure a single time."""
    from matloop.features import crystal

    read: list[Any] = []
    original = crystal.structure_of
    monkeypatch.setattr(crystal, "structure_of", lambda cell: read.append(cell) or original(cell))
    assert Combined(["magpie", "geometry", "fractions"]).transform([salt()]).shape == (1, 261)
    assert len(read) == 1


def test_the_column_that_fits_is_found(alloys: Dataset) -> None:
    """Named featurizers look for a column of their kind; a spectrum's unit goes into its features."""
    curve = json.dumps({"x": list(range(9)), "y": [0, 0, 1, 4, 6, 4, 1, 0, 0]})
    both = alloys.with_column(Column("absorption", kind="spectrum", unit="V"), [curve] * 4)
    assert describe(both).column.name == "formula"
    assert describe(both, featurizers("moments:baseline=false")).column.name == "absorption"
    spectra = describe(both, column="absorption")
    assert [part.name for part in spectra.featurizer.parts] == ["moments", "peaks"]
    assert spectra.dataset.columns["maximum"].unit == "V"


def test_what_cannot_be_described(alloys: Dataset) -> None:
    """A column without features, a featurizer of another kind, and a table without materials are refused."""
    for told, why in (
        ({"column": "gap"}, "no features"),
        ({"column": "gab"}, "no column 'gab'"),
        ({"featurizers": featurizers("peaks")}, "is a spectrum"),
        ({"column": "formula", "featurizers": featurizers("moments")}, "'moments' describes a spectrum"),
    ):
        with pytest.raises(InputError, match=why) as caught:
            describe(alloys, **told)  # type: ignore[arg-type]
        assert caught.value.hint
    with pytest.raises(InputError, match="a material or a spectrum"):
        describe(Dataset(pd.DataFrame({"gap": [1.0, 2.0]})))


def test_a_cluster_gives_the_same(alloys: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address of a Dask scheduler the work is done there; where none answers, it is said how to start one."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
        there = describe(alloys, dask=cluster.scheduler_address)
    pd.testing.assert_frame_equal(there.dataset.frame, describe(alloys).dataset.frame)
    monkeypatch.setattr(workers, "PATIENCE", "1s")
    with pytest.raises(MatloopError, match="no Dask scheduler answers") as caught:
        describe(alloys, dask="tcp://127.0.0.1:1")
    assert "dask scheduler" in caught.value.hint


def test_columns_learned_from_data() -> None:
    """A featurizer that learns its columns learns them from the records described."""
    cells = [json.dumps({"x": list(range(low, low + 9)), "y": [0, 0, 1, 4, 6, 4, 1, 0, 0]}) for low in (0, 2)]
    dataset = Dataset(pd.DataFrame({"spectrum": cells}), [Column("spectrum", kind="spectrum")])
    done = describe(dataset, featurizers("intensities:n=4"))
    assert done.featurizer.names == tuple(f"intensity at {x}" for x in (2, 4, 6, 8))


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("magpie", {"impute": True}),
        ("magpie:impute=false", {"impute": False}),
        ("peaks:n=3;prominence=0.1", {"n": 3, "prominence": 0.1}),
        ("stoichiometry:p=[2,3]", {"p": [2, 3]}),
        ("moments:x_unit=nm", {"x_unit": "nm"}),
    ],
)
def test_featurizers_by_name(text: str, parameters: dict[str, Any]) -> None:
    """A name with parameters is a featurizer with these."""
    made = featurizer(text)
    assert made.name == text.split(":")[0]
    assert parameters.items() <= made.get_params().items()


def test_several_by_name() -> None:
    """Commas part featurizers, and not the values of a list."""
    made = featurizers('magpie, stoichiometry:p=[2,3],moments:x_unit="a,b"')
    assert [each.name for each in made] == ["magpie", "stoichiometry", "moments"]
    assert made[1].get_params()["p"] == [2, 3]
    assert made[2].get_params()["x_unit"] == "a,b"


@pytest.mark.parametrize(
    ("text", "why", "hint"),
    [
        ("magpi", "no feature of the kind 'magpi'", "magpie"),
        ("magpie:imput=1", "no parameter 'imput'", "impute"),
        ("magpie:impute", "'impute' is no setting", "magpie:impute=VALUE"),
        ("magpie:on_failure=nan", "no parameter 'on_failure'", ""),
    ],
)
def test_names_that_are_wrong(text: str, why: str, hint: str) -> None:
    """What is misspelt is told with what was probably meant."""
    with pytest.raises(InputError, match=why) as caught:
        featurizer(text)
    assert hint in caught.value.hint


def test_the_catalogue_knows_all() -> None:
    """Every featurizer that is registered stands in the catalogue, with a sentence, and with units that are units."""
    entries = catalogue()
    assert {"magpie", "fractions", "moments"} <= {entry.name for entry in entries}
    for entry in entries:
        assert entry.what
        assert entry.kind in discovery.KINDS
        if entry.missing or entry.n_columns is None:
            continue
        made: Featurizer = featurizer(entry.name)
        assert len(made.units) == entry.n_columns
        for unit in {unit for unit in made.units if unit}:
            check_unit(unit)
    check_unit(featurizer("moments:x_unit=nm;y_unit=V").units[0] or "")
