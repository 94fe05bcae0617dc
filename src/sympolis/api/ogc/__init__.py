"""OGC API — Features, Part 1: Core (OGC 17-069r4) over the same entities: a collection per type that has a location."""

from sympolis.api.ogc.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
