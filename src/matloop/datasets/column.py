"""What a column of a dataset is: the part it plays, what its cells are, and their unit."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from matloop.core.parameter import given

Role = Literal["identity", "material", "input", "target", "uncertainty", "provenance"]
Kind = Literal["composition", "structure", "molecule", "spectrum", "number", "text"]
Direction = Literal["maximize", "minimize"]

ROLES: tuple[Role, ...] = get_args(Role)
KINDS: tuple[Kind, ...] = get_args(Kind)
#: The kinds that stand for a material itself, the most telling first.
MATERIALS: tuple[Kind, ...] = ("structure", "molecule", "composition")


class Column(BaseModel):
    """One column: `Column("gap", role="target", unit="eV")`.

    A target of the kind `number` is to be predicted as a number, one of the kind `text` as a class. `of` names the
    column whose uncertainty this is; `direction` says which way a target is better.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    role: Role = "input"
    kind: Kind = "number"
    unit: str | None = None
    of: str | None = None
    description: str = ""
    direction: Direction | None = None

    def __init__(self, name: Any = None, /, **settings: Any) -> None:
        super().__init__(**given(name=name), **settings)

    @property
    def titled(self) -> str:
        """The name with its unit in brackets, as a header has it."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name
