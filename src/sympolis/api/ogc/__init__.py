"""The OGC APIs over the same entities: a collection per type that has a location.

Features (OGC 17-069r4) with CQL2 and reference systems, Tiles (OGC 20-057), and what only a city has among its
collections: Records of its catalogue (OGC 20-004r1) and Environmental Data Retrieval of its coverages (OGC 19-086r6).
"""

from sympolis.api.ogc.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
