"""The names of the operations that a context source can offer, alone and in groups (clause 4.20)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_PROVISION = frozenset(
    {"createEntity", "updateEntity", "appendAttrs", "updateAttrs", "deleteAttrs", "deleteEntity"}
    | {"mergeEntity", "replaceEntity", "replaceAttrs", "purgeEntity"}
)
_BATCH = frozenset({"createBatch", "upsertBatch", "updateBatch", "deleteBatch", "mergeBatch"})
TEMPORAL = frozenset(
    {"upsertTemporal", "appendAttrsTemporal", "deleteAttrsTemporal", "updateAttrInstanceTemporal"}
    | {"deleteAttrInstanceTemporal", "deleteTemporal", "retrieveTemporal", "queryTemporal"}
)
"""What is about the past."""
_DISCOVERY = frozenset(
    {"retrieveEntityTypes", "retrieveEntityTypeDetails", "retrieveEntityTypeInfo"}
    | {"retrieveAttrTypes", "retrieveAttrTypeDetails", "retrieveAttrTypeInfo"}
)
_SUBSCRIPTION = frozenset(
    {"createSubscription", "updateSubscription", "retrieveSubscription", "querySubscription"}
    | {"deleteSubscription"}
)
_ENTITY_MAPS = frozenset(
    {"retrieveEntityMap", "updateEntityMap", "deleteEntityMap", "createEntityMapQueryEntity"}
)
_IDENTITY = frozenset({"retrieveContextSourceIdentity"})
_RETRIEVE = frozenset({"retrieveEntity", "queryEntity"})
_ASSOCIATION = _RETRIEVE | {"queryBatch"} | _DISCOVERY | _SUBSCRIPTION | _IDENTITY

GROUPS: Mapping[str, frozenset[str]] = {
    "federationOps": _ASSOCIATION | _ENTITY_MAPS,
    "associationOps": _ASSOCIATION,
    "updateOps": frozenset({"updateEntity", "updateAttrs", "replaceEntity", "replaceAttrs"}),
    "retrieveOps": _RETRIEVE,
    "redirectionOps": _PROVISION | _RETRIEVE | _DISCOVERY | _ENTITY_MAPS | _IDENTITY,
}
"""Table 4.20-2: batches and what evolves in time are in no group."""

DEFAULT = GROUPS["federationOps"]
"""What a source offers that says nothing about it."""

NAMES: frozenset[str] = (
    _PROVISION | _BATCH | TEMPORAL | GROUPS["federationOps"] | {"createEntityMapQueryTemporal", "queryBatch"}
)
"""Table 4.20-1: each operation by itself."""

AUXILIARY = frozenset({"retrieveOps", "retrieveEntity", "queryEntity"})
"""What the ``operations`` of an auxiliary registration may name (clause 5.9.2.4)."""


def is_known(name: str) -> bool:
    """Whether this names an operation or a group."""
    return name in NAMES or name in GROUPS


def resolved(names: Iterable[str]) -> frozenset[str]:
    """The operations that these names stand for, groups opened."""
    found: set[str] = set()
    for name in names:
        found |= GROUPS.get(name, {name})
    return frozenset(found)
