"""What `matloop screen` does: a screen, candidates and trained models become a shortlist with its page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from matloop.core.errors import InputError, Mistake, SpecError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.column import MATERIALS
from matloop.discovery.aligned import Aligned, ModelFiles, aligned
from matloop.discovery.enriching import Enriching
from matloop.screening.plan import plan_of
from matloop.screening.predictor import name_of
from matloop.screening.running import Run
from matloop.screening.screen import Screen
from matloop.screening.shortlist import Facts, Shortlist, Tables, funnel_of, metadata_of, numbered, write_fallen
from matloop.screening.source import Source, source_of
from matloop.screening.stage import Scene
from matloop.screening.work import Work
from matloop.screening.workers import n_cores

if TYPE_CHECKING:
    from matloop.discovery.trained import TrainedModel

#: Trained models or their files, by name or as pairs with a name; without one, each goes by its target.
Models = Mapping[str, Any] | Sequence[Any]
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
    known = _models(definition, models, base)
    source = source_of(candidates if candidates is not None else _named(definition, base))
    run = _run(definition, source, known, base, name)
    run.folder = output.with_name(f"{output.stem}.screening")
    run.work.lists_fallen = rejected is not None
    run.n_workers = _n_workers(workers, source, definition.chunk)
    run.dask, run.is_fresh, run.progress = dask, fresh, progress
    origin = str(candidates) if isinstance(candidates, str | Path) else definition.file or ""
    shortlist = _write(run, definition, output, origin)
    as_csv, fallen, shown = output.with_suffix(".csv") if csv else None, Path(rejected) if rejected else None, None
    if as_csv is not None:
        _write_csv(shortlist, as_csv)
    if fallen is not None:
        write_fallen(fallen, run.fallen, run.plan)
    if page:
        from matloop.discovery.shortlist_page import write_page

        shown = write_page(shortlist, run, output.with_suffix(".html"))
    return Screened(shortlist, run.folder, shown, as_csv, fallen)


# -- what it works with ---------------------------------------------------------------------------------------


def _parquet(path: Path | str) -> Path:
    path = Path(path)
    if path.suffix.lower() != ".parquet":
        raise InputError(
            f"a shortlist is a Parquet file, not '{path.name}'", "-o NAME.parquet; with --csv also NAME.csv"
        )
    return path


def _named(definition: Screen, base: Path) -> Any:
    if definition.generate is not None:
        return definition.generate
    if definition.file is None:
        raise InputError("nothing says where the candidates come from", "name a file, or [generate] in the screen")
    return base / definition.file


class _Loaded(NamedTuple):
    """A trained model, and the content of its file where it comes from one."""

    model: TrainedModel
    file: bytes | None


def _models(definition: Screen, given: Models, base: Path) -> dict[str, _Loaded]:
    """The trained models by the names that stages use. Raises InputError where two have the same one."""
    from matloop.discovery.trained import TrainedModel

    def loaded(model: Any) -> _Loaded:
        if not isinstance(model, str | Path):
            return _Loaded(model, None)
        return _Loaded(TrainedModel.load(Path(model)), Path(model).read_bytes())

    found = {name: loaded(base / file) for name, file in definition.models.items()}
    pairs = (
        list(given.items())
        if isinstance(given, Mapping)
        else [each if isinstance(each, tuple) else ("", each) for each in given]
    )
    seen: set[str] = set()
    for name, model in pairs:
        ready = loaded(model)
        called = name or name_of(ready.model.target.name)
        if called in seen:
            raise InputError(f"two models are called '{called}'", "give them names: --model a=FILE --model b=FILE")
        seen.add(called)
        found[called] = ready
    return found


def name_of_model(file: Path) -> str:
    """What the model in a file is called in a screen. Raises ModelFileError."""
    from matloop.discovery.trained import TrainedModel

    return name_of(TrainedModel.load(file).target.name)


def _run(definition: Screen, source: Source, models: Mapping[str, _Loaded], base: Path, name: str) -> Run:
    material, kind = _material(definition, source, models)
    fitted = _fitted(models, source, material, kind, name)
    scene = Scene(
        columns=tuple(source.columns),
        material=material,
        kind=kind,
        models=fitted,
        confidence=definition.confidence,
        base=base,
        units={column.name: column.unit for column in source.columns.values() if column.unit},
        trained_on={each: materials for each, model in fitted.items() if (materials := model.materials())},
        find_calculator=find_calculator,
    )
    plan = plan_of(definition, scene, name)
    files = ModelFiles.of(fitted)
    work = Work([step.ready for step in plan.steps], material, kind, files, definition.confidence, lists_fallen=False)
    return Run(plan, work, source, Path(), files.hashes, definition.chunk)


def _material(definition: Screen, source: Source, models: Mapping[str, _Loaded]) -> tuple[str | None, str | None]:
    """The column that says what a candidate is, and what stands there."""
    inputs = [column for each in models.values() for column in each.model.inputs if column.kind in MATERIALS]
    wanted = definition.material
    if wanted is None:
        by_model = (column.name for column in inputs if column.name in source.columns)
        by_role = (column.name for column in source.columns.values() if column.role == "material")
        wanted = next(by_model, None) or next(by_role, None)
    if wanted is None:
        return None, None
    if wanted not in source.columns:
        raise InputError(f"the candidates have no column '{wanted}'", did_you_mean(wanted, source.columns))
    kind = source.columns[wanted].kind
    if kind in MATERIALS:
        return wanted, kind
    # its cells did not tell: whoever names it means what the models read
    said = [column.kind for column in inputs if column.name == wanted or definition.material is not None]
    return wanted, said[0] if said else _most_are(source, wanted)


def _most_are(source: Source, column: str) -> str:
    """What most cells of a column are, be there ever so many bad ones among them."""
    from matloop.datasets.guessing import guessed_kind

    cells = next(iter(source.chunks(1000))).frame()[column].dropna().astype(str)
    votes = Counter(str(guessed_kind("material", cells.iloc[[i]])) for i in range(len(cells)))
    return max(MATERIALS, key=lambda kind: votes[kind]) if any(votes[kind] for kind in MATERIALS) else "text"


def _fitted(
    models: Mapping[str, _Loaded], source: Source, material: str | None, kind: str | None, name: str
) -> dict[str, Aligned]:
    """The models, each told which columns of the candidates it is to read. Raises SpecError where one is missing."""
    fitted: dict[str, Aligned] = {}
    mistakes: list[Mistake] = []
    for called, (model, file) in models.items():
        made = aligned(model, list(source.columns), material, kind, file)
        if isinstance(made, Aligned):
            fitted[called] = made
        else:
            has = ", ".join(list(source.columns)[:12])
            hint = f"the candidates have: {has}; --material COLUMN says which of them is the material"
            mistakes.append(Mistake(f"models.{called}", f"the model needs a column '{made}'", hint))
    if mistakes:
        raise SpecError(mistakes, name)
    return fitted


def find_calculator(name: str, base: Path) -> Callable[..., Any]:
    """The function "module:name", or the calculator that is installed under this name. Raises InputError."""
    if ":" in name:
        from matloop.labs.calling import load_function

        return load_function(name, base)
    from matloop.core import registry

    found: Callable[..., Any] = registry.load("calculators", name)
    return found() if isinstance(found, type) else found


def _n_workers(given: int | None, source: Source, chunk: int) -> int:
    """As many processes as there are processors, but not for what one does as fast."""
    if given is not None:
        return given
    return 1 if source.total is not None and source.total <= 2 * chunk else n_cores()


# -- what it writes -------------------------------------------------------------------------------------------


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
            head = pd.DataFrame({column: [] for column in run.source.columns})
            tables.add(head)
        about = {
            name: {
                "target": model.target.model_dump(include={"name", "unit", "direction", "description"}),
                "task": model.task,
                "sha256": run.models[name],
            }
            for name, model in models.items()
        }
        facts = Facts(
            screen=definition.to_dict(),
            funnel=funnel_of(run.plan, run.tallies),
            material=run.work.material,
            kind=run.work.kind,
            models=about,
            descriptors=enriching.descriptors,
            source=origin,
        )
        quoted = any(
            model.model.dataset is not None and model.model.dataset.is_proprietary for model in models.values()
        )
        tables.finish(metadata_of(head, run.source, facts, quoted or run.source.terms.is_proprietary))
    return Shortlist(output)


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
