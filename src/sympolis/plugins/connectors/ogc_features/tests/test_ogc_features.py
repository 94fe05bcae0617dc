"""The OGC API Features connector keeps the contract, and follows next links, never in a circle."""

from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Wanted
from sympolis.plugins.connectors.ogc_features import OgcFeaturesConnector
from sympolis.plugins.connectors.ogc_features.settings import OgcFeaturesSettings
from sympolis.testing.connectors import ConnectorContract
from sympolis.testing.paging import fetched, rows_of

ORIGIN = Origin(url="https://portal.example/base")


def query(wanted: Wanted) -> dict[str, str]:
    """The parameters of what is wanted."""
    return {name: values[0] for name, values in parse_qs(urlsplit(wanted.url).query).items()}


class TestContract(ConnectorContract):
    settings: ClassVar[dict[str, Any]] = {"collection": "roads"}

    @pytest.fixture
    def connector(self) -> Connector:
        return OgcFeaturesConnector()

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
    return {
        "type": "Feature",
        "id": number,
        "properties": {"name": "Via"},
        "geometry": {"type": "Point", "coordinates": [11.3, 44.5]},
    }


def answers(wanted: Wanted) -> Any:
    """Three pages of two features, linked by relative addresses."""
    page = int(query(wanted).get("page", 0))
    links = [{"rel": "next", "href": f"items?page={page + 1}"}] if page < 2 else []
    return {"features": [feature(page * 2), feature(page * 2 + 1)], "links": links}


def test_all_pages_are_followed(tmp_path: Path) -> None:
    settings = OgcFeaturesSettings(collection="main roads", bbox=(11.0, 44.0, 12.0, 45.0))
    records = rows_of(OgcFeaturesConnector(), ORIGIN, settings, answers, tmp_path / "d")
    assert [record.fields["id"] for record in records] == [0, 1, 2, 3, 4, 5]
    [first, *_] = fetched(OgcFeaturesConnector(), ORIGIN, settings, answers, tmp_path)
    assert urlsplit(first.url).path == "/base/collections/main%20roads/items"
    assert query(first) == {"limit": "1000", "bbox": "11.0,44.0,12.0,45.0"}


def test_links_in_a_circle_end_the_reading(tmp_path: Path) -> None:
    def circling(wanted: Wanted) -> Any:
        return {"features": [], "links": [{"rel": "next", "href": wanted.url}]}

    with pytest.raises(errors.SourceFailed, match="circle"):
        fetched(OgcFeaturesConnector(), ORIGIN, OgcFeaturesSettings(collection="x"), circling, tmp_path)


def test_a_page_without_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="no features"):
        rows_of(
            OgcFeaturesConnector(), ORIGIN, OgcFeaturesSettings(collection="x"), lambda _: {}, tmp_path / "d"
        )
