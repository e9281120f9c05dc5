"""Recorded choices: appended, resumed after a kill, packed."""

from pathlib import Path

from benchmarks import records


def record(seed: int, peer: str = "random") -> records.Record:
    return {"peer": peer, "pool": "p", "seed": seed, "protocol": "2+50", "readings": "mean", "rows": [1, 2]}


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """A half-written last line is neither read nor in the way of the next one."""
    records.append(tmp_path, record(0))
    path = tmp_path / "random.jsonl"
    path.write_bytes(path.read_bytes() + b'{"peer":"rand')
    assert records.read(tmp_path) == [record(0)]
    records.append(tmp_path, record(1))
    assert records.read(tmp_path) == [record(0), record(1)]


def test_packed_records_are_the_same(tmp_path: Path) -> None:
    """What is packed reads back, in the same bytes whatever the order, one file a peer."""
    own = [record(1), record(0), record(0, "forest")]
    first = [path.read_bytes() for path in records.pack(own, tmp_path)]
    assert [path.read_bytes() for path in records.pack(own[::-1], tmp_path)] == first
    assert sorted(map(records.key, records.read(tmp_path))) == sorted(map(records.key, own))


def test_dropped_records_are_gone(tmp_path: Path) -> None:
    """A peer is forgotten, packed or not, and the others are kept."""
    records.pack([record(0), record(0, "forest")], tmp_path)
    records.append(tmp_path, record(1))
    records.drop(tmp_path, "random")
    assert records.read(tmp_path) == [record(0, "forest")]


def test_later_folders_win(tmp_path: Path) -> None:
    """A fresh run of a campaign replaces the packed one."""
    records.pack([record(0)], tmp_path / "kept")
    records.append(tmp_path / "new", record(0) | {"rows": [3, 4]})
    assert records.read(tmp_path / "kept", tmp_path / "new")[0]["rows"] == [3, 4]
