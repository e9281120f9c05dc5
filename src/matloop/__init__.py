"""matloop: an autonomous researcher for materials.

From a recipe to closed-loop experiments in a real or simulated lab: `Campaign(space, objectives).run(lab)`.
Names are loaded when they are first used, so that `import matloop` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from matloop.version import __version__

_HOME = {
    "Campaign": "matloop.campaign.campaign",
    "Space": "matloop.core.space",
    "Real": "matloop.core.parameter",
    "Integer": "matloop.core.parameter",
    "Choice": "matloop.core.parameter",
    "Mixture": "matloop.core.mixture",
    "Pool": "matloop.core.pool",
    "Maximize": "matloop.core.objective",
    "Minimize": "matloop.core.objective",
    "Near": "matloop.core.objective",
    "AtMost": "matloop.core.objective",
    "AtLeast": "matloop.core.objective",
    "Outcome": "matloop.core.trial",
    "MatloopError": "matloop.core.errors",
    "Bayesian": "matloop.planners.bayesian",
    "Random": "matloop.planners.designs",
    "Sobol": "matloop.planners.designs",
    "LatinHypercube": "matloop.planners.designs",
    "GridDesign": "matloop.planners.designs",
    "FunctionLab": "matloop.labs.function",
    "ReplayLab": "matloop.labs.replay",
    "EmulatorLab": "matloop.labs.emulator",
    "TwinLab": "matloop.labs.twin",
    "CommandLab": "matloop.labs.command",
    "PersonLab": "matloop.labs.person",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'matloop' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from matloop.campaign.campaign import Campaign as Campaign
    from matloop.core.errors import MatloopError as MatloopError
    from matloop.core.mixture import Mixture as Mixture
    from matloop.core.objective import AtLeast as AtLeast
    from matloop.core.objective import AtMost as AtMost
    from matloop.core.objective import Maximize as Maximize
    from matloop.core.objective import Minimize as Minimize
    from matloop.core.objective import Near as Near
    from matloop.core.parameter import Choice as Choice
    from matloop.core.parameter import Integer as Integer
    from matloop.core.parameter import Real as Real
    from matloop.core.pool import Pool as Pool
    from matloop.core.space import Space as Space
    from matloop.core.trial import Outcome as Outcome
    from matloop.labs.command import CommandLab as CommandLab
    from matloop.labs.emulator import EmulatorLab as EmulatorLab
    from matloop.labs.function import FunctionLab as FunctionLab
    from matloop.labs.person import PersonLab as PersonLab
    from matloop.labs.replay import ReplayLab as ReplayLab
    from matloop.labs.twin import TwinLab as TwinLab
    from matloop.planners.bayesian import Bayesian as Bayesian
    from matloop.planners.designs import GridDesign as GridDesign
    from matloop.planners.designs import LatinHypercube as LatinHypercube
    from matloop.planners.designs import Random as Random
    from matloop.planners.designs import Sobol as Sobol
