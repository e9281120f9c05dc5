"""Somebody who follows a page to the letter, and complains where it does not do what it says."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from unittest.mock import patch

from markdown_blocks import ROOT, Block, commands_of
from reference_facts import commands

from matloop.cli.main import main
from matloop.core.spec import parse_spec

PATIENCE = 120
#: Programs that a block which is only shown, not run, may name.
SHOWN = {"make", "matloop", "git", "py", "python", "pip", "cd", "ruff", "mypy", "pytest"}


class Reader:
    """Keeps what a page builds up: its folder, its Python names, what was printed last."""

    def __init__(self, folder: Path, data: Path | None) -> None:
        self.folder = folder
        self.data = data
        self.names: dict[str, object] = {"__name__": "__main__"}
        self.printed = ""

    def follow(self, block: Block) -> None:
        """Do with a block what its kind asks for."""
        follow = getattr(self, f"_{block.kind}", None)
        assert follow is not None, f"{block.place}: nothing is known of blocks of the kind '{block.kind}'"
        follow(block)

    def _python(self, block: Block) -> None:
        if self._is_written(block, keep_marker=True):
            ast.parse(block.text)
            return
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile("\n" * block.line + block.text, str(block.page), "exec"), self.names)
        self.printed = out.getvalue()

    def _toml(self, block: Block) -> None:
        data = tomllib.loads(block.text)
        if not self._is_written(block, keep_marker=True) and {"space", "objective"} <= set(data):
            parse_spec(data, block.place)

    def _json(self, block: Block) -> None:
        json.loads(block.text)

    def _csv(self, block: Block) -> None:
        self._is_written(block, keep_marker=False)

    def _text(self, block: Block) -> None:
        """A file, or with the word "output" what the Python block before it prints, or else only to look at."""
        if not self._is_written(block, keep_marker=False) and "output" in block.words:
            assert_looks_like(self.printed, block.text, block.place)

    def _console(self, block: Block) -> None:
        """Commands of matloop are called in this process, which is faster; "apart" gives each one of its own."""
        if "data" in block.words and not self.data:
            return
        settings = {"MATLOOP_DATA": str(self.data.resolve())} if self.data and "data" in block.words else {}
        for command in commands_of(block):
            is_apart = command.words[0] != "matloop" or "apart" in block.words
            with patch.dict(os.environ, settings):
                exit_code, printed = (_apart if is_apart else _called)(command.words)
            place = f"{block.place}: {shlex.join(command.words)}"
            assert exit_code == command.exit_code, f"{place} ended with {exit_code}:\n{printed}"
            if command.expected:
                assert_looks_like(printed, command.expected, place)

    def _bash(self, block: Block) -> None:
        assert_can_be_run(block)

    _powershell = _bash

    def _is_written(self, block: Block, keep_marker: bool) -> bool:
        if block.file is None:
            return False
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text if keep_marker else block.text.partition("\n")[2], encoding="utf-8")
        return True


def _called(words: list[str]) -> tuple[int, str]:
    """The exit code of matloop with these words, and what it printed."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with patch.object(sys, "argv", words), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            main()
            exit_code = 0
        except SystemExit as end:
            exit_code = int(end.code or 0)
    printed.seek(0)
    return exit_code, printed.read()


def _apart(words: list[str]) -> tuple[int, str]:
    """The same in a process of its own, which may come to harm."""
    programs = {"matloop": [sys.executable, "-m", "matloop"], "python": [sys.executable]}
    ended = subprocess.run(
        [*programs[words[0]], *words[1:]],
        env={**os.environ, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        check=False,
    )
    return ended.returncode, ended.stdout.decode("utf-8")


def assert_looks_like(printed: str, expected: str, place: str) -> None:
    """The texts agree but for white space and the length of rules; "…" stands for anything."""
    pattern = ".*?".join(re.escape(part) for part in _plain(expected).split("…"))
    shown = f"{place} printed:\n{printed}\nwhere the page has:\n{expected}"
    assert re.fullmatch(pattern, _plain(printed), re.DOTALL), shown


def _plain(text: str) -> str:
    return " ".join(re.sub("─+", "─", text).split())


def assert_can_be_run(block: Block) -> None:
    """What is only shown names programs, make targets and commands of matloop that exist."""
    uncommented = (line.partition("#")[0] for line in block.text.splitlines())
    for line in filter(None, (part.strip() for part in ";".join(uncommented).split(";"))):
        words = shlex.split(line, posix=block.kind == "bash")
        program = re.split(r"[\\/]", words[0])[-1]
        assert program in SHOWN, f"{block.place}: what is '{program}'?"
        if program == "make":
            assert set(words[1:]) <= _make_targets(), f"{block.place}: make has no such target: {line}"
        if program == "matloop":
            assert words[1] in commands() or words[1].startswith("-"), f"{block.place}: {line}"


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
