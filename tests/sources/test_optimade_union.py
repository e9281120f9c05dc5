"""Several providers at once: one record for each material, with all of its origins."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faulty_server import Reply, fetched_into
from optimade_answers import Provider
from optimade_server import entries, rock_salt

from matloop.core.errors import QueryRefused, SourceError
from matloop.core.structure import Structure
from matloop.sources.matching import best_matcher
from matloop.sources.optimade import Optimade


def listed(prefix: str, n: int = 30, stretch: float = 1.0) -> list[dict[str, Any]]:
    made = entries(n, prefix, stretch)
    for number, entry in enumerate(made):
        entry["attributes"][f"_{prefix}_gap"] = float(number)
    return made


def gap(prefix: str) -> dict[str, Any]:
    return {f"_{prefix}_gap": {"type": "float", "unit": "eV"}}


def provider(serve: Any, prefix: str, records: list[dict[str, Any]], licence: str) -> Any:
    info = {"attributes": {"available_licenses": [licence], "license": None}}
    return serve(Provider(records, properties=gap(prefix), info=info))


def test_a_material_that_two_databases_have_is_one_record_with_both_origins(serve: Any) -> None:
    """Its properties stand side by side; what only one of them has is there as well."""
    first = provider(serve, "one", listed("one", 30), "CC-BY-4.0")
    second = provider(serve, "two", listed("two", 50, stretch=1.005), "CC0-1.0")
    source = Optimade()
    made = source.fetch({"providers": [first.url, second.url]})
    assert len(made) == 50
    shared = made.frame[made.frame["providers"].str.contains(" ")]
    assert len(shared) == 30
    assert (shared["_one_gap"] == shared["_two_gap"]).all()
    row = shared.iloc[7]
    assert row["origin"].split() == [f"{first.url}/v1/structures/one-0007", f"{second.url}/v1/structures/two-0007"]
    assert row["licence"] == "CC-BY-4.0 AND CC0-1.0"
    alone = made.frame[~made.frame["providers"].str.contains(" ")]
    assert alone["_one_gap"].isna().all()
    assert set(alone["licence"]) == {"CC0-1.0"}
    assert made.columns["_two_gap"].unit == "eV"
    assert made.frame["record_hash"].is_unique
    assert any("30 materials are in more than one database" in remark for remark in source.remarks)


def test_every_origin_is_kept(serve: Any) -> None:
    """Whatever is joined: each record that was fetched has its address in exactly one record of the union."""
    servers = [provider(serve, name, listed(name, n), "MIT") for name, n in (("one", 20), ("two", 45), ("three", 33))]
    made = Optimade().fetch({"providers": [server.url for server in servers]})
    origins = " ".join(made.frame["origin"]).split()
    expected = [
        f"{server.url}/v1/structures/{name}-{i:04d}"
        for server, name, n in zip(servers, ("one", "two", "three"), (20, 45, 33), strict=True)
        for i in range(n)
    ]
    assert sorted(origins) == sorted(expected)
    assert len(made) == 45


def test_records_of_one_database_are_not_joined_with_each_other(serve: Any) -> None:
    """The same structure twice in one database may differ in what was computed: both stay."""
    twice = listed("one", 3) + [{**entry, "id": entry["id"] + "-again"} for entry in listed("one", 3)]
    made = Optimade().fetch(
        {"providers": [provider(serve, "one", twice, "MIT").url, provider(serve, "two", listed("two", 3), "MIT").url]}
    )
    assert len(made) == 6
    assert made.frame["providers"].str.contains(" ").sum() == 3


def test_formulas_alone_are_not_enough_to_be_one_material(serve: Any) -> None:
    query = {"providers": [provider(serve, name, listed(name, 5), "MIT").url for name in ("one", "two")]}
    made = Optimade().fetch(query | {"structures": False})
    assert len(made) == 10


def test_one_provider_that_fails_costs_the_others_nothing(serve: Any, waits: list[float], tmp_path: Path) -> None:
    """They are fetched to their end and kept; once the ill one is well again, only that one is asked."""
    ill, well = provider(serve, "one", listed("one", 30), "MIT"), provider(serve, "two", listed("two", 30), "MIT")
    ill.fail(*[Reply("", 503)] * 6, where=lambda asked: asked.query.get("page_offset") == "10")
    query = {"providers": [ill.url, well.url], "page_limit": 10}
    path = tmp_path / "union.parquet"
    with pytest.raises(SourceError, match=r"503 \(40 records are kept\)") as caught:
        fetched_into(path, Optimade(), query)
    assert "leave it out" in caught.value.hint
    n_asked = len(well.asked)
    assert len(fetched_into(path, Optimade(), query)) == 30
    assert len(well.asked) == n_asked


def test_one_provider_that_does_not_know_the_query_costs_the_others_nothing(serve: Any, tmp_path: Path) -> None:
    """Left out, the same command goes on with what was fetched of the others."""
    well = provider(serve, "two", listed("two", 30), "MIT")
    strange = provider(serve, "one", listed("one", 30), "MIT")
    refusal = Reply({"errors": [{"detail": "'_two_gap' is not known"}]}, 400)
    strange.fail(refusal, where=lambda asked: asked.path == "/v1/structures")
    path, query = tmp_path / "union.parquet", {"filter": "_two_gap > 1", "page_limit": 10}
    with pytest.raises(QueryRefused, match=r"'_two_gap' is not known \(30 records are kept\)"):
        fetched_into(path, Optimade(), query | {"providers": [strange.url, well.url]})
    n_asked = len(well.asked)
    assert len(fetched_into(path, Optimade(), query | {"providers": [well.url]})) == 30
    assert len(well.asked) == n_asked


def test_two_databases_of_one_index(serve: Any) -> None:
    """They are two providers, and one named twice is one."""
    inner = [provider(serve, name, listed(name, n), "MIT") for name, n in (("one", 4), ("two", 6))]
    links = [
        {"id": name, "attributes": {"link_type": "child", "base_url": server.url}}
        for name, server in zip(("a", "b"), inner, strict=True)
    ]
    index = serve(Provider([], info={"attributes": {"is_index": True}}, links=links))
    named = [f"{index.url}#a", f"{index.url}#b", f"{index.url}#a"]
    made = Optimade().fetch({"providers": named})
    assert len(made) == 6
    assert made.frame["providers"].str.contains("#a .*#b").sum() == 4


def structure(a: float, metal: str = "Na", other: str = "Cl") -> Structure:
    return Structure.from_json(rock_salt(metal, other, a))


def turned(original: Structure, seed: int) -> Structure:
    """The same crystal: turned, shifted, its sites in another order."""
    chance = random.Random(seed)
    axis = np.array([chance.gauss(0, 1) for _ in range(4)])
    w, x, y, z = axis / np.linalg.norm(axis)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    order = chance.sample(range(len(original.positions)), len(original.positions))
    shift = np.array([chance.random() for _ in range(3)]) @ original.lattice
    positions = (original.positions[order] + shift) @ turn.T
    return Structure(original.lattice @ turn.T, positions, tuple(original.occupancy[i] for i in order)).wrapped()


@pytest.mark.parametrize("has_pymatgen", [True, False])
def test_what_is_the_same_material(has_pymatgen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Turned, shifted or renumbered it is; another volume or number of sites makes another one."""
    if has_pymatgen:
        pytest.importorskip("pymatgen")
    else:
        monkeypatch.setitem(sys.modules, "pymatgen.analysis.structure_matcher", None)
    same, words = best_matcher()
    assert ("pymatgen is missing" in words) is not has_pymatgen
    salt = structure(5.64)
    for seed in range(5):
        assert same(salt, turned(salt, seed))
    assert same(salt, structure(5.66))
    assert not same(salt, structure(6.2))


def test_geometry_tells_polymorphs_apart() -> None:
    """Equal formula, equal volume: rock salt and the zinc-blende arrangement are two materials."""
    pytest.importorskip("pymatgen")
    same, _ = best_matcher()
    salt = structure(5.6)
    blende = salt.positions.copy()
    blende[4:] = salt.positions[:4] + 5.6 / 4
    assert not same(salt, Structure(salt.lattice, blende, salt.occupancy))
