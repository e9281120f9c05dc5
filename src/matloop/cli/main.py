"""The program `matloop`: its commands, and one place where every error becomes a message and an exit code."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

#: The commands in the order in which they are used.
ORDER = {
    "Campaigns": "new check run backtest propose record status why resolve report export cases",
    "Data, models, screens": "import fetch datasets describe train card explain predict screen",
    "This installation": "doctor",
}
INTERRUPTED = "interrupted; nothing recorded is lost: the same command goes on, or begins anew"


class _Commands(TyperGroup):
    """Lists the commands under headings, each with its whole first sentence; says so when one is interrupted."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for heading, names in ORDER.items():
            with formatter.section(heading):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(200)) for name in names.split()])

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # here, because typer ends without a word
            typer.echo(INTERRUPTED, err=True)
            raise typer.Exit(130) from None


def _version(asked: bool) -> None:
    if asked:
        from matloop.version import __version__

        typer.echo(f"matloop {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    pass


def program() -> typer.Typer:
    """The command line with all its commands; none of them has imported anything yet."""
    from matloop.cli import (
        backtest,
        card,
        cases,
        check,
        datasets,
        describe,
        doctor,
        explain,
        export,
        fetch,
        imports,
        new,
        person,
        predict,
        report,
        run,
        screen,
        status,
        train,
        why,
    )

    app = typer.Typer(
        name="matloop",
        cls=_Commands,
        help="An autonomous researcher for materials: plan, run, measure, learn, until the goal is met.",
        epilog="Start here: matloop run bear. COMMAND --help explains each one, with an example.",
        no_args_is_help=True,
        rich_markup_mode=None,  # plain help takes half the time to appear
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for module in (
        new,
        check,
        run,
        backtest,
        status,
        why,
        person,
        report,
        export,
        cases,
        doctor,
        fetch,
        imports,
        describe,
        train,
        predict,
        screen,
        datasets,
        explain,
        card,
    ):
        module.register(app)
    return app


def main() -> None:
    """Run the command line; leaves with 0, 1 (it failed), 2 (the input is wrong) or 130 (interrupted)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows few letters shows a question mark
    try:
        program()()
    except Exception as error:  # noqa: BLE001 - the last resort: a message in place of a traceback
        sys.exit(_explained(error))
    except KeyboardInterrupt:
        typer.echo(INTERRUPTED, err=True)
        sys.exit(130)


def _explained(error: Exception) -> int:
    from matloop.core.errors import MatloopError

    if os.environ.get("MATLOOP_TRACEBACK"):
        raise error
    if isinstance(error, MatloopError):
        typer.echo(f"Error: {error}", err=True)
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if isinstance(error, OSError):
        typer.echo(f"Error: {error.strerror or error}: {error.filename or ''}".rstrip(": "), err=True)
        return 1
    typer.echo(f"Error: something unforeseen: {type(error).__name__}: {error}", err=True)
    typer.echo("Hint: nothing recorded is lost. MATLOOP_TRACEBACK=1 shows where; please report it.", err=True)
    return 1
