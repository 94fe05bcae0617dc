"""The bill of materials of an asset that runs something: CycloneDX 1.6 (ECMA-424), as learned models have it."""

from __future__ import annotations

from typing import Any

import msgspec

from sympolis.dataspace.repository.draft import Component, Draft
from sympolis.dataspace.repository.manifest import files_of
from sympolis.domain import bills, errors


def bill_of_materials(draft: Draft, version: str) -> bytes:
    """The document: the asset itself, its files with their hashes, and what it runs with."""
    subject = {
        "type": "application",
        "bom-ref": f"asset:{draft.id}@{version}",
        "name": draft.id,
        "version": version,
        "licenses": [bills.licensed(draft.licence)],
    }
    files = [bills.file(one.place, one.sha256) for one in files_of(draft.content)]
    document = bills.bill(subject, [*files, *map(_component, draft.components)])
    return msgspec.json.format(msgspec.json.encode(document))


def read_bill(content: bytes) -> list[dict[str, Any]]:
    """The components of a bill. Raises ``BadRequestData`` for what is not CycloneDX."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise errors.BadRequestData("is not JSON", where="sbom.cdx.json") from cause
    if not isinstance(found, dict) or found.get("bomFormat") != "CycloneDX":
        raise errors.BadRequestData("is no CycloneDX document", where="sbom.cdx.json")
    parts = found.get("components", [])
    return [one for one in parts[:2000] if isinstance(one, dict)] if isinstance(parts, list) else []


def _component(one: Component) -> dict[str, Any]:
    return bills.part(kind=one.kind, name=one.name, version=one.version, licence=one.licence)
