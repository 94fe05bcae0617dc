"""What this twin offers, as a catalogue: put together when somebody asks, from what is running at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympolis.api.parts import ApiParts
from sympolis.api.reading import is_listed
from sympolis.api.vocabulary import city_terms
from sympolis.context.codec import LOCATION
from sympolis.context.gated import everything
from sympolis.context.query import Query, TypeIs
from sympolis.domain import errors
from sympolis.governance.catalogue.building import Twin, build_catalogue

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.city.schema import City
    from sympolis.governance.catalogue.model import Catalogue, Dataset


class Offering:
    """Builds the catalogue of a city's twin, for the address under which a reader knows it."""

    def __init__(self, parts: ApiParts, city: City, coordinator: Coordinator) -> None:
        self._parts = parts
        self._city = city
        self._coordinator = coordinator
        self._terms = city_terms(parts)

    async def catalogue(self, base_url: str) -> Catalogue:
        """All of it that whoever asks may know of."""
        known = [told for one in self._coordinator.sources() if is_listed((told := one.to_json())["id"])]
        sources = [
            {**one, "evaluation": self._evaluation(one["id"]), **self._openness(one["id"])} for one in known
        ]
        facts = self._city.facts
        twin = Twin(
            base_url=base_url,
            title=facts.title,
            description=facts.description,
            operator=facts.operator,
            contact=facts.contact,
            languages=facts.languages,
            bbox=facts.bbox,
            collections=frozenset(
                [kind for kind in {one["entity_type"] for one in sources} if await self._located(kind)]
            ),
        )
        return build_catalogue(twin, sources)

    def _openness(self, dataset: str) -> dict[str, Any]:
        """How far it is open: its stage, and whether policies speak of it; nothing where nobody says."""
        governed = self._parts.governed
        if governed is None:
            return {}
        asset = governed.gate.asset(dataset)
        policies = () if asset is None else governed.gate.book.of(asset)
        return {"stage": governed.lifecycle.stage(dataset), "restricted": bool(policies)}

    def _evaluation(self, dataset: str) -> dict[str, Any] | None:
        newest = next(iter(self._coordinator.evaluations(dataset, limit=1)), None)
        return None if newest is None else newest.to_json()

    async def dataset(self, base_url: str, dataset_id: str) -> Dataset:
        """One dataset. Raises ``NotFound``."""
        for one in (await self.catalogue(base_url)).datasets:
            if one.id == dataset_id:
                return one
        raise errors.NotFound(f"there is no dataset {dataset_id}", where="dataset", hint="see /catalogue")

    async def _located(self, kind: str) -> bool:
        """Whether some entity of this type has a location."""
        wanted = Query(types=TypeIs(self._terms.expand(kind)), attributes=(LOCATION,), limit=1)
        with everything():
            return bool((await self._parts.broker.query(wanted)).entities)
