"""Files are written whole or not at all."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matloop.core.errors import InputError
from matloop.files.whole import require_place, sha256_of, write_whole


@given(st.binary(max_size=200))
def test_what_is_written_is_read_and_has_its_hash(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("whole") / "new folder" / "file.bin"
    write_whole(path, content)
    assert path.read_bytes() == content
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()
    assert [file.name for file in path.parent.iterdir()] == ["file.bin"]


def test_text_is_written_in_utf_8_with_its_own_line_ends(tmp_path):
    write_whole(tmp_path / "a.txt", "µ\r\nλ\n")
    assert (tmp_path / "a.txt").read_bytes() == "µ\r\nλ\n".encode()


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_on_the_way_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step):
    path = tmp_path / "report.html"
    write_whole(path, "old")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else type(path), step, full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_place_is_tried_before_the_work_and_left_as_it_was(tmp_path):
    require_place(tmp_path / "new folder" / "a.txt")
    (tmp_path / "b.txt").write_text("old", encoding="utf-8")
    require_place(tmp_path / "b.txt")
    assert (tmp_path / "b.txt").read_text(encoding="utf-8") == "old"
    assert not list((tmp_path / "new folder").iterdir())
    for place, why in (("b.txt/c.txt", "cannot be written"), (".", "is a folder")):
        with pytest.raises(InputError, match=why):
            require_place(tmp_path / place)
