"""Imports only go down: the architecture of the design, checked in the sources themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import matloop

ROOT = Path(matloop.__file__).parent

#: A folder may import those of lower storeys; of its own storey only itself, and what ALLOWED adds.
STOREY = {
    "core": 1,
    "files": 1.5,
    "datasets": 1.7,
    "planners": 2,
    "models": 2,
    "labs": 2,
    "store": 2,
    "reports": 2,
    "features": 2,
    "sources": 2,
    "screening": 2,
    "discovery": 3,
    "campaign": 3,
    "cases": 4,
    "cli": 5,
}
ALLOWED = {("planners", "models")}
CORE_MAY_IMPORT = {"numpy", "pydantic", "pydantic_core", "pint", "rdkit"}
STANDARD_INPUT_OUTPUT = {"os", "pathlib", "io", "time", "datetime", "random", "socket", "subprocess", "sqlite3"}


def modules() -> list[Path]:
    return [path for path in ROOT.rglob("*.py") if path.parent != ROOT]


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, inside its functions too, except for type checking alone."""
    for node in ast.walk(_without_type_checking(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _without_type_checking(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return tree


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_go_down(path: Path) -> None:
    """A module imports nothing from a higher storey, and no neighbour."""
    here = path.relative_to(ROOT).parts[0]
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "matloop" or len(parts) < 2 or parts[1] not in STOREY or parts[1] == here:
            continue
        down = STOREY[parts[1]] < STOREY[here]
        assert down or (here, parts[1]) in ALLOWED, f"{path.name} imports {name}"


def test_every_folder_has_its_storey() -> None:
    """A new folder must say on which storey it stands."""
    folders = {path.relative_to(ROOT).parts[0] for path in modules()}
    assert folders == set(STOREY)


@pytest.mark.parametrize("path", sorted((ROOT / "core").glob("*.py")), ids=lambda path: path.name)
def test_core_knows_neither_files_nor_clocks(path: Path) -> None:
    """Core imports the standard library without its input and output, numpy, pydantic, and pint and rdkit when used."""
    import sys

    for name in imported(path):
        top = name.split(".")[0]
        assert top in CORE_MAY_IMPORT or top == "matloop" or top in sys.stdlib_module_names, name
        assert top not in STANDARD_INPUT_OUTPUT, f"{path.name} imports {name}"
