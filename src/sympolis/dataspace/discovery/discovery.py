"""Everything that a city's twin finds out from partners and tells them, in one place for the API and the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sympolis.dataspace.discovery.benchmarks import Benchmarks
from sympolis.dataspace.discovery.catalogues import Catalogues
from sympolis.dataspace.discovery.links import ContextLinks
from sympolis.dataspace.discovery.matrix import Matrix
from sympolis.dataspace.discovery.open_needs import OpenNeeds

if TYPE_CHECKING:
    from sympolis.dataspace.matching.desk import MatchDesk


@dataclass(frozen=True, slots=True)
class Discovery:
    """See the module."""

    catalogues: Catalogues
    matrix: Matrix
    needs: OpenNeeds
    benchmarks: Benchmarks
    links: ContextLinks
    matching: MatchDesk

    async def close(self) -> None:
        """End what is under way."""
        await self.links.close()
        await self.matching.close()
        await self.catalogues.shelf.close()
        await self.matrix.close()
        await self.needs.shelf.close()
        await self.benchmarks.shelf.close()
