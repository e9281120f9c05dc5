"""What a screen works with: trained models by their names, the column of materials, and functions that calculate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from matloop.core.errors import InputError, Mistake, SpecError, did_you_mean
from matloop.datasets.column import MATERIALS
from matloop.discovery.aligned import Aligned, aligned
from matloop.screening.predictor import name_of
from matloop.screening.screen import Screen
from matloop.screening.source import Source, source_of
from matloop.screening.stage import Scene

if TYPE_CHECKING:
    from matloop.discovery.trained import TrainedModel

#: Trained models or their files, by name or as pairs with a name; without one, each goes by its target.
Models = Mapping[str, Any] | Sequence[Any]


def source_in(definition: Screen, candidates: Any, base: Path) -> Source:
    """The candidates that were given, or else those that the screen names. Raises InputError where there are none."""
    if candidates is not None:
        return source_of(candidates)
    if definition.generate is not None:
        return source_of(definition.generate)
    if definition.file is None:
        raise InputError("nothing says where the candidates come from", "name a file, or [generate] in the screen")
    return source_of(base / definition.file)


def scene_of(definition: Screen, source: Source, models: Models, base: Path, name: str) -> Scene:
    """What the stages of a screen can count on; its models are Aligned.

    Raises SpecError where a model reads a column that is not there, and what a file of a model may raise.
    """
    known = _loaded(definition, models, base)
    material, kind = _material(definition, source, known)
    fitted = _fitted(known, source, material, kind, name)
    return Scene(
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


class _Loaded(NamedTuple):
    """A trained model, and the content of its file where it comes from one."""

    model: TrainedModel
    file: bytes | None


def _loaded(definition: Screen, given: Models, base: Path) -> dict[str, _Loaded]:
    """The trained models by the names that stages use. Raises InputError where two have the same one."""
    from matloop.discovery.trained import TrainedModel

    def opened(model: Any) -> _Loaded:
        if not isinstance(model, str | Path):
            return _Loaded(model, None)
        return _Loaded(TrainedModel.load(Path(model)), Path(model).read_bytes())

    found = {name: opened(base / file) for name, file in definition.models.items()}
    pairs = (
        list(given.items())
        if isinstance(given, Mapping)
        else [each if isinstance(each, tuple) else ("", each) for each in given]
    )
    seen: set[str] = set()
    for name, model in pairs:
        ready = opened(model)
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
