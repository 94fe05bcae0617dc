"""Which types and attributes there are (GS CIM 009, clauses 5.7.5–5.7.10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sympolis.api.http import JSON, LD_JSON, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld import reading
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, ROOT, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.forwarding import Forwarding
from sympolis.api.ngsi_ld.linking import context_headers, context_list, terms_of
from sympolis.api.parameters import BooleanParameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import INTEGER, TEXT, Schema, reference, several, structure
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.distributed.discovering import Discoverer, Inquiry
from sympolis.context.profiles import AttributeUse, Profile, attributes_in, types_in
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import AttributeKind

DETAILS = BooleanParameter(name="details", text="Give details of each.")

_ATTRIBUTE = structure(
    {
        "id": TEXT,
        "type": {"const": "Attribute"},
        "attributeName": TEXT,
        "attributeCount": INTEGER,
        "attributeTypes": several(TEXT),
        "typeNames": several(TEXT),
    },
    required=("id", "type", "attributeName"),
)
_LIST = {"id": TEXT, "type": TEXT}
SCHEMAS: dict[str, Schema] = {
    "EntityTypeList": structure({**_LIST, "typeList": several(TEXT)}, required=("id", "type", "typeList")),
    "EntityType": structure(
        {"id": TEXT, "type": {"const": "EntityType"}, "typeName": TEXT, "attributeNames": several(TEXT)},
        required=("id", "type", "typeName", "attributeNames"),
    ),
    "EntityTypeInfo": structure(
        {
            "id": TEXT,
            "type": {"const": "EntityTypeInfo"},
            "typeName": TEXT,
            "entityCount": INTEGER,
            "attributeDetails": several(reference("AttributeInfo")),
        },
        required=("id", "type", "typeName", "entityCount", "attributeDetails"),
    ),
    "AttributeList": structure(
        {**_LIST, "attributeList": several(TEXT)}, required=("id", "type", "attributeList")
    ),
    "AttributeInfo": _ATTRIBUTE,
}


class Discovery:
    """Handlers of ``/types`` and ``/attributes``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._vocabulary = Vocabulary(parts)
        self._forwarding = Forwarding(parts)

    async def types(self, request: Request) -> Reply:
        """Retrieve Available Entity Types (5.7.5), with details (5.7.6)."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        found = types_in(await self._profiles(request, terms, Inquiry(True, details=DETAILS.of(request))))
        if not DETAILS.of(request):
            return _reply(request, _listing("EntityTypeList", "typeList", found, terms), terms, tenant)
        document = [
            {
                "id": name,
                "type": "EntityType",
                "typeName": terms.compact(name),
                "attributeNames": [terms.compact(attribute) for attribute in use.attributes],
            }
            for name, use in found.items()
        ]
        return _reply(request, document, terms, tenant)

    async def type(self, request: Request) -> Reply:
        """Retrieve Available Entity Type Information, clause 5.7.7."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        name = terms.expand(_name(request.arguments["type"], "type"))
        use = types_in(await self._profiles(request, terms, Inquiry(True, name))).get(name)
        if use is None:
            raise errors.NotFound(f"no entity is of type {name}", where="type")
        details = [_attribute(one, terms, kinds) for one, kinds in use.attributes.items()]
        document = {
            "id": name,
            "type": "EntityTypeInfo",
            "typeName": terms.compact(name),
            "entityCount": use.count,
            "attributeDetails": details,
        }
        return _reply(request, document, terms, tenant)

    async def attributes(self, request: Request) -> Reply:
        """Retrieve Available Attributes (5.7.8), with details (5.7.9)."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        inquiry = Inquiry(False, details=DETAILS.of(request))
        found = attributes_in(await self._profiles(request, terms, inquiry))
        if not DETAILS.of(request):
            return _reply(request, _listing("AttributeList", "attributeList", found, terms), terms, tenant)
        document = [
            {**_attribute(name, terms), "typeNames": _compacted(use.types, terms)}
            for name, use in found.items()
        ]
        return _reply(request, document, terms, tenant)

    async def attribute(self, request: Request) -> Reply:
        """Retrieve Available Attribute Information, clause 5.7.10."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        name = terms.expand(_name(request.arguments["attrId"], "attribute"))
        use = attributes_in(await self._profiles(request, terms, Inquiry(False, name))).get(name)
        if use is None:
            raise errors.NotFound(f"no entity has an attribute {name}", where="attribute")
        return _reply(request, _used(name, use, terms), terms, tenant)

    async def _profiles(self, request: Request, terms: Terms, inquiry: Inquiry) -> Sequence[Profile]:
        """What there is here, and in other brokers as far as they tell (clause 5.7.11)."""
        tenant = tenant_of(request)
        here = await self._broker.profiles(tenant=tenant)
        journey, distribution = self._forwarding.begin(request, tenant), self._forwarding.distribution
        if journey is None or distribution is None:
            return here
        return [*here, *await Discoverer(distribution).profiles(journey, inquiry, terms)]


def _name(text: str, where: str) -> str:
    if not text or text.startswith("@") or any(one in text for one in " <>\"'"):
        raise errors.BadRequestData("expected a name or an IRI", where=where)
    return text


def _compacted(names: Iterable[str], terms: Terms) -> list[str]:
    return [terms.compact(name) for name in sorted(names)]


def _listing(kind: str, member: str, names: Iterable[str], terms: Terms) -> dict[str, Any]:
    return {"id": f"urn:ngsi-ld:{kind}:{uuid4()}", "type": kind, member: _compacted(names, terms)}


def _attribute(name: str, terms: Terms, kinds: Iterable[AttributeKind] = ()) -> dict[str, Any]:
    document: dict[str, Any] = {"id": name, "type": "Attribute", "attributeName": terms.compact(name)}
    if found := sorted(kind.value for kind in kinds):
        document["attributeTypes"] = found
    return document


def _used(name: str, use: AttributeUse, terms: Terms) -> dict[str, Any]:
    return {
        **_attribute(name, terms, use.kinds),
        "attributeCount": use.count,
        "typeNames": _compacted(use.types, terms),
    }


def _reply(request: Request, document: Any, terms: Terms, tenant: str) -> Reply:
    media = preferred(request.header(b"accept"), PLAIN_MEDIA)
    if media == LD_JSON:
        for one in document if isinstance(document, list) else [document]:
            one["@context"] = context_list(terms)
    headers = (*tenant_headers(tenant), *context_headers(terms, media))
    return Reply(body=encode(document), media=media, headers=headers)


def _answer(text: str, schema: Schema) -> Mapping[int, Answer]:
    return {200: Answer(text, {JSON: schema, LD_JSON: schema})}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of these handlers."""
    handlers = Discovery(parts)
    either: Schema = {"anyOf": [reference("EntityTypeList"), several(reference("EntityType"))]}
    either_attribute: Schema = {"anyOf": [reference("AttributeList"), several(reference("AttributeInfo"))]}
    return (
        Operation(
            method="GET",
            path=f"{ROOT}/types",
            handle=handlers.types,
            name="retrieveEntityTypes",
            title="List the types of entities",
            tag="NGSI-LD",
            clause="5.7.5, 5.7.6",
            parameters=(DETAILS, reading.LOCAL),
            answers=_answer("The types, or the details of each.", either),
        ),
        Operation(
            method="GET",
            path=f"{ROOT}/types/{{type}}",
            handle=handlers.type,
            name="retrieveEntityTypeInfo",
            title="Describe a type of entities",
            tag="NGSI-LD",
            clause="5.7.7",
            parameters=(reading.LOCAL,),
            path_texts={"type": "The type's name or IRI, percent-encoded."},
            answers=_answer("The type.", reference("EntityTypeInfo")),
        ),
        Operation(
            method="GET",
            path=f"{ROOT}/attributes",
            handle=handlers.attributes,
            name="retrieveAttrTypes",
            title="List the attributes of entities",
            tag="NGSI-LD",
            clause="5.7.8, 5.7.9",
            parameters=(DETAILS, reading.LOCAL),
            answers=_answer("The attributes, or the details of each.", either_attribute),
        ),
        Operation(
            method="GET",
            path=f"{ROOT}/attributes/{{attrId}}",
            handle=handlers.attribute,
            name="retrieveAttrTypeInfo",
            title="Describe an attribute",
            tag="NGSI-LD",
            clause="5.7.10",
            parameters=(reading.LOCAL,),
            path_texts={"attrId": "The attribute's name or IRI, percent-encoded."},
            answers=_answer("The attribute.", reference("AttributeInfo")),
        ),
    )
