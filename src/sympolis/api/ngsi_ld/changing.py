"""Changing entities and their attributes (GS CIM 009, clauses 5.6.2–5.6.5, 5.6.17–5.6.19 and 5.6.21).

Every handler here reads a fragment, turns it into one ``Decision`` and lets the store apply it: nothing is read
before it is written, so two clients never undo each other's change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sympolis.api.http import JSON, LD_JSON, Headers, Reply, Request, json_reply
from sympolis.api.ngsi_ld import mapped, reading
from sympolis.api.ngsi_ld.answers import ROOT, batch_result, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.forwarding import (
    Change,
    Forwarding,
    Local,
    Word,
    attributes_of,
    passed_on,
    sender,
    told_errors,
    types_of,
)
from sympolis.api.ngsi_ld.linking import MERGE_PATCH, Inbox, terms_of
from sympolis.api.ngsi_ld.mapped_entities import MappedEntities
from sympolis.api.ngsi_ld.reading import TYPE
from sympolis.api.parameters import BooleanParameter, ListParameter, Parameter, TimeParameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, Schema, reference, several, structure
from sympolis.api.vocabulary import Vocabulary
from sympolis.context import merge, patching, typelanguage
from sympolis.context.across import resolve
from sympolis.context.codec import check_entity_id, parse_attribute, parse_attributes, parse_entity
from sympolis.context.distributed.asking import Answer as Said
from sympolis.context.distributed.planning import Part
from sympolis.context.distributed.purging import Purger, Restriction
from sympolis.context.distributed.reading import Asked
from sympolis.context.distributed.wording import Speech, translate_attribute
from sympolis.context.distributed.writing import Ask, entity_path
from sympolis.context.endings import end_evolution, series_name
from sympolis.context.evaluate import matcher, type_holds
from sympolis.context.parsing import VALUE_MEMBERS, check_uri
from sympolis.context.query import Query
from sympolis.context.store import Decision, Retraction, Write
from sympolis.context.terms import Terms
from sympolis.context.usual import usual_document, usual_fragment
from sympolis.domain import errors
from sympolis.domain.changes import Outcome

_TAG = "NGSI-LD"
_AT_ONCE = 1000

DATASET = Parameter(
    name="datasetId", text="The instance meant; the default one unless given.", max_length=2048
)
DELETE_ALL = BooleanParameter(name="deleteAll", text="Every instance.")
NO_OVERWRITE = ListParameter(name="options", text="noOverwrite: leave alone what is there.", max_items=1)
OBSERVED_AT = TimeParameter(name="observedAt", text="The new observedAt of merged attributes that have one.")
LANGUAGE = Parameter(name="lang", text="The language of simplified texts.", max_length=64)
MERGE_OPTIONS = ListParameter(name="options", text="keyValues: the body is simplified.", max_items=2)
MERGE_FORMAT = Parameter(
    name="format",
    text="The body's form.",
    choices=("normalized", "concise", "keyValues", "simplified"),
)
DROP = ListParameter(name="drop", text="Delete only these attributes of the entities.")
KEEP = ListParameter(name="keep", text="Delete all attributes of the entities but these.")

_UPDATE_RESULT = structure(
    {
        "updated": several(TEXT),
        "notUpdated": several(
            structure({"attributeName": TEXT, "reason": TEXT}, required=("attributeName", "reason"))
        ),
    },
    required=("updated", "notUpdated"),
)
SCHEMAS: dict[str, Schema] = {
    "UpdateResult": {**_UPDATE_RESULT, "description": "What was changed and what was not (clause 5.2.18)."}
}
_FRAGMENT = {"maximumAllowedSpeed": {"type": "Property", "value": 30, "unitCode": "KMH"}}
_WHOLE = {"id": "urn:ngsi-ld:RoadSegment:trento:1", "type": "RoadSegment", **_FRAGMENT}
_PATH_TEXTS = {"entityId": "The entity's URI, percent-encoded.", "attrId": "The attribute's name or IRI."}
_DONE = {204: Answer("Done.")}
_PARTLY = {
    **_DONE,
    207: Answer("Some attributes were left alone, with the reasons.", {JSON: reference("UpdateResult")}),
}


class Changing:
    """Handlers of ``/entities/{entityId}`` and ``/entities/{entityId}/attrs/…``, and of purging ``/entities``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)
        self._forwarding = Forwarding(parts)
        self._mapped = MappedEntities(parts)

    async def merge(self, request: Request) -> Reply:
        """Merge Entity, clause 5.6.17."""
        entity_id = _entity_id(request)
        document, terms = await self._document(request)

        def rule(part: Mapping[str, Any]) -> Decision:
            fragment = patching.parse_fragment(
                part, terms, simplified=_simplified(request), entity_id=entity_id
            )
            return patching.merge_entity(
                entity_id, fragment, observed_at=OBSERVED_AT.of(request), lang=LANGUAGE.raw(request)
            )

        words = passed_on(request, "observedAt", "lang", "format", "options")
        send = self._sender(request, "PATCH", entity_path(entity_id), document, terms, words)
        return await self._written(request, "mergeEntity", document, terms, rule, send)

    async def replace(self, request: Request) -> Reply:
        """Replace Entity, clause 5.6.18."""
        entity_id = _entity_id(request)
        document, terms = await self._document(request)

        def rule(part: Mapping[str, Any]) -> Decision:
            return merge.replace_entity(parse_entity(part, terms, entity_id=entity_id))

        send = self._sender(request, "PUT", entity_path(entity_id), document, terms)
        return await self._written(request, "replaceEntity", document, terms, rule, send)

    async def append(self, request: Request) -> Reply:
        """Append Attributes to an Entity, clause 5.6.3."""
        entity_id = _entity_id(request)
        document, terms = await self._document(request)

        def rule(part: Mapping[str, Any]) -> Decision:
            head = patching.parse_fragment(members_of(part), terms, entity_id=entity_id)
            attributes = parse_attributes(part, terms, types=_names(part), nulls=False)
            return patching.Appending(entity_id, attributes, head, overwrite=not _no_overwrite(request))

        _check_not_empty(document)
        words = passed_on(request, "options")
        send = self._sender(request, "POST", entity_path(entity_id, "attrs"), document, terms, words)
        return await self._written(request, "appendAttrs", document, terms, rule, send, by_attribute=True)

    async def update(self, request: Request) -> Reply:
        """Update Attributes of an Entity, clause 5.6.2."""
        entity_id = _entity_id(request)
        if self._forwarding.begin(request, tenant_of(request)) is None:
            usual, own_terms = await self._inbox.usual(request, usual_document)
            fragment = None if not usual or own_terms is None else usual_fragment(usual, own_terms)
            if fragment is not None and own_terms is not None:
                return await self._reported(
                    request, entity_id, patching.Updating(entity_id, fragment), own_terms
                )
        document, terms = await self._document(request)

        def rule(part: Mapping[str, Any]) -> Decision:
            return patching.Updating(entity_id, patching.parse_fragment(part, terms, entity_id=entity_id))

        _check_not_empty(document)
        send = self._sender(request, "PATCH", entity_path(entity_id, "attrs"), document, terms)
        return await self._written(request, "updateEntity", document, terms, rule, send, by_attribute=True)

    async def update_attribute(self, request: Request) -> Reply:
        """Partial Attribute Update, clause 5.6.4."""
        entity_id, name = _entity_id(request), _attribute_name(request)
        document, terms = await self._document(request)
        if name == "scope":
            raise errors.BadRequestData("a scope has no parts to update", where="attribute")
        patch = patching.parse_patch(name, document, terms)
        decide = patching.partial_update(entity_id, terms.expand(name), patch)
        send = self._attribute_sender(request, "PATCH", terms, name, document)
        return await self._attribute_written(request, "updateAttrs", terms, name, decide, send)

    async def replace_attribute(self, request: Request) -> Reply:
        """Replace Attribute, clause 5.6.19."""
        entity_id, name = _entity_id(request), _attribute_name(request)
        document, terms = await self._document(request)
        if name == "scope":
            raise errors.BadRequestData("scope is not an attribute", where="attribute")
        document = _unwrapped(name, document, terms)
        iri, (attribute, *_) = parse_attribute(name, document, terms, nulls=False)
        decide = merge.replace_attribute(entity_id, iri, attribute)
        send = self._attribute_sender(request, "PUT", terms, name, document)
        return await self._attribute_written(request, "replaceAttrs", terms, name, decide, send)

    async def delete_attribute(self, request: Request) -> Reply:
        """Delete Attribute, clause 5.6.5."""
        entity_id, name = _entity_id(request), _attribute_name(request)
        terms = await terms_of(request, self._vocabulary)
        dataset, every = DATASET.raw(request), DELETE_ALL.of(request)
        if dataset and every:
            raise errors.InvalidRequest("datasetId and deleteAll exclude each other", where="deleteAll")
        instance = None if dataset in (None, "", "@none") else check_uri(dataset, "datasetId")
        decide = (
            patching.delete_scope(entity_id)
            if name == "scope"
            else merge.delete_attribute(entity_id, terms.expand(name), dataset_id=instance, every=every)
        )
        if name != "scope" and self._forwarding.begin(request, tenant_of(request)) is not None:
            send = self._attribute_sender(request, "DELETE", terms, name, None)
            return await self._attribute_written(request, "deleteAttrs", terms, name, decide, send)
        try:
            return await self._changed(request, entity_id, decide, terms)
        except errors.NotFound:
            told = Retraction(entity_id, series_name(name, terms.expand(name)), instance, every=every)
            tenant, cause = tenant_of(request), f"request:{request.id}"
            ended = await end_evolution(self._broker, told, datetime.now(UTC), tenant=tenant, cause=cause)
            if not ended:
                raise
        return Reply(status=204, headers=tenant_headers(tenant))

    async def purge(self, request: Request) -> Reply:
        """Purge Entities, clause 5.6.21."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        asked, headers = await self._meant(request, terms, tenant)
        elsewhere = await self._purged_elsewhere(request, terms, tenant, asked)
        query = None if asked is None else await resolve(asked, partial(self._broker.query, tenant=tenant))
        drop, keep = DROP.of(request), KEEP.of(request)
        if drop and keep:
            raise errors.BadRequestData("drop and keep exclude each other", where="drop")
        if query is None and not elsewhere:  # no entity can satisfy it
            return Reply(status=204, headers=headers)
        done, failures = (
            ([], []) if query is None else await self._purged(request, query, tenant, drop, keep, terms)
        )
        if elsewhere or failures:
            return batch_result(done, failures, headers, elsewhere)
        return Reply(status=204, headers=headers)

    async def _purged(
        self,
        request: Request,
        query: Query,
        tenant: str,
        drop: tuple[str, ...],
        keep: tuple[str, ...],
        terms: Terms,
    ) -> tuple[list[str], list[tuple[str, Exception]]]:
        """The ids of what went, and what did not with the reasons."""
        decide = patching.purge(
            matcher(query), drop=tuple(map(terms.expand, drop)), keep=tuple(map(terms.expand, keep))
        )
        outcomes: list[Outcome] = []
        for ids in await self._selected(query, tenant):
            writes = [Write(one, decide) for one in ids]
            outcomes += await self._broker.store.write(writes, tenant=tenant, cause=f"request:{request.id}")
        done = [one.entity_id for one in outcomes if one.error is None]
        return done, [(one.entity_id, one.error) for one in outcomes if one.error is not None]

    async def _purged_elsewhere(
        self, request: Request, terms: Terms, tenant: str, query: Query | None
    ) -> list[dict[str, Any]]:
        """What went wrong where other brokers purge as well; nothing where none does."""
        journey = self._forwarding.begin(request, tenant)
        distribution = self._forwarding.distribution
        if journey is None or query is None or distribution is None:
            return []
        asked = Asked(query=query, terms=terms, written=dict(request.parameters))
        drop, keep = (frozenset(map(terms.expand, one.of(request))) for one in (DROP, KEEP))
        outcomes = await Purger(distribution).purge(journey, asked, Restriction(drop, keep))
        return [error for one in outcomes for error in told_errors(one)]

    async def _meant(self, request: Request, terms: Terms, tenant: str) -> tuple[Query | None, Headers]:
        """What a purge selects, in the entity map that the request names if it does (clause 5.6.21)."""
        query, headers = reading.read_query(request, terms), tenant_headers(tenant)
        if request.header(mapped.HEADER) is None:
            return query, headers
        narrowed, own = await self._mapped.narrowed(request, query, tenant)
        return narrowed, (*headers, *own)

    async def _selected(self, query: Query, tenant: str) -> list[list[str]]:
        """The ids of everything a query selects, in groups; read before the first is written."""
        groups: list[list[str]] = []
        more = True
        while more:
            page = await self._broker.query(
                replace(query, limit=_AT_ONCE, offset=len(groups) * _AT_ONCE, count=False), tenant=tenant
            )
            groups.append([entity.id for entity in page.entities])
            more = len(page.entities) == _AT_ONCE
        return [group for group in groups if group]

    # --- with other brokers

    def _sender(
        self,
        request: Request,
        method: str,
        path: str,
        document: Mapping[str, Any],
        terms: Terms,
        query: Sequence[tuple[str, str]] = (),
    ) -> Word:
        return sender(method, path, document, terms, query=query, type_expression=TYPE.raw(request))

    def _attribute_sender(
        self, request: Request, method: str, terms: Terms, name: str, document: Mapping[str, Any] | None
    ) -> Word:
        """Sends a source what is about one attribute, by the name that it has there."""
        entity_id, iri = _entity_id(request), terms.expand(name)

        async def send(_part: Part, speech: Speech, ask: Ask) -> Said:
            body = None if document is None else translate_attribute(document, terms, speech.terms)
            called = name if speech.terms is terms else speech.terms.compact(iri)
            words = passed_on(request, "datasetId", "deleteAll")
            return await ask(method, entity_path(entity_id, "attrs", called), query=words, document=body)

        return send

    async def _written(
        self,
        request: Request,
        operation: str,
        document: dict[str, Any],
        terms: Terms,
        rule: Callable[[Mapping[str, Any]], Decision],
        send: Word,
        *,
        by_attribute: bool = False,
    ) -> Reply:
        """Change an entity: here alone, or here as far as nobody else holds it."""
        entity_id, decide = _entity_id(request), rule(document)
        journey = self._forwarding.begin(request, tenant_of(request))
        if journey is None:
            return await self._reported(request, entity_id, decide, terms)

        async def here(left: dict[str, Any]) -> Local:
            return await self._here(request, entity_id, rule(left), terms)

        change = Change(
            operation=operation,
            entity_id=entity_id,
            terms=terms,
            here=here,
            send=send,
            document=document,
            attributes=attributes_of(document, terms),
            types=types_of(document, terms) or await self._types_here(entity_id, journey.tenant),
            by_attribute=by_attribute,
        )
        return await self._forwarding.change(journey, change)

    async def _attribute_written(
        self, request: Request, operation: str, terms: Terms, name: str, decide: Decision, send: Word
    ) -> Reply:
        """Change one attribute: here alone, or where it is held."""
        entity_id = _entity_id(request)
        journey = self._forwarding.begin(request, tenant_of(request))
        if journey is None:
            return await self._changed(request, entity_id, decide, terms)
        change = Change(
            operation=operation,
            entity_id=entity_id,
            terms=terms,
            here=lambda _: self._here(request, entity_id, decide, terms),
            send=send,
            document={},
            attributes=frozenset({terms.expand(name)}),
            types=await self._types_here(entity_id, journey.tenant),
            by_attribute=True,
        )
        return await self._forwarding.change(journey, change)

    async def _here(self, request: Request, entity_id: str, decide: Decision, terms: Terms) -> Local:
        await self._changed(request, entity_id, decide, terms)
        if isinstance(decide, patching.Appending | patching.Updating):
            return Local(tuple(decide.updated), tuple(_refusals(decide)))
        return Local()

    async def _types_here(self, entity_id: str, tenant: str) -> tuple[str, ...] | None:
        found = await self._broker.store.get(entity_id, tenant=tenant)
        return None if found is None else found.types

    async def _document(self, request: Request) -> tuple[dict[str, Any], Terms]:
        body, terms = await self._inbox.read(request)
        return await self._inbox.document(request, body, terms, "body")

    async def _changed(self, request: Request, entity_id: str, decide: Decision, terms: Terms) -> Reply:
        tenant = tenant_of(request)
        text = TYPE.raw(request)
        wanted = None if text is None else typelanguage.parse(text, terms)
        if wanted is not None:
            decide = patching.guarded(decide, lambda entity: type_holds(wanted, entity.types))
        [outcome] = await self._broker.store.write(
            [Write(entity_id, decide)], tenant=tenant, cause=f"request:{request.id}"
        )
        if outcome.error is not None:
            raise outcome.error
        return Reply(status=204, headers=tenant_headers(tenant))

    async def _reported(self, request: Request, entity_id: str, decide: Decision, terms: Terms) -> Reply:
        done = await self._changed(request, entity_id, decide, terms)
        if not isinstance(decide, patching.Appending | patching.Updating) or not decide.refused:
            return done
        result = {"updated": list(decide.updated), "notUpdated": _refusals(decide)}
        return json_reply(result, status=207, headers=done.headers)


def _refusals(decide: patching.Appending | patching.Updating) -> list[dict[str, Any]]:
    return [{"attributeName": one.name, "reason": one.reason} for one in decide.refused]


def _entity_id(request: Request) -> str:
    return check_entity_id(request.arguments["entityId"])


def _attribute_name(request: Request) -> str:
    return check_attribute_name(request.arguments["attrId"])


def check_attribute_name(name: str) -> str:
    """``name`` if an attribute can have it (clause 4.6.2). Raises ``BadRequestData``."""
    if not name or name.startswith("@") or name in ("id", "type") or any(one in name for one in " <>\"'=;()"):
        raise errors.BadRequestData("this is not an attribute's name", where="attribute")
    return name


def _unwrapped(name: str, document: dict[str, Any], terms: Terms) -> dict[str, Any]:
    """The attribute in a document that is nothing but it under its name, as an entity's fragment would have it."""
    if len(document) != 1:
        return document
    [(given, inner)] = document.items()
    named = given[:1] != "@" and given not in VALUE_MEMBERS and terms.find(given) == terms.find(name)
    return inner if named and isinstance(inner, dict) else document


def _names(document: Mapping[str, Any]) -> list[str]:
    given = document.get("type", [])
    return given if isinstance(given, list) else [given]


def members_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What concerns the entity itself, without its attributes."""
    own = ("id", "@id", "type", "@type", "scope", "expiresAt")
    return {name: document[name] for name in own if name in document}


def _check_not_empty(document: Mapping[str, Any]) -> None:
    if not document.keys() - {"id", "@id"}:
        raise errors.BadRequestData("the fragment changes nothing", where="body")


def _no_overwrite(request: Request) -> bool:
    return no_overwrite_wanted(NO_OVERWRITE.of(request))


def no_overwrite_wanted(options: tuple[str, ...]) -> bool:
    """Whether the option is given. Raises ``InvalidRequest`` for any other."""
    if set(options) - {"noOverwrite"}:
        raise errors.InvalidRequest("unknown value; known is noOverwrite", where="options")
    return bool(options)


def _simplified(request: Request) -> bool:
    options = MERGE_OPTIONS.of(request)
    known = ("normalized", "concise", "keyValues", "simplified")
    if any(option not in known for option in options):
        raise errors.InvalidRequest(f"unknown value; known are {', '.join(known)}", where="options")
    form = MERGE_FORMAT.raw(request) or next(iter(options), "normalized")
    return form in ("keyValues", "simplified")


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of these handlers."""
    handlers = Changing(parts)
    return (*_entity(handlers), *_attributes(handlers), *_attribute(handlers))


def _operation(method: str, path: str, **parts: Any) -> Operation:
    return Operation(method=method, path=f"{ROOT}/entities{path}", tag=_TAG, path_texts=_PATH_TEXTS, **parts)


def _entity(handlers: Changing) -> tuple[Operation, ...]:
    one = "/{entityId}"
    media = (JSON, LD_JSON)
    return (
        _operation(
            "PATCH",
            one,
            handle=handlers.merge,
            name="mergeEntity",
            title="Merge a fragment into an entity",
            clause="5.6.17",
            parameters=(TYPE, MERGE_OPTIONS, MERGE_FORMAT, OBSERVED_AT, LANGUAGE, reading.LOCAL),
            body=Body(OBJECT, (*media, MERGE_PATCH), _FRAGMENT),
            answers=_DONE,
        ),
        _operation(
            "PUT",
            one,
            handle=handlers.replace,
            name="replaceEntity",
            title="Replace an entity",
            clause="5.6.18",
            parameters=(TYPE, reading.LOCAL),
            body=Body(OBJECT, media, _WHOLE),
            answers=_DONE,
        ),
        _operation(
            "DELETE",
            "",
            handle=handlers.purge,
            name="purgeEntity",
            title="Delete what a query selects, or some attributes of it",
            clause="5.6.21",
            parameters=(*reading.SELECTION, reading.ATTRS, DROP, KEEP, reading.LOCAL),
            answers={**_DONE, 207: Answer("Some failed.", {JSON: reference("BatchResult")})},
        ),
    )


def _attributes(handlers: Changing) -> tuple[Operation, ...]:
    path = "/{entityId}/attrs"
    return (
        _operation(
            "POST",
            path,
            handle=handlers.append,
            name="appendAttrs",
            title="Append attributes to an entity",
            clause="5.6.3",
            parameters=(TYPE, NO_OVERWRITE, reading.LOCAL),
            body=Body(OBJECT, (JSON, LD_JSON), _FRAGMENT),
            answers=_PARTLY,
        ),
        _operation(
            "PATCH",
            path,
            handle=handlers.update,
            name="updateEntity",
            title="Update attributes of an entity",
            clause="5.6.2",
            parameters=(TYPE, reading.LOCAL),
            body=Body(OBJECT, (JSON, LD_JSON, MERGE_PATCH), _FRAGMENT),
            answers=_PARTLY,
        ),
    )


def _attribute(handlers: Changing) -> tuple[Operation, ...]:
    path = "/{entityId}/attrs/{attrId}"
    value = {"type": "Property", "value": 30}
    return (
        _operation(
            "PATCH",
            path,
            handle=handlers.update_attribute,
            name="updateAttrs",
            title="Update parts of an attribute",
            clause="5.6.4",
            parameters=(TYPE, reading.LOCAL),
            body=Body(OBJECT, (JSON, LD_JSON, MERGE_PATCH), value),
            answers=_DONE,
        ),
        _operation(
            "PUT",
            path,
            handle=handlers.replace_attribute,
            name="replaceAttrs",
            title="Replace an attribute",
            clause="5.6.19",
            parameters=(TYPE, reading.LOCAL),
            body=Body(OBJECT, (JSON, LD_JSON), value),
            answers=_DONE,
        ),
        _operation(
            "DELETE",
            path,
            handle=handlers.delete_attribute,
            name="deleteAttrs",
            title="Delete an attribute",
            clause="5.6.5",
            parameters=(TYPE, DATASET, DELETE_ALL, reading.LOCAL),
            answers=_DONE,
        ),
    )
