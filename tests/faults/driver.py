"""Runs the campaign of a scene: `python driver.py FOLDER`; `python driver.py --serve` runs one for each line it reads.

Serving saves the second that an import takes: every run is a process of its own all the same, made by fork.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from matloop.campaign.campaign import Campaign
from matloop.core.event import EVENT, AnyEvent
from matloop.core.objective import Maximize
from matloop.core.parameter import Real
from matloop.core.space import Space
from matloop.files.whole import write_whole
from matloop.labs.command import CommandLab
from matloop.planners.designs import Random

HERE = Path(__file__).parent
PYTHON = (sys.executable, "-I", "-S")


def campaign_in(folder: Path) -> Campaign:
    """The campaign that `scene.json` in the folder describes."""
    scene = json.loads((folder / "scene.json").read_text())
    recall = (*PYTHON, str(HERE / "recall.py")) if scene["recall"] else None
    lab = CommandLab((*PYTHON, str(HERE / "lab.py")), effect=scene["effect"], capacity=scene["capacity"], recall=recall)
    return Campaign(
        Space(x=Real(0, 1)),
        [Maximize("y")],
        planner=Random(batch=scene["batch"]),
        lab=lab,
        name="scene",
        store=folder / "matloop.db",
        folder=folder,
        budget=scene["budget"],
    )


def run(folder: Path) -> None:
    """Run it, and note each event when it is told: that is what the world was promised."""
    with (folder / "acknowledged").open("a") as notes:

        def note(event: AnyEvent) -> None:
            notes.write(EVENT.dump_json(event).decode() + "\n")
            notes.flush()

        campaign_in(folder).run(progress=False, on_event=note)


def serve() -> None:
    """For each line {"folder", "crash"}: fork, tell the process number, wait, tell how it ended."""
    _warm_up()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            os.environ["MATLOOP_CRASH"] = order["crash"]
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            status = 1
            try:
                run(Path(order["folder"]))
                status = 0
            finally:
                os._exit(status)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _warm_up() -> None:
    """Import whatever a run imports late."""
    with tempfile.TemporaryDirectory() as folder:
        scene = {"effect": "none", "recall": False, "capacity": 1, "batch": 1, "budget": 1}
        (Path(folder) / "scene.json").write_text(json.dumps(scene))
        write_whole(Path(folder) / "seconds", "0")
        run(Path(folder))


if __name__ == "__main__":
    serve() if sys.argv[1] == "--serve" else run(Path(sys.argv[1]))
