"""What an examination says: one thing that deserves a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Subject = Literal[
    "set aside",
    "duplicates",
    "replicates",
    "outliers",
    "missing",
    "units",
    "numbers",
    "leakage",
    "constant",
    "header",
    "unchecked",
]


@dataclass(frozen=True)
class Finding:
    """`message` is a whole sentence, `hint` what can be done; `numbers` the same for programs.

    `records` are the places of the records it is about, at most a few of them; `count` is how many there are.
    """

    subject: Subject
    message: str
    hint: str = ""
    columns: Sequence[str] = ()
    count: int = 0
    records: Sequence[str] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The places in one line, a file that all of them are in named once."""
        files = {place.rpartition(":")[0] for place in self.records}
        file = files.pop() if len(files) == 1 else ""
        places = [place.removeprefix(f"{file}:") for place in self.records]
        more = ", …" if self.count > len(places) else ""
        return f"{file}: " * bool(file) + ", ".join(places) + more

    def facts(self) -> dict[str, Any]:
        return asdict(self)
