"""Documents written straight from stored bodies are those that rendering gives, byte for byte."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given

from sympolis.context.codec import Form, render_entity, render_feature
from sympolis.context.documents import DocumentForm
from sympolis.context.terms import Contexts, Terms, core_terms
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.bodies import encode_entity
from sympolis.stores.documents import DocumentWriter
from sympolis.testing import strategies

CITY: Any = {
    "Road": {"@id": "https://city.example/Road", "@context": {"speed": "https://city.example/roadSpeed"}},
    "speed": "https://city.example/speed",
    "providedBy": {
        "@id": "https://city.example/providedBy",
        "@type": "@id",
        "@context": {"since": "https://city.example/since"},
    },
    "ex": "https://example.org/",
}
TERMS = (core_terms(), Contexts().resolve_local(CITY))


def rendered(entity: Entity, terms: Terms, form: DocumentForm) -> bytes:
    if form is DocumentForm.FEATURE:
        return msgspec.json.encode(render_feature(entity, terms, form=Form.KEY_VALUES))
    return msgspec.json.encode(render_entity(entity, terms, form=Form(form)))


@pytest.mark.parametrize("form", DocumentForm)
@pytest.mark.parametrize("terms", TERMS, ids=["core", "city"])
@given(entity=strategies.entities())
def test_as_rendered(entity: Entity, terms: Terms, form: DocumentForm) -> None:
    assert DocumentWriter(terms, form).write(encode_entity(entity)) == rendered(entity, terms, form)


@pytest.mark.parametrize("form", DocumentForm)
@pytest.mark.parametrize("terms", TERMS, ids=["core", "city"])
def test_every_kind_and_member(terms: Terms, form: DocumentForm) -> None:
    values: dict[AttributeKind, Any] = {
        AttributeKind.PROPERTY: {"a": [1.0, 1e300, "à\u2028", None, True]},
        AttributeKind.RELATIONSHIP: ["urn:a:b", "urn:a:c"],
        AttributeKind.GEO_PROPERTY: {"type": "Point", "coordinates": [11.0, 44.5]},
        AttributeKind.LANGUAGE_PROPERTY: {"it": "Via", "de": ["Straße"]},
        AttributeKind.JSON_PROPERTY: None,
        AttributeKind.VOCAB_PROPERTY: ["https://city.example/speed", "https://nowhere.example/x"],
        AttributeKind.LIST_PROPERTY: [],
        AttributeKind.LIST_RELATIONSHIP: ["urn:a:b"],
    }
    below = {"https://city.example/since": (Attribute(AttributeKind.PROPERTY, 1),)}
    attributes = {
        f"https://city.example/{kind.value}": (
            Attribute(
                kind,
                value,
                attributes={"https://city.example/providedBy": (Attribute(kind, value, attributes=below),)},
            ),
            Attribute(
                kind,
                value,
                unit_code='K"H',
                dataset_id="urn:d:1",
                members={"objectType": ["https://city.example/Road"]},
            ),
        )
        for kind, value in values.items()
    }
    entity = Entity(
        "urn:x:é",
        ("https://city.example/Road", "https://other.example/T"),
        attributes,
        scope=("/a", "/b"),
        members={"ngsildproof": {"p": 1}, "expiresAt": "2030-01-01T00:00:00Z"},
    )
    assert DocumentWriter(terms, form).write(encode_entity(entity)) == rendered(entity, terms, form)


@pytest.mark.parametrize("name", ["scope", "observedAt", "id"])
@pytest.mark.parametrize("form", DocumentForm)
def test_names_that_mean_something_else(name: str, form: DocumentForm) -> None:
    iri = f"https://uri.etsi.org/ngsi-ld/{name}"
    one = Attribute(AttributeKind.PROPERTY, 1, attributes={iri: (Attribute(AttributeKind.PROPERTY, 2),)})
    entity = Entity("urn:x:1", ("https://city.example/Road",), {iri: (one,)}, scope=("/a",))
    assert DocumentWriter(TERMS[0], form).write(encode_entity(entity)) == rendered(entity, TERMS[0], form)


def test_remembered_documents_do_not_depend_on_what_was_written_before() -> None:
    first, second = (
        Entity("urn:x:1", ("https://city.example/Road",), {}, scope=(scope,)) for scope in ("/a", "/b")
    )
    writer = DocumentWriter(TERMS[0], DocumentForm.NORMALIZED)
    for entity in (first, second, first):
        assert writer.write(encode_entity(entity)) == rendered(entity, TERMS[0], DocumentForm.NORMALIZED)
