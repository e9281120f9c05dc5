"""The one table of the peers: which module answers for each, in which environment, with which pinned versions."""

from __future__ import annotations

from dataclasses import dataclass

#: Each environment's installations, in order: one `pip install` a line. Torch comes first and alone, so that no later
#: line draws another build of it.
ENVIRONMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "botorch": (("torch==2.13.0",), ("botorch==0.18.1",)),
    "baybe": (("torch==2.13.0",), ("baybe==0.15.0",)),
    "ax": (("torch==2.13.0",), ("ax-platform==1.3.1",)),
    "sklearn": (("scikit-learn==1.9.1",),),
    "optuna": (("optuna==5.0.0",),),
    "gpcam": (("gpcam==8.6.1",),),
    # HEBO wants NumPy below 1.25; left alone, pip searches for hours for what fits beside it.
    "hebo": (
        ("torch==2.13.0",),
        (
            *("HEBO==0.3.6", "numpy==1.24.4", "scipy==1.11.4", "pandas==2.1.4", "scikit-learn==1.3.2", "GPy==1.13.2"),
            *("pymoo==0.6.0", "catboost==1.2.7", "gpytorch==1.11", "matplotlib==3.8.4", "setuptools<80"),
        ),
    ),
    "skopt": (("scikit-optimize==0.10.2",),),
    "physbo": (("physbo==3.2.1",),),
    "smac": (("smac==2.4.1",),),
}


@dataclass(frozen=True)
class Peer:
    """Who answers: `python -m benchmarks.peers.<module> <argument>` in the environment (None: this Python)."""

    module: str
    environment: str | None
    package: str
    argument: str = ""


PEERS: dict[str, Peer] = {
    "matloop": Peer("matloop", None, "matloop"),
    "random": Peer("random", None, "numpy"),
    "forest": Peer("sklearn", "sklearn", "scikit-learn", "forest"),
    "sklearn_gp": Peer("sklearn", "sklearn", "scikit-learn", "gp"),
    "botorch": Peer("botorch", "botorch", "botorch"),
    "baybe": Peer("baybe", "baybe", "baybe"),
    "optuna": Peer("optuna", "optuna", "optuna"),
    "gpcam": Peer("gpcam", "gpcam", "gpcam"),
    "ax": Peer("ax", "ax", "ax-platform"),
    "hebo": Peer("hebo", "hebo", "HEBO"),
    "skopt": Peer("skopt", "skopt", "scikit-optimize"),
    "physbo": Peer("physbo", "physbo", "physbo"),
    "smac": Peer("smac", "smac", "smac"),
}
