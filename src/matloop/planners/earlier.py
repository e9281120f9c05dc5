"""What an earlier campaign tells of this one: a model of its results over the variables that both have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from matloop.core.block import in_a_row
from matloop.core.choice import Choice
from matloop.core.mixture import Mixture
from matloop.core.parameter import Columns
from matloop.core.pool import Pool
from matloop.core.space import AnyParameter, Space

#: Of more results than this, so many are drawn: a model of them takes a second.
MOST_ROWS = 1000
#: By this logarithm a model must explain them better than independent draws do, or nothing is learned: 20 to 1.
ENOUGH_EVIDENCE = 3.0


def learned_from(
    space: Space, table: Mapping[str, np.ndarray], measured: str
) -> tuple[Callable[[Columns], np.ndarray], float] | None:
    """The mean of a Gaussian process of the table's column `measured`, as a function of columns of this space.

    And the spread of that column: a mean that varies much less has found little in it. None where the results might as
    well have been drawn at random.
    """
    from matloop.models.gaussian_process import GaussianProcess

    shared = _shared(space, table)
    rows = np.flatnonzero(rows_of_use(space, table, measured)[0])
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.Generator(np.random.PCG64(0)).choice(rows, MOST_ROWS, replace=False))
    earlier = _columns({name: cells[rows] for name, cells in table.items()}, shared, len(rows))
    blocks = in_a_row(*(p.blocks(name) for name, p in shared.items()))
    model = GaussianProcess(blocks=blocks).fit(_encode(shared, earlier), np.asarray(table[measured], float)[rows])
    by_chance = -0.5 * len(rows) * (1.0 + math.log(2.0 * math.pi))
    if model.log_marginal_likelihood_ < by_chance + ENOUGH_EVIDENCE:
        return None
    return lambda columns: np.asarray(model.predict(_encode(shared, columns))), model.outcome_scale_


def rows_of_use(space: Space, table: Mapping[str, np.ndarray], measured: str) -> tuple[np.ndarray, tuple[str, str]]:
    """Which rows (n,) have a number where one is needed; and what to say where none has."""
    shared = _shared(space, table)
    if not shared or not any(p.features(name) for name, p in shared.items()):
        has = "it has " + ", ".join(table)
        return np.zeros(len(table[measured]), bool), ("has no variable of this space that a model could see", has)
    ok = _is_number(table[measured])
    for name, parameter in shared.items():
        for variable in parameter.variables(name):
            is_text = isinstance(parameter, Choice) or (isinstance(parameter, Pool) and _is_text(parameter, variable))
            if variable in table and not is_text:
                ok &= _is_number(table[variable])
    return ok, (f"has no row with a number for '{measured}' and for the variables", "see that its cells are numbers")


def _is_text(pool: Pool, variable: str) -> bool:
    return pool.rows[variable].dtype.kind not in "fiu"


def _is_number(cells: np.ndarray) -> np.ndarray:
    try:
        return np.isfinite(np.asarray(cells, float))
    except (TypeError, ValueError):
        return np.zeros(len(cells), bool)


def _shared(space: Space, table: Mapping[str, Any]) -> dict[str, AnyParameter]:
    """The parameters of the space that the table knows; of a pool, those of its columns.

    A component of a mixture that the table does not know was not there: it counts as 0.
    """
    shared: dict[str, AnyParameter] = {}
    for name, parameter in space.parameters.items():
        known = [variable for variable in parameter.variables(name) if variable in table]
        if isinstance(parameter, Pool) and known:
            smiles = tuple(column for column in parameter.smiles if column in known)
            rows: dict[str, Any] = {c: parameter.rows[c] for c in known if c != parameter.label}
            if rows:
                shared[name] = Pool(table=rows, smiles=smiles)
        elif known:
            shared[name] = parameter
    return shared


def _columns(table: Mapping[str, np.ndarray], shared: Mapping[str, AnyParameter], n: int) -> Columns:
    """The cells of the table as those of the parameters: texts that look like options are these options."""
    columns: Columns = {}
    for name, parameter in shared.items():
        for variable in parameter.variables(name):
            if isinstance(parameter, Choice):
                option = {str(option): option for option in parameter.options}
                columns[variable] = np.array([option.get(str(cell)) for cell in table[variable].tolist()], object)
            elif isinstance(parameter, Mixture) and variable not in table:
                columns[variable] = np.zeros(n)
            elif isinstance(parameter, Pool) and _is_text(parameter, variable):
                columns[variable] = np.array([str(cell) for cell in table[variable].tolist()], object)
            else:
                columns[variable] = np.asarray(table[variable], float)
    return columns


def _encode(shared: Mapping[str, AnyParameter], columns: Columns) -> np.ndarray:
    return np.column_stack([parameter.encode(name, columns) for name, parameter in shared.items()])
