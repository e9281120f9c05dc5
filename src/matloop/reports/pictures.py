"""Small pictures of molecules and crystals as SVG, to stand in a page's table."""

from __future__ import annotations

import base64
import colorsys
from collections.abc import Iterator
from typing import Any

import numpy as np

from matloop.core.composition import COLUMN
from matloop.core.errors import InputError
from matloop.core.structure import Structure

#: Width and height in pixels.
SIZE = 120
#: No more atoms than this are drawn: of a large cell nobody would see them.
MOST_ATOMS = 400
#: Colours by which chemists know elements: H, C, N, O, F, Si, P, S, Cl, Fe, Cu, Br, I (Corey, Pauling and Koltun).
_COLOURS = {
    "H": "#f2f2f2",
    "C": "#505050",
    "N": "#3050f8",
    "O": "#e02020",
    "F": "#90d050",
    "Si": "#c8a070",
    "P": "#ff8000",
    "S": "#e6c229",
    "Cl": "#1fb01f",
    "Fe": "#c05a2a",
    "Cu": "#b87333",
    "Br": "#a62929",
    "I": "#940094",
}
#: From where a crystal is seen: turned about its c axis, then tilted towards the reader.
_TURN, _TILT = np.radians(-18.0), np.radians(-72.0)
_EDGES = [(i, i | bit) for i in range(8) for bit in (1, 2, 4) if not i & bit]


def picture_of(cell: object, kind: str | None) -> str:
    """The picture of a material as a data URI for an image; "" where it has none or cannot be read."""
    if not isinstance(cell, str):
        return ""
    svg = molecule_svg(cell) if kind == "molecule" else structure_svg(cell) if kind == "structure" else ""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode() if svg else ""


def molecule_svg(smiles: str) -> str:
    """The skeletal formula; "" where it cannot be read, or rdkit is not installed."""
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem.Draw import rdMolDraw2D
    except ImportError:
        return ""
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None:
            return ""
        drawer: Any = rdMolDraw2D.MolDraw2DSVG(SIZE, SIZE)
        drawer.drawOptions().clearBackground = False
        rdMolDraw2D.PrepareAndDrawMolecule(drawer, molecule)
    drawer.FinishDrawing()
    return str(drawer.GetDrawingText())


def structure_svg(cell: str) -> str:
    """The atoms of a structure and the edges of its cell, in parallel projection; "" where it cannot be read."""
    try:
        structure = Structure.from_json(cell)
        if structure.problem(needs_cell=False) or len(structure.positions) > MOST_ATOMS:
            return ""
        atoms, symbols = _atoms(structure)
    except InputError:
        return ""
    corners = np.zeros((0, 3)) if structure.lattice is None else _corners() @ structure.lattice
    seen = _seen(np.vstack([atoms, corners]))
    low, high = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
    radius = 0.35  # angstrom: small enough to see through
    scale = (SIZE - 8) / max(float((high - low).max()) + 2 * radius, 1e-9)
    places = (seen[:, :2] - (low + high) / 2) * scale * [1, -1] + SIZE / 2
    depth = seen[:, 2]
    parts = list(_edges(places[len(atoms) :]))
    for i in np.argsort(depth[: len(atoms)]):
        x, y = places[i]
        colour = colour_of(symbols[i])
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{max(radius * scale, 2.5):.1f}" fill="{colour}" stroke="#333" '
            f'stroke-width=".6"><title>{symbols[i]}</title></circle>'
        )
    size = f'width="{SIZE}" height="{SIZE}" viewBox="0 0 {SIZE} {SIZE}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>' + "".join(parts) + "</svg>"


def colour_of(symbol: str) -> str:
    """The colour of an element: the one it is known by, or else one of its own."""
    if symbol in _COLOURS:
        return _COLOURS[symbol]
    number = COLUMN.get(symbol, 0) + 1
    red, green, blue = colorsys.hls_to_rgb((number * 0.381966) % 1, 0.55 + 0.08 * (number % 3), 0.55)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def _atoms(structure: Structure) -> tuple[np.ndarray, list[str]]:
    """The positions (n, 3) of all atoms, those on a border of the cell on the opposite one as well."""
    if structure.lattice is None:
        return structure.positions, list(structure.symbols)
    inside = structure.wrapped()
    fractional = inside.fractional
    places, symbols = [], []
    for place, symbol in zip(fractional, inside.symbols, strict=True):
        for shift in _corners():
            if not (shift[place > 1e-6]).any():
                places.append(place + shift)
                symbols.append(symbol)
    return np.array(places) @ structure.lattice, symbols


def _corners() -> np.ndarray:
    return np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)], float)


def _seen(points: np.ndarray) -> np.ndarray:
    """Points (n, 3) as the reader sees them: to the right, upwards, towards the reader."""
    turn = np.array([[np.cos(_TURN), -np.sin(_TURN), 0], [np.sin(_TURN), np.cos(_TURN), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(_TILT), -np.sin(_TILT)], [0, np.sin(_TILT), np.cos(_TILT)]])
    return np.asarray(points @ (tilt @ turn).T)


def _edges(corners: np.ndarray) -> Iterator[str]:
    for i, j in _EDGES if len(corners) else ():
        (x, y), (u, v) = corners[i], corners[j]
        yield f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{u:.1f}" y2="{v:.1f}" stroke="#8a8f98" stroke-width=".8"/>'
