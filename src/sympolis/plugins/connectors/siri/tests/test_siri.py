"""The SIRI connector keeps the contract, and makes seconds of delays."""

from pathlib import Path

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Record
from sympolis.plugins.connectors.siri import SiriConnector
from sympolis.plugins.connectors.siri.settings import SiriSettings
from sympolis.testing.connectors import PublicationContract, published

TIME = "2026-03-01T08:00:00Z"


def delivery(content: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><Siri xmlns="http://www.siri.org.uk/siri" version="2.0">
<ServiceDelivery><ResponseTimestamp>{TIME}</ResponseTimestamp>{content}</ServiceDelivery></Siri>"""


def vehicle(number: int, latitude: str = "44.5") -> str:
    return f"""<VehicleActivity><RecordedAtTime>2026-03-01T07:59:30Z</RecordedAtTime><MonitoredVehicleJourney>
<LineRef>11</LineRef><FramedVehicleJourneyRef><DataFrameRef>2026-03-01</DataFrameRef>
<DatedVehicleJourneyRef>J{number}</DatedVehicleJourneyRef></FramedVehicleJourneyRef><VehicleRef>bus-{number}</VehicleRef>
<VehicleLocation><Longitude>11.34</Longitude><Latitude>{latitude}</Latitude></VehicleLocation>
<Delay>-PT1M30S</Delay><MonitoredCall><StopPointRef>S1</StopPointRef></MonitoredCall></MonitoredVehicleJourney>
</VehicleActivity>"""


JOURNEY = """<EstimatedVehicleJourney><LineRef>11</LineRef><DatedVehicleJourneyRef>J1</DatedVehicleJourneyRef>
<RecordedCalls><RecordedCall><StopPointRef>S0</StopPointRef><AimedDepartureTime>2026-03-01T07:50:00Z</AimedDepartureTime>
<ActualDepartureTime>2026-03-01T07:53:00Z</ActualDepartureTime></RecordedCall></RecordedCalls>
<EstimatedCalls><EstimatedCall><StopPointRef>S1</StopPointRef><Order>2</Order>
<AimedArrivalTime>2026-03-01T08:00:00Z</AimedArrivalTime><ExpectedArrivalTime>2026-03-01T09:02:00+01:00</ExpectedArrivalTime>
</EstimatedCall><EstimatedCall><StopPointRef>S2</StopPointRef><Cancellation>true</Cancellation></EstimatedCall>
</EstimatedCalls></EstimatedVehicleJourney>"""


class TestContract(PublicationContract):
    publication = delivery("".join(vehicle(n) for n in range(3)))
    standard = "SIRI delivery"

    @pytest.fixture
    def connector(self) -> Connector:
        return SiriConnector()


def rows(folder: Path, content: str, service: str) -> list[Record]:
    return list(SiriConnector().read(published(folder, delivery(content)), SiriSettings(service=service)))


def test_vehicles_have_their_point_and_delay(tmp_path: Path) -> None:
    [row] = rows(tmp_path, vehicle(1), "vehicles")
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
    [row] = rows(tmp_path, vehicle(1, "north"), "vehicles")
    assert "north" in row.faults[0]


def test_a_journey_has_the_delay_at_its_next_stop(tmp_path: Path) -> None:
    [row] = rows(tmp_path, JOURNEY, "journeys")
    assert (row.fields["delay"], row.fields["next_stop"], row.fields["calls"]) == (120.0, "S1", 3)


def test_calls_are_rows(tmp_path: Path) -> None:
    found = rows(tmp_path, JOURNEY, "calls")
    assert [(row.number, row.fields["stop"], row.fields["call_cancelled"]) for row in found] == [
        (1, "S0", False),
        (2, "S1", False),
        (3, "S2", True),
    ]
    assert found[0].fields["departure_delay"] == 180.0 and found[2].fields["arrival_delay"] is None


def test_a_delivery_that_is_an_error_is_told(tmp_path: Path) -> None:
    problem = "<OtherError><ErrorText>quota exceeded</ErrorText></OtherError>"
    content = f"<Status>false</Status><ErrorCondition>{problem}</ErrorCondition>"
    with pytest.raises(errors.SourceFailed, match="quota exceeded"):
        rows(tmp_path, content, "vehicles")


def test_a_quiet_night_is_no_failure(tmp_path: Path) -> None:
    assert rows(tmp_path, "", "vehicles") == []
