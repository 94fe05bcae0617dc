"""Which @context a request speaks, and how an answer names its own (GS CIM 009, clauses 6.3.5 and 6.3.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sympolis.api.bodies import parse_json
from sympolis.api.http import GEO_JSON, JSON, LD_JSON, Headers, Request
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.core_context import CORE_URL
from sympolis.context.terms import Terms
from sympolis.domain import errors

MERGE_PATCH = "application/merge-patch+json"
"""In a PATCH the same as JSON (clause 6.3.4)."""
CONTEXT_RELATION = "http://www.w3.org/ns/json-ld#context"

_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^\s;,"]+))*)')
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))')
_MAX_URL = 2048
T = TypeVar("T")


def linked_context(request: Request) -> str | None:
    """The URL of the @context that the Link header names. Raises ``BadRequestData`` where it names several."""
    found = []
    for header in request.headers_named(b"link"):
        for url, attributes in _LINK.findall(header):
            relation = _RELATION.search(attributes)
            if relation and CONTEXT_RELATION in (relation[1] or relation[2]).split():
                found.append(url)
    if len(found) > 1:
        raise errors.BadRequestData("more than one @context is linked", where="Link")
    if found and (not found[0] or len(found[0]) > _MAX_URL):
        raise errors.BadRequestData("expected the URL of a @context", where="Link")
    return found[0] if found else None


async def terms_of(request: Request, vocabulary: Vocabulary) -> Terms:
    """The terms of a request without a body: the linked @context, else the core."""
    if request.header(b"link") is None:
        return vocabulary.core()
    linked = linked_context(request)
    return vocabulary.core() if linked is None else await vocabulary.resolve(linked, request)


class Inbox:
    """Reads bodies and decides, for each document in them, which terms it uses."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    async def read(self, request: Request) -> tuple[Any, Terms | None]:
        """The body's JSON, and the terms of all of it (None: each document brings its own @context).

        Raises ``UnsupportedMediaType``, ``LengthRequired``, ``InvalidRequest`` or ``BadRequestData``.
        """
        media = request.media_type
        if media == MERGE_PATCH and request.method == "PATCH":
            media = JSON
        if media not in (JSON, LD_JSON):
            raise errors.UnsupportedMediaType(
                "expected application/json or application/ld+json", where="Content-Type"
            )
        document = parse_json(await request.body())
        linked = linked_context(request) if request.header(b"link") else None
        if media == JSON:
            return document, await terms_of(request, self._vocabulary)
        if linked is not None:
            raise errors.BadRequestData(
                "a body of type application/ld+json carries its own @context",
                where="Link",
                hint="leave the Link out",
            )
        return document, None

    async def usual(
        self, request: Request, read: Callable[[bytes], T | None]
    ) -> tuple[T, Terms] | tuple[None, None]:
        """What ``read`` (one of ``context.usual``) makes of a plain JSON body, and its terms; else nothing.

        Nothing is wrong then, or nobody knows yet: ``read`` and ``document`` say. Raises what they raise.
        """
        media = request.media_type
        if media != JSON and (media != MERGE_PATCH or request.method != "PATCH"):
            return None, None
        found = read(await request.body())
        return (None, None) if found is None else (found, await terms_of(request, self._vocabulary))

    async def document(
        self, request: Request, document: Any, terms: Terms | None, where: str
    ) -> tuple[dict[str, Any], Terms]:
        """One JSON object of a body without its @context, and its terms."""
        if not isinstance(document, Mapping):
            raise errors.InvalidRequest("expected a JSON object", where=where)
        if terms is not None:
            if "@context" in document:
                raise errors.BadRequestData(
                    "a body of type application/json has no @context",
                    where=f"{where}: @context",
                    hint="send application/ld+json, or name the context in a Link header",
                )
            return dict(document), terms
        if "@context" not in document:
            raise errors.BadRequestData(
                "a body of type application/ld+json has its @context in it, and it is missing",
                where=f"{where}: @context",
                hint="put it in, or send application/json with the context in a Link header",
            )
        own = {key: value for key, value in document.items() if key != "@context"}
        return own, await self._vocabulary.resolve(document["@context"], request)


def linkable(terms: Terms, vocabulary: Vocabulary) -> Terms:
    """These terms if one Link can name them, else the core's: an answer must not use names nobody can look up."""
    own = [url for url in terms.links if url != CORE_URL]
    return terms if terms.links and len(own) <= 1 else vocabulary.core()


def context_list(terms: Terms) -> list[Any]:
    """What an answer's ``@context`` holds, as a list."""
    return terms.document if isinstance(terms.document, list) else [terms.document]


def context_value(terms: Terms) -> Any:
    """What an entity's ``@context`` holds: the bare URL where there is but one."""
    parts = context_list(terms)
    return parts[0] if len(parts) == 1 else parts


def context_link(terms: Terms) -> bytes:
    """The Link header's value for these terms."""
    return f'<{terms.links[0]}>; rel="{CONTEXT_RELATION}"; type="{LD_JSON}"'.encode()


_CORE_LINK: Headers = ((b"link", f'<{CORE_URL}>; rel="{CONTEXT_RELATION}"; type="{LD_JSON}"'.encode()),)


def context_headers(terms: Terms, media: str, *, body_is_json: bool = False) -> Headers:
    """The headers by which an answer of this media type names its @context; none where the body holds it."""
    if media == LD_JSON or (media == GEO_JSON and not body_is_json):
        return ()
    return _CORE_LINK if terms.links == (CORE_URL,) else ((b"link", context_link(terms)),)
