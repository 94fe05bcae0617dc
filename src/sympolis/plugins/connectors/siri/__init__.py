"""Reads what European public transport does right now: vehicles and journeys of a SIRI delivery (CEN/TS 15531).

Delays are seconds, computed from aimed and expected times where the delivery does not say them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final
from xml.etree.ElementTree import Element

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Recognised, Record
from sympolis.plugins.connectors.siri.settings import SiriSettings
from sympolis.plugins.xml import file_elements, file_root, text

_HEAD: Final = ("ResponseTimestamp", "ErrorCondition")
_DURATION: Final = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")
_PARTS: Final = {
    "vehicles": "VehicleActivity",
    "journeys": "EstimatedVehicleJourney",
    "calls": "EstimatedVehicleJourney",
}


class SiriConnector:
    """Rows of one service, numbered from 1 in the delivery's order."""

    id: ClassVar[str] = "siri"
    settings_type: ClassVar[type] = SiriSettings

    def read(self, origin: Origin, settings: SiriSettings) -> Iterator[Record]:
        """Yield every row. Raises ``SourceFailed``, also with the words of a delivery that is an error."""
        if origin.path is None:
            raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
        names = (*_HEAD, _PARTS[settings.service])
        number, at = 0, None
        for element in file_elements(origin.path, names, most_bytes=settings.most_mb * 1_000_000):
            if element.tag == "ErrorCondition":
                told = " ".join(one.text.strip() for one in element.iter() if one.text and one.text.strip())
                raise errors.SourceFailed(f"the service says: {told}", where=str(origin.path))
            if element.tag == "ResponseTimestamp":
                at = text(element)
                continue
            for fields, geometry, faults in _rows(element, settings):
                number += 1
                yield Record(number, {**fields, "response_time": at}, geometry, faults)
        if at is None and number == 0:
            hint = "expected a ServiceDelivery of SIRI in XML"
            raise errors.SourceFailed("is no SIRI delivery", where=str(origin.path), hint=hint)

    def recognise(self, sample: Path) -> Recognised:
        """By the document's namespace, and by which part there is."""
        if "siri.org.uk/siri" not in file_root(sample)[0]:
            return Recognised(0.0)
        settings = SiriSettings()
        names = frozenset(_PARTS.values())
        with suppress(errors.SourceFailed):
            first = next(file_elements(sample, names, most_bytes=settings.most_mb * 1_000_000), None)
            service = "journeys" if first is not None and first.tag == _PARTS["journeys"] else "vehicles"
            return Recognised(1.0, {"service": service}, "a SIRI document")
        return Recognised(0.5, {}, "a SIRI document that is not whole")


Row = tuple[dict[str, Any], dict[str, Any] | None, tuple[str, ...]]


def _rows(element: Element, settings: SiriSettings) -> Iterator[Row]:
    if settings.service == "vehicles":
        yield _vehicle(element)
    elif settings.service == "journeys":
        yield _journey(element), None, ()
    else:
        about = _about(element)
        for call in _calls(element):
            yield {**about, **_call(call)}, None, ()


def _vehicle(activity: Element) -> Row:
    journey = activity.find("MonitoredVehicleJourney")
    if journey is None:
        return {"vehicle": None}, None, ("has no MonitoredVehicleJourney",)
    fields = {
        **_about(journey),
        "recorded_at": text(activity, "RecordedAtTime"),
        "valid_until": text(activity, "ValidUntilTime"),
        "bearing": text(journey, "Bearing"),
        "delay": _seconds(text(journey, "Delay")),
        "stop": text(journey, "MonitoredCall", "StopPointRef"),
    }
    geometry, faults = _location(journey.find("VehicleLocation"))
    return fields, geometry, faults


def _about(journey: Element) -> dict[str, Any]:
    """What tells one journey from another."""
    framed = journey.find("FramedVehicleJourneyRef")
    return {
        "vehicle": text(journey, "VehicleRef"),
        "line": text(journey, "LineRef"),
        "line_name": text(journey, "PublishedLineName"),
        "direction": text(journey, "DirectionRef"),
        "operator": text(journey, "OperatorRef"),
        "destination": text(journey, "DestinationName"),
        "journey": text(framed, "DatedVehicleJourneyRef") or text(journey, "DatedVehicleJourneyRef"),
        "day": text(framed, "DataFrameRef"),
        "occupancy": text(journey, "Occupancy"),
        "cancelled": text(journey, "Cancellation") == "true",
    }


def _location(element: Element | None) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    if element is None:
        return None, ()
    longitude, latitude = text(element, "Longitude"), text(element, "Latitude")
    try:
        return {"type": "Point", "coordinates": [float(longitude or ""), float(latitude or "")]}, ()
    except ValueError:
        return None, (f"has no coordinates: {latitude!r}, {longitude!r}",)


def _calls(journey: Element) -> list[Element]:
    return [*journey.findall("RecordedCalls/RecordedCall"), *journey.findall("EstimatedCalls/EstimatedCall")]


def _call(call: Element) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "stop": text(call, "StopPointRef"),
        "stop_name": text(call, "StopPointName"),
        "order": text(call, "Order"),
        "call_cancelled": text(call, "Cancellation") == "true",
    }
    for name in ("Arrival", "Departure"):
        aimed = text(call, f"Aimed{name}Time")
        newest = text(call, f"Actual{name}Time") or text(call, f"Expected{name}Time")
        fields[f"aimed_{name.lower()}"] = aimed
        fields[f"expected_{name.lower()}"] = newest
        fields[f"{name.lower()}_delay"] = _between(aimed, newest)
    return fields


def _journey(journey: Element) -> dict[str, Any]:
    """The journey with its delay at the next stop that says one."""
    coming = [_call(call) for call in journey.findall("EstimatedCalls/EstimatedCall")]
    delays = (one[name] for one in coming for name in ("arrival_delay", "departure_delay"))
    return {
        **_about(journey),
        "recorded_at": text(journey, "RecordedAtTime"),
        "delay": next((one for one in delays if one is not None), None),
        "calls": len(_calls(journey)),
        "next_stop": coming[0]["stop"] if coming else None,
    }


def _between(aimed: str | None, newest: str | None) -> float | None:
    try:
        return (datetime.fromisoformat(newest or "") - datetime.fromisoformat(aimed or "")).total_seconds()
    except (ValueError, TypeError):  # no time, or one with a zone and one without
        return None


def _seconds(duration: str | None) -> float | None:
    """An ISO 8601 duration: ``-PT1M30S`` is 90 seconds early."""
    match = _DURATION.fullmatch(duration or "")
    if match is None:
        return None
    sign, days, hours, minutes, seconds = match.groups()
    total = int(days or 0) * 86_400 + int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return float(-total if sign else total)
