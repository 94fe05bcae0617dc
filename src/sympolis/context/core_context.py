"""The NGSI-LD core @context as a table, so that the twin resolves it offline.

The terms and the IRIs they stand for are facts of ETSI GS CIM 009 (V1.9.1, Annex B); this table is our own
arrangement of them. ``document()`` gives the equivalent JSON-LD document. One table serves every published ``v1.x``
address: later editions only add terms.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

NGSI_LD = "https://uri.etsi.org/ngsi-ld/"
GEOJSON = "https://purl.org/geojson/vocab#"
DEFAULT_VOCAB = NGSI_LD + "default-context/"
CORE_URL = NGSI_LD + "v1/ngsi-ld-core-context-v1.9.jsonld"

_CORE_URLS = re.compile(r"https?://uri\.etsi\.org/ngsi-ld/v1/ngsi-ld-core-context(-v1(\.\d+){0,2})?\.jsonld")


def _words(text: str) -> list[str]:
    return text.split()


_PLAIN = _words(
    """
    Attribute AttributeList ContextSourceIdentity ContextSourceNotification ContextSourceRegistration Date DateTime
    EntityMap EntityType EntityTypeInfo EntityTypeList ExecutionResultDetails GeoProperty JsonProperty
    LanguageProperty ListProperty ListRelationship Notification Property Relationship Snapshot SnapshotNotification
    Subscription TemporalProperty Time VocabProperty
    accept aggrParams aggrMethods aggrPeriodDuration attributeCount attributeDetails attrs cacheDuration collation
    contextSourceAlias contextSourceInfo contextSourceUptime cooldown csf data detail endpoint entities entity
    entityCount error errors expandValues format geoQ geoproperty georel idPattern information isActive join jsonKeys
    jsonldContext lang lastN linkedMaps localOnly location management managementInterval mode ngsildConformance
    notification notificationTrigger notifierInfo notUpdated observationInterval observationSpace omit operations
    operationSpace ordering pick q reason receiverInfo refreshRate registrationId registrationName resultStatus scope
    scopeQ showChanges snapshotId snapshotLifetime snapshotPriority snapshotStatus status subscriptionName sysAttrs
    temporalQ throttling timeInterval timeout timeproperty timerel timesFailed timesSent triggerReason unchanged
    unitCode updated uri
    """
)
"""Terms whose IRI is their own name in the NGSI-LD namespace."""

_TYPED = {
    "DateTime": _words("""contextSourceTimeAt createdAt deletedAt endAt endTimeAt expiresAt lastFailure
        lastNotification
        lastSuccess lastUsedAt modifiedAt notifiedAt observedAt startAt timeAt"""),
    "@vocab": _words("""attributeList attributeName attributeNames attributeTypes attributes propertyNames
        relationshipNames
        typeList typeName typeNames watchedAttributes"""),
    "@id": _words("datasetId entityId instanceId subscriptionId success tenant"),
    "@json": _words("contextSourceExtras problemDetails"),
}
"""Terms of the same form whose values are coerced."""

_LISTS = _words(
    """
    avg distinctCount entityList jsons max min objectLists:hasObjectLists objectList:hasObjectList objects:hasObjects
    languageMaps:hasLanguageMaps orderBy previousObjectList:hasPreviousObjectList
    previousValueList:hasPreviousValueList snapshotQueries snapshotQueriesDetails snapshotTemporalQueries
    snapshotTemporalQueriesDetails stddev sum sumsq totalCount valueList:hasValueList valueLists:hasValueLists
    values:hasValues vocabs:hasVocabs
    """
)
"""Ordered lists, ``term`` or ``term:local name``."""

_RENAMED = {
    "containedBy": "isContainedBy",
    "entityMapLifetime": "hasEntityMapLifetime",
    "joinLevel": "hasJoinLevel",
    "key": "hasKey",
    "previousValue": "hasPreviousValue",
    "splitEntities": "hasSplitEntities",
    "value": "hasValue",
}

_RENAMED_AND_SHAPED = {
    "dataset": ("hasDataset", {"@container": "@index"}),
    "entityMap": ("hasEntityMap", {"@container": "@index"}),
    "json": ("hasJSON", {"@type": "@json"}),
    "languageMap": ("hasLanguageMap", {"@container": "@language"}),
    "object": ("hasObject", {"@type": "@id"}),
    "objectType": ("hasObjectType", {"@type": "@vocab"}),
    "previousJson": ("hasPreviousJson", {"@type": "@json"}),
    "previousLanguageMap": ("hasPreviousLanguageMap", {"@container": "@language"}),
    "previousObject": ("hasPreviousObject", {"@type": "@id"}),
    "previousVocab": ("hasPreviousVocab", {"@type": "@vocab"}),
    "valueType": ("hasValueType", {"@type": "@vocab"}),
    "vocab": ("hasVocab", {"@type": "@vocab"}),
}

_GEOJSON = _words("""Feature FeatureCollection GeometryCollection LineString MultiLineString MultiPoint
        MultiPolygon Point
    Polygon geometry properties""")

_ELSEWHERE: dict[str, Any] = {
    "ngsi-ld": NGSI_LD,
    "geojson": GEOJSON,
    "id": "@id",
    "type": "@type",
    "description": "http://purl.org/dc/terms/description",
    "title": "http://purl.org/dc/terms/title",
    "langString": "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
    "bbox": {"@id": GEOJSON + "bbox", "@container": "@list"},
    "coordinates": {"@id": GEOJSON + "coordinates", "@container": "@list"},
    "features": {"@id": GEOJSON + "features", "@container": "@set"},
    "ngsildproof": NGSI_LD + "ngsildproof",
}
"""``ngsildproof`` is kept whole by the codec, so its own nested contexts are not needed here."""


def is_core_url(url: str) -> bool:
    """Whether ``url`` is one of the published addresses of the core @context, of any edition."""
    return _CORE_URLS.fullmatch(url) is not None


@cache
def document() -> dict[str, Any]:
    """The core context as the value of ``@context``; treat it as read-only."""
    terms: dict[str, Any] = {"@version": 1.1, "@protected": True, "@vocab": DEFAULT_VOCAB, **_ELSEWHERE}
    terms |= {term: NGSI_LD + term for term in _PLAIN}
    terms |= {term: GEOJSON + term for term in _GEOJSON}
    terms |= {term: NGSI_LD + local for term, local in _RENAMED.items()}
    for kind, names in _TYPED.items():
        terms |= {name: {"@id": NGSI_LD + name, "@type": kind} for name in names}
    terms |= {term: {"@id": NGSI_LD + local, **shape} for term, (local, shape) in _RENAMED_AND_SHAPED.items()}
    for term, local in (entry.split(":") if ":" in entry else (entry, entry) for entry in _LISTS):
        terms[term] = {"@id": NGSI_LD + local, "@container": "@list"}
    return terms
