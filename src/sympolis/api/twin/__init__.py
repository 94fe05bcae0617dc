"""The twin's own API (docs/reference/twin-api.md): the city, its map, sources, scenarios, runs, figures and lineage."""

from sympolis.api.twin.operations import operations
from sympolis.api.twin.schemas import SCHEMAS

__all__ = ["SCHEMAS", "operations"]
