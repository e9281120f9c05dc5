"""PubChem and ChEMBL in a few lines: their documented answers, for molecules that tests make up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from faulty_server import Asked, Reply

NOT_FOUND = Reply({"Fault": {"Code": "PUGREST.NotFound", "Message": "No CID found", "Details": ["No CID found"]}}, 404)
GREEN = "Request Count status: Green (0%), Request Time status: Green (0%), Service status: Green (20%)"


@dataclass
class Pubchem:
    """Compounds are alkanes: CID n is the chain of n carbons, named 'alkane-n'; 'many' has the formula CH4."""

    n: int = 500
    throttling: str = GREEN
    polls: int = 0
    smiles_key: str = "SMILES"
    lists: dict[str, list[int]] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Reply:
        reply = self._reply(asked)
        return Reply(reply.body, reply.status, {"X-Throttling-Control": self.throttling})

    def _reply(self, asked: Asked) -> Reply:
        if match := re.fullmatch(r"/compound/fastformula/([^/]+)/cids/JSON", asked.path):
            return self._begun([10, 11, 12] if unquote(match[1]) == "CH4" else [])
        if match := re.fullmatch(r"/compound/listkey/(\w+)/cids/JSON", asked.path):
            return self._polled(match[1])
        if match := re.fullmatch(r"/compound/(name|smiles|inchikey)/cids/JSON", asked.path):
            return self._identified(asked.form.get(match[1], ""))
        if match := re.fullmatch(r"/compound/cid/property/([\w,]+)/JSON", asked.path):
            cids = [int(cid) for cid in asked.form["cid"].split(",")]
            rows = [self.row(cid, match[1].split(",")) for cid in cids if cid <= self.n]
            return Reply({"PropertyTable": {"Properties": rows}}) if rows else NOT_FOUND
        return Reply({"Fault": {"Code": "PUGREST.BadRequest", "Message": "Invalid namespace"}}, 400)

    def _identified(self, value: str) -> Reply:
        if match := re.fullmatch(r"alkane-(\d+)", value):
            return Reply({"IdentifierList": {"CID": [int(match[1]), 77]}})
        if re.fullmatch(r"C+", value):
            return Reply({"IdentifierList": {"CID": [len(value)]}})
        return Reply({"IdentifierList": {"CID": [0]}}) if value == "none" else NOT_FOUND

    def _begun(self, cids: list[int]) -> Reply:
        if not cids:
            return NOT_FOUND
        if not self.polls:
            return Reply({"IdentifierList": {"CID": cids}})
        self.lists["77"] = cids
        return Reply({"Waiting": {"ListKey": "77", "Message": "Your request is running"}}, 202)

    def _polled(self, key: str) -> Reply:
        self.polls -= 1
        if self.polls > 0:
            return Reply({"Waiting": {"ListKey": key, "Message": "Your request is running"}}, 202)
        return Reply({"IdentifierList": {"CID": self.lists[key]}})

    def row(self, cid: int, names: list[str]) -> dict[str, Any]:
        whole = {
            "SMILES": "C" * cid,
            "Title": f"alkane-{cid}",
            "MolecularFormula": f"C{cid}H{2 * cid + 2}",
            "MolecularWeight": f"{14.027 * cid + 2.016:.3f}",
            "XLogP": 0.5 * cid,
            "TPSA": 0,
        }
        row = {name: whole[name] for name in names if name in whole}
        if "SMILES" in row:
            row[self.smiles_key] = row.pop("SMILES")
        return {"CID": cid, **row}


@dataclass
class Chembl:
    """`records` under the key of their resource, paged as ChEMBL does, with relative links."""

    key: str
    records: list[Any]

    def __call__(self, asked: Asked) -> Reply:
        limit, offset = int(asked.query.get("limit", 20)), int(asked.query.get("offset", 0))
        following = None
        if offset + limit < len(self.records):
            following = f"{asked.path}?{urlencode(asked.query | {'limit': limit, 'offset': offset + limit})}"
        meta = {"limit": limit, "next": following, "offset": offset, "previous": None, "total_count": len(self.records)}
        return Reply({"page_meta": meta, self.key: self.records[offset : offset + limit]})


def molecule(number: int) -> dict[str, Any]:
    return {
        "molecule_chembl_id": f"CHEMBL{number}",
        "pref_name": f"CHAIN {number}",
        "molecule_structures": {"canonical_smiles": "C" * number, "standard_inchi_key": f"KEY-{number}"},
        "molecule_properties": {"full_mwt": f"{14.03 * number:.2f}", "alogp": f"{0.5 * number:.2f}", "psa": "0.00"},
    }


def activity(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "activity_id": number,
        "molecule_chembl_id": f"CHEMBL{number}",
        "molecule_pref_name": None,
        "canonical_smiles": "C" * number + "O",
        "standard_type": "IC50",
        "standard_relation": "=",
        "standard_value": f"{10.0 * number}",
        "standard_units": "nM",
        "pchembl_value": "6.5",
        "target_chembl_id": "CHEMBL240",
        "document_year": 2011,
    } | changes
