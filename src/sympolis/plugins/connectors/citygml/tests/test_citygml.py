"""The CityGML connector keeps the contract for both versions, and reads levels 0 to 2 wherever the surfaces stand."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.citygml import CityGmlConnector
from sympolis.plugins.connectors.citygml.settings import CityGmlSettings
from sympolis.testing.connectors import PublicationContract, published

GML = "http://www.opengis.net/gml"
OPEN = "http://www.opengis.net/citygml"


def polygon(*places: tuple[float, float, float], dimension: int = 3) -> str:
    listed = " ".join(f"{value:g}" for place in (*places, places[0]) for value in place[:dimension])
    told = ' srsDimension="2"' if dimension == 2 else ""
    return (
        "<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing>"
        f"<gml:posList{told}>{listed}</gml:posList>"
        "</gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>"
    )


def floor(x: float, width: float, z: float) -> tuple[tuple[float, float, float], ...]:
    return ((x, 0, z), (x + width, 0, z), (x + width, 10, z), (x, 10, z))


def surfaces(*polygons: str) -> str:
    return f"<gml:MultiSurface>{''.join(polygons)}</gml:MultiSurface>"


def solid(x: float, width: float, height: float) -> str:
    return (
        "<bldg:lod1Solid><gml:Solid><gml:exterior><gml:CompositeSurface>"
        f"{polygon(*floor(x, width, 50))}{polygon(*floor(x, width, 50 + height))}"
        f"{polygon((x, 0, 50), (x + width, 0, 50), (x + width, 0, 50 + height), (x, 0, 50 + height))}"
        "</gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod1Solid>"
    )


def bounded(holder: str, kind: str, content: str) -> str:
    return f"<{holder}><bldg:{kind}><bldg:lod2MultiSurface>{content}</bldg:lod2MultiSurface></bldg:{kind}></{holder}>"


def model(version: str, holder: str, *buildings: str, system: str = "urn:ogc:def:crs:EPSG::25832") -> str:
    gml = GML if version == "2.0" else f"{GML}/3.2"
    spaces = f'xmlns:gml="{gml}" xmlns:bldg="{OPEN}/building/{version}" xmlns:gen="{OPEN}/generics/{version}"'
    envelope = (
        f'<gml:boundedBy><gml:Envelope srsName="{system}" srsDimension="3"><gml:lowerCorner>0 0 0</gml:lowerCorner>'
        "</gml:Envelope></gml:boundedBy>"
    )
    members = "".join(f"<{holder}>{one}</{holder}>" for one in buildings)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<CityModel xmlns="{OPEN}/{version}" {spaces}>{envelope}{members}</CityModel>'
    )


BLOCK = (
    '<bldg:Building gml:id="block"><gml:name>Haus am Park</gml:name>'
    '<gen:stringAttribute name="parish"><gen:value>42</gen:value></gen:stringAttribute>'
    '<gen:doubleAttribute name="volume"><gen:value>2500</gen:value></gen:doubleAttribute>'
    "<bldg:function>31001_2000</bldg:function><bldg:yearOfConstruction>1974</bldg:yearOfConstruction>"
    f"<bldg:storeysAboveGround>4</bldg:storeysAboveGround>{solid(0, 20, 12.5)}"
    f"<bldg:consistsOfBuildingPart><bldg:BuildingPart gml:id='block-annex'>{solid(20, 5, 3)}</bldg:BuildingPart>"
    "</bldg:consistsOfBuildingPart></bldg:Building>"
)
HOUSE = (
    '<bldg:Building gml:id="house"><bldg:measuredHeight uom="m">9.4</bldg:measuredHeight>'
    '<bldg:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface><gml:surfaceMember href="#r"/>'
    "</gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod2Solid>"
    f"{bounded('bldg:boundedBy', 'GroundSurface', surfaces(polygon(*floor(30, 8, 50))))}"
    f"{bounded('bldg:boundedBy', 'RoofSurface', surfaces(polygon(*floor(29, 10, 56))))}"
    f"{bounded('bldg:boundedBy', 'RoofSurface', surfaces(polygon((29, 0, 56), (39, 0, 56), (34, 5, 59))))}"
    f"<bldg:lod0FootPrint>{surfaces(polygon(*floor(30, 1, 50)))}</bldg:lod0FootPrint></bldg:Building>"
)
PLOT = (
    '<bldg:Building gml:id="plot">'
    f"<bldg:lod0FootPrint>{surfaces(polygon(*floor(60, 5, 50)))}</bldg:lod0FootPrint></bldg:Building>"
)
SECOND = model("2.0", "cityObjectMember", BLOCK, HOUSE, PLOT)
THIRD = model(
    "3.0", "cityObjectMember",
    BLOCK.replace("consistsOfBuildingPart", "buildingPart")
    .replace('<gen:stringAttribute name="parish"><gen:value>42</gen:value></gen:stringAttribute>',
             "<genericAttribute><gen:StringAttribute><gen:name>parish</gen:name><gen:value>42</gen:value></gen:StringAttribute></genericAttribute>")
    .replace('<gen:doubleAttribute name="volume"><gen:value>2500</gen:value></gen:doubleAttribute>',
             "<genericAttribute><gen:DoubleAttribute><gen:name>volume</gen:name><gen:value>2500</gen:value></gen:DoubleAttribute></genericAttribute>"),
    HOUSE.replace("bldg:boundedBy", "boundary").replace(
        '<bldg:measuredHeight uom="m">9.4</bldg:measuredHeight>',
        '<bldg:height><bldg:Height><bldg:status>measured</bldg:status>'
        '<bldg:value uom="m">9.4</bldg:value></bldg:Height></bldg:height>',
    ),
    PLOT.replace("lod0FootPrint", "lod0MultiSurface"),
)  # fmt: skip


def read(path: Path | None, **settings: Any) -> list[Record]:
    return list(CityGmlConnector().read(Origin(path), CityGmlSettings(**settings)))


def area(record: Record) -> float:
    found: float = shapely.from_geojson(json.dumps(record.geometry)).area
    return found


class TestContract(PublicationContract):
    publication = SECOND
    standard = "CityGML"

    @pytest.fixture
    def connector(self) -> Connector:
        return CityGmlConnector()


@pytest.mark.parametrize("content", [SECOND, THIRD], ids=["2.0", "3.0"])
def test_both_versions_say_the_same(tmp_path: Path, content: str) -> None:
    block, house, plot = read(published(tmp_path, content).path, srs="25832")
    wanted = {
        "id": "block", "name": "Haus am Park", "function": "31001_2000", "storeys": 4.0, "year": 1974, "lod": "1",
        "height": 12.5, "height_from": "geometry", "parish": "42", "volume": 2500.0,
    }  # fmt: skip
    assert wanted.items() <= block.fields.items()
    assert area(block) == pytest.approx(250)
    assert (house.fields["height"], house.fields["height_from"]) == (9.4, "measured")
    assert (house.fields["roof_height"], house.fields["lod"]) == (6.0, "2")
    assert area(house) == pytest.approx(80), "the floor, not the overhanging roof"
    assert (plot.fields["height"], plot.fields["lod"]) == (None, "0")


def test_parts_can_be_rows_of_their_own(tmp_path: Path) -> None:
    found = read(published(tmp_path, SECOND).path, parts="apart")
    assert [(one.fields["id"], one.fields["parent"]) for one in found] == [
        ("block", None), ("block-annex", "block"), ("house", None), ("plot", None),
    ]  # fmt: skip
    assert found[1].fields["height"] == 3.0


def test_a_level_of_detail_can_be_asked_for(tmp_path: Path) -> None:
    block, house, _ = read(published(tmp_path, SECOND).path, lod="0")
    assert block.geometry is None
    assert area(house) == pytest.approx(10)


def test_northing_first_is_turned(tmp_path: Path) -> None:
    block = read(published(tmp_path, SECOND).path, axes="yx")[0]
    assert shapely.from_geojson(json.dumps(block.geometry)).bounds == (0, 0, 10, 25)


def test_two_dimensions_and_single_positions(tmp_path: Path) -> None:
    flat = surfaces(polygon(*floor(0, 5, 0), dimension=2))
    single = "".join(f"<gml:pos>{x} {y} 7</gml:pos>" for x, y in ((0, 0), (4, 0), (4, 4), (0, 0)))
    ring = (
        f"<gml:Polygon><gml:exterior><gml:LinearRing>{single}</gml:LinearRing></gml:exterior></gml:Polygon>"
    )
    content = model("2.0", "cityObjectMember", *(
        f'<bldg:Building gml:id="b"><bldg:lod0FootPrint>{one}</bldg:lod0FootPrint></bldg:Building>'
        for one in (flat, f"<gml:MultiSurface><gml:surfaceMember>{ring}</gml:surfaceMember></gml:MultiSurface>")
    ))  # fmt: skip
    assert [area(one) for one in read(published(tmp_path, content).path)] == [50, 8]


def test_broken_positions_and_missing_ids_are_faults(tmp_path: Path) -> None:
    content = SECOND.replace("<gml:posList>0 0 50", "<gml:posList>0 0", 1).replace(' gml:id="plot"', "")
    block, _, plot = read(published(tmp_path, content).path)
    assert "make no positions" in block.faults[0] and block.geometry is None
    assert plot.faults == ("has no id",)


@pytest.mark.parametrize("system", ["31468", "urn:adv"])
def test_another_reference_system_fails(tmp_path: Path, system: str) -> None:
    with pytest.raises(errors.SourceFailed, match="EPSG::25832"):
        read(published(tmp_path, SECOND).path, srs=system)


def test_an_older_version_is_told(tmp_path: Path) -> None:
    old = SECOND.replace(f"{OPEN}/2.0", f"{OPEN}/1.0")
    with pytest.raises(errors.SourceFailed, match=r"CityGML 1\.0"):
        read(published(tmp_path, old).path)
