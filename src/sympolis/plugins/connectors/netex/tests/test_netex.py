"""The NeTEx connector keeps the contract, and finds objects wherever a publication puts them."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.netex import NetexConnector
from sympolis.plugins.connectors.netex.settings import NetexSettings
from sympolis.testing.connectors import PublicationContract, published


def publication(content: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><PublicationDelivery xmlns="http://www.netex.org.uk/netex">
<PublicationTimestamp>2026-03-01T00:00:00Z</PublicationTimestamp><dataObjects><CompositeFrame><frames>
{content}</frames></CompositeFrame></dataObjects></PublicationDelivery>"""


def place(number: int, latitude: str = "44.5") -> str:
    at = f"<Centroid><Location><Longitude>11.34</Longitude><Latitude>{latitude}</Latitude></Location></Centroid>"
    return f"""<SiteFrame><stopPlaces><StopPlace id="IT:StopPlace:{number}" version="1"><Name>Piazza {number}</Name>{at}
<TransportMode>bus</TransportMode><StopPlaceType>onstreetBus</StopPlaceType><ParentSiteRef ref="IT:StopPlace:9"/>
<quays><Quay id="IT:Quay:{number}a"><PublicCode>A</PublicCode>{at}</Quay></quays></StopPlace>
</stopPlaces></SiteFrame>"""


OTHERS = """<ServiceFrame><lines><Line id="IT:Line:11"><Name>Undici</Name><PublicCode>11</PublicCode>
<OperatorRef ref="IT:Operator:T"/><Presentation><Colour>E2001A</Colour></Presentation></Line></lines>
<scheduledStopPoints><ScheduledStopPoint id="IT:SSP:1"><Name>Via</Name><Location><gml:pos xmlns:gml="g">1 2</gml:pos>
</Location></ScheduledStopPoint></scheduledStopPoints></ServiceFrame><ResourceFrame><organisations>
<Operator id="IT:Operator:T"><Name>Trasporti</Name><ContactDetails><Url>https://t.example</Url></ContactDetails>
</Operator></organisations></ResourceFrame><SiteFrame><quays><Quay id="IT:Quay:x"><SiteRef ref="IT:StopPlace:1"/></Quay>
</quays></SiteFrame>"""


class TestContract(PublicationContract):
    publication = publication("".join(place(n) for n in range(3)))
    standard = "NeTEx publication"

    @pytest.fixture
    def connector(self) -> Connector:
        return NetexConnector()


def rows(origin: Origin, objects: str) -> list[Record]:
    return list(NetexConnector().read(origin, NetexSettings(objects=objects)))


def test_stop_places_have_their_point_and_quays(tmp_path: Path) -> None:
    [row] = rows(published(tmp_path, publication(place(1))), "stop_places")
    wanted = {"id": "IT:StopPlace:1", "name": "Piazza 1", "mode": "bus", "parent": "IT:StopPlace:9"}
    assert wanted.items() <= row.fields.items() and row.fields["quays"] == ["IT:Quay:1a"]
    assert row.geometry == {"type": "Point", "coordinates": [11.34, 44.5]}


def test_quays_know_their_stop_place_wherever_they_stand(tmp_path: Path) -> None:
    first, second = rows(published(tmp_path, publication(place(1) + OTHERS)), "quays")
    assert (first.fields["public_code"], first.fields["stop_place"]) == ("A", "IT:StopPlace:1")
    assert (second.fields["id"], second.fields["stop_place"]) == ("IT:Quay:x", "IT:StopPlace:1")


@pytest.mark.parametrize(
    ("objects", "wanted"),
    [
        ("lines", {"id": "IT:Line:11", "public_code": "11", "operator": "IT:Operator:T", "colour": "E2001A"}),
        ("operators", {"id": "IT:Operator:T", "name": "Trasporti", "url": "https://t.example"}),
        ("stop_points", {"id": "IT:SSP:1", "name": "Via"}),
    ],
)
def test_other_objects(tmp_path: Path, objects: str, wanted: dict[str, Any]) -> None:
    [row] = rows(published(tmp_path, publication(OTHERS)), objects)
    assert wanted.items() <= row.fields.items() and row.geometry is None and not row.faults


def test_a_zip_of_files_is_read_by_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as archive:
        archive.writestr("b.xml", publication(place(2)))
        archive.writestr("a.xml", publication(place(1)))
    found = rows(Origin(tmp_path / "n.zip"), "stop_places")
    assert NetexConnector().recognise(tmp_path / "n.zip").confidence == 1.0
    assert [(row.number, row.fields["name"]) for row in found] == [(1, "Piazza 1"), (2, "Piazza 2")]


def test_an_object_that_is_wrong_is_kept_with_its_fault(tmp_path: Path) -> None:
    content = place(1, "north").replace('id="IT:StopPlace:1" ', "")
    [row] = rows(published(tmp_path, publication(content)), "stop_places")
    assert len(row.faults) == 2 and "north" in row.faults[1]
