"""The GTFS Realtime connector keeps the contract, and tells what was not said from what is zero.

The feed is composed after https://gtfs.org/documentation/realtime/reference/ and kept in protobuf's text form, which a
person can read and change.
"""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from google.protobuf import text_format
from google.transit import gtfs_realtime_pb2

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.gtfs_rt import GtfsRealtimeConnector
from sympolis.plugins.connectors.gtfs_rt.settings import GtfsRealtimeSettings
from sympolis.testing.connectors import RecognisingContract

FEED_TIME = 1_772_352_000
FEED_TIME_TEXT = "2026-03-01T08:00:00+00:00"


def feed() -> Any:
    """Three vehicles, a trip that is late, one alert in two languages."""
    text = (Path(__file__).parent / "fixtures" / "feed.textproto").read_text(encoding="utf-8")
    return text_format.Parse(text, gtfs_realtime_pb2.FeedMessage())


def _file(folder: Path, content: bytes) -> Origin:
    path = folder / "feed.pb"
    path.write_bytes(content)
    return Origin(path)


class TestContract(RecognisingContract):
    settings: ClassVar[dict[str, Any]] = {"entity": "vehicles"}

    @pytest.fixture
    def connector(self) -> Connector:
        return GtfsRealtimeConnector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        return _file(tmp_path, feed().SerializeToString())

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        return _file(tmp_path, feed().SerializeToString()[:-7])


def rows(folder: Path, entity: str, **more: Any) -> list[Record]:
    origin = _file(folder, feed().SerializeToString())
    return list(GtfsRealtimeConnector().read(origin, GtfsRealtimeSettings(entity=entity, **more)))


def test_vehicles_have_their_point_and_what_was_said_only(tmp_path: Path) -> None:
    first, second, _ = rows(tmp_path, "vehicles")
    assert first.geometry == {"type": "Point", "coordinates": [11.342, 44.494]}
    assert first.fields["speed"] == 0.0 and second.fields["speed"] is None
    assert first.fields["current_status"] == "STOPPED_AT" and second.fields["current_status"] is None
    assert first.fields["timestamp"] == "2026-03-01T07:59:30+00:00"
    assert second.fields["timestamp"] == second.fields["feed_time"] == FEED_TIME_TEXT


def test_a_trip_has_its_next_delay(tmp_path: Path) -> None:
    [row] = rows(tmp_path, "trip_updates")
    assert (row.fields["trip_id"], row.fields["delay"], row.fields["stops"]) == ("T1", 120, 2)


def test_stops_of_a_trip_are_rows(tmp_path: Path) -> None:
    first, second = rows(tmp_path, "stop_updates")
    assert (first.fields["stop_id"], first.fields["departure_delay"], first.fields["arrival_delay"]) == (
        "S1",
        120,
        None,
    )
    assert second.fields["arrival_time"] == "2026-03-01T08:05:00+00:00"


@pytest.mark.parametrize(("language", "text"), [("en", "Detour"), ("", "Deviazione"), ("de", "Deviazione")])
def test_alerts_speak_a_language(tmp_path: Path, language: str, text: str) -> None:
    [row] = rows(tmp_path, "alerts", language=language)
    assert (row.fields["header"], row.fields["effect"]) == (text, "DETOUR")
    assert row.fields["routes"] == ["11", "14"] and row.fields["starts"] == FEED_TIME_TEXT
    assert row.fields["ends"] is None


def test_what_was_deleted_is_no_row(tmp_path: Path) -> None:
    found = feed()
    found.entity[1].is_deleted = True
    origin = _file(tmp_path, found.SerializeToString())
    ids = [row.fields["entity_id"] for row in GtfsRealtimeConnector().read(origin, GtfsRealtimeSettings())]
    assert ids == ["v0", "v2"]


@pytest.mark.parametrize("content", [b"<html>Login</html>", b"", b"\x00" * 40])
def test_what_is_no_feed_is_told(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(errors.SourceFailed, match="not a GTFS Realtime feed"):
        list(GtfsRealtimeConnector().read(_file(tmp_path, content), GtfsRealtimeSettings()))
