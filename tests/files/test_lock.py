"""Locks: one holder, known by name, freed by the end of its process."""

import os
import subprocess
import sys

import pytest

from matloop.files.lock import HeldElsewhere, NamedLock


def test_the_second_taker_is_refused_and_told_who_holds_it(tmp_path):
    lock = NamedLock(tmp_path / "store")
    lock.acquire(campaign="bear")
    with pytest.raises(HeldElsewhere) as refusal:
        NamedLock(tmp_path / "store").acquire(campaign="other")
    assert refusal.value.holder["campaign"] == "bear"
    assert refusal.value.holder["pid"] == os.getpid()
    lock.release()
    NamedLock(tmp_path / "store").acquire()


def test_the_end_of_a_process_frees_its_lock_however_it_ends(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from matloop.files.lock import NamedLock\n"
        "lock = NamedLock(Path(sys.argv[1])); lock.acquire(); print('held', flush=True); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "store")], capture_output=True, text=True)
    assert done.stdout.strip() == "held"
    lock = NamedLock(tmp_path / "store")
    lock.acquire(campaign="next")
    assert lock.holder()["campaign"] == "next"


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", "\x00\x01"])
def test_an_unreadable_name_names_nobody(tmp_path, content):
    (tmp_path / "store.holder.json").write_text(content)
    assert NamedLock(tmp_path / "store").holder() == {}


def test_releasing_what_is_not_held_disturbs_nobody(tmp_path):
    held, other = NamedLock(tmp_path / "store"), NamedLock(tmp_path / "store")
    held.acquire(campaign="bear")
    other.release()
    assert other.holder()["campaign"] == "bear"
