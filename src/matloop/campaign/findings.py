"""What a campaign's results tell: what models learned of them, and how chance would have done."""

from __future__ import annotations

from functools import cached_property

from matloop.campaign.baseline import baseline
from matloop.core.insight import FEWEST_RESULTS, Baseline, Learned
from matloop.core.merit import comparable, usable
from matloop.core.spec import CampaignSpec
from matloop.core.state import CampaignState
from matloop.core.trial import Observation
from matloop.models.threads import one_thread
from matloop.planners.learned import learned
from matloop.planners.surrogates import Surrogate, fit_objectives


class Findings:
    """Of one state of a campaign; the models are fitted once for all that is asked."""

    def __init__(self, spec: CampaignSpec, state: CampaignState) -> None:
        self.spec = spec
        self.sequence = state.sequence
        self._baselines: dict[int, Baseline | None] = {}
        self._observations: list[Observation] = comparable(spec.space, usable(spec.objectives, state.observations))

    @cached_property
    def _models(self) -> dict[str, Surrogate] | None:
        """A model of each objective; None while there are too few results.

        Of plain outcomes: trials crowd where it is good, and by what is ordinary there all else would look extreme.
        """
        if len(self._observations) < FEWEST_RESULTS:
            return None
        return fit_objectives(self.spec.space, self.spec.objectives, self._observations, may_bend=False)

    def learned(self) -> Learned | None:
        """What the models have learned of each objective; None while there are too few results."""
        if self._models is None:
            return None
        with one_thread():
            return learned(self.spec.space, self.spec.objectives, self._observations, self._models)

    def baseline(self, n: int) -> Baseline | None:
        """How random search does in n trials; None where that can be neither run nor estimated.

        A simulated lab must be ready to be asked.
        """
        if n not in self._baselines:
            is_simulated = getattr(self.spec.lab, "is_simulated", False)
            with one_thread():
                self._baselines[n] = baseline(self.spec, None if is_simulated else self._models, n)
        return self._baselines[n]
