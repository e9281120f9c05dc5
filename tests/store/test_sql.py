"""The store: what is appended is on the disk, in order and whole; what is wrong with a file is a StoreError."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from matloop.core.errors import NewerStore, SequenceConflict, StoreError, StoreLocked
from matloop.core.event import Created, Noted
from matloop.store.sql import SCHEMA_VERSION, SqlStore

HOLDER = """
import sys
from matloop.store.sql import SqlStore
with SqlStore(sys.argv[1]).engine_lock("bear"):
    print("held", flush=True)
    sys.stdin.read()
"""


def notes(*texts: str) -> list[Noted]:
    return [Noted(text=text) for text in texts]


def texts(store: SqlStore, campaign: str = "c") -> list[str]:
    return [event.text for event in store.read(campaign) if isinstance(event, Noted)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(tmp_path / "matloop.db")
    yield opened
    opened.close()


# -- append and read ----------------------------------------------------------------------------------------------


def test_events_come_back_numbered_and_unchanged(store: SqlStore, tmp_path: Path) -> None:
    """What is appended is read by another object in order, numbered without gaps, equal in every field."""
    first = [Created(spec={"a": [1, 2.5, None, "é\n"]}, key="k", time="t", elapsed=0.1), *notes("1")]
    kept = [*store.append("c", first, 0), *store.append("c", notes("2"), 2)]
    assert [event.sequence for event in kept] == [1, 2, 3]
    other = SqlStore(tmp_path / "matloop.db", create=False)
    assert other.read("c") == kept
    assert other.read("c", after=2) == kept[2:]
    assert other.read("nobody") == []
    assert (other.last_sequence("c"), other.last_sequence("nobody"), other.damage()) == (3, 0, None)


def test_floats_survive_bit_for_bit(store: SqlStore) -> None:
    """A number is read as it was written, to the last bit."""
    values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 2**53 + 2.0]
    store.append("c", [Created(spec={"values": values}, key="k")], 0)
    (event,) = store.read("c")
    assert isinstance(event, Created)
    assert [value.hex() for value in event.spec["values"]] == [value.hex() for value in values]


def test_a_sequence_that_is_taken_is_a_conflict(store: SqlStore, tmp_path: Path) -> None:
    """Who appends after an outdated look gets SequenceConflict, and nothing is written."""
    other = SqlStore(tmp_path / "matloop.db")
    store.append("c", notes("1"), 0)
    for expected in (0, 2):
        with pytest.raises(SequenceConflict):
            other.append("c", notes("lost?"), expected)
    assert texts(store) == ["1"]
    assert other.append("d", notes("another campaign"), 0)[0].sequence == 1


def test_all_events_or_none(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where anything fails before the commit, no event of the call is kept, and the store goes on."""

    def fail(_: str) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("matloop.store.sql.crash_point", fail)
        with pytest.raises(RuntimeError):
            store.append("c", notes("1", "2"), 0)
    assert store.read("c") == []
    store.append("c", notes("3"), 0)
    assert texts(store) == ["3"]


def test_nothing_appended_is_nothing_written(store: SqlStore) -> None:
    """An empty list is no transaction."""
    assert store.append("c", [], 7) == []


def test_campaigns_share_a_store_in_peace(store: SqlStore) -> None:
    """Each campaign has its own numbering; the list of them is in the order of their beginning."""
    for name, time in (("late", "2024"), ("early", "2023")):
        store.append(name, [Noted(text=name, time=time)], 0)
    assert store.campaigns() == ["early", "late"]
    assert texts(store, "late") == ["late"]


def test_one_in_memory_behaves_alike() -> None:
    """A store in memory keeps the same contract."""
    store = SqlStore(":memory:")
    store.append("c", notes("1"), 0)
    with pytest.raises(SequenceConflict):
        store.append("c", notes("2"), 0)
    with store.engine_lock("c"):
        assert store.get(store.put(b"x")) == b"x"
    assert (texts(store), store.folder) == (["1"], None)


def test_every_connection_is_durable(store: SqlStore) -> None:
    """The very connections that write and read are in WAL mode with synchronous=FULL (2)."""
    for engine in (store._engine, store._reader):
        with engine.connect() as connection:
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2


# -- files --------------------------------------------------------------------------------------------------------


def test_files_are_kept_by_their_content(store: SqlStore) -> None:
    """The same bytes have the same name, once on the disk; other bytes another one; an unknown name is a KeyError."""
    names = [store.put(content) for content in (b"curve", b"curve", b"", bytes(range(256)))]
    assert names[0] == names[1]
    assert [store.get(name) for name in names] == [b"curve", b"curve", b"", bytes(range(256))]
    assert store.folder is not None
    assert sum(path.is_file() for path in store.folder.rglob("*")) == 3
    with pytest.raises(KeyError):
        store.get("0" * 64)


def test_a_file_that_cannot_be_kept_is_told(store: SqlStore) -> None:
    """Where the folder for files cannot be made, that is a StoreError."""
    assert store.folder is not None
    store.folder.write_text("in the way")
    with pytest.raises(StoreError):
        store.put(b"x")


# -- who may work -------------------------------------------------------------------------------------------------


def test_the_second_engine_is_refused_and_the_first_named(store: SqlStore) -> None:
    """A second engine, in another process or in this one, learns the process, host and campaign of the first."""
    with store.engine_lock("bear"):
        refused = subprocess.run(
            [sys.executable, "-c", HOLDER, str(store.path)], capture_output=True, text=True, input="", check=False
        )
        assert f"StoreLocked: another engine works on {store.path}: process {os.getpid()} on " in refused.stderr
        with pytest.raises(StoreLocked, match="campaign bear"), store.engine_lock("other"):
            pass
        with pytest.raises(StoreLocked), SqlStore(str(store.path)).engine_lock("other"):
            pass
    with store.engine_lock("bear"):
        pass


@pytest.mark.skipif(os.name == "nt", reason="kill -9 as POSIX knows it")
def test_a_killed_engine_frees_the_store(store: SqlStore) -> None:
    """After SIGKILL of its holder the lock is free, whatever the dead one has left behind."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked, match=f"process {holder.pid} on "), store.engine_lock("bear"):
            pass
        holder.send_signal(signal.SIGKILL)
    with store.engine_lock("bear"):
        pass


# -- where and what the file is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a b.db", "ü 実験.db", "100%.db", "a%20b.db", "a#b.db", "it's.db", "a?b.db", "-x"])
def test_any_name_is_that_very_file(tmp_path: Path, name: str) -> None:
    """No letter of a path means anything but itself: each store is in the file that was named."""
    if os.name == "nt" and "?" in name:
        pytest.skip("Windows has no such name")
    store = SqlStore(tmp_path / name)
    store.append("c", notes("1"), 0)
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_it_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that changes the working folder moves neither journal nor files nor lock."""
    monkeypatch.chdir(tmp_path)
    store = SqlStore("matloop.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    store.append("c", notes("1"), 0)
    store.put(b"x")
    with store.engine_lock("c"):
        assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_missing_store_is_not_made_by_looking(tmp_path: Path) -> None:
    """Whoever only reads gets StoreError where there is none, and leaves no file behind."""
    with pytest.raises(StoreError, match="no store at"):
        SqlStore(tmp_path / "matloop.db", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_newer_store_is_refused(store: SqlStore, tmp_path: Path) -> None:
    """Tables of a later version are not touched; the hint says what to install."""
    with sqlite3.connect(tmp_path / "matloop.db") as connection:
        connection.execute("UPDATE matloop SET value = ?", (SCHEMA_VERSION + 1,))
    with pytest.raises(NewerStore, match="newer matloop"):
        SqlStore(tmp_path / "matloop.db")


def test_a_foreign_database_is_refused_unchanged(tmp_path: Path) -> None:
    """Another program's database stays as it is."""
    with sqlite3.connect(tmp_path / "photos.db") as connection:
        connection.execute("CREATE TABLE photos (name)")
    with pytest.raises(StoreError, match="something else"):
        SqlStore(tmp_path / "photos.db")
    with sqlite3.connect(tmp_path / "photos.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("photos",)]


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder, to be made read-only, whose owner is no administrator while the test runs."""
    if os.name == "nt":
        pytest.skip("needs a folder that refuses")
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, 65534, -1)
        os.seteuid(65534)
    yield folder
    if is_root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written(locked_folder: Path) -> None:
    """A read-only place is told as such, for a new store and for one that is there."""
    store = SqlStore(locked_folder / "there.db")
    store.append("c", notes("1"), 0)
    store.close()
    (locked_folder / "there.db").chmod(0o444)
    locked_folder.chmod(0o555)

    def write(name: str) -> None:
        SqlStore(locked_folder / name).append("c", notes("2"), 1)

    def lock() -> None:
        with SqlStore(locked_folder / "there.db").engine_lock("c"):
            pass

    for attempt in (lambda: write("there.db"), lambda: write("new.db"), lock):
        with pytest.raises(StoreError) as caught:
            attempt()
        assert caught.value.hint
    assert [path.name for path in locked_folder.iterdir()] == ["there.db"]


def _cut(content: bytearray, rng: random.Random) -> bytearray:
    return content[: rng.randrange(1, len(content))]


def _overwritten(content: bytearray, rng: random.Random) -> bytearray:
    place = rng.randrange(len(content))
    content[place : place + 200] = rng.randbytes(min(200, len(content) - place))
    return content


def _sprinkled(content: bytearray, rng: random.Random) -> bytearray:
    for _ in range(20):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return content


@pytest.mark.parametrize("spoil", [_cut, _overwritten, _sprinkled])
def test_a_damaged_file_is_told_as_such(tmp_path: Path, spoil: Any) -> None:
    """However a file is damaged: the store is read as it was, or it is a StoreError, never another exception."""
    path = tmp_path / "matloop.db"
    store = SqlStore(path)
    kept = store.append("c", [Created(spec={"x": "x" * 3000}, key="k"), *notes("y" * 3000, "z" * 5000)], 0)
    store.close()
    sound, rng, told = path.read_bytes(), random.Random(0), []
    for _ in range(60):
        path.write_bytes(spoil(bytearray(sound), rng))
        try:
            store = SqlStore(path)
            assert len(store.read("c")) in (0, len(kept))
            store.damage(), store.campaigns(), store.last_sequence("c")
            store.append("c", notes("more"), store.last_sequence("c"))
            store.close()
        except StoreError as error:
            told.append(error)
        for companion in tmp_path.glob("matloop.db-*"):
            companion.unlink()
    assert told
    assert all(str(path) in error.message or isinstance(error, SequenceConflict) for error in told)


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to look like one " * 100, b"\0" * 8192])
def test_files_that_are_no_database(tmp_path: Path, content: bytes) -> None:
    """An empty file becomes a store, any other one that is no database is refused unchanged."""
    path = tmp_path / "matloop.db"
    path.write_bytes(content)
    if not content:
        assert SqlStore(path).read("c") == []
        return
    with pytest.raises(StoreError):
        SqlStore(path)
    assert path.read_bytes() == content


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    """A folder is no store, and a file is no folder for one."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file" / "matloop.db"):
        with pytest.raises(StoreError):
            SqlStore(path)


def test_a_missing_event_is_noticed(store: SqlStore, tmp_path: Path) -> None:
    """Nothing is deleted: a journal with a hole is refused, not folded into another story."""
    store.append("c", notes("1", "2", "3"), 0)
    with sqlite3.connect(tmp_path / "matloop.db") as connection:
        connection.execute("DELETE FROM events WHERE sequence = 2")
    with pytest.raises(StoreError, match="lacks its event 2"):
        store.read("c")
    assert [event.sequence for event in store.read("c", after=2)] == [3]


@pytest.mark.parametrize("body", ["", "{}", "null", '{"kind": "from the future"}', '{"kind": "noted"', b"\xff\xfe"])
def test_an_event_that_cannot_be_read(store: SqlStore, tmp_path: Path, body: str | bytes) -> None:
    """A body that is no event of this version is a StoreError that names the file."""
    store.append("c", notes("1"), 0)
    with sqlite3.connect(tmp_path / "matloop.db") as connection:
        connection.execute("UPDATE events SET body = CAST(? AS TEXT)", (body,))
    with pytest.raises(StoreError, match="matloop"):
        store.read("c")


def test_processes_that_begin_together(tmp_path: Path) -> None:
    """Several processes may make and fill the same new store at once: every event of each is there."""
    script = """
import sys
from matloop.core.errors import SequenceConflict
from matloop.core.event import Noted
from matloop.store.sql import SqlStore
store = SqlStore(sys.argv[1])
for i in range(8):
    while True:
        try:
            store.append("c", [Noted(text=sys.argv[2] + str(i))], store.last_sequence("c"))
            break
        except SequenceConflict:
            pass
"""
    path = tmp_path / "matloop.db"
    started = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "abc"]
    assert [process.wait() for process in started] == [0, 0, 0]
    written = texts(SqlStore(path))
    assert sorted(written) == sorted(name + str(i) for name in "abc" for i in range(8))
    assert [text for text in written if text[0] == "a"] == [f"a{i}" for i in range(8)]


def test_what_the_holder_wrote_may_be_anything(store: SqlStore, tmp_path: Path) -> None:
    """A name of the holder that cannot be read costs its name only, not the refusal."""
    with store.engine_lock("c"):
        for name in ("", "[]", json.dumps({"pid": None})):
            (tmp_path / "matloop.db.engine.holder.json").write_text(name)
            with pytest.raises(StoreLocked), SqlStore(tmp_path / "matloop.db").engine_lock("c"):
                pass
