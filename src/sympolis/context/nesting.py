"""Puts an @context together from what it refers to: lists, addresses of others, imports, contexts of single terms.

The result is one table of terms; nothing here waits or fetches: what is not at hand is ``Missing``, and whoever can
fetch it asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urljoin

from sympolis.context import core_context
from sympolis.context.jsonld import ContextTable, flatten
from sympolis.domain.errors import BadRequestData, ContextNotAvailable

Find = Callable[[str], Any]
"""The document behind an absolute URL; None where it is not at hand."""
Part = Mapping[str, Any] | None
"""A context without references; None is JSON-LD's null, which clears what stands before it."""

OFFLINE_HINT: Final = "give the context inline, or register a local copy of it"
_MAX_DEPTH: Final = 8
_MAX_TERMS: Final = 50_000
_MAX_PARTS: Final = 5_000
"""A context may name one that names others …: ten levels of ten are already too many."""


class Missing(ContextNotAvailable):
    """A URL that would have to be fetched; ``where`` is the URL."""


class Assembly:
    """One @context put together: its ``table``, and what it was made of. See the module for what it may raise."""

    def __init__(self, context: Any, find: Find) -> None:
        self._find = find
        self.table = ContextTable()
        self.brings_core = False
        """Whether a context that is referred to brings the core context along."""
        self._count = 0
        self.urls: dict[str, None] = {}
        """The contexts that were referred to, in order."""
        for part in self._parts(context, ()):
            if part is None:
                self.table.clear()
            else:
                self.table.apply(part)
        self.table.apply(core_context.document(), override_protected=True)
        if len(self.table.definitions) > _MAX_TERMS:
            raise BadRequestData(f"this @context has more than {_MAX_TERMS} terms", where="@context")

    def _parts(self, context: Any, chain: tuple[str, ...]) -> list[Part]:
        """The context as dictionaries without references, in order; the core context left out.

        ``chain`` holds the URLs on the way here, the innermost last, '' for a context of a term.
        """
        if len(chain) > _MAX_DEPTH:
            raise BadRequestData("this @context nests too deeply, or refers to itself", where="@context")
        found: list[Part] = []
        for part in flatten(context):
            self._count += 1
            if self._count > _MAX_PARTS:
                raise BadRequestData("this @context has too many parts", where="@context")
            if isinstance(part, str):
                found += self._remote(_absolute(part, chain), chain)
            elif part is None:
                found.append(None)
            elif isinstance(part, Mapping):
                found.append(self._inlined(part, chain))
            else:
                raise BadRequestData(
                    "a @context must be a URL, an object or a list of these", where="@context"
                )
        return found

    def _remote(self, url: str, chain: tuple[str, ...]) -> list[Part]:
        if core_context.is_core_url(url):
            # A context that brings the core along needs no second mention of it when it is shown.
            self.brings_core |= bool(chain)
            return []
        document = self._find(url)
        if document is None:
            raise Missing("this @context is not known here", where=url, hint=OFFLINE_HINT)
        self.urls[url] = None
        return self._parts(document, (*chain, url))

    def _inlined(self, part: Mapping[str, Any], chain: tuple[str, ...]) -> Mapping[str, Any]:
        """``part`` with ``@import`` and the contexts of its terms resolved."""
        imported = part.get("@import")
        if imported is not None:
            if not isinstance(imported, str):
                raise BadRequestData("@import must be a URL", where="@context: @import")
            merged: dict[str, Any] = {}
            for piece in self._remote(_absolute(imported, chain), chain):
                merged |= piece or {}
            part = merged | {key: value for key, value in part.items() if key != "@import"}
        scoped = {
            term: {**value, "@context": self._of_term(value["@context"], chain)}
            for term, value in part.items()
            if isinstance(value, Mapping) and value.get("@context") is not None
        }
        return {**part, **scoped} if scoped else part

    def _of_term(self, context: Any, chain: tuple[str, ...]) -> list[Part]:
        """The context of one term; where it names the very context that defines the term, that holds already."""
        parts = [one for one in flatten(context) if not _is_inside(one, chain)]
        return self._parts(parts, (*chain, ""))


def _absolute(url: str, chain: tuple[str, ...]) -> str:
    base = next(filter(None, reversed(chain)), "")
    try:
        return urljoin(base, url)
    except ValueError as problem:
        raise BadRequestData(f"this is not a URL: {problem}", where="@context") from problem


def _is_inside(part: Any, chain: tuple[str, ...]) -> bool:
    return isinstance(part, str) and _absolute(part, chain) in chain
