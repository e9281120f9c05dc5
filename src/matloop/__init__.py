"""matloop: an autonomous researcher for materials.

From a recipe to closed-loop experiments in a real or simulated lab: `Campaign(space, objectives).run(lab)`.
Names are loaded when they are first used, so that `import matloop` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from matloop.version import __version__

_HOME = {
    "Campaign": "matloop.campaign.campaign",
    "backtest": "matloop.campaign.backtest",
    "train": "matloop.discovery.train",
    "TrainedModel": "matloop.discovery.trained",
    "Space": "matloop.core.space",
    "Real": "matloop.core.parameter",
    "Integer": "matloop.core.parameter",
    "Choice": "matloop.core.choice",
    "Mixture": "matloop.core.mixture",
    "Pool": "matloop.core.pool",
    "Fidelity": "matloop.core.fidelity",
    "Maximize": "matloop.core.objective",
    "Minimize": "matloop.core.objective",
    "Near": "matloop.core.objective",
    "AtMost": "matloop.core.objective",
    "AtLeast": "matloop.core.objective",
    "Match": "matloop.core.objective",
    "Curve": "matloop.core.curve",
    "Outcome": "matloop.core.trial",
    "Dataset": "matloop.datasets.dataset",
    "Screen": "matloop.screening.screen",
    "screen": "matloop.discovery.screen",
    "Shortlist": "matloop.screening.shortlist",
    "Column": "matloop.datasets.column",
    "load_dataset": "matloop.sources.published",
    "Combined": "matloop.features.combined",
    "featurizer": "matloop.features.naming",
    "MatloopError": "matloop.core.errors",
    "Bayesian": "matloop.planners.bayesian",
    "Prior": "matloop.planners.prior",
    "Forest": "matloop.planners.forest",
    "Genetic": "matloop.planners.genetic",
    "Thompson": "matloop.planners.thompson",
    "Portfolio": "matloop.planners.portfolio",
    "Mapping": "matloop.planners.mapping",
    "LevelSet": "matloop.planners.level_set",
    "Random": "matloop.planners.designs",
    "Sobol": "matloop.planners.designs",
    "LatinHypercube": "matloop.planners.designs",
    "GridDesign": "matloop.planners.designs",
    "Reached": "matloop.planners.stopping",
    "Stalled": "matloop.planners.stopping",
    "GainBelow": "matloop.planners.prospects",
    "ChanceBelow": "matloop.planners.prospects",
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
    from matloop.campaign.backtest import backtest as backtest
    from matloop.campaign.campaign import Campaign as Campaign
    from matloop.core.choice import Choice as Choice
    from matloop.core.curve import Curve as Curve
    from matloop.core.errors import MatloopError as MatloopError
    from matloop.core.fidelity import Fidelity as Fidelity
    from matloop.core.mixture import Mixture as Mixture
    from matloop.core.objective import AtLeast as AtLeast
    from matloop.core.objective import AtMost as AtMost
    from matloop.core.objective import Match as Match
    from matloop.core.objective import Maximize as Maximize
    from matloop.core.objective import Minimize as Minimize
    from matloop.core.objective import Near as Near
    from matloop.core.parameter import Integer as Integer
    from matloop.core.parameter import Real as Real
    from matloop.core.pool import Pool as Pool
    from matloop.core.space import Space as Space
    from matloop.core.trial import Outcome as Outcome
    from matloop.datasets.column import Column as Column
    from matloop.datasets.dataset import Dataset as Dataset
    from matloop.discovery.screen import screen as screen
    from matloop.discovery.train import train as train
    from matloop.discovery.trained import TrainedModel as TrainedModel
    from matloop.features.combined import Combined as Combined
    from matloop.features.naming import featurizer as featurizer
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
    from matloop.planners.forest import Forest as Forest
    from matloop.planners.genetic import Genetic as Genetic
    from matloop.planners.level_set import LevelSet as LevelSet
    from matloop.planners.mapping import Mapping as Mapping
    from matloop.planners.portfolio import Portfolio as Portfolio
    from matloop.planners.prior import Prior as Prior
    from matloop.planners.prospects import ChanceBelow as ChanceBelow
    from matloop.planners.prospects import GainBelow as GainBelow
    from matloop.planners.stopping import Reached as Reached
    from matloop.planners.stopping import Stalled as Stalled
    from matloop.planners.thompson import Thompson as Thompson
    from matloop.screening.screen import Screen as Screen
    from matloop.screening.shortlist import Shortlist as Shortlist
    from matloop.sources.published import load_dataset as load_dataset
