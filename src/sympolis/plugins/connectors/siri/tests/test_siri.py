"""The SIRI connector keeps the contract, and makes seconds of delays.

Fixtures are composed after SIRI 2.0 (CEN/TS 15531): vehicle monitoring and estimated timetable deliveries.
"""

from pathlib import Path

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Record
from sympolis.plugins.connectors.siri import SiriConnector
from sympolis.plugins.connectors.siri.settings import SiriSettings
from sympolis.testing.connectors import PublicationContract, published

TIME = "2026-03-01T08:00:00Z"


def recording(name: str) -> str:
    """A delivery as it was recorded."""
    return (Path(__file__).parent / "fixtures" / f"{name}.xml").read_text(encoding="utf-8")


class TestContract(PublicationContract):
    publication = recording("vehicles")
    standard = "SIRI delivery"

    @pytest.fixture
    def connector(self) -> Connector:
        return SiriConnector()


def rows(folder: Path, content: str, service: str) -> list[Record]:
    return list(SiriConnector().read(published(folder, content), SiriSettings(service=service)))


def test_vehicles_have_their_point_and_delay(tmp_path: Path) -> None:
    row = rows(tmp_path, recording("vehicles"), "vehicles")[0]
    wanted = {
        "vehicle": "bus-1",
        "line": "11",
        "journey": "J1",
        "day": "2026-03-01",
        "delay": -90.0,
        "stop": "S1",
    }
    assert wanted.items() <= row.fields.items() and row.fields["response_time"] == TIME
    assert row.geometry == {"type": "Point", "coordinates": [11.34, 44.5]}


def test_a_vehicle_without_usable_coordinates_is_kept_with_its_fault(tmp_path: Path) -> None:
    _, sound, lost = rows(tmp_path, recording("vehicles"), "vehicles")
    assert "north" in lost.faults[0] and lost.fields["vehicle"] == "bus-3"
    assert not sound.faults and sound.fields["delay"] == 240.0


def test_a_journey_has_the_delay_at_its_next_stop(tmp_path: Path) -> None:
    [row] = rows(tmp_path, recording("journeys"), "journeys")
    assert (row.fields["delay"], row.fields["next_stop"], row.fields["calls"]) == (120.0, "S1", 3)


def test_calls_are_rows(tmp_path: Path) -> None:
    found = rows(tmp_path, recording("journeys"), "calls")
    assert [(row.number, row.fields["stop"], row.fields["call_cancelled"]) for row in found] == [
        (1, "S0", False),
        (2, "S1", False),
        (3, "S2", True),
    ]
    assert found[0].fields["departure_delay"] == 180.0 and found[2].fields["arrival_delay"] is None


def test_a_delivery_that_is_an_error_is_told(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="quota exceeded"):
        rows(tmp_path, recording("refused"), "vehicles")


def test_a_quiet_night_is_no_failure(tmp_path: Path) -> None:
    before, _, rest = recording("vehicles").partition("<VehicleActivity>")
    quiet = before + rest.rpartition("</VehicleActivity>")[2]
    assert rows(tmp_path, quiet, "vehicles") == []
