"""Bills of materials are CycloneDX 1.6 (ECMA-424) wherever the twin writes one: of learned models, simulators, assets.

One writer, so that a tool that reads one of them reads them all: the subject, its parts, and who depends on whom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

MEDIA = "application/vnd.cyclonedx+json"


def bill(subject: Json, parts: Sequence[Json], needs: Mapping[str, Sequence[str]] | None = None) -> Json:
    """The document. ``needs``: who depends on whom, by ``bom-ref``; not given, the subject on every part."""
    own = {subject["bom-ref"]: [one["bom-ref"] for one in parts]} if needs is None else needs
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": subject},
        "components": list(parts),
        "dependencies": [{"ref": ref, "dependsOn": list(others)} for ref, others in own.items()],
    }


def part(*, kind: str, name: str, version: str = "", licence: str = "", sha256: str = "") -> Json:
    """A component; what is not known of it is left out."""
    found: Json = {"type": kind, "bom-ref": f"{kind}:{name}@{version}", "name": name}
    if version:
        found["version"] = version
    if licence:
        found["licenses"] = [licensed(licence)]
    if sha256:
        found["hashes"] = [hashed(sha256)]
    return found


def file(place: str, sha256: str) -> Json:
    """A file of the subject's own, by its place."""
    return {"type": "file", "bom-ref": f"file:{place}", "name": place, "hashes": [hashed(sha256)]}


def licensed(text: str) -> Json:
    """A licence as its holder words it: an expression or a name."""
    return {"license": {"name": text}}


def hashed(sha256: str) -> Json:
    """A hash, in hexadecimal."""
    return {"alg": "SHA-256", "content": sha256}
