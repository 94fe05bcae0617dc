"""Short terms at the edge, full IRIs inside: fast JSON-LD term expansion and compaction with cached contexts.

A general JSON-LD processor needs hundreds of microseconds per entity; an NGSI-LD document has a fixed shape, so
looking names up is enough (a decision of architecture.md, section 5). The core context always stands last and its
terms win (GS CIM 009, clause 5.5.7). Names of types, attributes and vocabulary values are expanded; identifiers,
relationship objects and the insides of values are kept as they came.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urljoin

import msgspec

from sympolis.context import core_context
from sympolis.context.core_context import CORE_URL
from sympolis.context.jsonld import ContextTable, Definition, flatten
from sympolis.domain.errors import BadRequestData, ContextNotAvailable

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets the bytes behind a context's URL, or raises ``ContextNotAvailable``; it guards against private addresses."""

_CACHE_SIZE: Final = 8192
_MAX_DEPTH: Final = 8
_MAX_TERMS: Final = 50_000
_FORBIDDEN = re.compile(r"[\s\x00-\x1f<>\"\\^`{|}]")


class Terms:
    """One resolved @context: looks terms and IRIs up, both ways. Immutable; share it freely.

    ``document`` is what to emit as ``@context`` in a body (the core context's URL comes last); ``links`` the URLs it
    consists of, empty where a part of it was given inline and therefore has no URL.
    """

    def __init__(
        self, table: ContextTable, *, document: Any = CORE_URL, links: tuple[str, ...] = (CORE_URL,)
    ):
        self._table = table
        self.document = document
        self.links = links
        self._expanded: dict[str, str | None] = {}
        self._compacted: dict[str, str] = {}
        self._scoped: dict[str, Terms] = {}
        self._inverse: dict[str, str] | None = None

    def expand(self, term: str) -> str:
        """The IRI of ``term``. Raises ``BadRequestData`` where it cannot be a name, or the context ignores it."""
        found = self.find(term)
        if found is None or found[:1] == "@":
            raise BadRequestData("the @context gives this name no meaning of its own", where=term)
        return found

    def find(self, term: str) -> str | None:
        """The IRI of ``term``; None where the context says to ignore it."""
        try:
            return self._expanded[term]
        except KeyError:
            found = self._expand(term)
            _remember(self._expanded, term, found)
            return found

    def compact(self, iri: str) -> str:
        """The shortest name that expands to ``iri`` again; ``iri`` itself if there is none."""
        try:
            return self._compacted[iri]
        except KeyError:
            found = self._compact(iri)
            _remember(self._compacted, iri, found)
            return found

    def definition(self, term: str) -> Definition | None:
        """The context's own entry for ``term``."""
        return self._table.definitions.get(term)

    def within(self, term: str) -> Terms:
        """The terms that hold inside the attribute ``term`` (a property-scoped context), mostly these."""
        definition = self._table.definitions.get(term)
        if definition is None or definition.context is None:
            return self
        if term not in self._scoped:
            self._scoped[term] = self._extended(definition.context, override_protected=True)
        return self._scoped[term]

    def for_types(self, types: Iterable[str]) -> Terms:
        """The terms that hold for the attributes of an entity of these (short) types: type-scoped contexts."""
        found = self
        for name in sorted(types):
            definition = self._table.definitions.get(name)
            if definition is not None and definition.context is not None:
                found = found._scoped_by_type(name, definition.context)
        return found

    def _scoped_by_type(self, name: str, context: Any) -> Terms:
        key = "\n" + name
        if key not in self._scoped:
            self._scoped[key] = self._extended(context, override_protected=False)
        return self._scoped[key]

    def _extended(self, context: Any, *, override_protected: bool) -> Terms:
        table = ContextTable(self._table)
        for part in flatten(context):
            if part is None:
                table.clear()
            else:
                table.apply(part, override_protected=override_protected)
        table.apply(core_context.document(), override_protected=True)
        return Terms(table, document=self.document, links=self.links)

    def _expand(self, term: str) -> str | None:
        definition = self._table.definitions.get(term)
        if definition is not None:
            return definition.iri
        if not term or len(term) > 2048 or _FORBIDDEN.search(term) or term[0] == "@":
            raise BadRequestData("this is not a valid name: no blanks, quotes or brackets", where=term[:100])
        return self._table.compact_or_vocab(term)

    def _compact(self, iri: str) -> str:
        if self._inverse is None:
            self._inverse = _inverted(self._table.definitions)
        term = self._inverse.get(iri)
        if term is not None:
            return term
        vocab = self._table.vocab
        if vocab and iri.startswith(vocab):
            suffix = iri[len(vocab) :]
            if suffix and suffix not in self._table.definitions and self._leads_back(suffix, iri):
                return suffix
        return self._by_prefix(iri)

    def _by_prefix(self, iri: str) -> str:
        found = [
            f"{term}:{iri[len(entry.iri) :]}"
            for term, entry in self._table.definitions.items()
            if entry.prefix and entry.iri and iri.startswith(entry.iri) and iri != entry.iri
        ]
        usable = [
            name for name in found if name not in self._table.definitions and self._leads_back(name, iri)
        ]
        return min(usable, key=_shortest_first, default=iri)

    def _leads_back(self, name: str, iri: str) -> bool:
        return not _FORBIDDEN.search(name) and self._table.compact_or_vocab(name) == iri


@dataclass(slots=True)
class Usage:
    """How often a context was named by requests since the start."""

    since: datetime
    last: datetime | None = None
    hits: int = 0


class Contexts:
    """Resolves @contexts to ``Terms`` and remembers them. One per process.

    The core context is built in; ``register`` adds local copies (a city's own context, hosted contexts); anything else
    goes through ``fetch``, without which it is ``ContextNotAvailable``.
    """

    def __init__(self, *, fetch: Fetch | None = None) -> None:
        self._fetch = fetch
        self._local: dict[str, Any] = {}
        self._fetched: OrderedDict[str, Any] = OrderedDict()
        self._resolved: OrderedDict[bytes, Terms] = OrderedDict()
        self._core_inside = False
        self.usage: dict[str, Usage] = {}
        """By URL, for contexts that were registered or fetched."""

    def core(self) -> Terms:
        """The terms of the core context alone."""
        return core_terms()

    def register(self, url: str, document: Any) -> None:
        """Keep ``document`` (a context, or an object with ``@context``) as what ``url`` stands for."""
        self._local[url] = _unwrapped(document)
        self.usage[url] = Usage(datetime.now(UTC))
        self._resolved.clear()

    def unregister(self, url: str) -> None:
        """Forget what is kept for ``url``, fetched or registered."""
        self._local.pop(url, None)
        self._fetched.pop(url, None)
        self.usage.pop(url, None)
        self._resolved.clear()

    def fetched(self) -> list[tuple[str, Any]]:
        """The contexts that were fetched and are still kept, by URL."""
        return list(self._fetched.items())

    async def refresh(self, url: str) -> None:
        """Fetch a context again. Raises ``ContextNotAvailable``, and then keeps the copy that is here."""
        await self._bring(url)
        self._resolved.clear()

    def _count(self, context: Any) -> None:
        for url in context if isinstance(context, list) else (context,):
            usage = self.usage.get(url) if isinstance(url, str) else None
            if usage is not None:
                usage.hits += 1
                usage.last = datetime.now(UTC)

    async def resolve(self, context: Any = None) -> Terms:
        """The terms of a context value: URL, object, list of these, or None for the core context.

        Raises ``BadRequestData`` (not valid JSON-LD) or ``ContextNotAvailable`` (a URL that cannot be had).
        """
        for _ in range(_MAX_FETCHES):
            try:
                found = self.resolve_local(context)
                self._count(context)
                return found
            except _Missing as missing:
                await self._bring(missing.where)
        raise BadRequestData("this @context refers to too many others", where="@context")

    def resolve_local(self, context: Any = None) -> Terms:
        """Like ``resolve``, with what is here already: never waits, never calls out."""
        if context is None or context == CORE_URL:
            return core_terms()
        key = msgspec.json.encode(context)
        found = self._resolved.get(key)
        if found is None:
            found = self._resolved[key] = self._build(context)
            _shrink(self._resolved, _MAX_RESOLVED)
        return found

    async def _bring(self, url: str) -> None:
        if self._fetch is None:
            raise ContextNotAvailable(
                "this @context is not known here and calling out is not allowed",
                where=url,
                hint=_OFFLINE_HINT,
            )
        try:
            document = msgspec.json.decode(await self._fetch(url))
        except msgspec.DecodeError as error:
            raise ContextNotAvailable(f"this @context is not JSON: {error}", where=url) from error
        self._fetched[url] = _unwrapped(document)
        self.usage.setdefault(url, Usage(datetime.now(UTC)))
        for dropped in _shrink(self._fetched, _MAX_FETCHED):
            self.usage.pop(dropped, None)

    def _build(self, context: Any) -> Terms:
        table = ContextTable()
        self._core_inside = False
        for part in self._parts(context, base="", depth=0):
            if part is None:
                table.clear()
            else:
                table.apply(part)
        table.apply(core_context.document(), override_protected=True)
        if len(table.definitions) > _MAX_TERMS:
            raise BadRequestData(f"this @context has more than {_MAX_TERMS} terms", where="@context")
        document = list(flatten(context)) if self._core_inside else _with_core(context)
        return Terms(table, document=document, links=_links(document))

    def _parts(self, context: Any, *, base: str, depth: int) -> list[Mapping[str, Any] | None]:
        """The context as dictionaries without references, in order; the core context left out."""
        if depth > _MAX_DEPTH:
            raise BadRequestData("this @context nests too deeply, or refers to itself", where="@context")
        found: list[Mapping[str, Any] | None] = []
        for part in flatten(context):
            if isinstance(part, str):
                found += self._remote(urljoin(base, part), depth)
            elif part is None:
                found.append(None)
            elif isinstance(part, Mapping):
                found.append(self._inlined(part, base, depth))
            else:
                raise BadRequestData(
                    "a @context must be a URL, an object or a list of these", where="@context"
                )
        return found

    def _remote(self, url: str, depth: int) -> list[Mapping[str, Any] | None]:
        if core_context.is_core_url(url):
            # A context that brings the core along needs no second mention of it when it is shown.
            self._core_inside |= depth > 0
            return []
        document = self._local.get(url) or self._fetched.get(url)
        if document is None:
            raise _Missing("this @context is not known here", where=url, hint=_OFFLINE_HINT)
        return self._parts(document, base=url, depth=depth + 1)

    def _inlined(self, part: Mapping[str, Any], base: str, depth: int) -> Mapping[str, Any]:
        """``part`` with ``@import`` and the scoped contexts of its terms resolved."""
        imported = part.get("@import")
        if imported is not None:
            if not isinstance(imported, str):
                raise BadRequestData("@import must be a URL", where="@context: @import")
            merged: dict[str, Any] = {}
            for piece in self._remote(urljoin(base, imported), depth):
                merged |= piece or {}
            part = merged | {key: value for key, value in part.items() if key != "@import"}
        scoped = {
            term: {**value, "@context": self._parts(value["@context"], base=base, depth=depth + 1)}
            for term, value in part.items()
            if isinstance(value, Mapping) and value.get("@context") is not None
        }
        return {**part, **scoped} if scoped else part


class _Missing(ContextNotAvailable):
    """A URL that would have to be fetched; ``where`` is the URL."""


_MAX_RESOLVED: Final = 256
_MAX_FETCHED: Final = 128
_MAX_FETCHES: Final = 16
_OFFLINE_HINT: Final = "give the context inline, or register a local copy of it"


@cache
def core_terms() -> Terms:
    """The terms of the core context alone."""
    table = ContextTable()
    table.apply(core_context.document())
    return Terms(table)


def _inverted(definitions: Mapping[str, Definition]) -> dict[str, str]:
    """From IRI to the term to use for it: the one JSON-LD prefers for a node, then the shortest."""
    ranked = sorted(
        (item for item in definitions.items() if item[1].iri and not item[1].iri.startswith("@")),
        key=lambda item: (_rank(item[1]), *_shortest_first(item[0])),
        reverse=True,
    )
    return {str(entry.iri): term for term, entry in ranked}


def _rank(entry: Definition) -> int:
    coercions = {"@id": 0, None: 1, "@vocab": 2}
    plain = not entry.containers or entry.containers == ("@set",)
    return coercions.get(entry.coercion, 3) + (0 if plain else 10)


def _shortest_first(name: str) -> tuple[int, str]:
    return (len(name), name)


def _remember(known: dict[str, Any], key: str, value: Any) -> None:
    """Keep a look-up, within bounds: names come from clients."""
    if len(known) >= _CACHE_SIZE:
        known.clear()
    known[key] = value


def _shrink(cache_: OrderedDict[Any, Any], size: int) -> list[Any]:
    """Let go of the oldest entries; their keys."""
    return [cache_.popitem(last=False)[0] for _ in range(len(cache_) - size)]


def _unwrapped(document: Any) -> Any:
    if isinstance(document, Mapping) and "@context" in document:
        return document["@context"]
    if isinstance(document, Mapping | list | str):
        return document
    raise BadRequestData("a @context document must be an object with @context", where="@context")


def _with_core(context: Any) -> Any:
    parts = [
        part for part in flatten(context) if not (isinstance(part, str) and core_context.is_core_url(part))
    ]
    return [*parts, CORE_URL] if parts else CORE_URL


def _links(document: Any) -> tuple[str, ...]:
    parts = flatten(document)
    return tuple(parts) if all(isinstance(part, str) for part in parts) else ()
