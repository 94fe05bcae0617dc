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
    from sympolis.api.ogc.run_results import RunResults


@dataclass(frozen=True, slots=True)
class CityCollections:
    """The catalogue, the coverages, what runs gave, their routes and what they conform to."""

    records: Records
    data: EnvironmentalData
    results: RunResults | None
    operations: tuple[Operation, ...]
    conformance: tuple[str, ...]

    async def described(self, base: str) -> list[dict[str, Any]]:
        """Their documents."""
        of_runs = [] if self.results is None else await self.results.describe_all(base)
        return [self.records.describe(base), *await self.data.describe_all(base), *of_runs]

    async def describe(self, collection_id: str, base: str) -> dict[str, Any]:
        """The document of one coverage, or of what the runs of a model gave. Raises ``NotFound``."""
        if self.results is not None and collection_id.startswith(self.results.prefix):
            return await self.results.describe(collection_id, base)
        return await self.data.describe(collection_id, base)


def of_city(parts: ApiParts, terms: Terms) -> CityCollections | None:
    """Those of this twin; None where there is no city."""
    if parts.city is None or parts.coordinator is None:
        return None
    from sympolis.api.offering import Offering
    from sympolis.api.ogc import environmental_data, records
    from sympolis.api.ogc.coverages import Coverages

    catalogue = records.Records(Offering(parts, parts.city, parts.coordinator))
    served = _processes(parts, terms)
    data = environmental_data.EnvironmentalData(Coverages(parts.broker, terms, parts.city.folder))
    return CityCollections(
        catalogue,
        data,
        served[2],
        (*records.operations(catalogue), *environmental_data.operations(data), *served[0]),
        (*records.CONFORMANCE, *environmental_data.CONFORMANCE, *served[1]),
    )


def _processes(
    parts: ApiParts, terms: Terms
) -> tuple[tuple[Operation, ...], tuple[str, ...], RunResults | None]:
    """The routes of models, services and their results, what they conform to; nothing where no model runs."""
    if parts.desk is None:
        return (), (), None
    from sympolis.api.ogc import process_deploying, processes, run_results

    results = run_results.RunResults(parts.desk, terms)
    found = (
        *processes.operations(parts.desk),
        *process_deploying.operations(parts.desk),
        *run_results.operations(results),
    )
    conforms = (*processes.CONFORMANCE, *process_deploying.CONFORMANCE, *run_results.CONFORMANCE)
    return found, conforms, results
