"""PubChem and ChEMBL, in the shapes that they document, with the faults that they have."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from chemistry_answers import GREEN, Chembl, Pubchem, activity, molecule
from faulty_server import Asked, FaultyServer, Reply, fetched_into
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matloop.core import registry
from matloop.core.contracts import Source
from matloop.core.errors import BadAnswer, HostUnreachable, InputError, MatloopError
from matloop.datasets.dataset import Dataset
from matloop.sources import chembl, http, pubchem
from matloop.sources.answers import Answer


def from_pubchem(server: FaultyServer, by: str, *values: str, **query: Any) -> Dataset:
    return pubchem.Pubchem(server.url).fetch({"by": by, "values": values} | query)


def from_chembl(server: FaultyServer, resource: str, **query: Any) -> Dataset:
    return chembl.Chembl(server.url).fetch({"resource": resource, "page_limit": 10} | query)


@pytest.mark.parametrize("name", ["optimade", "pubchem", "chembl"])
def test_sources_are_found_by_name_and_keep_the_contract(name: str) -> None:
    pytest.importorskip("httpx")
    assert isinstance(registry.load("sources", name)(), Source)


# -- PubChem --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "value"), [("name", "alkane-7"), ("cid", "7"), ("smiles", "CCCCCCC"), ("cid", " 7 ")], ids=str
)
def test_a_compound_by_any_of_its_names(serve: Any, by: str, value: str) -> None:
    """Of several matches the best one; with properties in their units, its licence and its address."""
    server = serve(Pubchem())
    made = from_pubchem(server, by, value)
    row = made.frame.iloc[0]
    assert len(made) == 1
    assert (row["cid"], row["smiles"], row["asked for"]) == (7, "CCCCCCC", value.strip())
    assert row["MolecularWeight"] == pytest.approx(100.205)
    assert made.columns["MolecularWeight"].unit == "g/mol"
    assert made.columns["TPSA"].unit == "Å^2"
    assert made.material is not None
    assert made.material.kind == "molecule"
    assert row["origin"] == f"{server.url}/compound/cid/7/JSON"
    assert "NCBI" in row["licence"]


def test_many_compounds_come_in_a_few_requests(serve: Any) -> None:
    server = serve(Pubchem())
    made = from_pubchem(server, "cid", *map(str, range(1, 451)))
    assert made.frame["cid"].tolist() == list(range(1, 451))
    assert len(server.asked) == 3


def test_what_pubchem_does_not_know_is_set_aside(serve: Any) -> None:
    """Whether it says so with an error, with a zero, or by silence; the others are there."""
    server = serve(Pubchem(n=100))
    made = from_pubchem(server, "name", "alkane-3", "unobtainium", "none", "alkane-5", "alkane-200")
    assert made.frame["cid"].tolist() == [3, 5]
    assert {record.place for record in made.set_aside} == {"unobtainium", "none", "CID 200"}


def test_two_names_of_one_compound_are_one_record(serve: Any) -> None:
    made = from_pubchem(serve(Pubchem()), "smiles", "CCC", "CCC", "C")
    assert made.frame["cid"].tolist() == [3, 1]


def test_all_compounds_of_a_formula_also_after_a_wait(serve: Any, waits: list[float]) -> None:
    """A search that PubChem carries out in the background is asked for again until it is done."""
    server = serve(Pubchem(polls=3))
    made = from_pubchem(server, "formula", "CH4")
    assert made.frame["cid"].tolist() == [10, 11, 12]
    assert [asked.path for asked in server.asked].count("/compound/listkey/77/cids/JSON") == 3
    assert sum(wait > 2 for wait in waits) >= 3


def test_a_search_that_never_ends_is_given_up(serve: Any, monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    monkeypatch.setattr("matloop.sources.pubchem_book.PATIENCE", -1.0)
    with pytest.raises(HostUnreachable, match="still works"):
        from_pubchem(serve(Pubchem(polls=10**6)), "formula", "CH4")


@pytest.mark.parametrize(("status", "pause"), [("Green", 0.0), ("Yellow", 1.0), ("Red", 5.0), ("Black", 60.0)])
def test_pubchem_says_how_busy_it_is(serve: Any, waits: list[float], status: str, pause: float) -> None:
    """Any of its three lights that is not green slows the next request."""
    server = serve(Pubchem(throttling=GREEN.replace("Time status: Green", f"Time status: {status}")))
    from_pubchem(server, "cid", *map(str, range(1, 401)))
    assert max(waits, default=0.0) == pytest.approx(pause, abs=0.3)


@pytest.mark.parametrize("key", ["SMILES", "IsomericSMILES", "CanonicalSMILES", "ConnectivitySMILES"])
def test_smiles_are_found_whatever_pubchem_calls_them(serve: Any, key: str) -> None:
    assert from_pubchem(serve(Pubchem(smiles_key=key)), "cid", "2").frame["smiles"][0] == "CC"


def test_chosen_properties(serve: Any) -> None:
    """Also in other letters; one that PubChem does not have is refused with the nearest."""
    made = from_pubchem(serve(Pubchem()), "cid", "2", properties=["xlogp"])
    assert {"XLogP", "smiles"} <= set(made.columns)
    assert "MolecularWeight" not in made.columns
    with pytest.raises(InputError) as caught:
        from_pubchem(serve(Pubchem()), "cid", "2", properties=["XLogp3"])
    assert "XLogP" in caught.value.hint


@pytest.mark.parametrize(
    "query",
    [
        {"by": "cid", "values": ["aspirin"]},
        {"by": "name", "values": []},
        {"by": "colour", "values": ["red"]},
        {"by": "name", "values": ["x"], "property": "XLogP"},
        {"values": ["x"]},
    ],
    ids=str,
)
def test_queries_that_cannot_be_meant(query: dict[str, Any]) -> None:
    pytest.importorskip("httpx")
    with pytest.raises(InputError):
        pubchem.Pubchem().fetch(query)


@pytest.mark.parametrize("fault", [Reply("", 503), Reply("", 504), Reply("{"), Reply({"PropertyTable": []})])
def test_a_fault_of_pubchem_that_passes(serve: Any, waits: list[float], fault: Reply) -> None:
    server = serve(Pubchem())
    server.fail(fault, fault, where=lambda asked: "201" in asked.form.get("cid", ""))
    assert len(from_pubchem(server, "cid", *map(str, range(1, 451)))) == 450


def test_compounds_that_stay_broken_are_left_out_together(serve: Any, waits: list[float]) -> None:
    server = serve(Pubchem())
    server.fail(*[Reply("", 504)] * 9, where=lambda asked: "201" in asked.form.get("cid", ""))
    made = from_pubchem(server, "cid", *map(str, range(1, 451)))
    assert made.frame["cid"].tolist() == [*range(1, 201), *range(401, 451)]
    assert made.set_aside[0].place == "page of compounds from number 201 on"


def test_a_download_from_pubchem_goes_on(serve: Any, waits: list[float], tmp_path: Path) -> None:
    """After the host went away in the middle, nothing that was found or taken is asked for again."""
    server = serve(Pubchem())
    source, path = pubchem.Pubchem(server.url), tmp_path / "p.parquet"
    query = {"by": "name", "values": [f"alkane-{n}" for n in range(1, 46)]}
    server.fail(*[Reply("", 503)] * 6, where=lambda asked: asked.form.get("name") == "alkane-30")
    with pytest.raises(HostUnreachable):
        fetched_into(path, source, query)
    n_before = len(server.asked)
    made = fetched_into(path, pubchem.Pubchem(server.url), query)
    assert made.frame["cid"].tolist() == list(range(1, 46))
    assert [asked.form.get("name") for asked in server.asked[n_before:]] == [
        *(f"alkane-{n}" for n in range(30, 46)),
        None,
    ]


# -- ChEMBL ---------------------------------------------------------------------------------------------------


def test_molecules_with_their_properties(serve: Any) -> None:
    """Numbers that come as texts are numbers; what has no structure is set aside."""
    records = [molecule(n) for n in range(1, 34)]
    records[4] |= {"molecule_structures": None}
    records[6] = "nonsense"
    server = serve(Chembl("molecules", records))
    made = from_chembl(server, "molecule", where={"molecule_properties__mw_freebase__lte": "300"})
    assert len(made) == 31
    assert [record.place for record in made.set_aside] == ["chembl: CHEMBL5", "chembl: record 7"]
    assert made.frame["molecular_weight"][0] == pytest.approx(14.03)
    assert made.columns["molecular_weight"].unit == "g/mol"
    assert made.frame["origin"][0] == f"{server.url}/molecule/CHEMBL1.json"
    assert set(made.frame["licence"]) == {"CC-BY-SA-3.0"}
    assert "qed" not in made.columns
    assert [asked.query["offset"] for asked in server.asked] == ["0", "10", "20", "30"]
    assert all(asked.query["molecule_properties__mw_freebase__lte"] == "300" for asked in server.asked)


def test_activities_come_in_one_unit_for_each_type(serve: Any) -> None:
    """Micromoles become nanomoles; percents of an IC50 do not; bounds and values without molecule are set aside."""
    records = [
        activity(1),
        activity(2, standard_units="uM", standard_value="0.5"),
        activity(3, standard_units="%"),
        activity(4, standard_relation=">"),
        activity(5, canonical_smiles=None),
        activity(6, standard_value=None),
        activity(7, standard_units=None),
        activity(8, standard_type="Ki", standard_units="uM"),
        activity(9, standard_units="ug.mL-1"),
        activity(10),
        activity(11),
        activity(12),
    ]
    made = from_chembl(serve(Chembl("activities", records)), "activity")
    assert made.columns["IC50"].unit == "nM"
    assert made.columns["Ki"].unit == "uM"
    assert made.frame["activity_id"].tolist() == ["1", "2", "8", "10", "11", "12"]
    assert made.frame["IC50"].tolist()[:2] == pytest.approx([10.0, 500.0])
    assert made.frame["Ki"][2] == 80.0
    reasons = {record.place.split()[-1]: record.reason for record in made.set_aside}
    assert set(reasons) == {"3", "4", "5", "6", "7", "9"}
    assert "bound" in reasons["4"]
    assert "cannot be converted" in reasons["9"]


def test_a_page_of_chembl_that_stays_broken_is_left_out(serve: Any, waits: list[float]) -> None:
    server = serve(Chembl("molecules", [molecule(n) for n in range(1, 34)]))
    server.fail(*[Reply("<html>500</html>", 500)] * 9, where=lambda asked: asked.query["offset"] == "10")
    made = from_chembl(server, "molecule")
    assert made.frame["chembl_id"].tolist() == [f"CHEMBL{n}" for n in (*range(1, 11), *range(21, 34))]
    assert made.set_aside[0].place == "page from record 11 on"


def test_a_download_from_chembl_goes_on(serve: Any, waits: list[float], tmp_path: Path) -> None:
    server = serve(Chembl("molecules", [molecule(n) for n in range(1, 54)]))
    query = {"resource": "molecule", "page_limit": 10}
    server.fail(*[Reply("", 429)] * 6, where=lambda asked: asked.query["offset"] == "30")
    with pytest.raises(HostUnreachable, match="30 records are kept"):
        fetched_into(tmp_path / "c.parquet", chembl.Chembl(server.url), query)
    n_before = len(server.asked)
    made = fetched_into(tmp_path / "c.parquet", chembl.Chembl(server.url), query)
    assert len(made) == 53
    assert [asked.query["offset"] for asked in server.asked[n_before:]] == ["30", "40", "50"]


def test_no_more_than_wanted(serve: Any) -> None:
    server = serve(Chembl("molecules", [molecule(n) for n in range(1, 54)]))
    made = chembl.Chembl(server.url).fetch({"resource": "molecule", "page_limit": 10}, most=25)
    assert len(made) == 25
    assert len(server.asked) == 3


def test_filters_as_a_command_gives_them() -> None:
    assert chembl.filters(["a=b", " c__gte = 5 ", "d==x"]) == {"a": "b", "c__gte": "5", "d": "=x"}
    for word in ("a", "=b", "a="):
        with pytest.raises(InputError, match="no filter"):
            chembl.filters([word])


@pytest.mark.parametrize("query", [{"resource": "assay"}, {"resource": "molecule", "where": {"limit": 5}}, {"x": 1}])
def test_queries_to_chembl_that_cannot_be_meant(query: dict[str, Any]) -> None:
    pytest.importorskip("httpx")
    with pytest.raises(InputError):
        chembl.Chembl().fetch(query)


def test_an_answer_of_another_service_is_told(serve: Any, waits: list[float]) -> None:
    with pytest.raises(BadAnswer, match="ChEMBL answered without"):
        from_chembl(serve(lambda _: Reply({"data": []})), "molecule")


# -- anything at all --------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**9) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(sorted(activity(1)) + sorted(molecule(1))), value=JSON, rest=JSON)
def test_records_of_chembl_may_hold_anything(monkeypatch: pytest.MonkeyPatch, key: str, value: Any, rest: Any) -> None:
    """One strange record: a dataset of the others, or an error for people."""
    monkeypatch.setattr("matloop.sources.http.sleep", lambda _: None)
    is_activity = key in activity(1)
    records = [activity(1), activity(2) | {key: value}, rest] if is_activity else [molecule(1) | {key: value}, rest]
    body = {"page_meta": {"next": None, "total_count": 3}, "activities" if is_activity else "molecules": records}

    class Client(http.Client):
        def _once(self, url: str, form: Any) -> Answer:
            return Answer(url, 200, Reply(body).content)

    monkeypatch.setattr("matloop.sources.base.Client", Client)
    with suppress(MatloopError):
        made = chembl.Chembl("http://a.example", is_fresh=True).fetch(
            {"resource": "activity" if is_activity else "molecule"}
        )
        assert isinstance(made.frame, pd.DataFrame)


def test_records_of_chembl_with_odd_fields_cost_only_themselves(serve: Any) -> None:
    """Units of another type, types with the name of another column, values that are none, and the same one twice."""
    records = [
        activity(1),
        activity(2, standard_units=5),
        activity(3, standard_value="nan"),
        activity(4, standard_type="smiles"),
        activity(5, standard_type="Papp", standard_units="10'-6 cm/s"),
        activity(6, standard_type="Papp", standard_units="U/thing"),
        activity(1),
        None,
    ]
    made = from_chembl(serve(Chembl("activities", records)), "activity")
    assert made.frame["activity_id"].tolist() == ["1", "4", "5"]
    assert made.frame["smiles (activity)"].dropna().tolist() == [40.0]
    assert "10'-6 cm/s" in made.columns["Papp"].description
    assert len(made.set_aside) == 4


@pytest.mark.parametrize("following", ["file:///x", 5, "/molecule.json?no=count"])
def test_a_page_of_chembl_that_leads_nowhere_keeps_its_records(
    serve: Any, waits: list[float], tmp_path: Path, following: Any
) -> None:
    """It is said that there are more; or it is an error, after which --max makes a dataset of what is there."""
    inner = Chembl("molecules", [molecule(n) for n in range(1, 31)])

    def answer(asked: Asked) -> Reply:
        reply = inner(asked)
        reply.body["page_meta"]["next"] = following
        return Reply("{") if "no" in asked.query else reply

    source, path = chembl.Chembl(serve(answer).url), tmp_path / "a.parquet"
    query = {"resource": "molecule", "page_limit": 10}
    if following == "/molecule.json?no=count":
        with pytest.raises(BadAnswer) as caught:
            fetched_into(path, source, query)
        assert "--max 10" in caught.value.hint
        assert len(fetched_into(path, source, query, most=10)) == 10
    else:
        fetched = fetched_into(path, source, query)
        assert len(fetched) == 10
        assert "not fetched" in fetched.set_aside[0].reason
        assert any("30 records match, and gave 10" in remark for remark in source.remarks)


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_molecules_written_piece_by_piece_are_those_that_are_held(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    server = serve(Chembl("molecules", [molecule(n) for n in range(1, 34)]))
    held = from_chembl(server, "molecule")
    monkeypatch.setattr("matloop.sources.records.PIECE", piece)
    query = {"resource": "molecule", "page_limit": 10}
    written = fetched_into(tmp_path / "a.parquet", chembl.Chembl(server.url), query)
    pd.testing.assert_frame_equal(written.frame, held.frame)
    assert written.columns == held.columns


def test_one_name_that_pubchem_stumbles_over_does_not_cost_its_neighbours(serve: Any, waits: list[float]) -> None:
    timeout = Reply({"Fault": {"Code": "PUGREST.Timeout", "Message": "The request timed out"}}, 504)
    inner = Pubchem()
    server = serve(lambda asked: timeout if asked.form.get("name") == "alkane-7" else inner(asked))
    made = from_pubchem(server, "name", *(f"alkane-{n}" for n in range(1, 31)))
    assert len(made) == 29
    assert [(record.place, "timed out" in record.reason) for record in made.set_aside] == [("alkane-7", True)]


def test_compounds_of_which_pubchem_has_none_are_set_aside(serve: Any) -> None:
    """It answers 404 where it has none of a whole list; the lists beside it are there."""
    made = from_pubchem(serve(Pubchem(n=200)), "cid", *map(str, (*range(1, 201), *range(1001, 1201))))
    assert len(made) == 200
    assert len(made.set_aside) == 200
