"""The OPTIMADE providers that matloop knows by name. Any other one is given by the address of its API.

Names are the prefixes that the OPTIMADE consortium has registered (https://providers.optimade.org), those of single
databases of a provider, or what everybody calls them. The addresses of aflow, alexandria-pbe, cmr, cod, jarvis, mp,
nomad, oqmd and tcod, and the indices of mpdd, mpds, mpod, odbx, omdb and twodmatpedia, are those of the consortium
(repositories Materials-Consortia/providers at 0211c74 and providers-dashboard at 035083b); alexandria-pbesol, mc2d and
mc3d are as other clients have them. A licence stands here only where the database states it for all of its records.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from matloop.core.errors import InputError, did_you_mean
from matloop.sources.links import joined


@dataclass(frozen=True)
class Provider:
    """A database that speaks OPTIMADE: where, under which licence, and what to cite for it."""

    name: str
    title: str
    url: str
    licence: str | None = None
    citation: str | None = None


_CLOUD = "https://optimade.materialscloud.org/main"
_ALEXANDRIA = "https://alexandria.icams.rub.de"

KNOWN = (
    Provider(
        "aflow",
        "AFLOW, automatic-flow repository",
        "https://aflow.org/API/optimade",
        citation="https://doi.org/10.1016/j.commatsci.2012.02.002",
    ),
    Provider(
        "alexandria-pbe",
        "Alexandria, PBE",
        f"{_ALEXANDRIA}/pbe",
        "CC-BY-4.0",
        "https://doi.org/10.1002/adma.202210788",
    ),
    Provider(
        "alexandria-pbesol",
        "Alexandria, PBEsol and SCAN",
        f"{_ALEXANDRIA}/pbesol",
        "CC-BY-4.0",
        "https://doi.org/10.1038/s41597-022-01177-w",
    ),
    Provider(
        "c2db",
        "Computational 2D Materials Database, in the Computational Materials Repository",
        "https://cmr-optimade.fysik.dtu.dk",
        citation="https://doi.org/10.1088/2053-1583/ac1059",
    ),
    Provider(
        "cmr",
        "Computational Materials Repository (C2DB, QPOD and more)",
        "https://cmr-optimade.fysik.dtu.dk",
        citation="https://doi.org/10.1088/2053-1583/ac1059",
    ),
    Provider(
        "cod",
        "Crystallography Open Database",
        "https://www.crystallography.net/cod/optimade",
        "CC0-1.0",
        "https://doi.org/10.1093/nar/gkr900",
    ),
    Provider(
        "jarvis",
        "JARVIS-DFT",
        "https://jarvis.nist.gov/optimade/jarvisdft",
        citation="https://doi.org/10.1038/s41524-020-00440-1",
    ),
    Provider(
        "mc2d",
        "Materials Cloud two-dimensional crystals",
        f"{_CLOUD}/mc2d",
        citation="https://doi.org/10.1038/s41565-017-0035-5",
    ),
    Provider(
        "mc3d",
        "Materials Cloud three-dimensional crystals, PBEsol",
        f"{_CLOUD}/mc3d-pbesol-v2",
        citation="https://doi.org/10.24435/materialscloud:rw-t0",
    ),
    Provider(
        "mp",
        "The Materials Project",
        "https://optimade.materialsproject.org",
        "CC-BY-4.0",
        "https://doi.org/10.1063/1.4812323",
    ),
    Provider("mpdd", "Material-Property-Descriptor Database", "https://providers.optimade.org/index-metadbs/mpdd"),
    Provider("mpds", "Materials Platform for Data Science", "https://providers.optimade.org/index-metadbs/mpds"),
    Provider("mpod", "Material Properties Open Database", "https://providers.optimade.org/index-metadbs/mpod"),
    Provider(
        "nomad",
        "NOMAD",
        "https://nomad-lab.eu/prod/rae/optimade",
        "CC-BY-4.0",
        "https://doi.org/10.1088/2515-7639/ab13bb",
    ),
    Provider("odbx", "Open Database of Xtals", "https://optimade-index.odbx.science"),
    Provider("omdb", "Open Materials Database", "https://optimade-index.openmaterialsdb.se"),
    Provider(
        "oqmd",
        "Open Quantum Materials Database",
        "https://oqmd.org/optimade",
        "CC-BY-4.0",
        "https://doi.org/10.1038/npjcompumats.2015.10",
    ),
    Provider("tcod", "Theoretical Crystallography Open Database", "https://www.crystallography.net/tcod/optimade"),
    Provider(
        "twodmatpedia",
        "2DMatpedia",
        "https://providers.optimade.org/index-metadbs/twodmatpedia",
        citation="https://doi.org/10.1038/s41597-019-0097-3",
    ),
)


def provider(named: str) -> Provider:
    """A provider by its name, or by the address of its API. Raises InputError that names the nearest one."""
    if "://" in named:
        parts = urlsplit(named.strip()) if joined(named, "") else urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"'{named[:100]}' is no address of a provider", "an address begins with https://")
        name = (parts.netloc.rpartition("@")[2] + parts.path).rstrip("/") + (
            f"#{parts.fragment}" if parts.fragment else ""
        )
        return Provider(name, name, named.strip())
    by_name = {known.name: known for known in KNOWN}
    named = named.strip()
    if named.casefold() not in by_name:
        hint = f"{did_you_mean(named, by_name)} (a database that is not known is given by its address, https://…)"
        raise InputError(f"no OPTIMADE provider '{named[:60]}' is known", hint)
    return by_name[named.casefold()]
