"""The target curve of a Match: its points, or a file that holds them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from matloop.core.curve import Curve, ordered


def or_a_file(schema: dict[str, Any]) -> None:
    """In a JSON schema: the name of a file does as well as a table of points."""
    schema["anyOf"] = [{"type": "string"}, {"$ref": schema.pop("$ref")}]


class Target(BaseModel):
    """`{ x = […], y = […] }`, or a file of two columns, whose points the campaign reads and keeps."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    file: str | None = None
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _as_table(cls, data: Any) -> Any:
        """The name of a file, two lists, a curve and a table of points all say the same."""
        if isinstance(data, str):
            return {"file": data}
        if isinstance(data, Curve):
            return {"x": data.x, "y": data.y}
        if isinstance(data, tuple | list) and len(data) == 2:
            data = {"x": data[0], "y": data[1]}
        if not isinstance(data, dict) or not {"x", "y"} <= data.keys():
            return data
        x, y = ordered(data["x"], data["y"])
        return {**data, "x": x, "y": y}

    @model_validator(mode="after")
    def _has_points(self) -> Target:
        if len(self.x) != len(self.y) or not (self.file or self.x):
            raise ValueError("a target needs the points x and y, or a file of two columns")
        return self

    @property
    def is_read(self) -> bool:
        """Whether its points are at hand."""
        return bool(self.x)
