"""Datasets of every kind, for properties that must hold for all of them."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from matloop.core.curve import Curve
from matloop.core.structure import Structure
from matloop.datasets.column import ROLES, Column
from matloop.datasets.dataset import Dataset, SetAside

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10)
STRUCTURES = st.builds(
    lambda a, x: Structure.of(np.eye(3) * a, ["Na", "Cl"], [[0, 0, 0], [x, x, x]]).to_json(),
    st.floats(3, 9),
    st.floats(1, 2),
)
CURVES = st.builds(lambda y: Curve([1.0, 2.0], [0.0, y]).model_dump_json(), st.floats(-1e6, 1e6))
CELLS = {
    "composition": st.sampled_from(["NaCl", "Fe2O3", "Ca(OH)2"]),
    "structure": STRUCTURES,
    "molecule": st.sampled_from(["CCO", "c1ccccc1"]),
    "spectrum": CURVES,
    "text": TEXT,
}
NUMBERS = (st.floats(), "float64"), (st.integers(-(2**53), 2**53), "int64"), (st.booleans(), "bool")


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    """Any dataset: every kind and role, gaps, set-aside records, all facts or none."""
    n = draw(st.integers(0, 6))
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    columns, cells = [], {}
    for name in names:
        kind = draw(st.sampled_from(["number", *CELLS]))
        if kind == "number":
            values, dtype = draw(st.sampled_from(NUMBERS))
            cells[name] = pd.Series(draw(st.lists(values, min_size=n, max_size=n)), dtype=dtype)
        else:
            filled = st.none() | CELLS[kind]
            cells[name] = pd.Series(draw(st.lists(filled, min_size=n, max_size=n)), dtype=object)
        taken = any(column.role == "material" for column in columns)
        role = draw(st.sampled_from([role for role in ROLES if role != "material" or not taken]))
        columns.append(
            Column(
                name,
                role=role,
                kind=kind,
                unit=draw(st.none() | st.sampled_from(["eV", "meV/atom", "°C"])),
                of=draw(st.none() | st.sampled_from(names)),
                description=draw(TEXT),
                direction=draw(st.sampled_from([None, "maximize", "minimize"])),
            )
        )
    return Dataset(
        pd.DataFrame(cells),
        columns,
        name=draw(TEXT),
        origin=draw(TEXT),
        licence=draw(st.none() | TEXT),
        citation=draw(st.none() | TEXT),
        is_proprietary=draw(st.booleans()),
        set_aside=draw(st.lists(st.builds(SetAside, TEXT, TEXT, TEXT), max_size=3)),
    )
