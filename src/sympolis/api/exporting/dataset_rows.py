"""A dataset's first rows and their units: for previews, in whichever document they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympolis.api.exporting import reading
from sympolis.api.exporting.belonging import Own, own_of
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import city_terms

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.city.schema import City


class DatasetRows:
    """Knows what is whose (see ``belonging``) and gives the first of it."""

    def __init__(self, parts: ApiParts, city: City, coordinator: Coordinator) -> None:
        self._broker = parts.broker
        self._terms = city_terms(parts)
        self._city = city.id
        self._coordinator = coordinator

    def own(self, dataset: str) -> Own:
        """What belongs to a dataset. Raises ``NotFound``."""
        return own_of(self._city, dataset, self._coordinator.planned(dataset).mapping, self._terms)

    async def first(
        self, dataset: str, limit: int, condition: Any = None
    ) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """The first rows as GeoJSON features that a condition (None: any) selects, and unit codes by attribute.

        Raises ``NotFound``; ``Forbidden`` or ``Unauthenticated`` where whoever asks may not read them.
        """
        own = self.own(dataset)
        features = await reading.first(self._broker, own, condition, self._terms, limit)
        return features, await reading.units_of(self._broker, own, self._terms)
