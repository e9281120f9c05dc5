"""Databases that come as files: ZINC, GDB, CEP, CoRE MOF as they are offered, ICSD and CSD as licensees export them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matloop.core.errors import InputError, did_you_mean
from matloop.core.progress import Progress, silent
from matloop.datasets.column import Column
from matloop.datasets.dataset import Dataset


def _number(name: str, unit: str | None = None, description: str = "", role: Any = "target") -> Column:
    return Column(name, role=role, unit=unit, description=description)


def _text(name: str, role: Any = "identity") -> Column:
    return Column(name, role=role, kind="text")


def _molecule(name: str = "smiles") -> Column:
    return Column(name, role="material", kind="molecule")


@dataclass(frozen=True)
class Bulk:
    """A database: how its files are read, what their columns are (by their headers in small letters), what to cite."""

    name: str
    title: str
    reader: str
    citation: str
    licence: str | None = None
    owner: str | None = None
    columns: dict[str, Column] = field(default_factory=dict)


_ZINC = {
    "smiles": _molecule(),
    "id": _text("zinc_id"),
    "zinc_id": _text("zinc_id"),
    "inchikey": _text("inchikey"),
    "mwt": _number("molecular_weight", "g/mol"),
    "logp": _number("logp"),
    "qed": _number("qed"),
    "sas": _number("synthetic_accessibility"),
    "reactive": _text("reactive"),
    "purchasable": _text("purchasable"),
    "tranche_name": _text("tranche"),
    "features": _text("features"),
}
_GDB = {"smiles": _molecule(), "id": _text("id")}
_CEP = {
    "id": _text("id"),
    "smiles_str": _molecule(),
    "smiles": _molecule(),
    "stoich_str": Column("formula", role="identity", kind="composition"),
    "mass": _number("mass", "g/mol", role="input"),
    "pce": _number("pce", "percent", "power conversion efficiency by the Scharber model"),
    "voc": _number("voc", "V", "open-circuit voltage"),
    "jsc": _number("jsc", "mA/cm^2", "short-circuit current density"),
    "e_homo_alpha": _number("homo", "eV"),
    "e_gap_alpha": _number("gap", "eV"),
    "e_lumo_alpha": _number("lumo", "eV"),
    "tmp_smiles_str": _text("smiles_of_the_calculation"),
}

KINDS = {
    one.name: one
    for one in (
        Bulk(
            "zinc",
            "ZINC: purchasable molecules (.smi, .smi.gz, .txt, .csv)",
            "table",
            "Irwin et al. 2020, Journal of Chemical Information and Modeling 60, 6065, "
            "https://doi.org/10.1021/acs.jcim.0c00675",
            "free to use; major portions may not be passed on without permission",
            columns=_ZINC,
        ),
        Bulk(
            "gdb13",
            "GDB-13: enumerated molecules of up to 13 atoms (.smi, .smi.gz)",
            "table",
            "Blum & Reymond 2009, Journal of the American Chemical Society 131, 8732, https://doi.org/10.1021/ja902302h",
            columns=_GDB,
        ),
        Bulk(
            "gdb17",
            "GDB-17: enumerated molecules of up to 17 atoms (.smi, .smi.gz)",
            "table",
            "Ruddigkeit et al. 2012, Journal of Chemical Information and Modeling 52, 2864, "
            "https://doi.org/10.1021/ci300415d",
            columns=_GDB,
        ),
        Bulk(
            "cep",
            "Harvard Clean Energy Project: photovoltaic candidates (.csv)",
            "table",
            "Hachmann et al. 2011, Journal of Physical Chemistry Letters 2, 2241, https://doi.org/10.1021/jz200866s",
            columns=_CEP,
        ),
        Bulk(
            "core-mof",
            "CoRE MOF: a folder (or zip) of CIF files and the CSV file beside them",
            "core_mof",
            "Chung et al. 2019, Journal of Chemical & Engineering Data 64, 5985, https://doi.org/10.1021/acs.jced.9b00835",
        ),
        Bulk(
            "icsd",
            "ICSD: CIF files that a licensee exported",
            "structures",
            "Zagorac et al. 2019, Journal of Applied Crystallography 52, 918, https://doi.org/10.1107/S160057671900997X",
            "proprietary (FIZ Karlsruhe)",
            "icsd",
        ),
        Bulk(
            "csd",
            "CSD: CIF files that a licensee exported",
            "structures",
            "Groom et al. 2016, Acta Crystallographica B 72, 171, https://doi.org/10.1107/S2052520616003954",
            "proprietary (CCDC)",
            "csd",
        ),
    )
}


def kind_of(name: str) -> Bulk:
    """A database by its name. Raises InputError that names the nearest one."""
    if name not in KINDS:
        raise InputError(f"there is no bulk format '{name[:40]}'", did_you_mean(name, KINDS))
    return KINDS[name]


def read_bulk(
    name: str,
    files: Sequence[Path],
    output: Path,
    licence: str | None = None,
    most: int | None = None,
    is_checked: bool = False,
    progress: Progress = silent,
) -> tuple[Dataset, int]:
    """Write the files of a database as one dataset; returns it, and how many records were written.

    Of what was too large to be held, the dataset that is returned has the description alone: tables are streamed, and
    millions of molecules need no more memory than a few thousand. With `is_checked` each SMILES is read by rdkit.
    Raises InputError for files that are not there or hold nothing of the kind.
    """
    kind = kind_of(name)
    for file in files:
        if not file.exists():
            raise InputError(f"there is no file {file}")
    if not files:
        raise InputError("no file is named", f"matloop fetch bulk {name} FILE …")
    if output.suffix != ".parquet":
        raise InputError(f"a dataset is written as a .parquet file, not as {output.name}", f"-o {output.stem}.parquet")
    stated = licence or kind.licence
    if kind.reader == "table":
        from matloop.sources.bulk_tables import write_tables

        return write_tables(kind, files, output, stated, most, is_checked, progress)
    if kind.reader == "core_mof":
        from matloop.sources.core_mof import read_core_mof

        dataset = read_core_mof(files, stated, kind.citation, progress)
    else:
        dataset = _structures(kind, files, stated, progress)
    dataset = dataset.take(range(min(most, len(dataset)))) if most else dataset
    dataset.save(output)
    return dataset, len(dataset)


def _structures(kind: Bulk, files: Sequence[Path], licence: str | None, progress: Progress) -> Dataset:
    """Structures of a licensed database: every record is marked as the owner's."""
    from matloop.datasets.reading import read_any

    if len(files) > 1:
        raise InputError(f"{len(files)} files are named", "put them into one folder, and name that")
    return read_any(files[0], progress, name=kind.name, licence=licence, citation=kind.citation, proprietary=kind.owner)
