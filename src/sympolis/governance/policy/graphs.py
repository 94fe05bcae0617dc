"""Policies from RDF graphs: Turtle, RDF/XML or expanded JSON-LD, as catalogues of others publish them.

A graph is turned into the JSON-LD that ``reading`` knows, so that both have one meaning. rdflib is loaded only here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sympolis.domain.errors import BadRequestData
from sympolis.governance.policy.model import Policy
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.vocabulary import ODRL

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.graph import _SubjectType as Subject

_KINDS: Final = ("Policy", "Set", "Offer", "Agreement", "Privacy", "Assertion", "Ticket", "Request")
_DEEPEST: Final = 32
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_OPAQUE: Final = frozenset(("uid", "source", "leftOperand", "operator", "unit", "profile", "conflict"))
"""Members whose value is a name even where the graph says more about it."""


def parse_policies(text: str | bytes, *, media_type: str = "text/turtle") -> tuple[Policy, ...]:
    """All policies in an RDF document. Raises ``BadRequestData`` where it is not RDF or a policy is wrong."""
    from rdflib import Graph

    graph = Graph()
    try:
        graph.parse(data=text, format=media_type)
    except Exception as problem:  # rdflib's parsers raise whatever they meet
        raise BadRequestData(f"this is not {media_type}: {problem}", where="policy") from problem
    return policies_in(graph)


def policies_in(graph: Graph) -> tuple[Policy, ...]:
    """All policies of a graph, in the order of their identifiers. Raises ``BadRequestData``."""
    subjects = sorted(set(_subjects(graph)), key=str)
    return tuple(read_policy(_document(graph, subject, 0), where=str(subject)) for subject in subjects)


def _subjects(graph: Graph) -> Iterator[Subject]:
    from rdflib import RDF, URIRef

    for kind in _KINDS:
        yield from graph.subjects(RDF.type, URIRef(ODRL + kind))


def _document(graph: Graph, subject: Any, depth: int) -> dict[str, Any]:
    """A node with all that is said about it, as JSON-LD."""
    if depth > _DEEPEST:
        raise BadRequestData("this policy nests too deeply, or refers to itself", where=str(subject))
    found: dict[str, Any] = {"@id": str(subject)}
    for name, value in graph.predicate_objects(subject):
        key = "@type" if str(name) == _TYPE else str(name).removeprefix(ODRL)
        found.setdefault(key, []).append(_value(graph, key, value, depth))
    if "uid" in found:
        found["uid"] = str(subject)
    return found


def _value(graph: Graph, key: str, value: Any, depth: int) -> Any:
    from rdflib import BNode, Literal

    if isinstance(value, Literal):
        return {"@value": str(value), "@type": str(value.datatype or "xsd:string")}
    if key == "@type":
        return str(value)
    if key in _OPAQUE:
        return {"@id": str(value)}
    nested = isinstance(value, BNode) or (value, None, None) in graph
    return _document(graph, value, depth + 1) if nested else str(value)
