"""The bill of materials of an asset that runs something: CycloneDX 1.6 (ECMA-424), as learned models have it."""

from __future__ import annotations

from typing import Any

import msgspec

from sympolis.dataspace.repository.draft import Component, Draft
from sympolis.dataspace.repository.manifest import files_of
from sympolis.domain import errors


def bill_of_materials(draft: Draft, version: str) -> bytes:
    """The document: the asset itself, its files with their hashes, and what it runs with."""
    own = f"asset:{draft.id}@{version}"
    files = [
        {
            "type": "file",
            "bom-ref": f"file:{one.place}",
            "name": one.place,
            "hashes": [{"alg": "SHA-256", "content": one.sha256}],
        }
        for one in files_of(draft.content)
    ]
    parts = [_component(one) for one in draft.components]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": draft.id,
                "version": version,
                "licenses": [_licence(draft.licence)],
            }
        },
        "components": [*files, *parts],
        "dependencies": [{"ref": own, "dependsOn": [one["bom-ref"] for one in (*files, *parts)]}],
    }
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
    found: dict[str, Any] = {
        "type": one.kind,
        "bom-ref": f"{one.kind}:{one.name}@{one.version}",
        "name": one.name,
    }
    if one.version:
        found["version"] = one.version
    if one.licence:
        found["licenses"] = [_licence(one.licence)]
    return found


def _licence(text: str) -> dict[str, Any]:
    return {"license": {"name": text}}
