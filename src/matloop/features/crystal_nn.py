"""Order parameters of the coordination around each atom: CrystalNN of pymatgen and matminer, on one tessellation."""

from __future__ import annotations

import copy
import warnings
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from matloop.core.errors import MissingExtra
from matloop.features.crystal import Crystal, CrystalFeaturizer
from matloop.features.rebound import rebound

_STATISTICS: dict[str, Any] = {"mean": np.mean, "std_dev": np.std, "minimum": np.min, "maximum": np.max}


class CrystalNN(CrystalFeaturizer):
    """Statistics over the sites of the fingerprint of Zimmermann and Jain: how octahedral, tetrahedral, … a site is.

    As matminer's SiteStatsFingerprint with CrystalNNFingerprint, whose order parameters are weighted by how well each
    coordination number fits ('wt CN_6'). The neighbours are those of Pan et al.; matminer tessellates the space
    around each atom anew and cuts it off at 7 angstrom, here the shared tessellation of the whole crystal serves.
    """

    name: ClassVar[str] = "crystal_nn"
    extra: ClassVar[str | None] = "structures"
    citations = ("10.1039/C9RA07755C", "10.1021/acs.inorgchem.0c02996")
    per_task: ClassVar[int] = 4

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{name} {label}" for label in _fingerprint().feature_labels() for name in _STATISTICS)

    def describe(self, crystal: Crystal) -> list[float]:
        fingerprint = copy.copy(_fingerprint())
        fingerprint.cnn = near_neighbours(crystal)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "CrystalNN: cannot locate an appropriate radius")
            sites = np.array([fingerprint.featurize(crystal.pymatgen, i) for i in range(len(crystal))], float)
        return np.stack([of(sites, axis=0) for of in _STATISTICS.values()], axis=-1).ravel().tolist()


@lru_cache(maxsize=1)
def _fingerprint() -> Any:
    try:
        from matminer.featurizers.site import CrystalNNFingerprint
    except ImportError as error:
        raise MissingExtra("matminer", "structures") from error
    return CrystalNNFingerprint.from_preset("ops")


def near_neighbours(crystal: Crystal) -> Any:
    """pymatgen's CrystalNN for this one crystal, which takes the faces from its tessellation."""
    return _shared_class()(crystal)


@lru_cache(maxsize=1)
def _shared_class() -> Any:
    """CrystalNN asks a new VoronoiNN for the faces of every site; its method gets this name bound to ours instead."""
    from pymatgen.analysis import local_env

    class Shared(local_env.CrystalNN):
        def __init__(self, crystal: Crystal) -> None:
            super().__init__()
            self._crystal = crystal

        def get_nn_data(self, structure: Any, n: int, length: int | None = None) -> Any:
            asked = rebound(local_env.CrystalNN.get_nn_data, VoronoiNN=lambda **_: _Faces(self._crystal))
            return asked(self, structure, n, length)

    return Shared


class _Faces:
    """The part of pymatgen's VoronoiNN that CrystalNN calls."""

    def __init__(self, crystal: Crystal) -> None:
        self._crystal = crystal

    def get_nn_info(self, structure: Any, n: int) -> list[dict[str, Any]]:
        from pymatgen.core.structure import PeriodicNeighbor

        tessellation = self._crystal.tessellation
        faces = range(*tessellation.starts[n : n + 2])
        largest = tessellation.solid_angle[faces].max()
        found = []
        for face in faces:
            site, image = structure[int(tessellation.neighbour[face])], tuple(tessellation.image[face].tolist())
            place = site.frac_coords + image
            index, distance = int(tessellation.neighbour[face]), float(tessellation.distance[face])
            angle, area = float(tessellation.solid_angle[face]), float(tessellation.area[face])
            found.append(
                {
                    "site": PeriodicNeighbor(site.species, place, site.lattice, {}, distance, index, image),
                    "image": image,
                    "weight": angle / float(largest),
                    "site_index": index,
                    "poly_info": {"solid_angle": angle, "area": area},
                }
            )
        return found
