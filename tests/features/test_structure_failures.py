"""Structures that cannot be described are told apart and stop nobody; neighbours are looked for once."""

import json

import numpy as np
import pytest
from known_crystals import fcc, rocksalt

from matloop.core.structure import Structure
from matloop.features import crystal
from matloop.features.base import FeatureError
from matloop.features.combined import Combined
from matloop.features.geometry import Geometry
from matloop.features.local_differences import LocalDifferences
from matloop.features.voronoi import Voronoi

OPEN = Structure.of(None, ["O", "H", "H"], [[0, 0, 0], [0, 0.76, 0.59], [0, -0.76, 0.59]])
SLAB = Structure.of(np.diag([4.0, 4.0, 20.0]), ["Cu"], [[0, 0, 0]], periodic=(True, True, False))
SHARED = Structure(np.eye(3) * 4, np.zeros((1, 3)), ({"Au": 0.5, "Cu": 0.5},))
TOO_CLOSE = Structure.of(np.eye(3) * 4, ["Cu", "Cu"], [[0, 0, 0], [3.9, 0, 0]])
FLAT = Structure.of(np.array([[4.0, 0, 0], [0, 4, 0], [4, 4, 0]]), ["Cu"], [[0, 0, 0]])
NOWHERE = Structure.of(np.eye(3) * 4, ["Cu"], [[np.nan, 0, 0]])
UNKNOWN = Structure.of(np.eye(3) * 4, ["Xx"], [[0, 0, 0]])

BAD = {
    "no cell": (OPEN.to_json(), "has no cell"),
    "slab": (SLAB.to_json(), "2 of three directions"),
    "disordered": (SHARED.to_json(), "disordered"),
    "too close": (TOO_CLOSE.to_json(), "0.1 Å apart"),
    "flat": (FLAT.to_json(), "no volume"),
    "NaN": (NOWHERE, "not a finite number"),
    "no element": (UNKNOWN.to_json(), "no element 'Xx'"),
    "no JSON": ("Cu4", "no structure"),
    "other JSON": (json.dumps({"a": 1}), "no structure"),
    "a number": (42, "int is no structure"),
    "nothing": (None, "missing"),
}


def test_bad_structures_stop_nobody() -> None:
    """Each bad cell has its reason, and the good ones between them their values."""
    cells = [fcc().to_json(), *(cell for cell, _ in BAD.values()), rocksalt().to_json()]
    for featurizer in (Geometry(), Voronoi(), LocalDifferences()):
        values, failures = featurizer.features(cells)
        assert list(failures) == list(range(1, len(BAD) + 1))
        for reason, (name, (_, expected)) in zip(failures.values(), BAD.items(), strict=True):
            assert expected in reason, name
        assert np.isfinite(values[[0, -1]]).all()
        assert np.isnan(values[1:-1]).all()


def test_transform_refuses_what_features_lists() -> None:
    """By default nothing becomes NaN in silence."""
    with pytest.raises(FeatureError, match="1 of 2 cells cannot be described by 'geometry': row 1"):
        Geometry().transform([fcc().to_json(), OPEN.to_json()])
    assert np.isnan(Geometry(on_failure="nan").transform([OPEN.to_json()])).all()


def test_one_tessellation_serves_all_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three featurizers, and CrystalNN where pymatgen is there, tessellate each structure once."""
    counted: list[str] = []
    tessellate = crystal.tessellate

    def counting(structure: Structure):
        counted.append(structure.formula)
        return tessellate(structure)

    monkeypatch.setattr(crystal, "tessellate", counting)
    parts = [Geometry(), Voronoi(), LocalDifferences()]
    try:
        import matminer.featurizers.site  # noqa: F401
        from pymatgen.analysis.local_env import VoronoiNN

        from matloop.features.crystal_nn import CrystalNN

        parts.append(CrystalNN())
        monkeypatch.setattr(VoronoiNN, "get_voronoi_polyhedra", lambda *_: pytest.fail("pymatgen tessellates"))
    except ImportError:
        pass
    combined = Combined(parts)
    values, failures = combined.features([fcc().to_json(), "nonsense", rocksalt().to_json()])
    assert counted == ["Cu", "ClNa"]
    assert list(failures) == [1]
    assert values.shape == (3, sum(len(part.names) for part in parts))


def test_a_tessellation_is_not_computed_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs none does not pay for one."""
    pytest.importorskip("pymatgen")
    from matloop.features.symmetry import Symmetry

    monkeypatch.setattr(crystal, "tessellate", lambda _: pytest.fail("not needed"))
    assert not Symmetry().features([fcc().to_json()]).failures


def test_unknown_properties_are_answered_with_the_nearest() -> None:
    """A wrong property is one mistake of the user, not a failure of every structure."""
    from matloop.core.errors import InputError

    with pytest.raises(InputError, match="Electronegativty") as raised:
        LocalDifferences(properties=("Electronegativty",)).features([fcc()])
    assert "Electronegativity" in raised.value.hint


def test_a_cell_without_end_is_a_mistake() -> None:
    """A cell of 1e200 angstrom is refused with this reason; no library looks for neighbours in it for ever."""
    endless = Structure.of(np.eye(3) * 1e200, ["Po"], [[0, 0, 0]])
    assert "longer than" in (endless.problem() or "")
