"""RDF as N-Triples, written line by line: a page of a stream needs no RDF library and no memory for a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

Term = str
"""A term as N-Triples has it: ``<iri>``, ``_:b1`` or a literal."""

_UNSAFE_IN_IRI: Final = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TO_ESCAPE: Final = re.compile(r'[\\"\n\r\t\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]')
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
RDF_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


def iri(text: str) -> Term:
    """An IRI; characters that may not stand in one are percent-encoded."""
    return f"<{_UNSAFE_IN_IRI.sub(_percent, text)}>"


def text_literal(text: str, *, datatype: str = "", language: str = "") -> Term:
    """A literal of a datatype (IRI) or a language; plain text without either."""
    body = '"' + _TO_ESCAPE.sub(_escaped, text) + '"'
    if language:
        return f"{body}@{language}"
    return f"{body}^^{iri(datatype)}" if datatype else body


def number_literal(number: float) -> Term:
    """A number as ``xsd:integer`` or ``xsd:double``."""
    kind = "integer" if isinstance(number, int) else "double"
    return text_literal(repr(number), datatype=XSD + kind)


def truth_literal(truth: bool) -> Term:
    """``xsd:boolean``."""
    return text_literal("true" if truth else "false", datatype=XSD + "boolean")


class Writer:
    """Collects the triples of one document; blank nodes are named once each."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._blank = 0

    def add(self, subject: Term, predicate: str, value: Term) -> None:
        """One triple; ``predicate`` is an IRI without brackets or a term."""
        name = predicate if predicate.startswith("<") else iri(predicate)
        self._lines.append(f"{subject} {name} {value} .\n")

    def blank(self) -> Term:
        """A new blank node."""
        self._blank += 1
        return f"_:b{self._blank}"

    def lines(self) -> Iterator[str]:
        """All triples, in the order in which they were added."""
        yield from self._lines

    def document(self) -> bytes:
        """The whole document."""
        return "".join(self._lines).encode()


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode())


def _escaped(found: re.Match[str]) -> str:
    letter = found.group()
    return _ESCAPES.get(letter) or f"\\u{ord(letter) if not 0xD800 <= ord(letter) <= 0xDFFF else 0xFFFD:04X}"
