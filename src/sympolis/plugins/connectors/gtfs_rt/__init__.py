"""Reads what public transport does right now: positions, delays and alerts of a GTFS Realtime feed.

The feed is one protocol-buffer message, parsed by the bindings that its publisher keeps; the times of rows that have
none of their own are the feed's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Recognised, Record
from sympolis.plugins.connectors.gtfs_rt.settings import GtfsRealtimeSettings

if TYPE_CHECKING:
    from pathlib import Path

Message = Any
Fields = dict[str, Any]
Part = tuple[Fields, dict[str, Any] | None]
_HEADER: Final = b"\n"
"""The header is field 1, of variable length: a feed begins with this byte."""
_LATEST: Final = 253_402_300_799
"""9999-12-31: beyond, a time is none."""


class GtfsRealtimeConnector:
    """Rows of one kind, numbered from 1 in the feed's order."""

    id: ClassVar[str] = "gtfs_rt"
    settings_type: ClassVar[type] = GtfsRealtimeSettings

    def read(self, origin: Origin, settings: GtfsRealtimeSettings) -> Iterator[Record]:
        """Yield every row. Raises ``SourceFailed`` where the bytes are no feed."""
        if origin.path is None:
            raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
        feed = _parsed(origin.path)
        at = _time(feed.header.timestamp)
        parts = _KINDS[settings.entity]
        number = 0
        for entity in feed.entity:
            for fields, geometry in parts(entity, settings):
                number += 1
                fields["feed_time"] = at
                fields["timestamp"] = fields.get("timestamp") or at
                yield Record(number, {"entity_id": entity.id, **fields}, geometry, _faults(entity))

    def recognise(self, sample: Path) -> Recognised:
        """A feed that says its version; by the kind of its first message."""
        try:
            with sample.open("rb") as stream:
                if not stream.read(8).startswith(_HEADER):
                    return Recognised(0.0)
            feed = _parsed(sample)
        except (OSError, errors.SourceFailed):
            return Recognised(0.0)
        kinds = (("vehicle", "vehicles"), ("trip_update", "trip_updates"), ("alert", "alerts"))
        found = (kind for one in feed.entity for field, kind in kinds if one.HasField(field))
        return Recognised(1.0, {"entity": next(found, "vehicles")}, "a GTFS Realtime feed")


def _parsed(path: Path) -> Message:
    try:
        from google.protobuf.message import DecodeError
        from google.transit import gtfs_realtime_pb2
    except ImportError as cause:
        raise errors.SourceFailed(
            "the feed's bindings are not installed", where=str(path), hint="pip install 'sympolis[gtfs_rt]'"
        ) from cause
    feed: Message = gtfs_realtime_pb2.FeedMessage()
    try:
        content = path.read_bytes()
        feed.ParseFromString(content)
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=str(path)) from cause
    except DecodeError as cause:
        shown = content[:80].decode("ascii", "replace").split("\n")[0]
        hint = f"the answer begins with {shown!r}; is it the feed's own address, and whole?"
        raise errors.SourceFailed("is not a GTFS Realtime feed", where=str(path), hint=hint) from cause
    if not feed.header.gtfs_realtime_version:
        raise errors.SourceFailed("is not a GTFS Realtime feed: it has no version", where=str(path))
    return feed


def _faults(entity: Message) -> tuple[str, ...]:
    return () if entity.id else ("has no id",)


def _time(seconds: int) -> str | None:
    """ISO 8601; None where the feed says nothing."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if 0 < seconds <= _LATEST else None


def _given(message: Message, name: str) -> Any:
    """A field's value, where it was said; an enumeration's by its name."""
    if not message.HasField(name):
        return None
    value, field = getattr(message, name), message.DESCRIPTOR.fields_by_name[name]
    if field.enum_type is None:
        return value
    known = field.enum_type.values_by_number.get(value)
    return value if known is None else known.name


def _trip(trip: Message) -> Fields:
    names = ("trip_id", "route_id", "direction_id", "start_time", "start_date", "schedule_relationship")
    return {name: _given(trip, name) for name in names}


def _vehicle(vehicle: Message) -> Fields:
    return {"vehicle_id": _given(vehicle, "id"), "vehicle_label": _given(vehicle, "label")}


def _vehicles(entity: Message, settings: GtfsRealtimeSettings) -> Iterator[Part]:  # noqa: ARG001 - one signature
    if not entity.HasField("vehicle") or entity.is_deleted:
        return
    found = entity.vehicle
    names = ("stop_id", "current_stop_sequence", "current_status", "congestion_level", "occupancy_status")
    fields = {**_trip(found.trip), **_vehicle(found.vehicle), **{name: _given(found, name) for name in names}}
    fields["occupancy_percentage"] = _given(found, "occupancy_percentage")
    fields["timestamp"] = _time(found.timestamp)
    geometry = None
    if found.HasField("position"):
        at = found.position
        fields |= {name: _rounded(_given(at, name)) for name in ("bearing", "speed", "odometer")}
        geometry = {"type": "Point", "coordinates": [_degrees(at.longitude), _degrees(at.latitude)]}
    yield fields, geometry


def _degrees(value: float) -> float:
    """What a 32-bit float knows of a coordinate: a metre or so."""
    return round(value, 5)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _trip_updates(entity: Message, settings: GtfsRealtimeSettings) -> Iterator[Part]:  # noqa: ARG001 - one signature
    if not entity.HasField("trip_update") or entity.is_deleted:
        return
    update = entity.trip_update
    stops = list(update.stop_time_update)
    delay = _given(update, "delay")
    following = next((one for one in map(_delay, stops) if one is not None), None)
    fields = {**_trip(update.trip), **_vehicle(update.vehicle), "timestamp": _time(update.timestamp)}
    fields |= {"delay": following if delay is None else delay, "stops": len(stops)}
    yield fields, None


def _stop_updates(entity: Message, settings: GtfsRealtimeSettings) -> Iterator[Part]:  # noqa: ARG001 - one signature
    if not entity.HasField("trip_update") or entity.is_deleted:
        return
    update = entity.trip_update
    for stop in update.stop_time_update:
        fields = {**_trip(update.trip), "timestamp": _time(update.timestamp)}
        fields |= {name: _given(stop, name) for name in ("stop_id", "stop_sequence")}
        fields["stop_relationship"] = _given(stop, "schedule_relationship")
        for name in ("arrival", "departure"):
            event = getattr(stop, name)
            fields[f"{name}_delay"] = _given(event, "delay")
            fields[f"{name}_time"] = _time(event.time)
        yield fields, None


def _delay(stop: Message) -> int | None:
    delay: int | None = _given(stop.arrival, "delay")
    following: int | None = _given(stop.departure, "delay")
    return following if delay is None else delay


def _alerts(entity: Message, settings: GtfsRealtimeSettings) -> Iterator[Part]:
    if not entity.HasField("alert") or entity.is_deleted:
        return
    alert = entity.alert
    periods = [(_time(one.start), _time(one.end)) for one in alert.active_period]
    yield (
        {
            "header": _text(alert.header_text, settings.language),
            "description": _text(alert.description_text, settings.language),
            "url": _text(alert.url, settings.language),
            **{name: _given(alert, name) for name in ("cause", "effect", "severity_level")},
            "starts": periods[0][0] if periods else None,
            "ends": periods[-1][1] if periods else None,
            "routes": sorted({one.route_id for one in alert.informed_entity if one.route_id}),
            "stops": sorted({one.stop_id for one in alert.informed_entity if one.stop_id}),
            "trips": sorted({one.trip.trip_id for one in alert.informed_entity if one.trip.trip_id}),
        },
        None,
    )


def _text(texts: Message, language: str) -> str | None:
    found = {one.language.lower(): one.text for one in reversed(texts.translation)}
    return found.get(language.lower()) or next((one.text for one in texts.translation), None)


_KINDS: Final[dict[str, Callable[[Message, GtfsRealtimeSettings], Iterator[Part]]]] = {
    "vehicles": _vehicles,
    "trip_updates": _trip_updates,
    "stop_updates": _stop_updates,
    "alerts": _alerts,
}
