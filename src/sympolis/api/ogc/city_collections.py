"""What only a city has under ``/ogc``: catalogue, coverages, models as processes. A broker alone loads none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation
from sympolis.context.terms import Terms

if TYPE_CHECKING:
    from sympolis.api.ogc.environmental_data import EnvironmentalData
    from sympolis.api.ogc.records import Records


@dataclass(frozen=True, slots=True)
class CityCollections:
    """The catalogue, the coverages, their routes and what they conform to."""

    records: Records
    data: EnvironmentalData
    operations: tuple[Operation, ...]
    conformance: tuple[str, ...]

    async def described(self, base: str) -> list[dict[str, Any]]:
        """Their documents."""
        return [self.records.describe(base), *await self.data.describe_all(base)]


def of_city(parts: ApiParts, terms: Terms) -> CityCollections | None:
    """Those of this twin; None where there is no city."""
    if parts.city is None or parts.coordinator is None:
        return None
    from sympolis.api.offering import Offering
    from sympolis.api.ogc import environmental_data, records
    from sympolis.api.ogc.coverages import Coverages

    catalogue = records.Records(Offering(parts, parts.city, parts.coordinator))
    served = _processes(parts)
    data = environmental_data.EnvironmentalData(Coverages(parts.broker, terms, parts.city.folder))
    return CityCollections(
        catalogue,
        data,
        (*records.operations(catalogue), *environmental_data.operations(data), *served[0]),
        (*records.CONFORMANCE, *environmental_data.CONFORMANCE, *served[1]),
    )


def _processes(parts: ApiParts) -> tuple[tuple[Operation, ...], tuple[str, ...]]:
    """The routes of models and services as processes, and what they conform to; nothing where no model runs."""
    if parts.desk is None:
        return (), ()
    from sympolis.api.ogc import process_deploying, processes

    found = (*processes.operations(parts.desk), *process_deploying.operations(parts.desk))
    return found, (*processes.CONFORMANCE, *process_deploying.CONFORMANCE)
