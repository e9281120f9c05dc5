"""matloop import: files become a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matloop.cli.target import AsJson

if TYPE_CHECKING:
    from matloop.datasets.column import Direction
    from matloop.datasets.quality import Summary
    from matloop.discovery.importing import Imported

#: The columns that every dataset has; whoever wants to see them finds them in the file.
OWN = ("origin", "licence", "record_hash")
#: How many reasons for setting records aside are told on the screen; --set-aside has all.
MOST_TOLD = 8


def register(app: typer.Typer) -> None:
    app.command("import")(import_)


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="CSV, TSV, Excel, JSON Lines, Parquet, CIF, POSCAR, XYZ, SMILES, SDF, ASE; a folder or zip.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The dataset, a .parquet file; named as the first file."),
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A column to be predicted; repeat it for several.")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=UNIT", help="A column's unit; what the file has is converted.")
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=ROLE",
            help="identity, material, input, target, uncertainty or provenance; guessed unless given.",
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=KIND",
            help="composition, structure, molecule, spectrum, number or text; guessed unless given.",
        ),
    ] = None,
    maximize: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A target that is better the larger it is.")
    ] = None,
    minimize: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A target that is better the smaller it is.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A column to leave out.")] = None,
    names: Annotated[str, typer.Option(metavar="A,B,C", help="The columns' names, of a file without a header.")] = "",
    sheet: Annotated[str | None, typer.Option(help="The sheet of an Excel workbook.")] = None,
    format: Annotated[str | None, typer.Option(help="The files' format, where their names do not tell it.")] = None,
    join: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Put the files side by side, by this column that all of them have."),
    ] = None,
    duplicates: Annotated[
        str | None,
        typer.Option(metavar="RULE", help="Merge them by mean, median, best or first; or keep them, marked."),
    ] = None,
    by: Annotated[
        str, typer.Option(help="What is a duplicate: conditions, material, composition, molecule or structure.")
    ] = "conditions",
    name: Annotated[str | None, typer.Option(help="The dataset's name; the first file's unless given.")] = None,
    licence: Annotated[str | None, typer.Option(help="Under which the data were published.")] = None,
    citation: Annotated[str | None, typer.Option(help="What to cite for them.")] = None,
    proprietary: Annotated[
        str | None,
        typer.Option(metavar="OWNER", help="icsd, csd or another owner, who forbids to pass the records on."),
    ] = None,
    set_aside: Annotated[
        Path | None, typer.Option("--set-aside", metavar="FILE", help="Write the records set aside into this CSV file.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the quality report as an HTML page.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    json: AsJson = False,
) -> None:
    """Read files into one dataset, and say what deserves a look before a model learns from it.

    Units come from headers such as 'band gap (eV)'. Records that cannot be read are set aside with their reason and
    counted; all others are kept. Several files are put below each other.

    Example: matloop import gaps.csv --target gap --unit gap=eV -o gaps.parquet
    """
    from matloop.cli.progress import shown
    from matloop.cli.terminal import print_json
    from matloop.datasets.options import Options
    from matloop.discovery.importing import import_files, write_set_aside
    from matloop.files.apart import require_apart

    options = Options.given(
        targets=[*(target or []), *(maximize or []), *(minimize or [])],
        units=_pairs("--unit", unit),
        roles=_pairs("--role", role),
        kinds=_pairs("--kind", kind),
        drop=drop,
        names=[part.strip() for part in names.split(",")] if names else None,
        sheet=sheet,
        format=format,
        name=name,
        licence=licence,
        citation=citation,
        proprietary=proprietary,
    )
    path = output or Path(f"{files[0].resolve().stem}.parquet")
    read = (file for file in files if file.is_file() and file.resolve() != path.resolve())
    require_apart(read, [path, set_aside, report])
    with shown("Importing", "", is_quiet=quiet or json) as progress:
        done = import_files(
            files,
            path,
            options,
            _directions(maximize, minimize),
            join,
            duplicates,  # type: ignore[arg-type]
            by,  # type: ignore[arg-type]
            progress,
        )
    if set_aside is not None:
        write_set_aside(done.dataset, set_aside)
    if report is not None:
        from matloop.reports.quality import write_page

        write_page(done.dataset, done.quality, report)
    if json:
        print_json(done.facts())
    else:
        _tell(done, set_aside, report)


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    """'gap=eV' as a pair; a name may have '=' in it, what follows has none."""
    from matloop.core.errors import InputError

    pairs = {}
    for text in given or []:
        name, sign, value = text.rpartition("=")
        if not sign or not name.strip() or not value.strip():
            raise InputError(
                f"{option} '{text[:60]}' names no column",
                f"write it as in {option} gap=eV".replace("eV", _SUCH[option]),
            )
        pairs[name.strip()] = value.strip()
    return pairs


_SUCH = {"--unit": "eV", "--role": "target", "--kind": "number"}


def _directions(maximize: list[str] | None, minimize: list[str] | None) -> dict[str, Direction]:
    from matloop.core.errors import InputError

    both = set(maximize or []) & set(minimize or [])
    if both:
        raise InputError(f"'{both.pop()}' cannot be better both ways", "--maximize or --minimize, not both")
    ways: dict[str, Direction] = dict.fromkeys(maximize or [], "maximize")
    return ways | dict.fromkeys(minimize or [], "minimize")


# -- on the screen --------------------------------------------------------------------------------------------


def _tell(done: Imported, set_aside: Path | None, report: Path | None) -> None:
    from rich.markup import escape

    from matloop.cli.terminal import console, counted, say, table

    screen, dataset = console(), done.dataset
    n_aside = len(dataset.set_aside)
    aside = f", {counted(n_aside, 'record')} set aside" if n_aside else ""
    screen.print(f"{done.path}: {counted(len(dataset), 'record')}{aside}", markup=False, soft_wrap=True, style="bold")
    made = table("column", "role", "kind", "unit", "filled>", "values")
    for summary in (its for its in done.quality.columns if its.column.name not in OWN):
        column, n = summary.column, done.quality.n_records
        filled = f"{100 * (1 - summary.n_missing / n):.4g} %" if summary.n_missing else "all"
        role = f"{column.role} ({column.direction})" if column.direction else column.role
        made.add_row(escape(column.name), role, column.kind, escape(column.unit or ""), filled, _values(summary))
    screen.print(made)
    for reason in done.quality.set_aside[:MOST_TOLD]:
        told = f"{reason.first}: {reason.text}" if reason.count == 1 else f"{reason.count:,} × {reason.text}"
        say(f"set aside: {told}", "yellow")
    if len(done.quality.set_aside) > MOST_TOLD:
        say(f"and for {counted(len(done.quality.set_aside) - MOST_TOLD, 'more reason')}", "yellow")
    if n_aside and set_aside is None:
        screen.print("--set-aside FILE.csv writes them out, each with its place.", style="dim")
    for finding in done.quality.findings:
        say(f"{finding.subject}: {finding.message}" + "." * (finding.message[-1:] not in "?!"))
        where = f" [{finding.where}]" if finding.records else ""
        if finding.hint or where:
            screen.print(f"  {finding.hint}{where}", markup=False, soft_wrap=True, style="dim")
    _tell_rest(done, set_aside, report)


def _values(summary: Summary) -> str:
    from matloop.cli.terminal import counted

    if summary.quartiles:
        low, _, middle, _, high = summary.quartiles
        return f"{low:.4g} … {middle:.4g} … {high:.4g}" if low != high else f"{low:.4g}"
    return f"{summary.n_distinct:,} different" if summary.n_distinct != 1 else counted(1, "value")


def _tell_rest(done: Imported, set_aside: Path | None, report: Path | None) -> None:
    from matloop.cli.terminal import console, counted, say

    screen, merged, dataset = console(), done.merged, done.dataset
    if merged is not None:
        groups = (
            f"{counted(merged.n_groups, 'group')} of the same {merged.by} {'was' if merged.n_groups == 1 else 'were'}"
        )
        fewer = f"merged by {merged.rule}: {merged.n_merged:,} fewer record{'s' * (merged.n_merged != 1)}"
        words = "marked as replicates" if merged.rule == "keep" else fewer
        say(f"Of {merged.n_before:,} records, {groups} {words}.")
    if not dataset.targets:
        screen.print("No column is a target yet: --target NAME says what is to be predicted.", style="yellow")
    if dataset.is_proprietary:
        screen.print("Some records are proprietary: they are learned from, but never exported.", style="yellow")
    for what, path in (("Set aside", set_aside), ("Page", report)):
        if path is not None:
            screen.print(f"{what}: {path}", markup=False, soft_wrap=True)
