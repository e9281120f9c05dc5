"""The client is polite, patient, and clear about what is wrong."""

from __future__ import annotations

import gzip
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Asked, Reply
from hypothesis import given
from hypothesis import strategies as st

from matloop.core.errors import BadAnswer, HostUnreachable, MatloopError, QueryRefused, SourceError
from matloop.sources import http
from matloop.sources.answers import Answer, Answers
from matloop.sources.http import Client, json_of
from matloop.sources.links import is_safe_step
from matloop.sources.refusals import asked_wait, refusal_of

GOOD = {"value": 42}


def good(_: Asked) -> Reply:
    return Reply(GOOD)


@pytest.mark.parametrize(
    "fault",
    [
        Reply("busy", 429),
        Reply("busy", 503),
        Reply("gateway", 502),
        Reply("gateway", 504),
        Reply("oh", 500),
        Reply(GOOD, cut=5),
        Reply("<html>maintenance</html>"),
        Reply('{"value": 4'),
        Reply(b"not gzip", headers={"Content-Encoding": "gzip"}),
        Reply(gzip.compress(gzip.compress(b"0" * 10_000_000)), headers={"Content-Encoding": "gzip, gzip"}),
    ],
    ids=["429", "503", "502", "504", "500", "cut", "html", "half a JSON", "bad gzip", "packed twice"],
)
def test_a_fault_that_passes_costs_waiting_and_nothing_else(serve: Any, waits: list[float], fault: Reply) -> None:
    server = serve(good)
    with Client() as client:
        client.ask(server.url, json_of)
        server.fail(fault, fault, fault)
        assert client.ask(server.url + "/page", json_of) == GOOD
    assert len(server.asked) == 5
    assert len(waits) == 3


def test_cookies_are_not_kept(serve: Any) -> None:
    """Not even one that no later request could carry."""
    server = serve(lambda _: Reply(GOOD, headers={"Set-Cookie": "\xff=\xff"}))
    with Client() as client:
        for page in "12":
            assert client.ask(f"{server.url}/{page}", json_of) == GOOD
    assert "cookie" not in server.asked[1].headers


def test_waits_grow_and_differ(serve: Any, waits: list[float]) -> None:
    """Each wait is about twice the one before, with chance in it, so that clients do not come back all at once."""
    server = serve(good)
    with Client() as client:
        for _ in range(2):
            client.ask(server.url, json_of)
            server.fail(*[Reply("", 503)] * 5)
            client.ask(server.url, json_of)
    first, second = waits[:5], waits[5:]
    assert all(later > 1.1 * sooner for sooner, later in pairwise(first))
    assert first != second


def test_a_host_says_how_long_to_wait(serve: Any, waits: list[float]) -> None:
    """Retry-After is honoured in seconds and as a date."""
    server = serve(good)
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    server.fail(Reply("", 429, {"Retry-After": "77"}), Reply("", 503, {"Retry-After": date}))
    with Client() as client:
        client.ask(server.url, json_of)
    assert waits[0] == 77
    assert 90 < waits[1] <= 100


def test_nobody_waits_for_an_hour(serve: Any, waits: list[float]) -> None:
    """A wait beyond all patience is an error that names it."""
    server = serve(good)
    for wait in ("3600", "1000000000"):
        server.fail(Reply("", 429, {"Retry-After": wait}))
        with Client() as client, pytest.raises(HostUnreachable, match=r"429") as caught:
            client.ask(server.url, json_of)
        assert f"{int(wait):,} s" in caught.value.hint
    assert waits == []


def test_an_answer_that_drips_is_given_up(serve: Any, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps a connection alive for ever; it is asked again, and then it is an error."""
    monkeypatch.setattr(http, "SLOW_FOR", 0.1)
    server = serve(lambda _: Reply(GOOD, drip=0.03))
    with Client() as client, pytest.raises(BadAnswer, match="too slowly"):
        client.ask(server.url, json_of)
    assert len(server.asked) == http.FIRST_ATTEMPTS


def test_half_a_character_is_replaced() -> None:
    """JSON may hold what cannot be written to any file."""
    assert json_of(Answer("http://a.org", 200, b'{"id": "a\\ud800"}')) == {"id": "a?"}


def test_a_fault_that_stays_is_an_error_with_what_the_host_says(serve: Any, waits: list[float]) -> None:
    server = serve(lambda _: Reply({"Fault": {"Code": "PUGREST.ServerBusy", "Message": "Too many requests"}}, 503))
    with Client() as client, pytest.raises(HostUnreachable, match="Too many requests"):
        client.ask(server.url, json_of)
    assert len(server.asked) == http.ATTEMPTS


def test_a_refusal_is_not_tried_again(serve: Any, waits: list[float]) -> None:
    server = serve(lambda _: Reply({"errors": [{"detail": "no such filter", "status": "400"}]}, 400))
    with Client() as client, pytest.raises(QueryRefused, match="no such filter") as caught:
        client.ask(server.url, json_of)
    assert len(server.asked) == 1
    assert caught.value.status == 400
    assert caught.value.exit_code == 2


def test_a_host_that_is_not_there_is_named(waits: list[float]) -> None:
    """The error names the host, and says what may be wrong."""
    pytest.importorskip("httpx")
    with Client() as client, pytest.raises(HostUnreachable, match=r"127\.0\.0\.1:9") as caught:
        client.ask("http://127.0.0.1:9/v1", json_of)
    assert "network" in caught.value.hint
    assert len(waits) == http.FIRST_ATTEMPTS - 1


def test_the_client_says_who_it_is(serve: Any) -> None:
    server = serve(good)
    with Client() as client:
        client.ask(server.url, json_of)
    assert server.asked[0].headers["user-agent"].startswith("matloop/")


def test_hosts_are_not_asked_faster_than_agreed(serve: Any, waits: list[float]) -> None:
    """At four requests a second there is a quarter of a second between two, whoever is asked."""
    server, other = serve(good), serve(good)
    with Client(per_second=4) as client:
        for page in "123":
            client.ask(f"{server.url}/{page}", json_of)
        client.ask(other.url, json_of)
    assert sum(waits) == pytest.approx(0.25 * 3, abs=0.3)  # nobody waits here, so the debts add up: 1 + 2 quarters


def test_the_same_question_is_asked_once(serve: Any, tmp_path: Path) -> None:
    """An answer is kept on disk, for the next process too; not where it must be new, and not when it is too old."""
    server = serve(good)
    for days, is_kept in [(1.0, True), (1.0, True), (1.0, False), (0.0, True)]:
        with Client(answers=Answers(tmp_path / "answers", days)) as client:
            assert client.ask(server.url, json_of, is_kept=is_kept) == GOOD
    assert len(server.asked) == 3


def test_a_damaged_cache_is_asked_around(serve: Any, tmp_path: Path) -> None:
    server = serve(good)
    for _ in range(2):
        with Client(answers=Answers(tmp_path)) as client:
            assert client.ask(server.url, json_of) == GOOD
        for path in tmp_path.glob("*.gz"):
            path.write_bytes(path.read_bytes()[:-9])
        with Client(answers=Answers(tmp_path)) as client:
            assert client.ask(server.url, json_of) == GOOD
        for path in tmp_path.glob("*.gz"):
            content = bytearray(path.read_bytes())
            content[12] ^= 0xFF
            path.write_bytes(content)
    assert len(server.asked) == 4


def test_the_cache_keeps_to_its_size(tmp_path: Path) -> None:
    """The oldest answers go first."""
    answers = Answers(tmp_path, most_bytes=20_000)
    import random

    noise = random.Random(0)
    for number in range(40):
        answers.put(str(number), Answer("http://a", 200, noise.randbytes(1000)))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 22_000
    assert answers.get("39") is not None
    assert answers.get("0") is None


def test_redirections_are_followed_within_the_web(serve: Any) -> None:
    server = serve(good)
    server.fail(Reply("", 302, {"Location": "/elsewhere"}))
    with Client() as client:
        assert client.ask(server.url, json_of) == GOOD
    assert server.asked[1].path == "/elsewhere"


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://10.0.0.1/x", "//[", "gopher://x"]
)
def test_redirections_out_of_the_web_are_refused(serve: Any, target: str) -> None:
    server = serve(lambda _: Reply("", 302, {"Location": target}))
    with Client() as client, pytest.raises(MatloopError):
        client.ask(server.url, json_of)
    assert len(server.asked) == 1


def test_redirections_in_a_circle_end(serve: Any) -> None:
    server = serve(lambda _: Reply("", 301, {"Location": "/again"}))
    with Client() as client, pytest.raises(SourceError, match="without end"):
        client.ask(server.url, json_of)


@pytest.mark.parametrize(
    ("origin", "target", "is_safe"),
    [
        ("https://a.org/1", "https://a.org/2", True),
        ("https://a.org/1", "https://b.org/2", True),
        ("http://a.org/1", "https://a.org/2", True),
        ("https://a.org/1", "http://a.org/2", False),
        ("https://a.org/1", "https://127.0.0.1/2", False),
        ("https://a.org/1", "https://localhost/2", False),
        ("http://a.org/1", "http://b.org/2", False),
        ("https://a.org/1", "file:///a.org/2", False),
    ],
)
def test_steps_that_may_be_taken(origin: str, target: str, is_safe: bool) -> None:
    assert is_safe_step(origin, target) is is_safe


def test_an_answer_without_end_is_stopped(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is small on its way and large when unpacked."""
    monkeypatch.setattr(http, "MOST_BYTES", 100_000)
    bomb = gzip.compress(b"0" * 50_000_000)
    server = serve(lambda _: Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with Client() as client, pytest.raises(SourceError, match="larger than"):
        client.ask(server.url, json_of)


@pytest.mark.parametrize("address", ["", "nonsense", "ftp://a.org", "http://", "http://[", "https://a b.org/\x00"])
def test_what_is_no_address_is_refused(address: str, waits: list[float]) -> None:
    pytest.importorskip("httpx")
    with Client() as client, pytest.raises(MatloopError):
        client.ask(address, json_of)


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    """No answer makes the reading raise anything else; what is told of a refusal can be printed on one line."""
    answer = Answer("http://a.org/x", 500, body)
    assert "\n" not in refusal_of(answer)
    with suppress(BadAnswer):
        json_of(answer)


def test_deep_json_is_refused() -> None:
    with pytest.raises(BadAnswer):
        json_of(Answer("http://a.org", 200, b"[" * 200_000))


@given(st.text(max_size=40))
def test_any_wish_to_wait_is_read_or_ignored(text: str) -> None:
    wait = asked_wait({"retry-after": text})
    assert wait is None or wait >= 0


def test_a_home_that_cannot_be_written_to_is_no_reason_to_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary folder serves, and it is said."""
    from matloop.files.cache import cache_folder

    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MATLOOP_CACHE", str(tmp_path / "file"))
    folder, remark = cache_folder("answers")
    assert folder.is_dir()
    assert "MATLOOP_CACHE" in remark
    monkeypatch.setenv("MATLOOP_CACHE", str(tmp_path / "fine"))
    assert cache_folder("answers") == (tmp_path / "fine" / "answers", "")
