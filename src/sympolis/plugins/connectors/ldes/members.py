"""The members of a page as rows: predicates by their last part, what hangs below by dots, shapes as geometry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.plugins.connector import Record
from sympolis.plugins.connectors.ldes.following import LDES, TREE, moment
from sympolis.plugins.connectors.ldes.settings import LdesSettings

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_WKT: Final = "http://www.opengis.net/ont/geosparql#wktLiteral"
_DELETED: Final = "https://www.w3.org/ns/activitystreams#Delete"
_DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class Paths:
    """The stream's own words for "is a version of" and "since"."""

    version_of: str | None
    timestamp: str | None

    @classmethod
    def of(cls, graph: Graph, before: Paths | None) -> Paths:
        """As the page says; as an earlier page said where this one does not."""
        found = [_path(graph, name) for name in ("versionOfPath", "timestampPath")]
        known = (None, None) if before is None else (before.version_of, before.timestamp)
        return cls(*(one or old for one, old in zip(found, known, strict=True)))


@dataclass(frozen=True, slots=True)
class Member:
    """A member in its page."""

    node: Node
    thing: str
    at: str
    types: frozenset[str]

    @property
    def order(self) -> tuple[float, str]:
        """By time; what has none, or none that can be read, comes first."""
        try:
            return moment(self.at).timestamp(), self.at
        except ValueError:
            return 0.0, self.at

    @property
    def deleted(self) -> bool:
        """Whether it says that the thing is gone."""
        return _DELETED in self.types


def members(graph: Graph, paths: Paths, settings: LdesSettings) -> Iterator[Member]:
    """Of one page, oldest first."""
    from rdflib import RDF, URIRef

    found = []
    for node in set(graph.objects(None, URIRef(TREE + "member"))):
        types = frozenset(str(kind) for kind in graph.objects(node, RDF.type))
        if settings.types and not types & {*settings.types, _DELETED}:
            continue
        thing = graph.value(node, URIRef(paths.version_of)) if paths.version_of else None
        at = graph.value(node, URIRef(paths.timestamp)) if paths.timestamp else None
        found.append(Member(node, str(thing or node), str(at or ""), types))
    yield from sorted(found, key=lambda one: (one.order, one.thing))


def row(graph: Graph, member: Member, number: int) -> Record:
    """A member with ``member``, ``version_of``, ``local_id`` and ``timestamp`` beside its own fields."""
    geometries: list[dict[str, Any]] = []
    fields = _fields(graph, member.node, geometries, 0)
    local = member.thing.rstrip("/").replace("#", "/").replace(":", "/").rpartition("/")[2]
    own = {"member": str(member.node), "version_of": member.thing, "timestamp": member.at or None}
    return Record(number, {**fields, **own, "local_id": local}, geometries[0] if geometries else None)


def _path(graph: Graph, name: str) -> str | None:
    from rdflib import URIRef

    found = graph.value(None, URIRef(LDES + name), any=True) or next(
        graph.objects(None, URIRef(LDES + name)), None
    )
    return None if found is None else str(found)


def _fields(graph: Graph, node: Node, geometries: list[dict[str, Any]], depth: int) -> dict[str, Any]:
    from rdflib import BNode

    found: dict[str, Any] = {}
    for predicate, value in graph.predicate_objects(node):
        name = _last(str(predicate))
        if isinstance(value, BNode):
            if depth < _DEEPEST:
                inner = _fields(graph, value, geometries, depth + 1)
                found.update({f"{name}.{key}": one for key, one in inner.items()})
            continue
        _put(found, name, _plain(value, geometries))
    return found


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    """Several values of a name are a list."""
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]


def _last(address: str) -> str:
    return address.replace("#", "/").rstrip("/").rpartition("/")[2] or address


def _plain(value: Any, geometries: list[dict[str, Any]]) -> Any:
    """A literal as JSON has it, an IRI as text; a shape also joins ``geometries``."""
    if str(getattr(value, "datatype", "")) == _WKT:
        shape = _shape(str(value))
        if shape is not None:
            geometries.append(shape)
        return str(value)
    plain = value.toPython() if hasattr(value, "toPython") else value
    if isinstance(plain, Decimal):
        return float(plain)
    if isinstance(plain, bool | int | float):
        return plain
    return plain.isoformat() if isinstance(plain, date) else str(value)


def _shape(text: str) -> dict[str, Any] | None:
    """The geometry of a WKT literal; its reference system, where one stands before, is the source's to declare."""
    from shapely import GEOSException, from_wkt, to_geojson

    plain = text.partition(">")[2] if text.lstrip().startswith("<") else text
    try:
        shape: dict[str, Any] = msgspec.json.decode(to_geojson(from_wkt(plain.strip())))
    except (GEOSException, ValueError, TypeError):
        return None
    return shape
