"""The answers that NGSI-LD operations share: entities in the asked-for form, tenants, pages, batch results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from sympolis.api.errors import problem
from sympolis.api.http import GEO_JSON, JSON, LD_JSON, Headers, Reply, Request, encode, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld.linking import context_headers, context_list
from sympolis.api.ngsi_ld.reading import GEOMETRY_PROPERTY, LIMIT, OFFSET, Shape
from sympolis.context.codec import render_entity, render_feature
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity

ROOT = "/ngsi-ld/v1"
ENTITY_MEDIA = (JSON, LD_JSON, GEO_JSON)
PLAIN_MEDIA = (JSON, LD_JSON)

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_OFFSET = re.compile(r"(^|&)offset=[^&]*")


def tenant_of(request: Request) -> str:
    """The tenant a request is about, '' for the default one (clause 6.3.14). Raises ``BadRequestData``."""
    name = request.header(b"ngsild-tenant")
    if name is None:
        return ""
    if not _TENANT.fullmatch(name):
        raise errors.BadRequestData(
            "expected up to 64 letters, digits, dots, dashes and underscores", where="NGSILD-Tenant"
        )
    return name


def tenant_headers(tenant: str) -> Headers:
    """The tenant, echoed."""
    return ((b"ngsild-tenant", tenant.encode()),) if tenant else ()


def show(entity: Entity, terms: Terms, shape: Shape) -> dict[str, Any]:
    """The entity in the asked-for representation."""
    return render_entity(
        entity,
        terms,
        form=shape.form,
        sys_attrs=shape.sys_attrs,
        pick=shape.shown,
        omit=shape.omit,
        lang=shape.lang,
    )


def only_datasets(entity: Entity, shape: Shape) -> Entity:
    """The entity without the instances of other datasets than those asked for (clause 4.5.5)."""
    if not shape.datasets:
        return entity
    kept = {
        name: tuple(one for one in instances if one.dataset_id in shape.datasets)
        for name, instances in entity.attributes.items()
    }
    return replace(entity, attributes={name: instances for name, instances in kept.items() if instances})


class Presenter:
    """Puts entities into an answer of the media type that the request prefers."""

    def __init__(self, request: Request, terms: Terms, shape: Shape) -> None:
        self._terms = terms
        self._shape = shape
        self.media = preferred(request.header(b"accept"), ENTITY_MEDIA)
        self._geometry: str | None = None
        self._body_is_json = False
        if self.media == GEO_JSON:
            self._geometry = GEOMETRY_PROPERTY.raw(request) or "location"
            self._body_is_json = "body=json" in (request.header(b"prefer") or "").replace(" ", "")

    def one(self, entity: Entity, headers: Headers) -> Reply:
        """The answer for one entity."""
        if self.media == GEO_JSON:
            return self._geo_reply(self._feature(entity), headers)
        document = show(only_datasets(entity, self._shape), self._terms, self._shape)
        if self.media == LD_JSON:
            document["@context"] = context_list(self._terms)
        return self._reply(document, headers)

    def many(self, entities: Iterable[Entity], headers: Headers) -> Reply:
        """The answer for a page of entities."""
        if self.media == GEO_JSON:
            features = [self._feature(entity) for entity in entities]
            return self._geo_reply({"type": "FeatureCollection", "features": features}, headers)
        entities = [only_datasets(entity, self._shape) for entity in entities]
        documents = [show(entity, self._terms, self._shape) for entity in entities]
        if self.media == LD_JSON:
            for document in documents:
                document["@context"] = context_list(self._terms)
        return self._reply(documents, headers)

    def _feature(self, entity: Entity) -> dict[str, Any]:
        return render_feature(
            only_datasets(entity, self._shape),
            self._terms,
            form=self._shape.form,
            geometry_property=self._geometry or "location",
            sys_attrs=self._shape.sys_attrs,
            pick=self._shape.shown,
            omit=self._shape.omit,
            lang=self._shape.lang,
        )

    def _geo_reply(self, document: dict[str, Any], headers: Headers) -> Reply:
        if not self._body_is_json:
            parts = context_list(self._terms)
            document["@context"] = parts[0] if len(parts) == 1 else parts
        return self._reply(document, headers)

    def _reply(self, document: object, headers: Headers) -> Reply:
        links = context_headers(self._terms, self.media, body_is_json=self._body_is_json)
        return Reply(body=encode(document), media=self.media, headers=(*headers, *links))


def page_links(request: Request, media: str, *, more: bool) -> Headers:
    """Link headers to the next and the previous page (clause 6.3.10)."""
    limit, offset = LIMIT.of(request), OFFSET.of(request)
    links: list[tuple[bytes, bytes]] = []
    if more and limit:
        links.append((b"link", _page_link(request, offset + limit, "next", media)))
    if offset:
        links.append((b"link", _page_link(request, max(0, offset - limit), "prev", media)))
    return tuple(links)


def _page_link(request: Request, offset: int, relation: str, media: str) -> bytes:
    query = _OFFSET.sub("", request.query_string.decode("latin-1")).strip("&")
    query = f"{query}&offset={offset}" if query else f"offset={offset}"
    target = quote(f"{request.path}?{query}", safe="/?&=%:,;~!*'()@$+")
    return f'<{target}>; rel="{relation}"; type="{media}"'.encode()


def created_at(entity_id: str, headers: Headers) -> Reply:
    """201 with the new entity's address."""
    location = f"{ROOT}/entities/{quote(entity_id, safe=':')}".encode()
    return Reply(status=201, headers=((b"location", location), *headers))


def batch_result(
    success: Sequence[str], failures: Sequence[tuple[str, Exception]], headers: Headers
) -> Reply:
    """207 with what went through and what did not (clause 5.2.16); always plain JSON, without a Link."""
    document = {
        "success": list(dict.fromkeys(success)),
        "errors": [{"entityId": one, "error": problem(error, ngsi_ld=True)} for one, error in failures],
    }
    return json_reply(document, status=207, headers=headers)
