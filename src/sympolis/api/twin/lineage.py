"""Where a figure comes from: gathers what is known and lets governance draw the graph."""

from __future__ import annotations

from sympolis.api.http import Reply, Request
from sympolis.api.parts import ApiParts
from sympolis.city.schema import City
from sympolis.context.terms import Terms
from sympolis.domain import errors


class LineagePages:
    """Handler of ``/api/lineage/{id}``."""

    def __init__(self, parts: ApiParts, city: City, terms: Terms) -> None:
        self._parts = parts
        self._city = city
        self._terms = terms

    async def get(self, request: Request) -> Reply:
        """The graph behind a run, an indicator, a source or an entity."""
        raise errors.NotFound(f"there is no lineage of {request.arguments['id']}", where="id")
