"""Which interface each reading operation belongs to: what policies on interfaces are asked about, once per request.

Writing is not here: who may write is said by roles (``api.rights``). Nor are the twin's own pages and landing pages,
which say that an interface is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_BY_SERVICE: Final[Mapping[str, tuple[str, ...]]] = {
    "ngsi-ld": (
        "queryEntities",
        "retrieveEntity",
        "queryBatch",
        "queryTemporal",
        "retrieveTemporal",
        "queryTemporalByPost",
        "retrieveEntityTypes",
        "retrieveEntityTypeInfo",
        "retrieveAttrTypes",
        "retrieveAttrTypeInfo",
        "createEntityMapQueryEntity",
        "createEntityMapQueryEntityByPost",
        "createEntityMapQueryTemporal",
        "createEntityMapQueryTemporalByPost",
        "retrieveEntityMap",
        "createSubscription",
        "updateSubscription",
    ),
    "ogc": ("describeCollection", "getFeatures", "getQueryables", "getFeature"),
    "tiles": ("getTilesets", "getTileset", "getTile", "getTileArchive"),
    "edr": ("getPosition", "getArea", "getCube", "getTrajectory"),
    "sensorthings": tuple(f"readSensorThings{length}" for length in range(1, 6)),
    "ldes": ("listStreams", "getStream"),
    "processes": ("getResult", "execute"),
    "downloads": ("downloadDataset", "downloadHistory", "getDatasetAs"),
}
SERVICES: Final[Mapping[str, str]] = {
    name: service for service, names in _BY_SERVICE.items() for name in names
}
"""The id of the interface (``governance.interfaces``) by the operation's name."""
