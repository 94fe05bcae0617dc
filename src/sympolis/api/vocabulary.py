"""The short names that this twin's own interfaces use: the city's context where there is a city, else the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.api.http import Request
from sympolis.api.parts import ApiParts
from sympolis.context.library import PATH as HOSTED_CONTEXTS_PATH
from sympolis.context.terms import Terms

CONTEXTS_PATH = "/contexts"
"""Where the city's context document is served."""

_MAX_ADDRESSES = 64


def city_context(parts: ApiParts) -> Any:
    """The value of ``@context`` in the city's document; None without a city."""
    return None if parts.city is None else parts.city.context["@context"]


def city_terms(parts: ApiParts) -> Terms:
    """The terms of the city's context (the core's without a city)."""
    return parts.contexts.resolve_local(city_context(parts))


def context_path(parts: ApiParts) -> str | None:
    """The path of the city's context document."""
    return None if parts.city is None else f"{CONTEXTS_PATH}/{parts.city.context_name}"


def in_words(text: str | Mapping[str, str]) -> Mapping[str, str]:
    """A text by language; a bare text is English."""
    return {"en": text} if isinstance(text, str) else text


def _served_here(context: Any, base_url: str) -> Any:
    """The context value with the addresses of contexts that this server hosts as it knows them: without itself."""
    own = base_url + HOSTED_CONTEXTS_PATH
    if isinstance(context, str) and context.startswith(own):
        return context[len(base_url) :]
    if isinstance(context, list) and any(isinstance(one, str) and one.startswith(own) for one in context):
        return [_served_here(one, base_url) for one in context]
    return context


class Vocabulary:
    """Resolves the @contexts that requests name, the twin's own among them without any call to itself.

    A client may name the city's context by the address it is served under; which address that is depends on the name by
    which the client reached the server.
    """

    def __init__(self, parts: ApiParts) -> None:
        self._contexts = parts.contexts
        self._document = None if parts.city is None else parts.city.context
        self._path = context_path(parts)
        self._own: set[str] = set()

    def core(self) -> Terms:
        """The terms of the core context alone."""
        return self._contexts.core()

    async def resolve(self, context: Any, request: Request) -> Terms:
        """The terms of a context value: URL, object or list. Raises ``BadRequestData`` or ``ContextNotAvailable``."""
        context = _served_here(context, request.base_url)
        if self._path is not None:
            self._recognise(context, request.base_url + self._path)
        return await self._contexts.resolve(context, tenant=request.header(b"ngsild-tenant") or "")

    def _recognise(self, context: Any, own: str) -> None:
        named = context if isinstance(context, list) else [context]
        if own in named and own not in self._own and len(self._own) < _MAX_ADDRESSES:
            self._own.add(own)
            self._contexts.register(own, self._document)
