"""Reads large XML of strangers: element by element, without document types, with names free of their namespaces.

What makes XML dangerous (entities that grow, files that are included) stands in a document type; one is refused before
anything of it is read. Only the elements asked for are built, so that a gigabyte needs the memory of one of them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final
from xml.etree.ElementTree import Element
from xml.parsers import expat

from sympolis.domain import errors

_BLOCK: Final = 1 << 16
_DEEPEST: Final = 100
_SEPARATOR: Final = " "


class _DocumentType(Exception):
    """The document has one."""


class _TooDeep(Exception):
    """Elements in elements in elements."""


def elements(stream: IO[bytes], names: Container[str], where: str, *, most_bytes: int) -> Iterator[Element]:
    """Each element of one of these local names, whole, in order; inside one, none is given again.

    Raises ``SourceFailed`` naming the line: broken, with a document type, too deep, or of more than ``most_bytes``.
    """
    builder = _Builder(names)
    left = most_bytes
    try:
        while block := stream.read(_BLOCK):
            left -= len(block)
            if left < 0:
                hint = "raise the limit in the settings if it really is that large"
                raise errors.SourceFailed(
                    f"has more than {most_bytes / 1e6:g} MB of XML", where=where, hint=hint
                )
            builder.parser.Parse(block, False)
            yield from builder.ready()
        builder.parser.Parse(b"", True)
        yield from builder.ready()
    except expat.ExpatError as cause:
        hint = "is the file cut off, or not XML at all?"
        raise errors.SourceFailed(f"is not XML: {cause}", where=where, hint=hint) from cause
    except _DocumentType:
        raise errors.SourceFailed(
            "has a document type, which is not taken from strangers", where=where
        ) from None
    except _TooDeep:
        raise errors.SourceFailed(f"has elements more than {_DEEPEST} deep", where=where) from None


def file_elements(file: Path, names: Container[str], *, most_bytes: int) -> Iterator[Element]:
    """The same of a file. Raises ``SourceFailed``."""
    try:
        with file.open("rb") as stream:
            yield from elements(stream, names, str(file), most_bytes=most_bytes)
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=str(file)) from cause


class _Found(Exception):
    """The first element."""


def root(head: bytes) -> tuple[str, str]:
    """Namespace and name of the document that begins with ``head``; ('', '') where it is no XML."""
    found = ["", ""]

    def start(name: str, _: dict[str, str]) -> None:
        found[:] = name.rpartition(_SEPARATOR)[::2]
        raise _Found

    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.StartElementHandler = start
    with suppress(_Found, expat.ExpatError, ValueError):
        parser.Parse(head, False)
    return found[0], found[1]


def file_root(file: Path) -> tuple[str, str]:
    """The same of a file; ('', '') where it cannot be read."""
    try:
        with file.open("rb") as stream:
            return root(stream.read(_BLOCK))
    except OSError:
        return "", ""


class _Builder:
    def __init__(self, names: Container[str]) -> None:
        self._names = names
        self._open: list[Element] = []
        self._depth = 0
        self._done: list[Element] = []
        self.parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._document_type

    def ready(self) -> list[Element]:
        """What was completed since the last time."""
        found, self._done = self._done, []
        return found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _TooDeep
        plain = _local(name)
        if not self._open and plain not in self._names:
            return
        element = Element(plain, {_local(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:  # noqa: ARG002 - expat's signature
        self._depth -= 1
        if self._open:
            element = self._open.pop()
            if not self._open:
                self._done.append(element)

    def _text(self, text: str) -> None:
        if self._open:
            last = self._open[-1]
            if not len(last):  # text between elements says nothing in data
                last.text = (last.text or "") + text

    def _document_type(self, *_: Any) -> None:
        raise _DocumentType


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]


def text(element: Element | None, *path: str) -> str | None:
    """The text of the first descendant along ``path``, without blanks around it; None where there is none."""
    for step in path:
        element = None if element is None else element.find(step)
    plain = "" if element is None else (element.text or "").strip()
    return plain or None


def flat(element: Element, prefix: str = "") -> dict[str, Any]:
    """Everything in an element: texts by dotted path, attributes by ``path@name``; repeated ones are a list."""
    found: dict[str, Any] = {f"{prefix.rstrip('.')}@{name}": value for name, value in element.attrib.items()}
    for child in element:
        path = f"{prefix}{child.tag}"
        inner = flat(child, f"{path}.")
        if plain := text(child):
            inner[path] = plain
        for name, value in inner.items():
            _put(found, name, value)
    return found


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    if name not in found:
        found[name] = value
        return
    known = found[name] if isinstance(found[name], list) else [found[name]]
    found[name] = [*known, *(value if isinstance(value, list) else [value])]
