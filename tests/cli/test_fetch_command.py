"""matloop fetch: what a person sees of a download."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("httpx")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sources"))

from chemistry_answers import Chembl, Pubchem, activity
from faulty_server import FaultyServer, Reply
from optimade_answers import Provider
from optimade_server import entries

from matloop.datasets.dataset import Dataset


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATLOOP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("matloop.sources.http.sleep", lambda _: None)


@pytest.fixture
def provider() -> Iterator[FaultyServer]:
    listed = entries(25)
    for entry in listed:
        entry["attributes"]["_own_gap"] = 1.5
    listed[3]["attributes"]["lattice_vectors"] = [[0, 0, 0]] * 3
    info = {"attributes": {"available_licenses": ["CC-BY-4.0"]}}
    server = FaultyServer(Provider(listed, properties={"_own_gap": {"type": "float", "unit": "eV"}}, info=info))
    yield server
    server.close()


def test_a_download_tells_what_came_of_it(matloop, provider, tmp_path) -> None:
    """Counts, properties with units, the licence, and why records were set aside."""
    words = ["fetch", "optimade", "--provider", provider.url, "--page-limit", "10", "-o", "a.parquet"]
    told = matloop(*words)
    assert told.code == 0
    assert "a.parquet: 24 records, 1 record set aside" in told.out
    assert "_own_gap [eV]" in told.out
    assert "Licence: CC-BY-4.0" in told.out
    assert "no volume" in told.out
    assert len(Dataset.read(tmp_path / "a.parquet")) == 24
    again = matloop(*words)
    assert again.code == 2
    assert "--restart" in again.err
    assert matloop(*words, "--restart").code == 0


def test_the_same_for_programs(matloop, provider) -> None:
    told = matloop("fetch", "optimade", "--provider", provider.url, "-o", "a.parquet", "--json", "--max", "2")
    facts = json.loads(told.out)
    assert told.err == ""
    assert (facts["records"], facts["set_aside"], facts["pages_left_out"]) == (2, 0, 0)
    assert facts["licences"] == ["CC-BY-4.0"]
    assert {"name": "_own_gap", "role": "target", "kind": "number", "unit": "eV"} in facts["columns"]


def test_ctrl_c_keeps_what_came_and_says_how_to_go_on(matloop, provider, tmp_path, monkeypatch) -> None:
    words = ["fetch", "optimade", "--provider", provider.url, "--page-limit", "10", "-o", "a.parquet"]
    from matloop.sources.part import Part

    commit = Part.commit

    def interrupted(part, page) -> None:
        commit(part, page)
        if part.n_records >= 20:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Part, "commit", interrupted)
        told = matloop(*words)
    assert told.code == 130
    assert "a.parquet.part: the same command goes on" in told.err
    assert "Traceback" not in told.err
    n_asked = len(provider.asked)
    assert matloop(*words).code == 0
    assert len(provider.asked) == n_asked + 1


def test_a_page_left_out_is_counted(matloop, provider) -> None:
    provider.fail(*[Reply("{")] * 9, where=lambda asked: asked.query.get("page_offset") == "10")
    told = matloop("fetch", "optimade", "--provider", provider.url, "--page-limit", "10", "-o", "a.parquet")
    assert told.code == 0
    assert "14 records, 1 record set aside, 1 page left out" in told.out


def test_a_provider_that_is_not_known_gets_the_nearest(matloop) -> None:
    told = matloop("fetch", "optimade", "--provider", "okmd")
    assert told.code == 2
    assert "did you mean 'oqmd'?" in told.err


def test_a_host_that_is_not_there(matloop) -> None:
    told = matloop("fetch", "optimade", "--provider", "http://127.0.0.1:9/optimade", "-o", "a.parquet")
    assert told.code == 1
    assert "127.0.0.1:9 cannot be reached" in told.err
    assert "Traceback" not in told.err


def test_known_providers_are_listed(matloop) -> None:
    told = matloop("fetch", "optimade", "--list", "--json")
    names = {one["name"] for one in json.loads(told.out)}
    assert {"oqmd", "c2db", "cmr", "mp", "jarvis", "aflow", "alexandria-pbe", "cod", "nomad", "mc3d"} <= names


def test_addresses_of_providers_can_be_copied_at_80_columns(matloop) -> None:
    """Each stands on a line of its own, which is no longer than that."""
    lines = matloop("fetch", "optimade", "--list").out.splitlines()
    urls = {one["url"] for one in json.loads(matloop("fetch", "optimade", "--list", "--json").out)}
    assert urls <= {line.strip() for line in lines if len(line.rstrip()) <= 78}


def test_a_published_dataset_is_not_fetched_but_loaded(matloop) -> None:
    told = matloop("fetch", "matbench_steels")
    assert told.code == 2
    assert "matloop datasets matbench_steels -o matbench_steels.parquet" in told.err


def test_the_rate_is_kept(matloop, provider) -> None:
    """With every host, as often as is said, at most."""
    waits: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matloop.sources.http.sleep", waits.append)
        words = ["--provider", provider.url, "--per-second", "0.5", "--quiet", "-o", "a.parquet"]
        assert matloop("fetch", "optimade", *words).code == 0
    assert sum(waits) == pytest.approx(2.0 * (1 + 2), abs=1.0)  # nobody waits here, so the debts add up


def test_compounds_of_a_file(matloop, tmp_path) -> None:
    server = FaultyServer(Pubchem())
    (tmp_path / "names.txt").write_text("# my solvents\nalkane-4\n\nalkane-5\nnone\n")
    told = matloop("fetch", "pubchem", "--file", "names.txt", "--name", "alkane-3", "--url", server.url)
    server.close()
    assert told.code == 0
    assert "pubchem.parquet: 3 records, 1 record set aside" in told.out
    assert "gkae1059" in told.out


@pytest.mark.parametrize(
    "words", [["pubchem"], ["pubchem", "--name", "a", "--cid", "3"], ["pubchem", "--cid", "x"], ["chembl", "assay"]]
)
def test_what_cannot_be_meant_is_refused(matloop, words) -> None:
    told = matloop("fetch", *words)
    assert told.code == 2
    assert "Traceback" not in told.err


def test_activities(matloop) -> None:
    server = FaultyServer(Chembl("activities", [activity(1), activity(2, standard_units="uM")]))
    told = matloop("fetch", "chembl", "activity", "--where", "standard_type=IC50", "--url", server.url)
    server.close()
    assert told.code == 0
    assert "chembl-activity.parquet: 2 records" in told.out
    assert "IC50 [nM]" in told.out
    assert "CC-BY-SA-3.0" in told.out
