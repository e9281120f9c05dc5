"""One small and polite HTTP client: it keeps a rate, waits when it is asked to, tries again, and says what is wrong."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import monotonic, sleep
from typing import Any, Self, TypeVar

from matloop.core.errors import BadAnswer, HostUnreachable, MissingExtra, QueryRefused, SourceError
from matloop.sources.answers import Answer, Answers
from matloop.sources.links import host_of, is_safe_step, joined
from matloop.sources.refusals import asked_wait, refusal_of, throttled
from matloop.version import __version__

#: Who is asking: hosts want to know, and whom to tell.
AGENT = f"matloop/{__version__} (materials research; Python)"
#: How often each host is asked in a second at most, unless something else is wished; PubChem wishes for at most five.
PER_SECOND = 4.0
#: No answer may be larger, in bytes, unpacked.
MOST_BYTES = 100_000_000
#: An answer that has begun to come must come at so many bytes a second, or it is given up after so many seconds.
SLOWEST, SLOW_FOR = 100, 15.0
#: How an answer may be packed: anything else, or one in the other, can become millions of times larger unpacked.
PACKED = ("", "identity", "gzip", "deflate")
#: Nobody waits longer than this for one host, in seconds; the same command later goes on.
PATIENCE = 300.0
#: A host that has not answered once is given up sooner than one that has.
ATTEMPTS, FIRST_ATTEMPTS = 6, 3
#: Faults that pass: too many requests, too busy, a gateway that lost its server.
PASSING = (408, 425, 429, 500, 502, 503, 504)

T = TypeVar("T")


class _Passing(Exception):
    """A fault that may be gone at the next attempt; `final` is the error if it is not."""

    def __init__(self, final: SourceError, wait: float | None = None) -> None:
        self.final, self.wait = final, wait


class Client:
    """Asks hosts, each of them at most `per_second` times a second; use it as a context manager.

    `told` is called with a few words while it waits. `answers` is the cache, None for none.
    """

    def __init__(
        self,
        per_second: float | None = None,
        answers: Answers | None = None,
        told: Callable[[str], None] = lambda _: None,
        timeout: float = 90.0,
    ) -> None:
        try:
            import httpx
        except ImportError as error:
            raise MissingExtra("httpx", "sources") from error
        self._httpx = httpx
        self._limits = httpx.Timeout(timeout, connect=min(15.0, timeout))
        self._client: Any = None  # opened when it is needed
        self._gap, self._answers = 1 / (per_second or PER_SECOND), answers
        self._free_at: dict[str, float] = {}
        self._answered: set[str] = set()
        self.told = told

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def ask(
        self,
        url: str,
        read: Callable[[Answer], T],
        form: Mapping[str, str] | None = None,
        is_kept: bool = True,
    ) -> T:
        """What `read` makes of the answer; an answer at which it raises BadAnswer is asked for again.

        With a `form` it is posted. `is_kept` says whether the cache may know the answer. Raises QueryRefused, BadAnswer
        or HostUnreachable, when patience is at its end.
        """
        question = url if form is None else f"{url}\n{sorted(form.items())}"
        kept = self._answers.get(question) if self._answers and is_kept else None
        if kept is not None:
            try:
                return read(kept)
            except BadAnswer:  # what was kept cannot be read any more
                pass
        answer, value = self._tried(url, form, read)
        if self._answers and is_kept and answer.status == 200:
            self._answers.put(question, answer)
        return value

    def pause(self, url: str, seconds: float) -> None:
        """Leave the host of this address alone for so long, as it asked."""
        host = host_of(url)
        self._free_at[host] = max(self._free_at.get(host, 0.0), monotonic() + min(seconds, PATIENCE))

    def _tried(self, url: str, form: Mapping[str, str] | None, read: Callable[[Answer], T]) -> tuple[Answer, T]:
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._followed(url, form)
                try:
                    return answer, read(answer)
                except BadAnswer as error:
                    raise _Passing(error) from error
            except _Passing as fault:
                most = ATTEMPTS if host_of(url) in self._answered else FIRST_ATTEMPTS
                if attempt >= most:
                    raise fault.final from None
                self._wait(url, fault, attempt)

    def _wait(self, url: str, fault: _Passing, attempt: int) -> None:
        """Twice as long each time, and never quite the same, so that clients do not come back all at once."""
        seconds = min(60.0, 2.0 ** (attempt - 1)) * random.uniform(0.6, 1.0)
        if fault.wait is not None:
            if fault.wait > PATIENCE:
                hint = f"it asks to be left alone for {fault.wait:,.0f} s; the same command goes on after that"
                raise type(fault.final)(fault.final.message, hint) from None
            seconds = max(seconds, fault.wait)
        self.told(f"{fault.final.message}: waiting {seconds:.0f} s")
        sleep(seconds)

    def _followed(self, url: str, form: Mapping[str, str] | None) -> Answer:
        """The answer behind at most five redirections, none of which may lead to another scheme or out of https."""
        for _ in range(6):
            answer = self._once(url, form)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            told = answer.headers.get("location", "")
            target = joined(url, told) if told else None
            if target is None or not is_safe_step(url, target):
                raise SourceError(f"{host_of(url)} redirects to '{told[:100]}', where matloop does not follow")
            form = form if answer.status in (307, 308) else None
            url = target
        raise SourceError(f"{host_of(url)} redirects without end")

    def _once(self, url: str, form: Mapping[str, str] | None) -> Answer:
        httpx, host = self._httpx, host_of(url)
        self._keep_the_rate(host)
        try:
            request = self._opened().build_request("GET" if form is None else "POST", url, data=form)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise _no_address(url, error) from error
        body = bytearray()
        try:
            answer = self._answer(self._opened().send(request, stream=True), url, host, body)
        except httpx.UnsupportedProtocol as error:
            raise _no_address(url, error) from error
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise _Passing(BadAnswer(f"{host} did not answer in time")) from error
        except (httpx.RemoteProtocolError, httpx.DecodingError, httpx.ReadError) as error:
            cut = BadAnswer(f"an answer of {host} was cut off: {_first_line(error)}")
            cut.body = bytes(body)
            raise _Passing(cut) from error
        except httpx.HTTPError as error:
            raise _Passing(_unreachable(host, _first_line(error))) from error
        self._answered.add(host)
        if pause := throttled(answer.headers):
            self.pause(url, pause)
        return self._accepted(answer, host)

    def _answer(self, response: Any, url: str, host: str, body: bytearray) -> Answer:
        with closing(response):
            headers = {name.lower(): value for name, value in response.headers.items()}
            if headers.get("content-encoding", "").strip().lower() not in PACKED:
                raise _Passing(BadAnswer(f"an answer of {host} is packed in a way that was not asked for"))
            _read_into(body, response.iter_bytes(), host)
            return Answer(url, response.status_code, bytes(body), headers)

    def _opened(self) -> Any:
        if self._client is None:
            self._client = self._httpx.Client(
                timeout=self._limits,
                headers={"User-Agent": AGENT, "Accept-Encoding": "gzip, deflate"},
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none is kept: no answer needs another one
                verify=_certificates(),
            )
        return self._client

    def _accepted(self, answer: Answer, host: str) -> Answer:
        status = answer.status
        if status in PASSING:
            said = refusal_of(answer)
            words = f"{host} answered {status}" + (f": {said}" if said else "")
            is_busy = status in (429, 503)
            final = (
                HostUnreachable(words, "it is busy; the same command later goes on") if is_busy else BadAnswer(words)
            )
            raise _Passing(final, asked_wait(answer.headers))
        if status >= 400:
            refused = QueryRefused(f"{host} answered {status}: {refusal_of(answer) or 'no reason given'}")
            refused.status = status
            raise refused
        return answer

    def _keep_the_rate(self, host: str) -> None:
        now = monotonic()
        free_at = self._free_at.get(host, 0.0)
        if free_at > now:
            sleep(free_at - now)
        self._free_at[host] = max(now, free_at) + self._gap


@lru_cache(maxsize=1)
def _certificates() -> Any:
    import httpx

    return httpx.create_ssl_context()


def json_of(answer: Answer) -> Any:
    """The JSON of an answer. Raises BadAnswer, at which the client asks again."""
    try:
        told = json.loads(answer.body)
        if b"\\ud" in answer.body.lower():  # half of a pair, which is no character and cannot be written anywhere
            told = json.loads(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"))
        return told
    except (ValueError, RecursionError) as error:
        begin = " ".join(answer.body[:60].decode("utf-8", "replace").split())
        unread = BadAnswer(f"an answer of {host_of(answer.url)} is not JSON: {begin!r}")
        unread.body = answer.body
        raise unread from error


def _read_into(body: bytearray, chunks: Any, host: str) -> None:
    """What comes, as far as it comes; not without end, and not too slowly."""
    begin: float | None = None
    for chunk in chunks:
        body += chunk
        begin = monotonic() if begin is None else begin
        if (since := monotonic() - begin) > SLOW_FOR and len(body) < SLOWEST * since:
            raise _Passing(BadAnswer(f"an answer of {host} comes too slowly: {len(body):,} bytes in {since:.0f} s"))
        if len(body) > MOST_BYTES:
            raise SourceError(f"an answer of {host} is larger than {MOST_BYTES / 1e6:,.0f} MB", "ask for smaller pages")


def _no_address(url: str, error: BaseException) -> QueryRefused:
    return QueryRefused(f"'{url[:100]}' is no address: {_first_line(error)}", "an address begins with https://")


def _unreachable(host: str, why: str) -> HostUnreachable:
    if "certificate" in why.casefold():
        hint = "the variable SSL_CERT_FILE names the certificates that your network adds; a host may have a wrong one"
        return HostUnreachable(f"{host} cannot be trusted: {why}", hint)
    return HostUnreachable(
        f"{host} cannot be reached: {why}",
        "is this computer connected to the network? A proxy is taken from the variable HTTPS_PROXY. "
        "What was fetched before is kept: the same command goes on",
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
