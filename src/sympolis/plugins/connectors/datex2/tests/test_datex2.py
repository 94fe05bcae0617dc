"""The DATEX II connector keeps the contract, and reads both versions into the same rows.

Fixtures are composed after the schemas of versions 2.3 and 3 (CEN/TS 16157, https://docs.datex2.eu).
"""

from pathlib import Path
from typing import Any

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Record
from sympolis.plugins.connectors.datex2 import Datex2Connector
from sympolis.plugins.connectors.datex2.settings import Datex2Settings
from sympolis.testing.connectors import PublicationContract, published

TIME = "2026-03-01T08:00:00Z"


def recording(name: str) -> str:
    """A publication as it was recorded."""
    return (Path(__file__).parent / "fixtures" / f"{name}.xml").read_text(encoding="utf-8")


class TestContract(PublicationContract):
    publication = recording("measurements-v2")
    standard = "DATEX II publication"

    @pytest.fixture
    def connector(self) -> Connector:
        return Datex2Connector()


def rows(folder: Path, content: str, publication: str, **more: Any) -> list[Record]:
    settings = Datex2Settings(publication=publication, **more)
    return list(Datex2Connector().read(published(folder, content), settings))


@pytest.mark.parametrize("name", ["measurements-v2", "measurements-v3"])
def test_both_versions_give_the_same_row(tmp_path: Path, name: str) -> None:
    row = rows(tmp_path, recording(name), "measurements")[0]
    assert row.fields == {
        "site": "L1",
        "time": "2026-03-01T07:55:00Z",
        "1.kind": "TrafficFlow",
        "1.vehicleFlowRate": 120.0,
        "2.kind": "TrafficSpeed",
        "2.speed": 48.5,
        "publication_time": TIME,
    }


def test_values_are_rows_where_that_is_wanted(tmp_path: Path) -> None:
    found = rows(tmp_path, recording("measurements-v2"), "values")
    assert [(row.number, row.fields["site"], row.fields["index"], row.fields["kind"]) for row in found] == [
        (1, "L1", "1", "TrafficFlow"),
        (2, "L1", "2", "TrafficSpeed"),
        (3, "L2", "1", "TrafficFlow"),
        (4, "L3", "1", "TrafficFlow"),
    ]


def test_what_a_sensor_says_in_error_is_nothing(tmp_path: Path) -> None:
    _, failing, working = rows(tmp_path, recording("measurements-v2"), "measurements")
    assert failing.fields["1.vehicleFlowRate"] is None and failing.fields["1.data_error"] is True
    assert working.fields["1.vehicleFlowRate"] == 960.0


def test_a_measurement_of_no_site_is_kept_with_its_fault(tmp_path: Path) -> None:
    whole = recording("measurements-v2")
    named = '<measurementSiteReference id="L1" version="1" targetClass="MeasurementSiteRecord"/>'
    assert named in whole
    found = rows(tmp_path, whole.replace(named, ""), "measurements")
    assert [bool(row.faults) for row in found] == [True, False, False]


@pytest.mark.parametrize(
    ("language", "name"), [("", "Viale Masini"), ("en", "Masini Avenue"), ("de", "Viale Masini")]
)
def test_sites_have_names_lanes_and_places(tmp_path: Path, language: str, name: str) -> None:
    [row] = rows(tmp_path, recording("sites"), "sites", language=language)
    assert (row.fields["site"], row.fields["name"], row.fields["lanes"]) == ("L1", name, "2")
    assert row.fields["indexes"]["1"]["specificLane"] == "lane1"
    assert row.geometry == {"type": "Point", "coordinates": [11.34, 44.5]}


def test_situations_are_records_with_their_line(tmp_path: Path) -> None:
    first, second = rows(tmp_path, recording("situations"), "situations", language="en")
    wanted = {
        "situation": "S1",
        "record": "S1-1",
        "kind": "MaintenanceWorks",
        "severity": "high",
        "status": "active",
        "starts": "2026-03-01T06:00:00Z",
        "ends": None,
        "comment": "Works",
        "roadMaintenanceType": "roadworks",
    }
    assert wanted.items() <= first.fields.items()
    assert first.geometry == {"type": "LineString", "coordinates": [[11.1, 44.1], [11.2, 44.2]]}
    assert second.faults == ("has no id",)


@pytest.mark.parametrize("publication", ["measurements", "situations"])
def test_another_document_is_told(tmp_path: Path, publication: str) -> None:
    with pytest.raises(errors.SourceFailed, match="no DATEX II publication"):
        rows(tmp_path, "<html><body>Login</body></html>", publication)


def test_a_quiet_road_is_no_failure(tmp_path: Path) -> None:
    before, _, rest = recording("situations").partition("<situation ")
    quiet = before + rest.partition("</situation>")[2]
    assert rows(tmp_path, quiet, "situations") == []
