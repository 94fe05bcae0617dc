"""Entities as the body of an answer: media type, representation, linked entities, edition of the standard.

GS CIM 009, clauses 4.3.6.8, 4.5.16, 4.5.23, 6.3.4, 6.3.6, 6.3.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sympolis.api.http import GEO_JSON, JSON, LD_JSON, Headers, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld.linking import context_headers, context_value
from sympolis.api.ngsi_ld.reading import GEOMETRY_PROPERTY, Shape
from sympolis.context.codec import render_entity, render_feature
from sympolis.context.conformance import Edition, conform, preferred_edition
from sympolis.context.linked import Inliner, Link, Linked
from sympolis.context.projection import Projection
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Entity

ENTITY_MEDIA = (JSON, LD_JSON, GEO_JSON)


class Presenter:
    """Puts entities into an answer of the media type that the request prefers."""

    def __init__(self, request: Request, terms: Terms, shape: Shape) -> None:
        self._terms = terms
        self._shape = shape
        self.projection = shape.projection(terms)
        self.media = preferred(request.header(b"accept"), ENTITY_MEDIA)
        prefer = request.header(b"prefer")
        self.edition = None if prefer is None else preferred_edition(prefer)
        self._altered = False
        self._geometry = "location"
        self._body_is_json = False
        if self.media == GEO_JSON:
            self._geometry = GEOMETRY_PROPERTY.raw(request) or "location"
            self._body_is_json = prefer is not None and "body=json" in prefer.replace(" ", "").replace(
                '"', ""
            )

    def one(self, entity: Entity, headers: Headers, linked: Linked | None = None) -> Reply:
        """The answer for one entity; with linked entities after it, for all of them.

        Raises ``NotFound`` where nothing of it is to be shown (clauses 4.21, 5.7.1).
        """
        if not self.projection.leaves_something(entity):
            raise errors.NotFound("the entity has none of what was asked for", where="pick, omit")
        if linked is not None and not linked.join.inline:
            return self.many([entity], headers, linked)
        [document] = self._documents([entity], linked)
        if self.media == GEO_JSON:
            return self._geo_reply(document, headers)
        if self.media == LD_JSON:
            document["@context"] = context_value(self._terms)
        return self._reply(document, headers)

    def many(self, entities: Iterable[Entity], headers: Headers, linked: Linked | None = None) -> Reply:
        """The answer for a page of entities, and those linked to them; without those of which nothing is shown."""
        entities = filter(self.projection.leaves_something, entities)
        documents = self._documents(list(entities), linked)
        if self.media == GEO_JSON:
            return self._geo_reply({"type": "FeatureCollection", "features": documents}, headers)
        if self.media == LD_JSON:
            for document in documents:
                document["@context"] = context_value(self._terms)
        return self._reply(documents, headers)

    def _documents(self, entities: Sequence[Entity], linked: Linked | None) -> list[dict[str, Any]]:
        show = self._feature if self.media == GEO_JSON else self._entity
        if linked is None:
            return [show(entity, self.projection, None) for entity in entities]
        if linked.join.inline:
            # Only the outermost is a Feature: what stands inside its properties are plain entities.
            inliner = Inliner(linked, self._entity, outermost=show)
            return [inliner.document(entity, self.projection) for entity in entities]
        every = [*((entity, self.projection) for entity in entities), *linked.listed]
        return [
            show(entity, projection, None)
            for entity, projection in every
            if projection.leaves_something(entity)
        ]

    def _entity(self, entity: Entity, projection: Projection, link: Link | None) -> dict[str, Any]:
        return render_entity(
            self._shown(entity),
            self._terms,
            form=self._shape.form,
            sys_attrs=self._shape.sys_attrs,
            pick=projection.pick,
            omit=projection.omit,
            lang=self._shape.lang,
            link=link,
        )

    def _feature(self, entity: Entity, projection: Projection, link: Link | None) -> dict[str, Any]:
        return render_feature(
            self._shown(entity),
            self._terms,
            form=self._shape.form,
            geometry_property=self._geometry,
            sys_attrs=self._shape.sys_attrs,
            pick=projection.pick,
            omit=projection.omit,
            lang=self._shape.lang,
            link=link,
        )

    def _shown(self, entity: Entity) -> Entity:
        """The entity with the instances asked for, as the edition asked for can say it."""
        found = only_datasets(entity, self._shape)
        if self.edition is None:
            return found
        conforming = conform(found, self.edition)
        self._altered |= conforming is not found
        return conforming

    def _geo_reply(self, document: dict[str, Any], headers: Headers) -> Reply:
        if not self._body_is_json:
            document["@context"] = context_value(self._terms)
        return self._reply(document, headers)

    def _reply(self, document: object, headers: Headers) -> Reply:
        links = context_headers(self._terms, self.media, body_is_json=self._body_is_json)
        applied = _applied(self.edition, self._body_is_json)
        return Reply(
            status=203 if self._altered else 200,
            body=encode(document),
            media=self.media,
            headers=(*headers, *links, *applied),
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


def _applied(edition: Edition | None, body_is_json: bool) -> Headers:
    """Which preferences were honoured (clauses 6.3.4, 6.3.6)."""
    found = [b"body=json"] if body_is_json else []
    if edition is not None:
        found.append(b"ngsi-ld=%d.%d" % edition)
    return ((b"preference-applied", b", ".join(found)),) if found else ()
