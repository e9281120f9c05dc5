"""Tables that a definition names: descriptors of choices, and pools too large to be written down."""

import numpy as np
import pandas as pd
import pytest

from matloop import Campaign, Choice, Maximize, Pool, Random, Real, Space
from matloop.campaign.loading import load_spec
from matloop.core.errors import InputError, SpecError
from matloop.core.pool import MOST_CELLS_WRITTEN

DEFINITION = """
[space]
solvent = { kind = "choice", options = ["water", "dmf"], descriptors = "solvents.csv" }
x = { kind = "real", low = 0, high = 1 }
[objective]
y = { goal = "maximize" }
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(DEFINITION)
    return path


def test_descriptors_are_read_from_a_file_and_become_part_of_the_definition(file):
    (file.parent / "solvents.csv").write_text("name,epsilon,boils\ndmf,37,153\nwater,80,100\n")
    spec = load_spec(file)
    assert spec.space.features == ("solvent epsilon", "solvent boils", "x")
    assert spec.to_dict()["space"]["solvent"]["descriptors"] == {"epsilon": [80, 37], "boils": [100, 153]}


@pytest.mark.parametrize(
    ("table", "path", "said"),
    [
        (None, "space.solvent.descriptors", "there is no file 'solvents.csv'"),
        ("name,epsilon\nwater,80\ndmff,37\n", "space.solvent", "'dmf' has no row in solvents.csv"),
        ("name,epsilon\nwater,80\ndmf,\n", "space.solvent", "descriptor 'epsilon' has no number for 'dmf'"),
        ("name,epsilon\nwater,80\ndmf,80\n", "space.solvent", "'water' and 'dmf' have the same descriptors"),
    ],
)
def test_a_table_that_does_not_describe_the_options_is_a_mistake(file, table, path, said):
    if table:
        (file.parent / "solvents.csv").write_text(table)
    with pytest.raises(SpecError) as caught:
        load_spec(file)
    (mistake,) = caught.value.mistakes
    assert mistake.path == path
    assert said in mistake.message


def pool_of(n, seed=0):
    return Pool(table={"x": np.random.default_rng(seed).random(n), "n": np.arange(n)})


def test_a_campaign_on_a_large_table_keeps_its_hash_alone_and_notices_another_table(tmp_path):
    def campaign(pool):
        return Campaign(Space(p=pool), [Maximize("y")], planner=Random(), budget=4, store=tmp_path / "matloop.db")

    def lab(point):
        return point["x"]

    assert campaign(pool_of(MOST_CELLS_WRITTEN)).run(lab, progress=False).status == "finished"
    assert (tmp_path / "matloop.db").stat().st_size < 1_000_000
    with pytest.raises(InputError, match="has changed"):
        campaign(pool_of(MOST_CELLS_WRITTEN, seed=1)).run(lab, progress=False)
    opened = Campaign.open("campaign", tmp_path / "matloop.db")
    assert len(opened.table()) == 4
    with pytest.raises(InputError, match="given in Python"):
        opened.run(lab, budget=6, accept_changes=True, progress=False)


def test_a_campaign_with_a_function_as_constraint_keeps_it_and_can_be_looked_at(tmp_path):
    space = Space(x=Real(0, 1), s=Choice(["a", "b"]), constraints=[lambda point: point["x"] < 0.5 or point["s"] == "a"])
    campaign = Campaign(space, [Maximize("y")], planner=Random(), budget=8, store=tmp_path / "matloop.db")
    campaign.run(lambda point: point["x"], progress=False)
    points = [observation.point for observation in campaign.observations]
    assert all(point["x"] < 0.5 or point["s"] == "a" for point in points)
    opened = Campaign.open("campaign", tmp_path / "matloop.db")
    assert len(opened.table()) == 8
    with pytest.raises(InputError, match="is not here"):
        opened.run(lambda point: 0.0, budget=10, accept_changes=True, progress=False)


def test_parquet_keeps_the_precision_and_leaves_out_the_index(tmp_path):
    frame = pd.DataFrame({"x": np.array([1.5, 2.5], np.float32), "n": [1, 2], "name": ["a", "b"]}, index=["i", "j"])
    frame.to_parquet(tmp_path / "pool.parquet")
    spec = tmp_path / "study.toml"
    spec.write_text('[space.p]\nkind = "pool"\nfile = "pool.parquet"\n[objective]\ny = { goal = "maximize" }\n')
    rows = load_spec(spec).space.parameters["p"].rows
    assert list(rows) == ["x", "n", "name"]
    assert rows["x"].dtype == np.float32
