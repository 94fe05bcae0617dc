"""A part of a request in the words of HTTP: where to, with which names, in which headers (clauses 4.3.6.5, 4.3.6.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from sympolis.context.core_context import CORE_URL
from sympolis.context.parsing import ENTITY_MEMBERS, VALUE_MEMBERS
from sympolis.context.registrations.registration import Registration
from sympolis.context.terms import Terms

JSON, LD_JSON = "application/json", "application/ld+json"
CONTEXT_RELATION = "http://www.w3.org/ns/json-ld#context"
FROM_REQUEST = "urn:ngsi-ld:request"
"""Stands for the value that the triggering request has (clause 4.3.6.5)."""

_ROOT = "/ngsi-ld/v1"
_MEANINGFUL = frozenset({"jsonldcontext", "accept", "contenttype", "ngsildconformance"})
_OURS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "te", "upgrade", "trailer"}
    | {"via", "ngsild-tenant", "expect", "keep-alive", "proxy-connection", "link", "accept-encoding"}
)
"""Headers of the connection and of the exchange itself: what a registration says of them is ignored."""
_KEPT = (
    ENTITY_MEMBERS
    | VALUE_MEMBERS
    | frozenset({"observedAt", "unitCode", "datasetId", "instanceId", "lang", "entity", "entityList"})
)


@dataclass(frozen=True, slots=True)
class Speech:
    """How one source is spoken to: by which terms, and what names them. ``link`` '': the core @context."""

    terms: Terms
    link: str = ""
    accept: str = JSON
    in_body: bool = False


@dataclass(frozen=True, slots=True)
class Journey:
    """The request that others follow from: its tenant, headers (names in lower case), ``Via`` and its own alias."""

    tenant: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    alias: str = "sympolis"

    @property
    def via(self) -> tuple[str, ...]:
        """The entries of the Via header, the oldest first."""
        return tuple(part.strip() for part in self.headers.get("via", "").split(",") if part.strip())

    @property
    def met(self) -> frozenset[str]:
        """The aliases in it (RFC 7230, section 5.7.1: received-protocol received-by comment)."""
        words = (entry.split() for entry in self.via)
        return frozenset(entry[1] if len(entry) > 1 else entry[0] for entry in words)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request ready to be sent."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    timeout_s: float = 3.0


def wanted_context(registration: Registration) -> str | None:
    """The @context that the source wants to be spoken to by, if it says so."""
    info = {key.lower(): value for key, value in registration.source_info}
    return info.get("jsonldcontext")


def speech_for(registration: Registration, terms: Terms) -> Speech:
    """How to speak to a source in these terms, which one link can name; else by full names and the core's."""
    info = {key.lower(): value for key, value in registration.source_info}
    own = [url for url in terms.links if url != CORE_URL]
    return Speech(
        terms=terms,
        link=own[0] if own else "",
        accept=info.get("accept", JSON),
        in_body=info.get("contenttype") == LD_JSON and "jsonldcontext" not in info,
    )


def linkable(terms: Terms) -> bool:
    """Whether one Link names all that these terms come from."""
    return bool(terms.links) and sum(url != CORE_URL for url in terms.links) <= 1


def outgoing(  # noqa: PLR0913 — the parts of a request
    journey: Journey,
    registration: Registration,
    speech: Speech,
    method: str,
    path: str,
    *,
    query: Iterable[tuple[str, str]] = (),
    document: Any = None,
    timeout_s: float = 3.0,
) -> Outgoing:
    """The request to a source. ``path`` below its API's root; ``document`` in the terms of ``speech``."""
    pairs = list(query)
    if registration.management.local_only:
        pairs.append(("local", "true"))
    url = endpoint(registration) + path
    if pairs:
        url += "?" + urlencode(pairs, quote_via=quote, safe=":,/;=<>~!*()[]{}\"'|@")
    media = LD_JSON if speech.in_body else JSON
    body = b"" if document is None else _body(document, speech)
    return Outgoing(
        method,
        url,
        tuple(_headers(journey, registration, speech, media if document is not None else None)),
        body,
        registration.management.timeout_s or timeout_s,
    )


def endpoint(registration: Registration) -> str:
    """The root of a source's API; some registrations name it, others what it stands below."""
    base = registration.endpoint.rstrip("/")
    return base if base.endswith(_ROOT) else base + _ROOT


def _body(document: Any, speech: Speech) -> bytes:
    if speech.in_body:
        several = isinstance(document, list)
        members = [
            {**one, "@context": speech.terms.document} for one in (document if several else [document])
        ]
        document = members if several else members[0]
    return msgspec.json.encode(document)


def _headers(
    journey: Journey, registration: Registration, speech: Speech, media: str | None
) -> Iterable[tuple[str, str]]:
    yield "Accept", speech.accept
    yield "Via", ", ".join((*journey.via, f"1.1 {journey.alias}"))
    if registration.tenant:
        yield "NGSILD-Tenant", registration.tenant
    if media is not None:
        yield "Content-Type", media
    if speech.link and media != LD_JSON:
        yield "Link", f'<{speech.link}>; rel="{CONTEXT_RELATION}"; type="{LD_JSON}"'
    for key, value in registration.source_info:
        name = key.lower()
        if name == "ngsildconformance":
            yield "Prefer", f"ngsi-ld={value}"
        if name in _MEANINGFUL or name in _OURS:
            continue
        text = journey.headers.get(name) if value == FROM_REQUEST else value
        if text is not None:
            yield key, text


def subset(
    document: Mapping[str, Any], attributes: frozenset[str], terms: Terms, *, whole: bool
) -> dict[str, Any]:
    """The fragment with these attributes alone; with its scope only where the source holds the whole entity."""
    return {
        name: value
        for name, value in document.items()
        if (name != "scope" or whole) and (name in ENTITY_MEMBERS or (terms.find(name) or "") in attributes)
    }


def names_in(document: Mapping[str, Any], terms: Terms) -> frozenset[str]:
    """The attributes that a fragment has, expanded."""
    return frozenset(
        iri for name in document if name not in ENTITY_MEMBERS and (iri := terms.find(name)) is not None
    )


def translate(document: Mapping[str, Any], given: Terms, wanted: Terms) -> dict[str, Any]:
    """A fragment in other terms: names of types, attributes and vocabulary change, values stay as they are."""
    if given is wanted:
        return dict(document)
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name in ENTITY_MEMBERS:
            found[name] = _names(value, given, wanted) if name in ("type", "@type") else value
        else:
            found[_renamed(name, given, wanted)] = _attribute(value, given, wanted)
    return found


def translate_attribute(value: Any, given: Terms, wanted: Terms) -> Any:
    """The same for an attribute by itself."""
    return value if given is wanted else _attribute(value, given, wanted)


def _attribute(value: Any, given: Terms, wanted: Terms) -> Any:
    if isinstance(value, list):
        return [_attribute(one, given, wanted) for one in value]
    if not isinstance(value, Mapping) or "coordinates" in value:
        return value
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if name in ("vocab", "objectType", "valueType"):
            found[name] = _names(inner, given, wanted)
        elif name in _KEPT:
            found[name] = inner
        else:
            found[_renamed(name, given, wanted)] = _attribute(inner, given, wanted)
    return found


def _names(value: Any, given: Terms, wanted: Terms) -> Any:
    if isinstance(value, list):
        return [_names(one, given, wanted) for one in value]
    return _renamed(value, given, wanted) if isinstance(value, str) else value


def _renamed(name: str, given: Terms, wanted: Terms) -> str:
    iri = given.find(name)
    return name if iri is None else wanted.compact(iri)
