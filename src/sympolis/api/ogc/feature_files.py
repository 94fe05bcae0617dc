"""All features of a collection, or those that a request selects, as one file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sympolis.api.exporting import reading
from sympolis.api.exporting.files import FileMaker
from sympolis.api.exporting.formats import Format
from sympolis.api.http import Stream
from sympolis.api.ogc.collections import Collection
from sympolis.api.ogc.filtering import find_features
from sympolis.api.ogc.items import Wanted
from sympolis.api.ogc.links import ROOT, segment
from sympolis.context.broker import Broker
from sympolis.context.terms import Terms
from sympolis.domain import errors

_AT_ONCE: Final = 10_000
_MOST_LOOKED_AT: Final = 50_000


class FeatureFiles:
    """Gives features as files."""

    def __init__(self, broker: Broker, terms: Terms) -> None:
        self._broker = broker
        self._terms = terms
        self._maker = FileMaker()

    async def give(
        self, base: str, collection: Collection, wanted: Wanted, form: Format, most: int | None
    ) -> Stream:
        """The file, of ``most`` features if that is given. Raises ``InvalidRequest`` for another reference system."""
        if wanted.system.code is not None:
            raise errors.InvalidRequest("files have longitude and latitude (CRS84)", where="crs")
        facts: dict[str, Any] = {
            "collection": collection.id,
            "units": await reading.units(self._broker, wanted.query, self._terms),
            "lineage": {"page": f"{base}{ROOT}/collections/{segment(collection.id)}"},
        }
        name = "".join(one if one.isalnum() else "-" for one in collection.id)
        return await self._maker.make(self._pages(wanted, most), form, name=name, facts=facts)

    async def _pages(self, wanted: Wanted, most: int | None) -> AsyncIterator[Sequence[bytes]]:
        """Page by page; what no index decides is looked through once."""
        at_once = _AT_ONCE if wanted.rest is None else _MOST_LOOKED_AT
        offset, end = wanted.query.offset, None if most is None else wanted.query.offset + most
        while end is None or offset < end:
            limit = at_once if end is None else min(at_once, end - offset)
            query = replace(wanted.query, limit=limit, offset=offset, count=False)
            page = await find_features(self._broker, replace(wanted, query=query), self._terms)
            yield page.features
            if not page.more:
                return
            offset += limit
