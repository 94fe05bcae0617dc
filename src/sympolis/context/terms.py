"""Short terms at the edge, full IRIs inside: fast JSON-LD term expansion and compaction with cached contexts.

A general JSON-LD processor needs hundreds of microseconds per entity; an NGSI-LD document has a fixed shape, so
looking names up is enough (a decision of architecture.md, section 5). The core context always stands last and its
terms win (GS CIM 009, clause 5.5.7). Names of types, attributes and vocabulary values are expanded; identifiers,
relationship objects and the insides of values are kept as they came.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from sympolis.context import core_context
from sympolis.context.copies import Bounds, Copies, Remembered
from sympolis.context.core_context import CORE_URL
from sympolis.context.jsonld import ContextTable, Definition, flatten
from sympolis.context.nesting import OFFLINE_HINT, Assembly, Missing
from sympolis.domain.errors import BadRequestData, ContextNotAvailable

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets the bytes behind a context's URL, or raises ``ContextNotAvailable``; it guards against private addresses."""

log = logging.getLogger(__name__)

_CACHE_SIZE: Final = 2048
_LONGEST_REMEMBERED: Final = 256
_MOST_SCOPES: Final = 32
_MOST_MADE: Final = 64
_T = TypeVar("_T")
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
        self._made: dict[object, Any] = {}

    def once(self, key: object, make: Callable[[], _T]) -> _T:
        """What ``make`` gave when it was first called for this key; errors are not kept. For what is small."""
        made = self._made
        if key in made:
            kept: _T = made[key]
            return kept
        found = make()
        if len(made) >= _MOST_MADE:
            made.clear()
        made[key] = found
        return found

    @property
    def size(self) -> int:
        """How many terms there are."""
        return len(self._table.definitions)

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
        return self._scope(term, definition.context, override_protected=True)

    def for_types(self, types: Iterable[str]) -> Terms:
        """The terms that hold for the attributes of an entity of these (short) types: type-scoped contexts."""
        found = self
        for name in sorted(types):
            definition = self._table.definitions.get(name)
            if definition is not None and definition.context is not None:
                found = found._scoped_by_type(name, definition.context)
        return found

    def _scoped_by_type(self, name: str, context: Any) -> Terms:
        return self._scope("\n" + name, context, override_protected=False)

    def _scope(self, key: str, context: Any, *, override_protected: bool) -> Terms:
        found = self._scoped.get(key)
        if found is None:
            if len(self._scoped) >= _MOST_SCOPES:
                self._scoped.clear()
            found = self._scoped[key] = self._extended(context, override_protected=override_protected)
        return found

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


class _Built(NamedTuple):
    """A resolved @context, and the remote ones it was made of."""

    terms: Terms
    urls: tuple[str, ...]


class Contexts:
    """Resolves @contexts to ``Terms`` and remembers them, within ``bounds``. One per process.

    The core context is built in; ``register`` adds local copies (a city's own context, hosted contexts), ``pin`` those
    that the operator chose; anything else goes through ``fetch``, without which it is ``ContextNotAvailable``.
    """

    def __init__(
        self,
        *,
        fetch: Fetch | None = None,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._bounds = bounds or Bounds()
        self._local: dict[str, Any] = {}
        self._pinned: dict[str, dict[str, Any]] = {}
        self._copies = Copies(self._bounds, clock)
        self._resolved: Remembered[tuple[str, bytes], _Built] = Remembered(
            self._bounds.most_resolved, self._bounds.resolved_weight
        )
        self._coming: dict[str, asyncio.Task[None]] = {}
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

    def pin(self, url: str, document: Any, *, tenant: str | None = None) -> None:
        """Let ``url`` mean ``document`` whatever its server says: for one tenant ('': the default one), or for all."""
        if tenant is None:
            self.register(url, document)
            return
        self._pinned.setdefault(tenant, {})[url] = _unwrapped(document)
        self._resolved.clear()

    def unregister(self, url: str) -> None:
        """Forget what is kept for ``url``, fetched or registered."""
        self._local.pop(url, None)
        self._copies.drop(url)
        self.usage.pop(url, None)
        self._resolved.clear()

    def fetched(self) -> list[tuple[str, Any]]:
        """The contexts that were fetched and are still kept, by URL."""
        return self._copies.items()

    async def refresh(self, url: str) -> None:
        """Fetch a context again. Raises ``ContextNotAvailable``, and then keeps the copy that is here."""
        async with self._in_time(url):
            await self._bring(url)

    def weight(self) -> Mapping[str, int]:
        """How much is remembered, for the metrics."""
        return {
            "copies": len(self._copies),
            "copy_bytes": self._copies.bytes,
            "resolved": len(self._resolved),
            "resolved_weight": self._resolved.weight,
        }

    def used(self, url: str) -> None:
        """Count one use of a context that is kept."""
        usage = self.usage.get(url)
        if usage is not None:
            usage.hits += 1
            usage.last = datetime.now(UTC)

    async def resolve(self, context: Any = None, *, tenant: str = "") -> Terms:
        """The terms of a context value: URL, object, list of these, or None for the core context.

        Raises ``BadRequestData`` (not valid JSON-LD) or ``ContextNotAvailable`` (a URL that cannot be had in time).
        """
        if context is None or context == CORE_URL:
            return core_terms()
        try:
            found = self._look_up(context, tenant)
        except Missing:
            found = await self._complete(context, tenant)
        if any(map(self._copies.is_old, found.urls)):
            found = await self._renewed(context, tenant, found)
        for url in flatten(context):
            if isinstance(url, str):
                self.used(url)
        return found.terms

    def resolve_local(self, context: Any = None, *, tenant: str = "") -> Terms:
        """Like ``resolve``, with what is here already: never waits, never calls out."""
        if context is None or context == CORE_URL:
            return core_terms()
        return self._look_up(context, tenant).terms

    def _look_up(self, context: Any, tenant: str) -> _Built:
        whose = tenant if tenant in self._pinned else ""
        key = (whose, msgspec.json.encode(context))
        found = self._resolved.get(key)
        if found is None:
            found = self._build(context, self._pinned.get(whose, {}))
            self._resolved.put(key, found, len(key[1]) + found.terms.size * _WEIGHT_OF_A_TERM)
        return found

    async def _complete(self, context: Any, tenant: str) -> _Built:
        """Look up a context of which something is missing: fetch it, piece by piece."""
        async with self._in_time("@context"):
            for _ in range(_MAX_FETCHES):
                try:
                    return self._look_up(context, tenant)
                except Missing as missing:
                    await self._bring(missing.where)
        raise BadRequestData("this @context refers to too many others", where="@context")

    async def _renewed(self, context: Any, tenant: str, found: _Built) -> _Built:
        """Fetch the parts again that are old; one that cannot be had serves on as it is."""
        for url in filter(self._copies.is_old, found.urls):
            try:
                await self.refresh(url)
            except (ContextNotAvailable, BadRequestData) as problem:
                log.warning("the copy of %s is old and cannot be renewed: %s", url, problem.message)
                self._copies.postpone(url)
        try:
            return self._look_up(context, tenant)
        except Missing:  # the new edition refers to contexts that the old one did not
            return await self._complete(context, tenant)

    @asynccontextmanager
    async def _in_time(self, where: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._bounds.timeout_s):
                yield
        except TimeoutError as problem:
            limit = f"{self._bounds.timeout_s:g} s"
            raise ContextNotAvailable(f"the @context did not come within {limit}", where=where) from problem

    async def _bring(self, url: str) -> None:
        """Fetch a context; many who want the same one wait for one fetch."""
        if self._fetch is None:
            raise ContextNotAvailable(
                "this @context is not known here and calling out is not allowed",
                where=url,
                hint=OFFLINE_HINT,
            )
        task = self._coming.get(url)
        if task is None:
            task = self._coming[url] = asyncio.create_task(self._keep_copy(url, self._fetch))
            task.add_done_callback(lambda done: self._arrived(url, done))
        await asyncio.shield(task)

    def _arrived(self, url: str, task: asyncio.Task[None]) -> None:
        self._coming.pop(url, None)
        if not task.cancelled():
            task.exception()  # whoever waits has it; nobody may be left to

    async def _keep_copy(self, url: str, fetch: Fetch) -> None:
        content = await fetch(url)
        try:
            document = _unwrapped(msgspec.json.decode(content))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ContextNotAvailable(f"this @context is not JSON: {error}", where=url) from error
        if document != self._copies.get(url):
            self._resolved.clear()
        self.usage.setdefault(url, Usage(datetime.now(UTC)))
        for dropped in self._copies.put(url, document, len(content)):
            self.usage.pop(dropped, None)

    def _build(self, context: Any, pinned: Mapping[str, Any]) -> _Built:
        def find(url: str) -> Any:
            document = pinned.get(url, self._local.get(url))
            return self._copies.get(url) if document is None else document

        found = Assembly(context, find)
        document = list(flatten(context)) if found.brings_core else _with_core(context)
        return _Built(Terms(found.table, document=document, links=_links(document)), tuple(found.urls))


_MAX_FETCHES: Final = 32
_WEIGHT_OF_A_TERM: Final = 500
"""Bytes, about, that a term takes in a table and its inverse."""


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
    if len(key) <= _LONGEST_REMEMBERED:
        known[key] = value


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
