"""What a screen has found out so far, in a folder: who was interrupted goes on, and gets the same shortlist.

`screen.json` says what is screened. Each chunk is committed by its file `part-N.parquet`, which is written whole after
all else that belongs to it; a chunk without one is screened again. `calculated.jsonl` has a line for each calculation.
"""

from __future__ import annotations

import io
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matloop.core.errors import InputError
from matloop.files.lock import HeldElsewhere, NamedLock
from matloop.files.whole import write_whole
from matloop.screening.work import Sifted, Tally

if TYPE_CHECKING:
    import pandas as pd

PLACE = "screen_place"
#: Under this key `about` says whether those who fall are listed.
LISTED = "list of the rejected"
_TALLIES = b"matloop.tallies"
_FRESH = "--fresh begins anew; calculations that ended well are kept"


class Ledger:
    """`with Ledger(folder, about) as ledger:`. Raises InputError where the folder holds something else."""

    def __init__(self, folder: Path, about: Mapping[str, Any], is_fresh: bool = False) -> None:
        self.folder = folder
        self.about = json.loads(json.dumps(about, default=str))
        self.n_parts = 0
        #: How many chunks there are; None until all are done.
        self.n_all: int | None = None
        self._is_fresh = is_fresh
        self._lock = NamedLock(folder / "screen")

    def __enter__(self) -> Ledger:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except HeldElsewhere as error:
            who = error.holder.get("pid", "unknown")
            raise InputError(
                f"another screen (process {who}) works in {self.folder}",
                "wait for its end, or choose another output: -o",
            ) from None
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def _open(self) -> None:
        path = self.folder / "screen.json"
        if self._is_fresh or not path.is_file():
            self._clear()
            self._note(None)
            return
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            about, n_all = known["about"], known["n_chunks"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} cannot be read: {error}", _FRESH) from error
        if about.get(LISTED) and not self.about.get(LISTED):
            self.about = {**self.about, LISTED: True}  # who does not ask for the list any more may go on: it is kept
        if different := [key for key in {**about, **self.about} if about.get(key) != self.about.get(key)]:
            what = ", ".join(different)
            raise InputError(f"{self.folder} is about another screen: {what} changed since it was begun", _FRESH)
        self.n_all = n_all
        while self._part(self.n_parts).is_file():
            self.n_parts += 1
        if n_all is not None and self.n_parts < n_all:
            self.n_all = None
            self._note(None)

    def _clear(self) -> None:
        for path in self.folder.iterdir():
            if path.name.startswith(("part-", "fell-", "learned-", "rest")) or path.name == "screen.json":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _note(self, n_chunks: int | None) -> None:
        about = {"about": self.about, "n_chunks": n_chunks}
        write_whole(self.folder / "screen.json", json.dumps(about, ensure_ascii=False, indent=1))

    def finish(self) -> None:
        """All chunks are done."""
        self.n_all = self.n_parts
        self._note(self.n_all)

    # -- chunks -----------------------------------------------------------------------------------------------

    def commit(self, sifted: Sifted) -> None:
        """Keep the next chunk; it is on disk when this returns."""
        import pandas as pd

        i = self.n_parts
        if sifted.fallen:
            _write(self._fallen(i), pd.concat(sifted.fallen))
        for step, keys in sifted.learned.items():
            buffer = io.BytesIO()
            np.save(buffer, keys, allow_pickle=False)
            write_whole(self.folder / f"learned-{i:06d}-{step}.npy", buffer.getvalue())
        tallies = {step: [tally.entered, tally.reasons] for step, tally in sifted.tallies.items()}
        _write(self._part(i), sifted.frame, {_TALLIES: json.dumps(tallies).encode()})
        self.n_parts += 1

    def part(self, i: int) -> tuple[pd.DataFrame, dict[int, Tally]]:
        """What was left of a chunk, and what each step did."""
        import pyarrow.parquet as pq

        table = pq.read_table(self._part(i), partitioning=None)
        tallies = json.loads((table.schema.metadata or {})[_TALLIES])
        frame = table.to_pandas().set_index(PLACE)
        frame.index.name = None
        return frame, {int(step): Tally(n, Counter(reasons)) for step, (n, reasons) in tallies.items()}

    def n_left(self, i: int) -> int:
        """How many candidates were left of a chunk."""
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self._part(i)).num_rows)

    def learned(self, step: int) -> Iterator[np.ndarray]:
        """What a step learned from each chunk so far, in order."""
        for i in range(self.n_parts):
            path = self.folder / f"learned-{i:06d}-{step}.npy"
            if path.is_file():
                yield np.load(path, allow_pickle=False)

    def fallen(self) -> Iterator[Path]:
        """The files of those who fell, chunk by chunk."""
        yield from (path for i in range(self.n_parts) if (path := self._fallen(i)).is_file())

    def keep_rest(self, i: int, fallen: pd.DataFrame) -> Path:
        """Write down who fell after the chunks. Returns the file; it is written anew each time."""
        path = self.folder / f"rest-{i:06d}.parquet"
        _write(path, fallen)
        return path

    def clear_rest(self) -> None:
        """Remove what an earlier process wrote of those."""
        for path in self.folder.glob("rest-*.parquet"):
            path.unlink()

    def _part(self, i: int) -> Path:
        return self.folder / f"part-{i:06d}.parquet"

    def _fallen(self, i: int) -> Path:
        return self.folder / f"fell-{i:06d}.parquet"


def _write(path: Path, frame: pd.DataFrame, more: Mapping[bytes, bytes] | None = None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbered = frame.assign(**{PLACE: frame.index})
    table = pa.Table.from_pandas(numbered, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **(more or {})})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=1)
    write_whole(path, sink.getvalue().to_pybytes())
