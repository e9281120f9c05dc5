"""matloop fetch: materials from databases, as one dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from matloop.cli.target import AsJson
from matloop.core.errors import InputError

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="The dataset, a .parquet file; named by the source."),
]
Most = Annotated[int | None, typer.Option("--max", min=1, help="At most so many records.")]
Resume = Annotated[
    bool, typer.Option("--resume/--restart", help="Go on with what was fetched before, or fetch all of it anew.")
]
PerSecond = Annotated[
    float, typer.Option("--per-second", min=0.01, help="Ask each host at most so many times a second.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]


class _Sources(TyperGroup):
    """Tells who asks for a published dataset how that is loaded."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        from matloop.sources.published import published_names

        if args and args[0] not in self.commands and args[0] in published_names():
            raise InputError(
                f"{args[0]} is a published dataset, not a source", f"matloop datasets {args[0]} -o {args[0]}.parquet"
            )
        return super().resolve_command(ctx, args)


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        cls=_Sources,
        help="Fetch materials from a database into a dataset. The same command goes on after an interruption.\n\n"
        "Example: matloop fetch optimade --provider oqmd --filter 'elements HAS \"Ti\"' -o ti.parquet",
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for command in (optimade, pubchem, chembl, bulk):
        group.command()(command)
    app.add_typer(group, name="fetch")


def optimade(
    provider: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A provider by name, such as oqmd, or the address of its API; repeat it for several."
        ),
    ] = None,
    filter: Annotated[
        str, typer.Option(help='In the filter language of OPTIMADE, such as: elements HAS "Ti" AND nelements=2.')
    ] = "",
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A property that is wanted; repeat it. All plain ones unless given."),
    ] = None,
    no_structures: Annotated[bool, typer.Option("--no-structures", help="Formulas and properties alone.")] = False,
    page_limit: Annotated[int, typer.Option(min=1, help="How many records to ask for at once.")] = 100,
    known: Annotated[bool, typer.Option("--list", help="List the providers that are known by name.")] = False,
    output: Output = None,
    most: Most = None,
    resume: Resume = True,
    per_second: PerSecond = 4.0,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Fetch structures and their properties from OPTIMADE providers.

    Of several providers the union is taken: a material that more than one of them has is one record with all of its
    origins. --max counts for each provider.

    Example: matloop fetch optimade --provider oqmd --filter 'elements HAS "Ti"' -o ti.parquet
    """
    from matloop.sources.optimade import Optimade

    if known:
        _list_providers(json)
        return
    query = {
        "providers": provider or [],
        "filter": filter,
        "fields": field,
        "page_limit": page_limit,
        "structures": not no_structures,
    }
    name = "-".join(provider or ["optimade"]) if not any("/" in one for one in provider or []) else "optimade"
    source = Optimade(per_second, is_fresh=not resume)
    _fetch(source, query, output or Path(f"{name}.parquet"), most, resume, quiet, json)


def pubchem(
    name: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A compound by name; repeat it for several.")
    ] = None,
    cid: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER", help="Compounds by number: 2244, or 2244,2519.")
    ] = None,
    smiles: Annotated[
        list[str] | None, typer.Option(metavar="SMILES", help="A compound by its SMILES; repeat it.")
    ] = None,
    inchikey: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="A compound by its InChIKey; repeat it.")
    ] = None,
    formula: Annotated[
        list[str] | None, typer.Option(metavar="FORMULA", help="Every compound of a formula, such as C9H8O4.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="More of them, one a line; said with --file-has what they are.")
    ] = None,
    file_has: Annotated[
        str, typer.Option(help="name, cid, smiles, inchikey or formula: what the file lists.")
    ] = "name",
    property: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A property that is wanted; repeat it. The usual ones unless given."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Another address of the service.")] = None,
    output: Output = None,
    most: Most = None,
    resume: Resume = True,
    per_second: PerSecond = 4.0,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Fetch compounds with computed properties from PubChem.

    Of a name, SMILES or InChIKey the best match is taken. What PubChem does not know is set aside.

    Example: matloop fetch pubchem --name aspirin --name caffeine -o two.parquet
    """
    from matloop.sources.pubchem import URL, Pubchem, query_of

    given = {"name": name, "smiles": smiles, "inchikey": inchikey, "formula": formula}
    given["cid"] = [one for text in cid or [] for one in text.split(",")]
    query = query_of(given, file, file_has, property)
    source = Pubchem(url or URL, per_second, is_fresh=not resume)
    _fetch(source, query, output or Path("pubchem.parquet"), most, resume, quiet, json)


def chembl(
    resource: Annotated[str, typer.Argument(metavar="WHAT", help="molecule or activity.")],
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILTER", help="A filter of ChEMBL, such as standard_type=IC50; repeat it, all of them hold."
        ),
    ] = None,
    page_limit: Annotated[int, typer.Option(min=1, max=1000, help="How many records to ask for at once.")] = 500,
    url: Annotated[str | None, typer.Option(help="Another address of the service.")] = None,
    output: Output = None,
    most: Most = None,
    resume: Resume = True,
    per_second: PerSecond = 4.0,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Fetch molecules, or measured activities, from ChEMBL.

    Activities of one type come in one unit; what cannot be converted into it, and bounds, are set aside.

    Example: matloop fetch chembl activity --where target_chembl_id=CHEMBL240 --where standard_type=IC50 -o herg.parquet
    """
    from matloop.sources.chembl import URL, Chembl, filters

    query = {"resource": resource, "where": filters(where or []), "page_limit": page_limit}
    source = Chembl(url or URL, per_second, is_fresh=not resume)
    _fetch(source, query, output or Path(f"chembl-{resource}.parquet"), most, resume, quiet, json)


def bulk(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="zinc, gdb13, gdb17, cep, core-mof, icsd or csd.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Its files, or a folder of them.")],
    licence: Annotated[str | None, typer.Option(help="The licence, where you know it better.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Read each SMILES with rdkit, which takes long.")] = False,
    output: Output = None,
    most: Most = None,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Turn the files of a database into a dataset.

    They hold molecules, or frameworks with a table of their properties. Tables of any length are
    streamed. Records of ICSD and CSD are marked as proprietary, and are not exported.

    Example: matloop fetch bulk zinc tranches/AA.smi.gz tranches/AB.smi.gz -o zinc.parquet
    """
    from matloop.cli.progress import shown
    from matloop.cli.terminal import print_json
    from matloop.files.apart import require_apart
    from matloop.sources.bulk import read_bulk
    from matloop.sources.summary import summary

    path = output or Path(f"{kind}.parquet")
    require_apart(files, [path])
    with shown(path.name, "records", is_quiet=quiet or json) as progress:
        written, n_records = read_bulk(kind, files, path, licence, most, check, progress)
    facts = summary(written, path, n_records=n_records)
    if json:
        print_json(facts)
    else:
        _tell(facts)


def _list_providers(json: bool) -> None:
    from matloop.cli.terminal import console, print_json, table
    from matloop.sources.providers import KNOWN

    if json:
        print_json([vars(one) for one in KNOWN])
        return
    made = table("name", "database")
    made.columns[0].no_wrap = True
    for one in KNOWN:
        made.add_row(one.name, f"{one.title}{f' ({one.licence})' if one.licence else ''}\n{one.url}")
    console().print(made)


# -- what all of them share -----------------------------------------------------------------------------------


def _fetch(
    source: Any, query: dict[str, Any], path: Path, most: int | None, resume: bool, quiet: bool, json: bool
) -> None:
    """Fetch into the file and tell of it; Ctrl-C keeps what is there and says how to go on."""
    from matloop.cli.progress import shown
    from matloop.cli.terminal import print_json
    from matloop.sources.fetching import fetch_into, part_of
    from matloop.sources.summary import summary

    try:
        with shown(path.name, "records", is_quiet=quiet or json) as progress:
            dataset, n_records = fetch_into(path, source, query, most, not resume, progress)
    except KeyboardInterrupt:
        kept = f"what was fetched is kept in {part_of(path)}: the same command goes on"
        typer.echo(f"interrupted; {kept if part_of(path).exists() else 'nothing had come yet'}", err=True)
        raise typer.Exit(130) from None
    facts = summary(dataset, path, source.remarks, n_records)
    if json:
        print_json(facts)
    else:
        _tell(facts)


def _tell(facts: dict[str, Any]) -> None:
    from matloop.cli.terminal import console, counted

    screen = console()
    aside = f", {counted(facts['set_aside'], 'record')} set aside" if facts["set_aside"] else ""
    pages = f", {counted(facts['pages_left_out'], 'page')} left out" if facts["pages_left_out"] else ""
    screen.print(f"{facts['file']}: {facts['records']:,} records{aside}{pages}", markup=False, soft_wrap=True)
    values = [
        f"{c['name']} [{c['unit']}]" if c["unit"] else c["name"] for c in facts["columns"] if c["role"] == "target"
    ]
    if values:
        more = f" and {len(values) - 20} more" if len(values) > 20 else ""
        screen.print(f"Properties: {', '.join(values[:20])}{more}", markup=False, soft_wrap=True)
    for reason, count in list(facts["reasons"].items())[:5]:
        screen.print(f"  {count:,} × {reason}", markup=False, soft_wrap=True, style="yellow")
    licences = ", ".join(facts["licences"]) or "not stated by the provider: ask before you pass anything on"
    screen.print(f"Licence: {licences}", markup=False, soft_wrap=True)
    if facts["citation"]:
        screen.print(f"Cite: {facts['citation']}", markup=False, soft_wrap=True)
    for remark in facts["remarks"]:
        screen.print(remark, markup=False, soft_wrap=True, style="dim")
