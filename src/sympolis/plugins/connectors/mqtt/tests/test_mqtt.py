"""The MQTT connector keeps the contract, and makes rows of messages and their topics."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors, reading
from sympolis.plugins.connector import Connector, Origin
from sympolis.plugins.connectors.mqtt import MqttConnector
from sympolis.plugins.connectors.mqtt.settings import MqttSettings
from sympolis.plugins.listening import Listening, Message
from sympolis.testing.connectors import ListeningContract, RecognisingContract

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
RECORDED = (Path(__file__).parent / "fixtures" / "messages.ndjson").read_text(encoding="utf-8")


class TestContract(RecognisingContract, ListeningContract):
    settings: ClassVar[dict[str, Any]] = {"topics": ("city/noise/{station}",)}

    @pytest.fixture
    def connector(self) -> Connector:
        return MqttConnector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        return _file(tmp_path, RECORDED)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        return _file(tmp_path, RECORDED[:-9])


def _file(folder: Path, text: str) -> Origin:
    path = folder / "messages.ndjson"
    path.write_text(text)
    return Origin(path)


def heard(payload: bytes, topic: str = "city/noise/a", **settings: Any) -> list[Any]:
    chosen = MqttSettings(**{"topics": ("city/{quantity}/{station}",), **settings})
    return list(MqttConnector().heard(Message(topic, payload, AT), chosen))


def test_a_row_has_the_message_s_members_and_the_topic_s_levels() -> None:
    [row] = heard(b'{"leq": 61.5}')
    assert row.fields == {
        "leq": 61.5,
        "topic": "city/noise/a",
        "received_at": "2026-03-01T08:00:00+00:00",
        "quantity": "noise",
        "station": "a",
    }


@pytest.mark.parametrize(
    ("payload", "settings", "values"),
    [
        (b"12.5", {}, [{"value": 12.5}]),
        (b'[{"v": 1}, 2]', {}, [{"v": 1}, {"value": 2}]),
        (b'{"d": {"rows": [{"v": 1}]}}', {"rows": "d.rows"}, [{"v": 1}]),
    ],
)
def test_rows_are_found(payload: bytes, settings: dict[str, Any], values: list[dict[str, Any]]) -> None:
    beside = {"topic", "received_at", "quantity", "station"}
    rows = heard(payload, **settings)
    assert [{k: v for k, v in row.fields.items() if k not in beside} for row in rows] == values
    assert not any(row.faults for row in rows)


@pytest.mark.parametrize(
    ("payload", "settings", "part"),
    [(b'{"half": ', {}, "not JSON"), (b"\xff", {}, "not JSON"), (b'{"v": 1}', {"rows": "d.x"}, "has no d.x")],
)
def test_what_is_no_row_comes_with_its_fault(payload: bytes, settings: dict[str, Any], part: str) -> None:
    [row] = heard(payload, **settings)
    assert part in row.faults[0] and row.fields["topic"] == "city/noise/a"


def test_levels_are_named_under_a_wildcard_too() -> None:
    [row] = heard(b"1", topics=("other/{x}", "city/{quantity}/#"))
    assert row.fields["quantity"] == "noise" and "x" not in row.fields


def test_it_asks_for_topics_with_its_secret() -> None:
    connector = MqttConnector()
    assert isinstance(connector, Listening)
    settings = MqttSettings(topics=("city/{station}/noise", "a/#"), user="twin", password="broker", qos=0)  # noqa: S106
    wish = connector.listens(Origin(url="mqtt://b", secrets={"broker": "s3cret"}), settings)
    assert (wish.topics, wish.qos, wish.password) == (("city/+/noise", "a/#"), 0, "s3cret")
    assert "s3cret" not in repr(wish)


@pytest.mark.parametrize("topics", [[], ["a/#/b"], ["a/b+"], ["a/x{y}"], ["#/#"]])
def test_a_topic_that_no_broker_takes_is_refused(topics: list[str]) -> None:
    findings: list[reading.Finding] = []
    reading.read(MqttSettings, {"topics": topics}, "x", findings)
    assert findings


def test_a_line_that_is_no_recorded_message_is_named(tmp_path: Path) -> None:
    origin = _file(tmp_path, '{"topic": "a", "payload": 1, "received_at": "2026-03-01"}\n{"payload": 1}\n')
    with pytest.raises(errors.SourceFailed, match="line 2 is no recorded message"):
        list(MqttConnector().read(origin, MqttSettings(topics=("a",))))
