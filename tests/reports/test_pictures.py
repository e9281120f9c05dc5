"""Pictures of crystals and molecules: every atom is in them, nothing can be smuggled in, and no mistake is an error."""

from __future__ import annotations

import base64
import json
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matloop.core.composition import SYMBOLS
from matloop.core.structure import Structure
from matloop.reports.pictures import SIZE, colour_of, molecule_svg, picture_of, structure_svg

SODIUM = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
CHLORINE = [[0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5], [0.5, 0.5, 0.5]]
SALT = Structure.of(np.eye(3) * 5.64, ["Na"] * 4 + ["Cl"] * 4, 5.64 * np.array(SODIUM + CHLORINE))


def _drawn(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg))


def test_a_cell_is_drawn_with_its_edges_and_the_atoms_on_every_face() -> None:
    """Rock salt: 14 sodium atoms on corners and faces, 13 chlorine atoms on edges and in the middle."""
    drawn = _drawn(structure_svg(SALT.to_json()))
    titles = [element[0].text for element in drawn if element.tag.endswith("circle")]
    assert titles.count("Na") == 14
    assert titles.count("Cl") == 13
    assert sum(element.tag.endswith("line") for element in drawn) == 12


@given(st.lists(st.tuples(*[st.floats(-40, 40)] * 3), min_size=1, max_size=6, unique=True))
def test_everything_stays_within_the_picture(places: list[tuple[float, float, float]]) -> None:
    cell = Structure.of(None, ["C"] * len(places), np.array(places)).to_json()
    for element in _drawn(structure_svg(cell)) if structure_svg(cell) else []:
        assert 0 <= float(element.attrib["cx"]) <= SIZE
        assert 0 <= float(element.attrib["cy"]) <= SIZE


def test_what_is_no_structure_has_no_picture() -> None:
    broken = json.loads(SALT.to_json())
    broken["species_at_sites"][0] = '"><script>alert(1)</script>'
    flat = Structure.of(np.diag([5.0, 5.0, 0.0]), ["Na"], [[0, 0, 0]])
    strange = Structure.of(np.eye(3) * 5, ["<b>"], [[0, 0, 0]])
    for cell in ("", "{", "CCO", json.dumps(broken), flat.to_json(), strange.to_json()):
        assert structure_svg(cell) == ""
    assert (
        picture_of(None, "structure") == picture_of(float("nan"), "molecule") == picture_of("FeO", "composition") == ""
    )


def test_molecules_have_their_skeletal_formula() -> None:
    pytest.importorskip("rdkit")
    svg = base64.b64decode(picture_of("c1ccccc1O", "molecule").partition(",")[2]).decode()
    assert svg.rstrip().endswith("</svg>")
    assert "path" in svg
    assert molecule_svg("no molecule(") == ""


def test_every_element_has_a_colour() -> None:
    assert all(len(colour_of(symbol)) == 7 for symbol in SYMBOLS)
    assert len({colour_of(symbol) for symbol in SYMBOLS[:40]}) > 30
