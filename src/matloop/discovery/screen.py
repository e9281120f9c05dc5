"""What `matloop screen` does: a screen, candidates and trained models become a shortlist with its page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.core.errors import InputError
from matloop.core.progress import Progress, silent
from matloop.discovery.aligned import ModelFiles
from matloop.discovery.enriching import Enriching
from matloop.discovery.screen_parts import Models, scene_of, source_in
from matloop.files.apart import require_apart
from matloop.processes import n_cores
from matloop.screening.plan import plan_of
from matloop.screening.predictor import parts_of
from matloop.screening.running import Run
from matloop.screening.screen import Screen
from matloop.screening.shortlist import Facts, Shortlist, funnel_of, metadata_of
from matloop.screening.source import Source, source_of
from matloop.screening.tables import Tables, numbered, write_fallen
from matloop.screening.work import Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matloop.discovery.aligned import Aligned

#: Where a shortlist is written unless something else is said.
OUTPUT = Path("shortlist.parquet")
#: So many rows of a table are written at a time.
_ROWS = 20_000


@dataclass(frozen=True)
class Screened:
    """A shortlist, and the files that were written beside it; `folder` has what a later call goes on from."""

    shortlist: Shortlist
    folder: Path
    page: Path | None = None
    csv: Path | None = None
    rejected: Path | None = None


def screen(
    definition: Screen,
    candidates: Any = None,
    models: Models = (),
    *,
    output: Path | str = OUTPUT,
    csv: bool = False,
    page: bool = True,
    rejected: Path | str | None = None,
    workers: int | None = None,
    dask: str | None = None,
    fresh: bool = False,
    base: Path | str = ".",
    name: str = "the screen",
    progress: Progress = silent,
) -> Screened:
    """Carry a screen out. A second call with the same arguments goes on where the first one was interrupted.

    `candidates` are a path, a table, a Dataset or a generator, in place of those that the screen names. `models` are
    trained models or their files; in a screen each goes by its target, or by the name that a mapping gives it. Relative
    paths in the screen count from `base`. Raises SpecError with all that does not fit together, and what a source, a
    model or a disk may raise.
    """
    output, base = _parquet(output), Path(base)
    as_csv = output.with_suffix(".csv") if csv else None
    fallen = None if rejected is None else _parquet(rejected, "the list of the rejected")
    source = source_in(definition, candidates, base)
    require_apart([getattr(source, "path", None)], [output, as_csv, fallen])
    scene = scene_of(definition, source, models, base, name)
    plan, files = plan_of(definition, scene, name), ModelFiles.of(scene.models)
    run = Run(
        plan=plan,
        work=Work(
            [step.ready for step in plan.steps],
            scene.material,
            scene.kind,
            files,
            definition.confidence,
            lists_fallen=fallen is not None,
        ),
        source=source,
        folder=output.with_name(f"{output.stem}.screening"),
        models=files.hashes,
        chunk=definition.chunk,
        n_workers=_n_workers(workers, source, definition.chunk),
        n_calculating=workers or n_cores(),
        dask=dask,
        is_fresh=fresh,
        progress=progress,
    )
    origin = str(candidates) if isinstance(candidates, str | Path) else definition.file or ""
    shortlist = _write(run, definition, output, origin)
    shown = None
    if as_csv is not None:
        _write_csv(shortlist, as_csv)
    if fallen is not None:
        write_fallen(fallen, run.fallen, run.plan)
    if page:
        from matloop.discovery.shortlist_page import write_page

        shown = write_page(shortlist, run, output.with_suffix(".html"))
    return Screened(shortlist, run.folder, shown, as_csv, fallen)


# -- what it writes -------------------------------------------------------------------------------------------


def _n_workers(given: int | None, source: Source, chunk: int) -> int:
    """As many processes as there are processors, but not for what one does as fast."""
    if given is not None:
        return given
    return 1 if source.total is not None and source.total <= 2 * chunk else n_cores()


def _parquet(path: Path | str, what: str = "a shortlist") -> Path:
    path = Path(path)
    if path.suffix.lower() != ".parquet":
        more = "; with --csv also NAME.csv" if what == "a shortlist" else ""
        raise InputError(f"{what} is a Parquet file, not '{path.name}'", f"name it NAME.parquet{more}")
    return path


def _write(run: Run, definition: Screen, output: Path, origin: str) -> Shortlist:
    """Write the table with all that it says of itself."""
    import pandas as pd

    models: Mapping[str, Aligned] = run.work.models()  # type: ignore[assignment]
    enriching = Enriching(models, run.work.material)
    head: pd.DataFrame | None = None
    with Tables(output) as tables:
        for frame in run.frames():
            made = numbered(enriching.enriched(frame))
            head = made if head is None else head
            tables.add(made)
        if head is None:
            predicted = [column for name, model in models.items() for column in parts_of(name, model.task)]
            head = pd.DataFrame({column: [] for column in [*run.source.columns, *predicted]})
            tables.add(head)
        facts = Facts(
            screen=definition.to_dict(),
            funnel=funnel_of(run.plan, run.tallies),
            material=run.work.material,
            kind=run.work.kind,
            models={name: _about(model, run.models[name]) for name, model in models.items()},
            descriptors=enriching.descriptors,
            source=origin,
        )
        is_proprietary = run.source.terms.is_proprietary or any(model.is_proprietary for model in models.values())
        tables.finish(metadata_of(head, run.source, facts, run.plan.added, is_proprietary))
    return Shortlist(output)


def _about(model: Aligned, sha256: str) -> dict[str, Any]:
    target = model.target.model_dump(include={"name", "unit", "direction", "description"})
    return {"target": target, "task": model.task, "sha256": sha256}


def _write_csv(shortlist: Shortlist, path: Path) -> None:
    part = path.with_name(f".{path.name}.new")
    for i, frame in enumerate(shortlist.pieces(_ROWS)):
        frame.to_csv(part, mode="a" if i else "w", header=not i, index=False)
    if not len(shortlist):
        shortlist.frame.to_csv(part, index=False)
    part.replace(path)


def write_candidates(definition: Screen, path: Path | str, progress: Progress = silent) -> int:
    """Write what the screen's generator makes into a Parquet file; how many that are."""
    if definition.generate is None:
        raise InputError("the screen generates nothing", "[generate] with kind = compositions or substitution does")
    source, path = source_of(definition.generate), _parquet(path)
    with Tables(path) as tables:
        for chunk in source.chunks(definition.chunk):
            tables.add(chunk.frame())
            progress(tables.n, source.total)
        tables.finish({})
    return tables.n
