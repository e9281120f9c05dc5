"""A planner and a lab of a made-up kind, entered into the registry in place of those that are installed."""

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from matloop.core import registry


class Fake(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["fake"] = "fake"
    batch: int = Field(1, ge=1)
    tags: tuple[str, ...] = ()
    weights: dict[str, float] = {}
    order: Literal["up", "down"] = "up"

    @field_validator("batch")
    @classmethod
    def _not_thirteen(cls, value: int) -> int:
        if value == 13:
            raise ValueError("13 brings bad luck")
        return value

    capacity: int = 1
    effect: str = "none"
    deadline: float = 1.0

    def propose(self, *args):
        return []

    def submit(self, trial):
        pass

    def poll(self, trial_id):
        pass

    def cancel(self, trial_id):
        pass


class Bayesian(Fake):
    kind: Literal["bayesian"] = "bayesian"  # type: ignore[assignment]


class Entry:
    def __init__(self, model):
        self.model = model

    def load(self):
        if isinstance(self.model, Exception):
            raise self.model
        return self.model


@pytest.fixture(scope="module", autouse=True)
def _only_made_up_kinds():
    entries = {"fake": Entry(Fake), "bayesian": Entry(Bayesian), "broken": Entry(SyntaxError("a plugin with a slip"))}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_entries", lambda group: entries)
        yield
