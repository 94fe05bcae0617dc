"""What happens on the roads: records of situations (SituationPublication)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element

from sympolis.plugins.connector import Record
from sympolis.plugins.connectors.datex2.places import place, words
from sympolis.plugins.connectors.datex2.settings import Datex2Settings
from sympolis.plugins.xml import text

_PLAIN: Final = {
    "created": ("situationRecordCreationTime",),
    "updated": ("situationRecordVersionTime",),
    "probability": ("probabilityOfOccurrence",),
    "severity": ("severity",),
    "status": ("validity", "validityStatus"),
    "starts": ("validity", "validityTimeSpecification", "overallStartTime"),
    "ends": ("validity", "validityTimeSpecification", "overallEndTime"),
    "cause": ("cause", "causeType"),
}
_SPECIFIC: Final = (
    "accidentType", "abnormalTrafficType", "constructionWorkType", "roadMaintenanceType", "obstructionType",
    "environmentalObstructionType", "poorEnvironmentType", "weatherRelatedRoadConditionType", "publicEventType",
    "roadOrCarriagewayOrLaneManagementType", "speedManagementType", "temporarySpeedLimit", "numberOfLanesRestricted",
    "vehicleObstructionType", "infrastructureDamageType", "trafficConstrictionType",
)  # fmt: skip
"""What says more than the record's kind, by kind."""


def records(situation: Element, settings: Datex2Settings) -> Iterator[Record]:
    """A row a record: its situation, kind, validity, what is said of it, and where it is."""
    severity = text(situation, "overallSeverity")
    for record in situation.findall("situationRecord"):
        fields: dict[str, Any] = {
            "situation": situation.get("id"),
            "record": record.get("id"),
            "version": record.get("version"),
            "kind": (record.get("type") or "").rpartition(":")[2] or None,
            **{name: text(record, *path) for name, path in _PLAIN.items()},
            **{name: text(one) for name in _SPECIFIC if (one := next(record.iter(name), None)) is not None},
            "comment": _comment(record, settings.language),
            "source": words(record.find("source/sourceName"), settings.language),
        }
        fields["severity"] = fields["severity"] or severity
        faults = () if fields["record"] else ("has no id",)
        yield Record(0, fields, place(record), faults)


def _comment(record: Element, language: str) -> str | None:
    found = (words(one.find("comment"), language) for one in record.findall("generalPublicComment"))
    return " ".join(one for one in found if one) or None
