"""What providers do wrong, or otherwise than expected: nothing is lost, nothing is there twice, and it is said."""

from __future__ import annotations

import copy
import errno
import json
import os
import subprocess
import sys
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest
from faulty_server import Asked, FaultyServer, Reply, fetched_into
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optimade_answers import Provider
from optimade_server import entries

from matloop.core.errors import BadAnswer, InputError, MatloopError, SourceError
from matloop.datasets.dataset import Dataset
from matloop.sources import http
from matloop.sources.answers import Answer
from matloop.sources.fetching import part_of
from matloop.sources.http import ATTEMPTS, FIRST_ATTEMPTS
from matloop.sources.optimade import Optimade
from matloop.sources.paging import read_on
from matloop.sources.part import Page, Part

N, PAGE = 43, 10


def records(n: int = N) -> list[dict[str, Any]]:
    """Entries with the properties of the provider that tests make up."""
    made = entries(n)
    for number, entry in enumerate(made):
        own = {"_own_gap": 0.1 * number, "_own_energy": -number, "_own_shape": "cube", "_own_tensor": [1, 2]}
        entry["attributes"] |= own
    return made


def fetch(server: FaultyServer, **query: Any) -> Dataset:
    return Optimade().fetch({"providers": [server.url], "page_limit": PAGE} | query)


def ids(dataset: Dataset) -> list[str]:
    return list(dataset.frame["id"])


def page_at(offset: int) -> Any:
    return lambda asked: asked.query.get("page_offset") == str(offset)


ALL = [f"test-{i:04d}" for i in range(N)]


@pytest.mark.parametrize("style", ["offset", "number", "above"])
@pytest.mark.parametrize(
    "link",
    [
        lambda address: address,
        lambda address: {"href": address, "meta": {}},
        lambda address: address.partition("/v1/")[1] + address.partition("/v1/")[2],
        lambda address: "http://backend.internal:5000/v1/structures?" + urlsplit(address).query,
        lambda address: "https" + address.removeprefix("http"),
    ],
    ids=["text", "object", "relative", "of a gateway's inside", "of another scheme"],
)
def test_pages_are_followed_however_they_are_counted_and_linked(serve: Any, style: str, link: Any) -> None:
    """And always on the host that was asked."""
    server = serve(Provider(records(), style, link))
    fetched = fetch(server)
    assert ids(fetched) == ALL
    assert fetched.set_aside == []


def test_properties_become_columns_with_units(serve: Any) -> None:
    """In the notation of OPTIMADE 1.0 and of 1.2; text is text, and what is composed is not asked for."""
    server = serve(Provider(records()))
    fetched = fetch(server)
    assert fetched.columns["_own_gap"].unit == "eV"
    assert fetched.columns["_own_gap"].description == "of the band"
    assert fetched.columns["_own_energy"].unit == "eV/atom"
    assert fetched.columns["_own_shape"].kind == "text"
    asked = next(one for one in server.asked if one.path == "/v1/structures")
    assert "_own_tensor" not in asked.query["response_fields"]
    assert "_own_gap" in asked.query["response_fields"]


def test_a_property_that_is_composed_is_kept_as_json(serve: Any) -> None:
    fetched = fetch(serve(Provider(records())), fields=["_own_tensor"])
    assert json.loads(fetched.frame["_own_tensor"][0]) == [1, 2]


def test_a_property_that_the_provider_does_not_have_is_refused(serve: Any) -> None:
    """With the nearest one, before anything is fetched."""
    with pytest.raises(InputError, match="_own_gab") as caught:
        fetch(serve(Provider(records())), fields=["_own_gab"])
    assert "_own_gap" in caught.value.hint


@pytest.mark.parametrize("fault", [Reply("{", 200), Reply("", 502), Reply('{"data": {}}'), Reply("[]"), Reply("null")])
def test_a_page_that_is_broken_once_is_asked_for_again(serve: Any, waits: list[float], fault: Reply) -> None:
    server = serve(Provider(records()))
    server.fail(fault, where=page_at(20))
    fetched = fetch(server)
    assert ids(fetched) == ALL
    assert fetched.set_aside == []


@pytest.mark.parametrize("fault", [Reply("{", 200), Reply("", 502), Reply({"data": 1}), Reply("x" * 50, cut=7)])
def test_a_page_that_stays_broken_is_left_out_and_named(serve: Any, waits: list[float], fault: Reply) -> None:
    """Where pages are counted by offset, those behind it are fetched all the same."""
    server = serve(Provider(records()))
    server.fail(*[fault] * 20, where=page_at(20))
    fetched = fetch(server)
    assert ids(fetched) == ALL[:20] + ALL[30:]
    assert len(fetched.set_aside) == 1
    assert "page_offset=20" in fetched.set_aside[0].place
    assert fetched.set_aside[0].reason


@pytest.mark.parametrize("behind", [Reply({"data": [], "links": {"next": None}}), Reply("no such page", 404)])
def test_a_last_page_that_stays_broken_is_left_out_too(serve: Any, waits: list[float], behind: Reply) -> None:
    """Whether the host says that nothing is behind it with an empty page or with a refusal."""
    server = serve(Provider(records()))
    server.fail(*[Reply("{")] * 9, where=page_at(40))
    server.fail(behind, where=page_at(50))
    fetched = fetch(server)
    assert ids(fetched) == ALL[:40]
    assert [record.place.partition(": ")[2] for record in fetched.set_aside] == ["page page_offset=40"]


@pytest.mark.parametrize("n_whole", [0, 1, 7, PAGE])
def test_records_before_a_cut_survive(serve: Any, waits: list[float], n_whole: int) -> None:
    """Of a page that is always cut off in the middle, those that came whole are kept, and the others are told."""
    inner = Provider(records())

    def answer(asked: Asked) -> Reply:
        reply = inner(asked)
        if not page_at(20)(asked):
            return reply
        whole = json.dumps({"data": reply.body["data"][:n_whole]})
        return Reply(reply.content, cut=len(whole) - 2 + 30)

    fetched = fetch(serve(answer))
    assert ids(fetched) == ALL[: 20 + n_whole] + ALL[30:]
    assert [record.place.partition(": ")[2] for record in fetched.set_aside] == ["page page_offset=20"]
    assert (f"{n_whole} whole records" in fetched.set_aside[0].reason) is (n_whole > 0)


def test_of_a_first_page_that_is_cut_off_the_beginning_is_kept(serve: Any, waits: list[float], tmp_path: Path) -> None:
    """The error names the command that makes a dataset of it; when the page is whole again, nothing is there twice."""
    server = serve(Provider(records(), "above"))
    whole = json.dumps({"data": records()[:4]})
    cut = Reply(json.dumps({"data": records()[:PAGE]}), cut=len(whole) + 20)
    is_first = lambda asked: asked.path == "/v1/structures" and "page_above" not in asked.query  # noqa: E731
    server.fail(*[cut] * (ATTEMPTS + FIRST_ATTEMPTS), where=is_first)  # a host that never answered is asked less often
    query, path = {"providers": [server.url], "page_limit": PAGE}, tmp_path / "a.parquet"
    for _ in range(2):
        with pytest.raises(BadAnswer, match="4 records are kept") as caught:
            fetched_into(path, Optimade(is_fresh=True), query)
        assert "--max 4" in caught.value.hint
    assert ids(fetched_into(path, Optimade(is_fresh=True), query)) == ALL


def test_a_broken_page_that_alone_knows_the_next_ends_the_download_and_keeps_what_came(
    serve: Any, waits: list[float], tmp_path: Path
) -> None:
    server = serve(Provider(records(), "above"))
    where = lambda asked: asked.query.get("page_above") == "test-0019"  # noqa: E731
    server.fail(*[Reply("{")] * 6, where=where)
    source, query, path = Optimade(), {"providers": [server.url], "page_limit": PAGE}, tmp_path / "a.parquet"
    with pytest.raises(BadAnswer, match="20 records are kept") as caught:
        fetched_into(path, source, query)
    assert "same command" in caught.value.hint
    n_before = len(server.asked)
    assert ids(fetched_into(path, source, query)) == ALL
    assert len(server.asked) - n_before == 3


def test_three_broken_pages_in_a_row_are_a_broken_host(serve: Any, waits: list[float], tmp_path: Path) -> None:
    """They are not left out: the same call later tries them again."""
    server = serve(Provider(records()))
    is_late = lambda asked: int(asked.query.get("page_offset", 0)) >= 10  # noqa: E731
    server.fail(*[Reply("{")] * 18, where=is_late)
    source, query, path = Optimade(), {"providers": [server.url], "page_limit": PAGE}, tmp_path / "a.parquet"
    with pytest.raises(BadAnswer, match="10 records are kept"):
        fetched_into(path, source, query)
    assert ids(fetched_into(path, source, query)) == ALL


def test_records_that_cannot_be_read_are_set_aside_one_by_one(serve: Any) -> None:
    listed = records()
    listed[3]["attributes"]["lattice_vectors"] = [[0, 0, 0]] * 3
    listed[5]["attributes"]["species_at_sites"] = ["Unobtainium"] * 8
    listed[7]["attributes"]["cartesian_site_positions"] = None
    listed[9]["attributes"]["cartesian_site_positions"][1] = listed[9]["attributes"]["cartesian_site_positions"][0]
    listed[11]["attributes"] = "nothing"
    listed[13] = {"type": "structures"}
    listed[15]["attributes"]["cartesian_site_positions"][0] = [float("nan"), 0, 0]
    fetched = fetch(serve(Provider(listed)))
    bad = {3, 5, 7, 9, 11, 13, 15}
    assert ids(fetched) == [name for i, name in enumerate(ALL) if i not in bad]
    assert len(fetched.set_aside) == len(bad)
    assert all(record.reason and record.place for record in fetched.set_aside)


def test_sites_outside_of_the_cell_are_wrapped_into_it(serve: Any) -> None:
    listed = records(2)
    listed[0]["attributes"]["cartesian_site_positions"][0] = [-4.0, 8.0, 4.0]
    fetched = fetch(serve(Provider(listed)))
    from matloop.core.structure import Structure

    assert (Structure.from_json(fetched.frame["structure"][0]).fractional < 1).all()


def test_a_record_that_comes_twice_is_one(serve: Any) -> None:
    """A database that grew while it was read shifts its pages."""
    fetched = fetch(serve(Provider(records()[:15] + records()[5:])))
    assert ids(fetched) == ALL


class _Endless(Provider):
    """The page behind any page is counted on, whether there is anything on it or not."""

    def _page(self, asked: Asked) -> Reply:
        reply = super()._page(asked)
        following = f"/v1/structures?page_limit={PAGE}&page_offset={int(asked.query.get('page_offset', 0)) + PAGE}"
        return Reply(reply.body | {"links": {"next": following}})


class _Deaf(_Endless):
    """Gives its first page, whatever is asked for."""

    def _start(self, asked: Asked, size: int) -> int:
        return 0


@pytest.mark.parametrize(
    ("provider", "says", "n"),
    [
        (Provider(records(), link=lambda to: to.replace("page_offset=30", "page_offset=10")), "circle", 30),
        (_Deaf(records()), "the same page", 10),
        (_Endless(records(), meta={"warnings": [{"detail": "slow"}]}), "without a record", N),
    ],
    ids=["circle", "one page", "no end"],
)
def test_pages_without_end_end(serve: Any, tmp_path: Path, provider: Provider, says: str, n: int) -> None:
    """It is an error, which names the command that makes a dataset of what is there."""
    server, path = serve(provider), tmp_path / "a.parquet"
    query = {"providers": [server.url], "page_limit": PAGE}
    with pytest.raises(SourceError, match=says) as caught:
        fetched_into(path, Optimade(), query)
    assert f"--max {n}" in caught.value.hint
    assert ids(fetched_into(path, Optimade(), query, most=n)) == ALL[:n]


def test_no_more_is_remembered_of_a_long_way_than_of_a_short_one(tmp_path: Path) -> None:
    """However many pages there are."""

    class Long:
        def first(self) -> int:
            return 0

        def turn_to(self, link: int) -> Page:
            return Page([link], link + 1 if link < 20_000 else None)

        def after(self, link: int) -> None: ...

        def named(self, link: int) -> str:
            return str(link)

    class Light(Part):
        """Keeps the last page alone."""

        def commit(self, page: Page) -> None:
            self.last = page

    part = Light(tmp_path)
    tracemalloc.start()
    read_on(Long(), part)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert part.last == Page([20_000])
    assert peak < 100_000


@pytest.mark.parametrize("to", ["http://elsewhere.example/x", "file:///etc/passwd", "//[", 5])
def test_a_page_that_leads_off_the_host_keeps_its_records(serve: Any, to: Any) -> None:
    """Nothing else is asked, and it is said."""
    server = serve(Provider(records(), link=lambda _: to))
    source = Optimade()
    fetched = source.fetch({"providers": [server.url], "page_limit": PAGE})
    assert ids(fetched) == ALL[:PAGE]
    assert "not fetched" in fetched.set_aside[0].reason
    assert any("43 records match, and gave 10" in remark for remark in source.remarks)


@pytest.mark.parametrize("slip", ["unknown", [1], True, 10**400])
def test_one_slip_does_not_make_texts_of_numbers(serve: Any, slip: Any) -> None:
    """Where the provider promises numbers, the column has numbers, and the record of the slip is set aside."""
    listed = records(12)
    listed[3]["attributes"]["_own_gap"] = slip
    fetched = fetch(serve(Provider(listed)))
    assert (fetched.columns["_own_gap"].kind, fetched.columns["_own_gap"].role) == ("number", "target")
    assert ids(fetched) == [name for i, name in enumerate(ALL[:12]) if i != 3]
    assert "_own_gap" in fetched.set_aside[0].reason


def test_atoms_without_positions_are_no_part_of_a_structure(serve: Any) -> None:
    """A record with hydrogens attached to its sites would have the wrong formula: it is set aside."""
    listed = records(3)
    listed[1]["attributes"]["species"][0] |= {"attached": ["H"], "nattached": [3]}
    fetched = fetch(serve(Provider(listed)))
    assert ids(fetched) == [ALL[0], ALL[2]]
    assert "attached to its sites: H" in fetched.set_aside[0].reason


def test_a_provider_that_describes_no_properties_gives_its_structures(serve: Any) -> None:
    inner = Provider(records(3))
    server = serve(lambda asked: Reply("", 404) if asked.path == "/v1/info/structures" else inner(asked))
    assert ids(fetch(server)) == ALL[:3]


def test_a_next_page_that_is_promised_but_not_linked_is_told(serve: Any) -> None:
    server = serve(Provider(records(), link=lambda _: None, meta={"more_data_available": True}))
    fetched = fetch(server)
    assert len(fetched) == PAGE
    assert "there are more" in fetched.set_aside[0].reason


def test_a_provider_may_ask_for_a_pause_between_pages(serve: Any, waits: list[float]) -> None:
    fetch(serve(Provider(records(), meta={"request_delay": 2.5})))
    assert sum(wait > 2 for wait in waits) == 4


def test_warnings_of_the_provider_are_passed_on(serve: Any) -> None:
    source = Optimade()
    server = serve(Provider(records(3), meta={"warnings": [{"type": "warning", "detail": "old data"}]}))
    source.fetch({"providers": [server.url]})
    assert any("old data" in remark for remark in source.remarks)


@pytest.mark.parametrize(
    ("attributes", "licence"),
    [
        ({"license": "https://example.org/licence"}, "https://example.org/licence"),
        ({"license": {"href": "https://example.org/l"}}, "https://example.org/l"),
        ({"license": {"href": "https://e.org"}, "available_licenses": ["CC-BY-4.0"]}, "CC-BY-4.0"),
        ({"available_licenses_for_entries": ["CC0-1.0", "MIT"]}, "CC0-1.0 or MIT"),
        ({}, None),
    ],
)
def test_the_licence_is_the_providers(serve: Any, attributes: dict[str, Any], licence: str | None) -> None:
    fetched = fetch(serve(Provider(records(3), info={"attributes": attributes})))
    assert fetched.licence == licence
    assert fetched.frame["licence"].tolist() == [licence] * 3


# -- where the database is ------------------------------------------------------------------------------------


def child(name: str, url: str) -> dict[str, Any]:
    return {"id": name, "type": "links", "attributes": {"link_type": "child", "base_url": url, "name": name}}


def test_an_index_leads_to_its_databases(serve: Any) -> None:
    """To the only one, to the default one, to the one that is named; else the choice is shown."""
    server, other = serve(Provider(records(3))), serve(Provider(records(5)))
    index = {"attributes": {"is_index": True}}
    alone = serve(Provider([], info=index, links=[child("one", server.url), {"id": "x", "attributes": None}]))
    assert len(fetch(alone)) == 3
    both = [child("one", server.url), child("two", other.url)]
    default = index | {"relationships": {"default": {"data": {"type": "links", "id": "two"}}}}
    assert len(fetch(serve(Provider([], info=default, links=both)))) == 5
    several = serve(Provider([], info=index, links=both))
    with pytest.raises(InputError, match="one, two"):
        fetch(several)
    assert len(Optimade().fetch({"providers": [f"{several.url}#two"]})) == 5
    with pytest.raises(SourceError, match="no database"):
        fetch(serve(Provider([], info=index)))


def test_a_version_that_is_not_spoken_is_named(serve: Any) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply("version\n2\n3\n") if asked.path == "/versions" else Reply("", 404)

    with pytest.raises(SourceError, match="speaks OPTIMADE 2, 3"):
        fetch(serve(answer))


def test_an_api_without_a_version_in_its_address_is_found(serve: Any) -> None:
    inner = Provider(records(3))

    def answer(asked: Asked) -> Reply:
        if asked.path.startswith("/v1") or asked.path == "/versions":
            return Reply("", 404)
        return inner(Asked(f"/v1{asked.path}", asked.query, asked.form, asked.headers))

    assert len(fetch(serve(answer))) == 3


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/structures", "/v1/info", "/v1.1"])
def test_any_address_of_the_api_will_do(serve: Any, path: str) -> None:
    server = serve(Provider(records(2)))
    assert len(Optimade().fetch({"providers": [server.url + path]})) == 2


def test_a_password_in_an_address_is_sent_and_stands_in_no_record(serve: Any, tmp_path: Path) -> None:
    server = serve(Provider(records(2)))
    query = {"providers": [server.url.replace("//", "//me:secret@")]}
    fetched_into(tmp_path / "a.parquet", Optimade(), query)
    assert all(asked.headers["authorization"].startswith("Basic ") for asked in server.asked)
    fetched = Dataset.read(tmp_path / "a.parquet")
    assert "secret" not in fetched.frame.to_csv() + fetched.name + fetched.origin


def test_a_standard_property_may_be_asked_for_where_only_own_ones_are_listed(serve: Any) -> None:
    assert "nsites" in fetch(serve(Provider(records(2))), fields=["nsites"]).columns


def test_what_does_not_speak_optimade_is_said_to_do_so(serve: Any, waits: list[float]) -> None:
    with pytest.raises(SourceError, match="not JSON"):
        fetch(serve(lambda _: Reply("<html>Welcome</html>")))
    with pytest.raises(SourceError, match="no OPTIMADE API"):
        fetch(serve(lambda _: Reply("gone", 404)))


def test_nothing_that_answers_is_an_error(serve: Any) -> None:
    with pytest.raises(InputError, match="no record"):
        fetch(serve(Provider([])))


# -- the part ---------------------------------------------------------------------------------------------------


def test_another_query_does_not_go_on_with_the_part_of_this_one(serve: Any, waits: list[float], tmp_path: Path) -> None:
    server = serve(Provider(records(), "above"))
    server.fail(*[Reply("{")] * 6, where=lambda asked: "page_above" in asked.query)
    path, query = tmp_path / "a.parquet", {"providers": [server.url], "page_limit": PAGE}
    with pytest.raises(BadAnswer):
        fetched_into(path, Optimade(), query)
    with pytest.raises(InputError, match="another query: filter was not given") as caught:
        fetched_into(path, Optimade(), query | {"filter": "nelements=2"})
    assert "--restart" in caught.value.hint
    assert ids(fetched_into(path, Optimade(), query | {"filter": "nelements=2"}, is_new=True)) == ALL


def test_a_kill_between_the_file_and_the_end_of_its_part_does_no_harm(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is there already: nothing is fetched, and the same file is written."""
    server, path = serve(Provider(records())), tmp_path / "a.parquet"
    query = {"providers": [server.url], "page_limit": PAGE}

    def killed(_: Path) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("matloop.sources.fetching.discard", killed)
        with pytest.raises(SystemExit):
            fetched_into(path, Optimade(), query)
    n_asked, content = len(server.asked), path.read_bytes()
    fetched_into(path, Optimade(), query)
    assert len(server.asked) == n_asked
    assert path.read_bytes() == content
    assert not part_of(path).exists()


@pytest.mark.parametrize("piece", [1, 4, 10, 1000])
def test_what_is_written_piece_by_piece_is_what_is_held(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    """The size of the pieces makes no difference, whatever is missing in one of them, and whoever is set aside."""
    listed = records()
    for entry in listed[:12]:
        entry["attributes"]["_own_gap"] = None
    for entry in listed[20:29]:
        entry["attributes"]["lattice_vectors"] = [[0, 0, 0]] * 3
    listed[33]["attributes"]["_own_shape"] = None
    server = serve(Provider(listed))
    held = fetch(server)
    monkeypatch.setattr("matloop.sources.records.PIECE", piece)
    written = fetched_into(tmp_path / "a.parquet", Optimade(), {"providers": [server.url], "page_limit": PAGE})
    pd.testing.assert_frame_equal(written.frame, held.frame)
    assert written.columns == held.columns
    assert sorted(map(str, written.set_aside)) == sorted(map(str, held.set_aside))
    assert (written.licence, written.citation, written.origin) == (held.licence, held.citation, held.origin)


def test_a_full_disk_costs_nothing(serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does one that is full only when the dataset is written: nothing half is left, and the same call goes on."""
    server, path = serve(Provider(records())), tmp_path / "a.parquet"
    query = {"providers": [server.url], "page_limit": PAGE}

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for what in ("matloop.sources.part.write_whole", "pyarrow.parquet.ParquetWriter.close"):
        with monkeypatch.context() as patch:
            patch.setattr(what, full)
            with pytest.raises(SourceError, match="disk is full") as caught:
                fetched_into(path, Optimade(), query)
        assert "goes on" in caught.value.hint
        assert not list(tmp_path.glob(".a.parquet*"))
    n_asked = len(server.asked)
    assert ids(fetched_into(path, Optimade(), query)) == ALL
    assert len(server.asked) == n_asked


def test_what_killed_processes_left_behind_goes_with_the_next(serve: Any, tmp_path: Path) -> None:
    """What a process that is alive still writes is left alone."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    living = tmp_path / f".a.parquet.{os.getppid()}.new"
    living.write_text("half of it")
    (tmp_path / f".a.parquet.{ended.pid}.new").write_text("half of it")
    (tmp_path / f".a.parquet.{ended.pid}.again").write_text("half of it")
    (tmp_path / ".a.parquet.part.gone").mkdir()
    (tmp_path / ".a.parquet.part.gone" / "page-0000001.json.gz").write_text("")
    fetched_into(tmp_path / "a.parquet", Optimade(), {"providers": [serve(Provider(records(3))).url]})
    assert {path.name for path in tmp_path.glob("*a.parquet*")} == {"a.parquet", living.name}


def test_a_file_that_is_there_is_not_written_over(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        fetched_into(tmp_path / "a.parquet", Optimade(), {"providers": [serve(Provider(records())).url]})
    assert (tmp_path / "a.parquet").read_text() == "mine"


def test_two_downloads_do_not_write_into_one_part(tmp_path: Path) -> None:
    first, second = Part(tmp_path / "part"), Part(tmp_path / "part")
    first.open({"a": 1})
    with pytest.raises(InputError, match="another matloop"):
        second.open({"a": 1})
    first.close()
    second.open({"a": 1})
    second.close()


def test_a_damaged_part_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    """Neither one with a page missing, nor one with a page cut off or changed."""
    cut, changed = (lambda content: content[:20]), (lambda content: content[:12] + b"\xff" + content[13:])
    harms = [lambda page, how=how: page.write_bytes(how(page.read_bytes())) for how in (cut, changed)]
    for harm in (lambda page: page.unlink(), *harms):
        part = Part(tmp_path / "part")
        part.open({"a": 1}, is_new=True)
        for number in range(3):
            part.commit(Page([number], next=number + 1))
        part.close()
        harm(sorted((tmp_path / "part").glob("page-*"))[1])
        with pytest.raises(SourceError, match="--restart"):
            Part(tmp_path / "part").open({"a": 1})


def test_nothing_is_left_behind_when_nothing_came(waits: list[float], tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        fetched_into(tmp_path / "a.parquet", Optimade(), {"providers": ["http://127.0.0.1:9/optimade"]})
    assert not part_of(tmp_path / "a.parquet").exists()


# -- anything at all --------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, its in inner for place in _places(its, (*path, key)))]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_provider_may_answer_anything(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    """Whatever stands in place of any part of any answer: a dataset, or an error for people."""
    monkeypatch.setattr("matloop.sources.http.sleep", lambda _: None)
    monkeypatch.setenv("MATLOOP_CACHE", str(tmp_path_factory.mktemp("cache")))
    inner = Provider(records(2), info={"attributes": {"license": {"href": "x"}, "is_index": False}})
    which = data.draw(st.sampled_from(["/v1/info", "/v1/info/structures", "/v1/structures"]))
    whole = inner(Asked(which, {}, {}, {"host": "h"})).body
    place = data.draw(st.sampled_from(_places(whole)))
    changed: Any = copy.deepcopy(whole)
    replacement = data.draw(JSON)
    if place:
        target = changed
        for key in place[:-1]:
            target = target[key]
        target[place[-1]] = replacement
    else:
        changed = replacement

    class Client(http.Client):
        """Gets those answers without a server."""

        def _once(self, url: str, form: Any) -> Answer:
            parts = urlsplit(url)
            asked = Asked(parts.path, dict(parse_qsl(parts.query)), {}, {"host": parts.netloc})
            reply = Reply(changed) if parts.path == which else inner(asked)
            return self._accepted(Answer(url, reply.status, reply.content), parts.netloc)

    monkeypatch.setattr("matloop.sources.base.Client", Client)
    with suppress(MatloopError):
        fetched = Optimade().fetch({"providers": ["http://a.example"]})
        assert isinstance(fetched.frame, pd.DataFrame)
