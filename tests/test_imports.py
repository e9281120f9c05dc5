"""What is not needed is not loaded: a command line and an instrument PC feel the difference."""

import subprocess
import sys

import pytest

HEAVY = ("scipy", "pandas", "sklearn", "plotly", "sqlalchemy", "pint", "numpy", "pydantic", "rich", "pyarrow")


def loaded_after(statement: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after this statement."""
    code = f"import sys\n{statement}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(told.stdout.split()) & set(HEAVY)


def test_importing_matloop_loads_nothing_heavy() -> None:
    """`import matloop` loads no package but itself."""
    assert loaded_after("import matloop") == set()


def test_the_help_loads_nothing_heavy() -> None:
    """`matloop --help` needs typer alone, so that it appears at once."""
    help_screen = "from matloop.cli.main import program\nprogram()"
    assert loaded_after(help_screen) == set()


def test_defining_a_space_needs_no_heavy_package() -> None:
    """A definition needs numpy and pydantic alone; units load pint only when they are checked."""
    assert loaded_after("from matloop import Space, Real\nSpace(x=Real(0, 1, unit='mm'))") == {"numpy", "pydantic"}


@pytest.mark.parametrize("name", ["Campaign", "Space", "Bayesian", "CommandLab", "Pool"])
def test_public_names_are_found(name: str) -> None:
    """Every public name leads to the class of that name."""
    import matloop

    assert getattr(matloop, name).__name__ == name


def test_every_public_name_can_be_loaded() -> None:
    """The table of lazily loaded names has no dead entry."""
    import matloop

    for name in matloop.__all__:
        assert getattr(matloop, name) is not None
