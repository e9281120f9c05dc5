"""How sentences and sizes look on a terminal and in a pipe."""

import io
from pathlib import Path

import pytest

from matloop.cli.terminal import console, counted, say, size, table

LONG = "units: Qst: its header has a unit, but most of its cells are no numbers."


class Screen(io.StringIO):
    """Standard output that is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_sentence_is_broken_between_words_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No word of a long sentence is cut at the edge of the screen."""
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    say(LONG)
    lines = screen.getvalue().splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= 40
    assert " ".join(line.strip() for line in lines) == LONG


def test_a_sentence_is_one_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """What other programs search for is not torn apart, however long it is."""
    say(LONG * 10)
    assert capsys.readouterr().out == LONG * 10 + "\n"


def test_numbers_and_sizes_are_readable(tmp_path: Path) -> None:
    """Thousands have a comma, one of a kind has no plural, and no file is of 0.0 MB."""
    assert [counted(n, "record") for n in (0, 1, 1_500_000)] == ["0 records", "1 record", "1,500,000 records"]
    file = tmp_path / "model"
    for n, told in ((10, "1 kB"), (27_400, "27 kB"), (3_440_000, "3.4 MB")):
        file.write_bytes(b"\0" * n)
        assert size(file) == told


def test_no_number_is_torn_apart_where_a_terminal_is_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that does not fit becomes a list; one that fits, or is folded on a usual terminal, stays a table."""
    monkeypatch.setenv("TERM", "xterm")
    made = table("trial>", "toughness \\[J]>", "theta \\[degree]>", "what", "how")
    made.add_row("33", "47.1623", "183.4112", "the best of all", "")
    shown = {}
    for columns in ("40", "60"):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setattr("sys.stdout", screen := Screen())
        console().print(made)
        shown[columns] = [line.rstrip() for line in screen.getvalue().splitlines()]
    assert shown["40"] == [
        "",
        "trial: 33",
        "toughness [J]: 47.1623",
        "theta [degree]: 183.4112",
        "what: the best of all",
        "",
    ]
    assert len([line for line in shown["60"] if "47.1623" in line and "183.4112" in line]) == 1
