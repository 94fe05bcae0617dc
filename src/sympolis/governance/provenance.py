"""A lineage graph in the words of W3C PROV-O, as JSON-LD: what was derived from what, by which activity, of whose data.

Sources, datasets, entities, models, calibrations and figures are ``prov:Entity``; mappings and runs, through which one
becomes another, are ``prov:Activity``.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final
from urllib.parse import quote

from sympolis.governance.lineage import Graph, Kind, Node

_ACTIVITIES: Final = frozenset((Kind.MAPPING, Kind.RUN))
_CONTEXT: Final = {
    "prov": "http://www.w3.org/ns/prov#",
    "dcterms": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "title": {"@id": "dcterms:title", "@container": "@language"},
    "version": {"@id": "dcterms:hasVersion"},
    "used": {"@id": "prov:used", "@type": "@id"},
    "wasDerivedFrom": {"@id": "prov:wasDerivedFrom", "@type": "@id"},
    "wasGeneratedBy": {"@id": "prov:wasGeneratedBy", "@type": "@id"},
    "wasInformedBy": {"@id": "prov:wasInformedBy", "@type": "@id"},
    "generatedAtTime": {"@id": "prov:generatedAtTime", "@type": "xsd:dateTime"},
    "endedAtTime": {"@id": "prov:endedAtTime", "@type": "xsd:dateTime"},
    "wasAttributedTo": {"@id": "prov:wasAttributedTo"},
}


def prov_document(graph: Graph, base_url: str) -> dict[str, Any]:
    """The graph as a PROV-O document; ids of the twin become addresses below ``base_url``."""
    kinds = {node.id: node.kind for node in graph.nodes}
    relations: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for used, made in graph.edges:
        relations[made][_relation(kinds[used], kinds[made])].append(_iri(used, base_url))
    return {
        "@context": _CONTEXT,
        "@graph": [{**_node(node, base_url), **relations[node.id]} for node in graph.nodes],
    }


def _relation(used: Kind, made: Kind) -> str:
    """The property of ``made`` that leads to ``used``."""
    if made in _ACTIVITIES:
        return "wasInformedBy" if used in _ACTIVITIES else "used"
    return "wasGeneratedBy" if used in _ACTIVITIES else "wasDerivedFrom"


def _node(node: Node, base_url: str) -> dict[str, Any]:
    activity = node.kind in _ACTIVITIES
    title = node.title if isinstance(node.title, dict) else {"en": str(node.title)}
    found: dict[str, Any] = {
        "@id": _iri(node.id, base_url),
        "@type": "prov:Activity" if activity else "prov:Entity",
        "title": title,
    }
    if node.version is not None:
        found["version"] = node.version
    if node.at is not None:
        found["endedAtTime" if activity else "generatedAtTime"] = node.at
    owner = node.detail.get("owner")
    if owner:
        found["wasAttributedTo"] = {"@type": "prov:Agent", "title": {"en": owner}}
    return found


def _iri(own: str, base_url: str) -> str:
    return (
        own if own.startswith("urn:") or "://" in own else f"{base_url}/api/lineage/{quote(own, safe=':/')}"
    )
