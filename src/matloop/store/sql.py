"""The store in a database: SQLite in a file of its own (WAL, synchronous=FULL), or in memory for rehearsals."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from matloop.core.errors import NewerStore, SequenceConflict, StoreError, StoreLocked
from matloop.core.event import EVENT, AnyEvent
from matloop.files.lock import HeldElsewhere, NamedLock
from matloop.files.whole import write_whole
from matloop.store.crash import crash_point

#: Raised when the tables change their shape; a store of a higher one is refused, of a lower one migrated.
SCHEMA_VERSION = 1
MEMORY = ":memory:"

_metadata = MetaData()
_meta = Table("matloop", _metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))
_events = Table(
    "events",
    _metadata,
    Column("campaign", String, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("trial", String),
    Column("time", String, nullable=False),
    Column("body", Text, nullable=False),
)


class SqlStore:
    """Journals in a database, files in the folder `matloop.files` beside it."""

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        """Open the database, or make it. Raises StoreError where there is none, or it is no store of ours."""
        self.path = None if str(path) == MEMORY else Path(path).absolute()  # a lab may change the working folder
        if self.path and not create and not self.path.is_file():
            raise StoreError(f"there is no store at {self.path}", "start a campaign with: matloop run FILE")
        self._memory_files: dict[str, bytes] = {}
        self._engine = _engine(self.path)
        self._reader = self._engine.execution_options(reads_only=True)
        with self._explained():
            self._prepare()

    # -- the contract ---------------------------------------------------------------------------------------

    def append(self, campaign: str, events: Sequence[AnyEvent], expected_sequence: int) -> list[AnyEvent]:
        """Commit all the events or none, numbered from `expected_sequence` + 1."""
        numbered = [e.model_copy(update={"sequence": expected_sequence + 1 + i}) for i, e in enumerate(events)]
        rows = [_row(campaign, e) for e in numbered]
        if not rows:
            return []
        with self._explained(), self._engine.begin() as connection:
            if self._last(connection, campaign) != expected_sequence:
                raise SequenceConflict(f"the journal of {campaign} has grown meanwhile")
            connection.execute(_events.insert(), rows)
            crash_point(f"commit.before:{numbered[-1].kind}")
        crash_point(f"commit.after:{numbered[-1].kind}")
        return numbered

    def read(self, campaign: str, after: int = 0) -> list[AnyEvent]:
        """The events with a sequence above `after`, in order."""
        query = select(_events.c.body).where(_events.c.campaign == campaign, _events.c.sequence > after)
        with self._explained(), self._reader.connect() as connection:
            bodies = connection.execute(query.order_by(_events.c.sequence)).scalars().all()
            events = [EVENT.validate_json(body) for body in bodies]
        gap = next((i for i, e in enumerate(events, start=after + 1) if e.sequence != i), None)
        if gap is not None:
            raise StoreError(f"the journal of {campaign} in {self.path} lacks its event {gap}", _hint("malformed"))
        return events

    def put(self, content: bytes) -> str:
        """Keep the bytes; returns their SHA-256 in hexadecimal."""
        name = hashlib.sha256(content).hexdigest()
        try:
            if self.path is None:
                self._memory_files[name] = content
            elif not self._file(name).exists():
                write_whole(self._file(name), content)
        except OSError as error:
            raise StoreError(f"cannot write to {self.folder}: {error.strerror}", "is the disk full?") from error
        return name

    def get(self, content_hash: str) -> bytes:
        """The bytes with this hash. Raises KeyError."""
        if self.path is None:
            return self._memory_files[content_hash]
        try:
            return self._file(content_hash).read_bytes()
        except OSError as error:
            raise KeyError(content_hash) from error

    # -- beside it ------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path | None:
        """Where files of this store live; None in memory."""
        return folder_beside(self.path) if self.path else None

    def campaigns(self) -> list[str]:
        """The names of the campaigns in it, oldest first."""
        query = select(_events.c.campaign).group_by(_events.c.campaign).order_by(func.min(_events.c.time))
        with self._explained(), self._reader.connect() as connection:
            return list(connection.execute(query).scalars())

    def last_sequence(self, campaign: str) -> int:
        """The number of the campaign's latest event; 0 where there is none."""
        with self._explained(), self._reader.connect() as connection:
            return self._last(connection, campaign)

    def damage(self) -> str | None:
        """What the database says is wrong with itself, or None."""
        with self._explained(), self._reader.connect() as connection:
            told = connection.execute(text("PRAGMA integrity_check")).scalars().all()
        return None if told == ["ok"] else "; ".join(told[:5])

    @contextmanager
    def engine_lock(self, campaign: str) -> Iterator[None]:
        """Hold the store for one engine. Raises StoreLocked, naming the engine that has it."""
        if self.path is None:
            yield
            return
        lock = NamedLock(self.path.with_name(self.path.name + ".engine"))
        try:
            lock.acquire(campaign=campaign)
        except HeldElsewhere as held:
            holder = held.holder
            pid, host, of = (holder.get(key, "?") for key in ("pid", "host", "campaign"))
            who = f"process {pid} on {host}, campaign {of}"
            raise StoreLocked(
                f"another engine works on {self.path}: {who}", "wait for it, stop it, or use another --store"
            ) from None
        except (OSError, NotImplementedError) as error:  # the second: a file system without locks
            raise StoreError(f"cannot lock {self.path}: {error}", "is the folder writable, and not shared?") from error
        try:
            yield
        finally:
            lock.release()

    def close(self) -> None:
        self._engine.dispose()

    # -- inside ---------------------------------------------------------------------------------------------

    def _file(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / "blobs" / name[:2] / name

    @staticmethod
    def _last(connection: Any, campaign: str) -> int:
        return connection.scalar(select(func.max(_events.c.sequence)).where(_events.c.campaign == campaign)) or 0

    def _prepare(self) -> None:
        with self._reader.connect() as connection:
            tables = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
        if _meta.name not in tables:
            if tables:
                raise StoreError(f"{self.path} is a database of something else", "name another file with --store")
            with self._engine.begin() as connection:
                _metadata.create_all(connection)
                connection.execute(_meta.insert().prefix_with("OR IGNORE"), {"key": "schema", "value": SCHEMA_VERSION})
        with self._reader.connect() as connection:
            version = int(connection.scalar(select(_meta.c.value).where(_meta.c.key == "schema")) or 0)
        if version > SCHEMA_VERSION:
            raise NewerStore(f"{self.path} was written by a newer matloop", "pip install --upgrade matloop")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise SequenceConflict("the journal has grown meanwhile") from error
        except DBAPIError as error:
            raise StoreError(f"the store {self.path} cannot be used: {error.orig}", _hint(str(error.orig))) from error
        except ValueError as error:  # a text that is no UTF-8, an event that is no JSON
            what = str(error).splitlines()[0]
            raise StoreError(f"the store {self.path} cannot be read: {what}", _hint("malformed")) from error


def folder_beside(path: str | Path, otherwise: Path = Path()) -> Path:
    """Where the files of a store lie; of one in memory, in another folder."""
    return (otherwise if str(path) == MEMORY else Path(path).parent) / "matloop.files"


def _engine(path: Path | None) -> Engine:
    if path is None:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {path.parent}: {error.strerror}") from error
        # not a text: in that a '?' or '%' of the path would mean something else
        engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where `_immediate` says, not where the driver guesses
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA fullfsync=ON")  # macOS: past the drive's own cache; elsewhere it does nothing

    @event.listens_for(engine, "begin")
    def _immediate(connection: Any) -> None:
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


def _row(campaign: str, e: AnyEvent) -> dict[str, Any]:
    trial = getattr(e, "trial", None)
    body = e.model_dump_json()
    return {"campaign": campaign, "sequence": e.sequence, "kind": e.kind, "trial": trial, "time": e.time, "body": body}


def _hint(message: str) -> str:
    known = {
        "full": "free some space on the disk: nothing recorded is lost, and the run can be resumed",
        "readonly": "the file or its folder cannot be written",
        "unable to open": "does the folder exist, and may you write there?",
        "not a database": "name another file with --store",
        "malformed": "the file is damaged: restore a copy; `matloop export` may still read part of it",
        "locked": "another program holds the database for long: close it and try again",
    }
    return next((hint for words, hint in known.items() if words in message), "")
