"""The DATEX II connector keeps the contract, and reads both versions into the same rows."""

from pathlib import Path
from typing import Any

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Record
from sympolis.plugins.connectors.datex2 import Datex2Connector
from sympolis.plugins.connectors.datex2.settings import Datex2Settings
from sympolis.testing.connectors import PublicationContract, published

TIME = "2026-03-01T08:00:00Z"


def version2(content: str, kind: str = "MeasuredDataPublication") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<payloadPublication xsi:type="{kind}" lang="it"><publicationTime>{TIME}</publicationTime>{content}
</payloadPublication></d2LogicalModel>"""


def version3(content: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<con:messageContainer xmlns:con="http://datex2.eu/schema/3/messageContainer"
 xmlns:roa="http://datex2.eu/schema/3/roadTrafficData" xmlns:com="http://datex2.eu/schema/3/common"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<con:payload xsi:type="roa:MeasuredDataPublication"><com:publicationTime>{TIME}</com:publicationTime>{content}
</con:payload></con:messageContainer>"""


def site2(number: int) -> str:
    return f"""<siteMeasurements><measurementSiteReference id="L{number}" version="1"/>
<measurementTimeDefault>2026-03-01T07:55:00Z</measurementTimeDefault>
<measuredValue index="1"><measuredValue><basicData xsi:type="TrafficFlow">
  <vehicleFlow><vehicleFlowRate>{number}20</vehicleFlowRate></vehicleFlow></basicData></measuredValue></measuredValue>
<measuredValue index="2"><measuredValue><basicData xsi:type="TrafficSpeed">
  <averageVehicleSpeed numberOfInputValuesUsed="9"><speed>48.5</speed></averageVehicleSpeed></basicData>
</measuredValue></measuredValue></siteMeasurements>"""


SITE3 = """<roa:siteMeasurements><roa:measurementSiteReference id="L1" version="1"/>
<roa:measurementTimeDefault><roa:timeValue>2026-03-01T07:55:00Z</roa:timeValue></roa:measurementTimeDefault>
<roa:physicalQuantity index="1"><roa:physicalQuantity xsi:type="roa:SinglePhysicalQuantity">
<roa:basicData xsi:type="roa:TrafficFlow"><roa:vehicleFlow><roa:vehicleFlowRate>120</roa:vehicleFlowRate>
</roa:vehicleFlow></roa:basicData></roa:physicalQuantity></roa:physicalQuantity>
<roa:physicalQuantity index="2"><roa:physicalQuantity><roa:basicData xsi:type="roa:TrafficSpeed">
<roa:averageVehicleSpeed><roa:speed>48.5</roa:speed></roa:averageVehicleSpeed></roa:basicData>
</roa:physicalQuantity></roa:physicalQuantity></roa:siteMeasurements>"""

SITES = """<measurementSiteTable id="T" version="1"><measurementSiteRecord id="L1" version="2">
<measurementSiteName><values><value lang="it">Viale Masini</value><value lang="en">Masini Avenue</value></values>
</measurementSiteName><measurementSiteNumberOfLanes>2</measurementSiteNumberOfLanes>
<measurementSpecificCharacteristics index="1"><measurementSpecificCharacteristics><period>300</period>
<specificLane>lane1</specificLane><specificMeasurementValueType>trafficFlow</specificMeasurementValueType>
</measurementSpecificCharacteristics></measurementSpecificCharacteristics>
<measurementSiteLocation><pointByCoordinates><pointCoordinates><latitude>44.5</latitude><longitude>11.34</longitude>
</pointCoordinates></pointByCoordinates></measurementSiteLocation></measurementSiteRecord></measurementSiteTable>"""

SITUATION = """<situation id="S1" version="1"><overallSeverity>high</overallSeverity>
<situationRecord xsi:type="MaintenanceWorks" id="S1-1" version="3">
<situationRecordCreationTime>2026-02-27T10:00:00Z</situationRecordCreationTime>
<validity><validityStatus>active</validityStatus><validityTimeSpecification>
<overallStartTime>2026-03-01T06:00:00Z</overallStartTime></validityTimeSpecification></validity>
<generalPublicComment><comment><values><value lang="it">Lavori</value><value lang="en">Works</value></values>
</comment></generalPublicComment>
<groupOfLocations><gmlLineString><posList>44.1 11.1 44.2 11.2</posList></gmlLineString></groupOfLocations>
<roadMaintenanceType>roadworks</roadMaintenanceType></situationRecord>
<situationRecord version="1"/></situation>"""


class TestContract(PublicationContract):
    publication = version2("".join(site2(n) for n in (1, 2, 3)))
    standard = "DATEX II publication"

    @pytest.fixture
    def connector(self) -> Connector:
        return Datex2Connector()


def rows(folder: Path, content: str, publication: str, **more: Any) -> list[Record]:
    settings = Datex2Settings(publication=publication, **more)
    return list(Datex2Connector().read(published(folder, content), settings))


@pytest.mark.parametrize("content", [version2(site2(1)), version3(SITE3)])
def test_both_versions_give_the_same_row(tmp_path: Path, content: str) -> None:
    [row] = rows(tmp_path, content, "measurements")
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
    found = rows(tmp_path, version2(site2(1)), "values")
    assert [(row.number, row.fields["index"], row.fields["kind"]) for row in found] == [
        (1, "1", "TrafficFlow"),
        (2, "2", "TrafficSpeed"),
    ]


def test_what_a_sensor_says_in_error_is_nothing(tmp_path: Path) -> None:
    content = site2(1).replace("<vehicleFlowRate>", "<dataError>true</dataError><vehicleFlowRate>")
    [row] = rows(tmp_path, version2(content), "measurements")
    assert row.fields["1.vehicleFlowRate"] is None and row.fields["1.data_error"] is True
    assert row.fields["2.speed"] == 48.5


def test_a_measurement_of_no_site_is_kept_with_its_fault(tmp_path: Path) -> None:
    content = version2(site2(1).replace('<measurementSiteReference id="L1" version="1"/>', ""))
    [row] = rows(tmp_path, content, "measurements")
    assert row.faults


@pytest.mark.parametrize(
    ("language", "name"), [("", "Viale Masini"), ("en", "Masini Avenue"), ("de", "Viale Masini")]
)
def test_sites_have_names_lanes_and_places(tmp_path: Path, language: str, name: str) -> None:
    content = version2(SITES, "MeasurementSiteTablePublication")
    [row] = rows(tmp_path, content, "sites", language=language)
    assert (row.fields["site"], row.fields["name"], row.fields["lanes"]) == ("L1", name, "2")
    assert row.fields["indexes"]["1"]["specificLane"] == "lane1"
    assert row.geometry == {"type": "Point", "coordinates": [11.34, 44.5]}


def test_situations_are_records_with_their_line(tmp_path: Path) -> None:
    content = version2(SITUATION, "SituationPublication")
    first, second = rows(tmp_path, content, "situations", language="en")
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
    assert rows(tmp_path, version2("", "SituationPublication"), "situations") == []
