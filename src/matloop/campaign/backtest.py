"""Rehearse a campaign: many simulated campaigns that compare planners, batch sizes and levels of noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matloop.campaign.provenance import spec_hash
from matloop.campaign.rehearsal.display import shown_while
from matloop.campaign.rehearsal.findings import Rehearsal
from matloop.campaign.rehearsal.ledger import Ledger
from matloop.campaign.rehearsal.noise import read_noise
from matloop.campaign.rehearsal.scene import Scene, require_simulated
from matloop.campaign.rehearsal.variations import configurations
from matloop.campaign.rehearsal.workers import carried_out
from matloop.core.errors import InputError
from matloop.files.published import find_data
from matloop.files.whole import sha256_of
from matloop.processes import n_cores
from matloop.version import __version__

if TYPE_CHECKING:
    from matloop.campaign.campaign import Campaign


def backtest(
    campaign: Campaign,
    *,
    planners: Sequence[Any] = (),
    batches: Sequence[int] = (),
    noises: Sequence[str | float] = (0,),
    seeds: int = 50,
    budget: int | None = None,
    starts: int = 0,
    target: float | None = None,
    workers: int | None = None,
    dask: str | None = None,
    folder: str | Path | None = None,
    progress: bool = True,
) -> Rehearsal:
    """Carry the campaign out `seeds` times with each planner, batch size and level of noise, and compare.

    Its lab must be simulated: a replay, an emulator, a twin, or a function with `effect="none"`. `planners` are
    planners, kinds or tables; unless given, the campaign's own; random search is always rehearsed beside them.
    `noises` are standard deviations added to what the lab answers, in the objective's unit, or in percent of its
    spread ("20%"). With `starts`, the first trials of each seed are the same random ones for every planner.
    `target` is a value to be reached. With a `folder`, what is finished is kept there, and the same call goes on.
    Ctrl-C ends it; what is told then rests on the seeds that are finished.

    No journal is written: nothing of a rehearsal is a trial of the campaign. Raises InputError.
    """
    scene = scene_of(campaign, planners, batches, noises, budget, starts)
    return rehearsed(scene, campaign, seeds, target, workers, dask, Path(folder) if folder else None, progress)


def scene_of(
    campaign: Campaign,
    planners: Sequence[Any],
    batches: Sequence[int],
    noises: Sequence[str | float],
    budget: int | None,
    starts: int,
) -> Scene:
    """What is to be rehearsed, its lab made ready. Raises InputError."""
    spec = campaign.spec
    require_simulated(spec.lab)
    budget = budget or spec.campaign.budget
    if budget is None:
        raise InputError("a rehearsal needs a number of trials", "give one: --budget 50")
    if any(size < 1 for size in batches) or starts < 0:
        raise InputError("a batch holds 1 trial or more, and there are 0 starts or more")
    levels = list(dict.fromkeys(read_noise(noise, spec.objectives) for noise in noises))
    made = configurations(spec, list(planners) or [spec.planner], list(dict.fromkeys(batches)), levels, campaign.folder)
    campaign.check_lab()
    campaign.check_constraints()
    return Scene(spec, spec.lab, made, int(min(budget, spec.space.n_points)), starts)


def rehearsed(
    scene: Scene,
    campaign: Campaign,
    seeds: int,
    target: float | None,
    workers: int | None,
    dask: str | None,
    folder: Path | None,
    progress: bool,
) -> Rehearsal:
    """The scene for each seed, as far as it is not in the folder already."""
    if seeds < 1 or (workers is not None and workers < 1):
        raise InputError("rehearse with 1 seed or more, in 1 process or more")
    first = scene.spec.campaign.seed
    wanted = range(first, first + seeds)
    keys = [c.key for c in scene.configurations]
    # what every process needs is found once, before there are several
    _ = scene.quiet_lab, scene.spec.space.candidates(), [scene.std_of(noise) for noise in scene.levels]
    with Ledger(folder, foundations(scene, campaign)) as ledger:
        # seed by seed, so that whatever is finished can be compared
        tasks = [(i, s) for s in wanted for i in range(len(keys)) if (keys[i], s) not in ledger.known]
        rehearsal = Rehearsal(scene, ledger.known, [], target, folder, seeds)
        try:
            crew = carried_out(scene, tasks, workers or n_cores(), dask)
            with crew as records, shown_while(scene, ledger.known, wanted, progress) as heard:
                for record in records:
                    ledger.add(record)
                    heard(record)
        except KeyboardInterrupt:
            rehearsal.is_interrupted = True
    rehearsal.seeds = [s for s in wanted if all((key, s) in ledger.known for key in keys)]
    return rehearsal


def foundations(scene: Scene, campaign: Campaign) -> dict[str, Any]:
    """What the records of a folder rest on: with anything of this otherwise they could not be compared."""
    definition = scene.spec.to_dict()
    file = getattr(scene.lab, "file", None)
    return {
        "version": __version__,
        "space": spec_hash(definition["space"]),
        "objective": definition["objective"],
        "lab": {k: v for k, v in definition["lab"].items() if k not in ("seconds", "capacity", "file")},
        "data": sha256_of(find_data(file, campaign.folder)) if file else None,
        "budget": scene.budget,
        "starts": scene.starts,
        "pause_after": list(scene.spec.campaign.pause_after),
    }
