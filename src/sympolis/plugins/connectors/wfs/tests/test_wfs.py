"""The WFS connector keeps the contract, and tells a service's error in its own words.

Fixtures are composed as GeoServer answers (https://docs.geoserver.org/latest/en/user/services/wfs/reference.html).
"""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Wanted
from sympolis.plugins.connectors.wfs import WfsConnector
from sympolis.plugins.connectors.wfs.settings import WfsSettings
from sympolis.testing.connectors import PagedContract
from sympolis.testing.paging import PORTAL, fetched, query, recorded, rows_of

FIXTURES = Path(__file__).parent / "fixtures"
WFS = (
    "https://portal.example/base?service=WFS&version=2.0.0&request=GetFeature&typeNames=app%3Acycleways"
    "&outputFormat=application%2Fjson&srsName=EPSG%3A4326&count=2&startIndex="
)


def feature(number: int) -> dict[str, Any]:
    return {"type": "Feature", "id": f"roads.{number}", "properties": {"n": number}, "geometry": None}


class TestContract(PagedContract):
    settings: ClassVar[dict[str, Any]] = {"type_name": "app:roads"}
    page: ClassVar[Any] = {"type": "FeatureCollection", "features": [feature(n) for n in range(3)]}

    @pytest.fixture
    def connector(self) -> Connector:
        return WfsConnector()


def answers(wanted: Wanted) -> Any:
    """Five features, by start and count."""
    asked = query(wanted)
    first = int(asked["startIndex"])
    return {"features": [feature(n) for n in range(5)][first : first + int(asked["count"])]}


def test_recorded_pages_give_their_features(tmp_path: Path) -> None:
    answers = recorded(FIXTURES, {f"{WFS}0": "page-1.json", f"{WFS}2": "page-2.json"})
    settings = WfsSettings(type_name="app:cycleways", page_rows=2)
    first, _, third = rows_of(WfsConnector(), PORTAL, settings, answers, tmp_path / "d")
    assert first.fields["code"] == "C11" and first.fields["width_m"] == 2.5
    assert first.geometry is not None and first.geometry["type"] == "MultiLineString"
    assert third.fields["surface"] is None and third.geometry is None


def test_every_feature_comes_once(tmp_path: Path) -> None:
    settings = WfsSettings(type_name="app:roads", page_rows=2, sort_by="n")
    records = rows_of(
        WfsConnector(), Origin(url="https://wfs.example/ows?map=a"), settings, answers, tmp_path / "d"
    )
    assert [record.fields["n"] for record in records] == [0, 1, 2, 3, 4]


def test_what_is_asked_keeps_the_address_s_own_parameters(tmp_path: Path) -> None:
    origin = Origin(url="https://wfs.example/ows?map=a")
    [wanted] = fetched(WfsConnector(), origin, WfsSettings(type_name="app:roads"), answers, tmp_path)
    asked = query(wanted)
    assert asked["map"] == "a" and asked["typeNames"] == "app:roads" and asked["version"] == "2.0.0"
    assert "cql_filter" not in asked


def test_an_exception_report_is_told(tmp_path: Path) -> None:
    report = (FIXTURES / "unknown-type.xml").read_bytes()
    with pytest.raises(errors.SourceFailed, match="app:x unknown"):
        fetched(WfsConnector(), PORTAL, WfsSettings(type_name="app:x"), lambda _: report, tmp_path)
