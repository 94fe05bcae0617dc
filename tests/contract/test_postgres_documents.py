"""The PostgreSQL store's documents are its entities, rendered: alone and by page."""

from __future__ import annotations

import asyncio

from tests.contract.test_embedded_documents import FAST, QUERIES, ROAD, P, document, roads

from sympolis.context import merge
from sympolis.context.documents import DocumentForm, Documents
from sympolis.context.query import Ordering, OrderKey, Query
from sympolis.context.store import Write
from sympolis.context.terms import core_terms
from sympolis.stores.postgres import PostgresStore
from sympolis.testing.postgres import server

BY_SPEED = Ordering((OrderKey((P + "speed",), descending=True),))
ASKED = (*QUERIES, Query(types=ROAD, q=FAST, ordering=BY_SPEED, limit=3, offset=1, count=True))


def test_documents_are_entities_rendered() -> None:
    async def compare() -> None:
        store = await PostgresStore.open(server().fresh_url())
        assert isinstance(store, Documents)
        await store.write([Write(road.id, merge.create(road)) for road in roads()])
        terms, compared = core_terms(), 0
        for form in DocumentForm:
            for query in ASKED:
                page = await store.query(query)
                found = await store.documents(query, terms, form)
                rendered = [document(one, terms, form) for one in page.entities]
                assert (list(found.documents), found.total) == (rendered, page.total)
                compared += len(rendered)
            one = roads()[7]
            kept = await store.get(one.id)
            assert kept is not None
            expected = document(kept, terms, form)
            assert await store.document(one.id, terms, form) == expected
            assert await store.document("urn:none", terms, form) is None
        assert compared > 40
        await store.close()

    asyncio.run(compare())
