"""The WFS connector keeps the contract, and tells a service's error in its own words."""

from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Wanted
from sympolis.plugins.connectors.wfs import WfsConnector
from sympolis.plugins.connectors.wfs.settings import WfsSettings
from sympolis.testing.connectors import ConnectorContract
from sympolis.testing.paging import fetched, rows_of

ORIGIN = Origin(url="https://portal.example/base")


def query(wanted: Wanted) -> dict[str, str]:
    """The parameters of what is wanted."""
    return {name: values[0] for name, values in parse_qs(urlsplit(wanted.url).query).items()}


class TestContract(ConnectorContract):
    settings: ClassVar[dict[str, Any]] = {"type_name": "app:roads"}

    @pytest.fixture
    def connector(self) -> Connector:
        return WfsConnector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        folder = tmp_path / "sound"
        folder.mkdir()
        page = {"type": "FeatureCollection", "features": [feature(n) for n in range(3)]}
        (folder / "page-1.geojson").write_bytes(msgspec.json.encode(page))
        return Origin(folder)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        path = tmp_path / "broken.json"
        path.write_text('{"half": ')
        return Origin(path)


def feature(number: int) -> dict[str, Any]:
    return {"type": "Feature", "id": f"roads.{number}", "properties": {"n": number}, "geometry": None}


def answers(wanted: Wanted) -> Any:
    """Five features, by start and count."""
    asked = query(wanted)
    first = int(asked["startIndex"])
    return {"features": [feature(n) for n in range(5)][first : first + int(asked["count"])]}


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
    report = b'<?xml version="1.0"?><ows:ExceptionReport>Feature type app:x unknown</ows:ExceptionReport>'
    with pytest.raises(errors.SourceFailed, match="app:x unknown"):
        fetched(WfsConnector(), ORIGIN, WfsSettings(type_name="app:x"), lambda _: report, tmp_path)
