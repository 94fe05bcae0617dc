"""The embedded store's documents are its entities, rendered: alone, by page, and where a read is handed over."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from sympolis.context import merge
from sympolis.context.codec import Form, render_entity, render_feature
from sympolis.context.documents import DocumentForm, Documents
from sympolis.context.query import AllOf, Comparison, GeoQuery, GeoRelation, Query, Term, TypeIs
from sympolis.context.store import Write
from sympolis.context.terms import Terms, core_terms
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.embedded import EmbeddedStore, tenant

P = "https://city.example/"
ROAD = TypeIs(P + "Road")
FAST = Term((P + "speed",), Comparison.GREATER, 10)
NAMED = Term((P + "name",), Comparison.EQUAL, "road 17")
NEAR = GeoQuery(
    GeoRelation.NEAR, {"type": "Point", "coordinates": [11.3, 44.5]}, P + "location", max_distance_m=400.0
)
QUERIES = (
    Query(types=ROAD, limit=3, offset=2, count=True),
    Query(types=ROAD, q=FAST, limit=5, count=True),
    Query(types=ROAD, q=AllOf((FAST, NAMED))),
    Query(q=AllOf((FAST, NAMED)), types=TypeIs(P + "Square")),
    Query(types=ROAD, geo=NEAR, q=FAST),
    Query(types=ROAD, ids=("urn:road:07", "urn:road:08", "urn:none")),
    Query(q=Term((P + "name",), Comparison.MATCHES, "road 1.*"), count=True),
    Query(attributes=(P + "name",), limit=4),
)


def document(entity: Entity, terms: Terms, form: DocumentForm) -> bytes:
    """What a document of this form is measured by."""
    if form is DocumentForm.FEATURE:
        return msgspec.json.encode(render_feature(entity, terms, form=Form.KEY_VALUES))
    return msgspec.json.encode(render_entity(entity, terms, form=Form(form)))


def roads() -> list[Entity]:
    point = AttributeKind.GEO_PROPERTY
    return [
        Entity(
            f"urn:road:{number:02}",
            (P + ("Square" if number % 5 == 0 else "Road"),),
            {
                P + "name": (Attribute(AttributeKind.PROPERTY, f"road {number}"),),
                P + "speed": (Attribute(AttributeKind.PROPERTY, number, unit_code="KMH"),),
                P + "location": (
                    Attribute(point, {"type": "Point", "coordinates": [11.3 + number / 5000, 44.5]}),
                ),
            },
        )
        for number in range(30)
    ]


@pytest.mark.parametrize("brief_s", [1.0, 0.0], ids=["here", "handed over"])
def test_documents_are_entities_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, brief_s: float
) -> None:
    monkeypatch.setattr(tenant, "_BRIEF_S", brief_s)
    monkeypatch.setattr(tenant, "_STEPS", 1)
    asyncio.run(_compare(tmp_path))


async def _compare(folder: Path) -> None:
    store = EmbeddedStore.open(folder)
    assert isinstance(store, Documents)
    await store.write([Write(road.id, merge.create(road)) for road in roads()])
    terms = core_terms()
    for form in DocumentForm:
        for query in QUERIES:
            page = await store.query(query)
            found = await store.documents(query, terms, form)
            rendered = [document(one, terms, form) for one in page.entities]
            assert (list(found.documents), found.total) == (rendered, page.total)
            assert rendered or query.types == TypeIs(P + "Square")
        assert await store.document("urn:none", terms, form) is None
        one = await store.get("urn:road:07")
        assert one is not None
        expected = document(one, terms, form)
        assert await store.document(one.id, terms, form) == expected
    await store.close()
