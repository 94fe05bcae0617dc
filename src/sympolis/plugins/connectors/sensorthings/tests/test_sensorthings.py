"""The SensorThings connector keeps the contract, and makes flat rows of expanded entities.

Fixtures are composed after OGC 18-088 (SensorThings API Part 1: Sensing 1.1), as FROST answers.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Wanted
from sympolis.plugins.connectors.sensorthings import SensorThingsConnector
from sympolis.plugins.connectors.sensorthings.settings import SensorThingsSettings
from sympolis.plugins.listening import Listening, Message
from sympolis.testing.connectors import ListeningContract, PagedContract
from sympolis.testing.paging import PORTAL, fetched, query, recorded, rows_of

FIXTURES = Path(__file__).parent / "fixtures"
OBSERVATIONS = "https://portal.example/base/Observations"
FIRST = f"{OBSERVATIONS}?%24expand=Datastream%28%24expand%3DThing%28%24expand%3DLocations%29%29&%24orderby=id&%24top=2"
NEXT = f"{OBSERVATIONS}?$top=2&$skip=2&$orderby=id&$expand=Datastream($expand=Thing($expand=Locations))"


class TestContract(PagedContract, ListeningContract):
    settings: ClassVar[dict[str, Any]] = {}
    page: ClassVar[Any] = {"value": [{"@iot.id": n, "result": 1.5} for n in range(3)]}

    @pytest.fixture
    def connector(self) -> Connector:
        return SensorThingsConnector()


POINT = {"type": "Point", "coordinates": [12.4, 51.3]}


def answers(wanted: Wanted) -> Any:
    """Two pages of one observation with its stream and thing."""
    skip = int(query(wanted).get("$skip", 0))
    thing = {"@iot.id": 9, "name": "Station", "Locations": [{"@iot.id": 1, "location": POINT}]}
    observation = {
        "@iot.id": skip,
        "@iot.selfLink": "https://x",
        "result": 20.5 + skip,
        "Datastream": {"@iot.id": 5, "unitOfMeasurement": {"symbol": "°C"}, "Thing": thing},
        "FeatureOfInterest@iot.navigationLink": "https://y",
    }
    following = {"@iot.nextLink": f"{PORTAL.url}/Observations?$skip={skip + 1}"} if skip == 0 else {}
    return {"value": [observation], **following}


def test_recorded_pages_give_flat_rows(tmp_path: Path) -> None:
    answers = recorded(FIXTURES, {FIRST: "page-1.json", NEXT: "page-2.json"})
    settings = SensorThingsSettings(
        expand="Datastream($expand=Thing($expand=Locations))",
        page_rows=2,
        geometry="Datastream.Thing.Locations.location",
    )
    records = rows_of(SensorThingsConnector(), PORTAL, settings, answers, tmp_path / "d")
    assert [record.fields["result"] for record in records] == [17.4, 17.9, 18.1]
    assert records[0].fields["Datastream.unitOfMeasurement.symbol"] == "°C"
    assert records[0].fields["Datastream.Thing.properties.owner"] == "Town"
    assert not any("Link" in name for name in records[0].fields)
    assert (
        records[0].geometry == {"type": "Point", "coordinates": [12.3747, 51.3406]}
        and records[2].geometry is None
    )


def test_a_recorded_message_is_a_row_like_those() -> None:
    [row] = heard((FIXTURES / "message.json").read_bytes(), "v1.1/Datastreams(31)/Observations")
    assert row.fields == {
        "@iot.id": 8814, "phenomenonTime": "2026-03-01T08:20:00Z", "resultTime": None, "result": 18.3,
        "Datastream.@iot.id": 31,
    }  # fmt: skip


def test_links_are_followed_and_entities_made_flat(tmp_path: Path) -> None:
    settings = SensorThingsSettings(geometry="Datastream.Thing.Locations.location")
    records = rows_of(SensorThingsConnector(), PORTAL, settings, answers, tmp_path / "d")
    assert [record.fields["result"] for record in records] == [20.5, 21.5]
    fields = records[0].fields
    assert fields["Datastream.Thing.name"] == "Station"
    assert fields["Datastream.unitOfMeasurement.symbol"] == "°C"
    assert not any(name.endswith("Link") for name in fields)
    assert records[0].geometry == POINT


def test_the_options_are_those_of_the_standard(tmp_path: Path) -> None:
    settings = SensorThingsSettings(
        resource="Datastreams(5)/Observations", filter="result gt 3", expand="Datastream"
    )
    [first, *_] = fetched(SensorThingsConnector(), PORTAL, settings, answers, tmp_path)
    assert urlsplit(first.url).path == "/base/Datastreams(5)/Observations"
    assert query(first) == {
        "$expand": "Datastream",
        "$filter": "result gt 3",
        "$orderby": "id",
        "$top": "1000",
    }


def test_links_in_a_circle_end_the_reading(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="circle"):
        fetched(
            SensorThingsConnector(),
            PORTAL,
            SensorThingsSettings(),
            lambda wanted: {"value": [], "@iot.nextLink": wanted.url},
            tmp_path,
        )


def heard(payload: bytes, topic: str = "v1.1/Datastreams(5)/Observations") -> list[Any]:
    message = Message(topic, payload, datetime(2026, 3, 1, tzinfo=UTC))
    return list(SensorThingsConnector().heard(message, SensorThingsSettings(mqtt="mqtt://sta.example")))


@pytest.mark.parametrize(
    ("topic", "named"),
    [
        ("v1.1/Datastreams(5)/Observations", {"Datastream.@iot.id": 5}),
        ("v1.1/Things('a-b')/Locations", {"Thing.@iot.id": "a-b"}),
        ("v1.1/FeaturesOfInterest(2)/Observations", {"FeatureOfInterest.@iot.id": 2}),
        ("v1.1/Observations", {}),
    ],
)
def test_a_message_is_an_entity_with_what_its_topic_names(topic: str, named: dict[str, Any]) -> None:
    [row] = heard(b'{"@iot.id": 7, "result": 1.5, "Datastream@iot.navigationLink": "x"}', topic)
    assert row.fields == {"@iot.id": 7, "result": 1.5, **named}


@pytest.mark.parametrize("payload", [b"{", b"[1]"])
def test_a_message_that_is_no_entity_comes_with_its_fault(payload: bytes) -> None:
    [row] = heard(payload)
    assert row.faults


def test_it_listens_where_a_broker_is_named() -> None:
    connector = SensorThingsConnector()
    assert isinstance(connector, Listening)
    assert connector.listens(PORTAL, SensorThingsSettings()) is None
    wish = connector.listens(PORTAL, SensorThingsSettings(mqtt="mqtt://sta.example"))
    assert wish is not None and (wish.url, wish.topics) == ("mqtt://sta.example", ("v1.1/Observations",))
