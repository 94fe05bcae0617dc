"""The NGSI-LD connector keeps the contract, and says of attributes what a mapping needs.

Fixtures are composed after ETSI GS CIM 009 (normalized form with system attributes, clauses 4.5 and 5.8.6).
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Incremental, Origin, Wanted
from sympolis.plugins.connectors.ngsi_ld import NgsiLdConnector
from sympolis.plugins.connectors.ngsi_ld.settings import NgsiLdSettings
from sympolis.plugins.listening import Address, Answered, Call, Listening, Message
from sympolis.testing.connectors import ListeningContract, PagedContract
from sympolis.testing.paging import fetched, recorded, rows_of

FIXTURES = Path(__file__).parent / "fixtures"
ENTITIES = "https://broker.example/ngsi-ld/v1/entities?type=OffStreetParking&options=sysAttrs&limit=2"
ORIGIN = Origin(url="https://broker.example", secrets={"there": "s3cret"})
ADDRESS = Address("https://twin.example/api/sources/p/messages", "X-Source-Token", "t0ken")
POINT = {"type": "Point", "coordinates": [11.34, 44.49]}


def entity(number: int) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:OffStreetParking:bo:{number}",
        "type": "OffStreetParking",
        "modifiedAt": f"2026-03-01T0{number}:00:00Z",
        "free": {
            "type": "Property",
            "value": number,
            "observedAt": "2026-03-01T08:00:00Z",
            "unitCode": "C62",
        },
        "refDistrict": {"type": "Relationship", "object": "urn:ngsi-ld:District:bo:1"},
        "location": {"type": "GeoProperty", "value": POINT},
    }


class TestContract(PagedContract, ListeningContract):
    settings: ClassVar[dict[str, Any]] = {"type": "OffStreetParking"}
    page: ClassVar[Any] = [entity(n) for n in range(3)]

    @pytest.fixture
    def connector(self) -> Connector:
        return NgsiLdConnector()


def answers(wanted: Wanted) -> Any:
    """Five entities, by offset and limit."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(wanted.url).query).items()}
    first = int(asked.get("offset", 0))
    return [entity(n) for n in range(5)][first : first + int(asked["limit"])]


def settings(**more: Any) -> NgsiLdSettings:
    return NgsiLdSettings(type="OffStreetParking", **more)


def test_recorded_pages_give_their_entities(tmp_path: Path) -> None:
    answers = recorded(FIXTURES, {ENTITIES: "page-1.json", f"{ENTITIES}&offset=2": "page-2.json"})
    first, second, third = rows_of(NgsiLdConnector(), ORIGIN, settings(page_rows=2), answers, tmp_path / "d")
    wanted = {
        "local_id": "p1",
        "name": "Parcheggio Stazione",
        "availableSpotNumber": 112,
        "refDistrict": "urn:ngsi-ld:District:bo:1",
    }
    assert wanted.items() <= first.fields.items()
    assert first.fields["availableSpotNumber.observedAt"] == "2026-03-01T07:55:00.000Z"
    assert second.fields["availableSpotNumber"] == 38, "the default instance, not the forecast"
    assert second.fields["name"] == {"it": "Parcheggio Fiera", "en": "Fair car park"}
    assert third.geometry is None and third.fields["name"] == "Parcheggio Ospedale"


def test_a_recorded_notification_is_a_row() -> None:
    [row] = heard((FIXTURES / "notification.json").read_bytes())
    assert (row.fields["local_id"], row.fields["availableSpotNumber"]) == ("p1", 97) and not row.faults


def test_every_entity_comes_once_with_values_and_what_stands_beside(tmp_path: Path) -> None:
    records = rows_of(NgsiLdConnector(), ORIGIN, settings(page_rows=2), answers, tmp_path / "d")
    assert [record.fields["local_id"] for record in records] == ["0", "1", "2", "3", "4"]
    assert records[3].geometry == POINT
    assert records[3].fields == {
        "local_id": "3",
        "id": "urn:ngsi-ld:OffStreetParking:bo:3",
        "type": "OffStreetParking",
        "modifiedAt": "2026-03-01T03:00:00Z",
        "free": 3,
        "free.observedAt": "2026-03-01T08:00:00Z",
        "free.unitCode": "C62",
        "refDistrict": "urn:ngsi-ld:District:bo:1",
        "location": POINT,
    }


def test_only_what_was_modified_since_is_asked_for(tmp_path: Path) -> None:
    connector, wanted = NgsiLdConnector(), settings(q="free>0|open==true")
    assert isinstance(connector, Incremental)
    folder = tmp_path / "d"
    folder.mkdir()
    [first] = fetched(connector, ORIGIN, wanted, answers, folder)
    assert parse_qs(urlsplit(first.url).query)["q"] == ["free>0|open==true"]
    mark = connector.bookmark(Origin(folder), wanted)
    assert mark == "2026-03-01T04:00:00Z"
    [second] = fetched(connector, Origin(url=ORIGIN.url, bookmark=mark), wanted, lambda _: [], folder)
    assert parse_qs(urlsplit(second.url).query)["q"] == [f"(free>0|open==true);modifiedAt>={mark}"]
    assert connector.bookmark(Origin(folder, bookmark=mark), wanted) == mark
    assert connector.bookmark(Origin(folder), settings(incremental=False)) is None


def test_tenant_context_and_token_go_along(tmp_path: Path) -> None:
    wanted = settings(tenant="bo", token="there", context="https://c.example/c.jsonld", pick=("free",))  # noqa: S106
    [first] = fetched(NgsiLdConnector(), ORIGIN, wanted, answers, tmp_path)
    assert first.headers["Authorization"] == "Bearer s3cret" and first.headers["NGSILD-Tenant"] == "bo"
    assert first.headers["Link"].startswith("<https://c.example/c.jsonld>")
    assert "s3cret" not in repr(first)
    assert parse_qs(urlsplit(first.url).query)["pick"] == ["id,type,free"]


def test_the_broker_s_error_is_told(tmp_path: Path) -> None:
    problem = (FIXTURES / "problem.json").read_bytes()
    with pytest.raises(errors.SourceFailed, match="unexpected end at 6"):
        rows_of(NgsiLdConnector(), ORIGIN, settings(), lambda _: problem, tmp_path / "d")


def heard(payload: Any) -> list[Any]:
    content = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    return list(NgsiLdConnector().heard(Message("", content, datetime.now(UTC)), settings()))


def test_a_notification_is_its_entities() -> None:
    rows = heard({"type": "Notification", "data": [entity(1), {"id": 7}]})
    assert [bool(row.faults) for row in rows] == [False, True] and rows[0].fields["free"] == 1


@pytest.mark.parametrize("payload", [b"{", {"type": "Notification"}, [1]])
def test_what_is_no_notification_comes_with_its_fault(payload: Any) -> None:
    [row] = heard(payload)
    assert row.faults


def test_of_several_instances_the_one_without_a_dataset_is_taken() -> None:
    several = [{"type": "Property", "value": 1, "datasetId": "urn:a"}, {"type": "Property", "value": 2}]
    [row] = heard({"data": [{"id": "urn:a:b", "type": "T", "free": several}]})
    assert row.fields["free"] == 2


def calls(*statuses: int, **more: Any) -> list[Call]:
    """The calls made when they are answered with these statuses."""
    connector = NgsiLdConnector()
    assert isinstance(connector, Listening)
    hook = connector.listens(ORIGIN, settings(subscribe=True, **more))
    assert hook is not None
    asking = hook.calls(ADDRESS)
    found = [next(asking)]
    for status in statuses:
        try:
            found.append(asking.send(Answered(status, b'{"title": "because"}')))
        except StopIteration:
            break
    return found


def test_a_subscription_is_made_once_and_then_pointed_here() -> None:
    [made] = calls(201, q="free>0")
    document = msgspec.json.decode(made.body)
    assert (made.method, document["q"]) == ("POST", "free>0")
    assert document["notification"]["endpoint"]["receiverInfo"] == [
        {"key": "X-Source-Token", "value": "t0ken"}
    ]
    first, second = calls(409, 204)
    assert (second.method, second.url) == ("PATCH", f"{first.url}/{document['id']}")
    assert "id" not in msgspec.json.decode(second.body)


@pytest.mark.parametrize("statuses", [(400,), (409, 403)])
def test_a_refused_subscription_is_told(statuses: tuple[int, ...]) -> None:
    with pytest.raises(errors.SourceFailed, match="because"):
        calls(*statuses)


def test_without_subscribe_nothing_is_heard() -> None:
    assert NgsiLdConnector().listens(ORIGIN, settings()) is None
