"""The OGC API Features connector keeps the contract, and follows next links, never in a circle.

Fixtures are composed after OGC 17-069r4, section 7.15, as pygeoapi answers.
"""

from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Wanted
from sympolis.plugins.connectors.ogc_features import OgcFeaturesConnector
from sympolis.plugins.connectors.ogc_features.settings import OgcFeaturesSettings
from sympolis.testing.connectors import PagedContract
from sympolis.testing.paging import PORTAL, fetched, query, recorded, rows_of

FIXTURES = Path(__file__).parent / "fixtures"
ITEMS = "https://portal.example/base/collections/fountains/items"


def feature(number: int) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": number,
        "properties": {"name": "Via"},
        "geometry": {"type": "Point", "coordinates": [11.3, 44.5]},
    }


class TestContract(PagedContract):
    settings: ClassVar[dict[str, Any]] = {"collection": "roads"}
    page: ClassVar[Any] = {"type": "FeatureCollection", "features": [feature(n) for n in range(3)]}

    @pytest.fixture
    def connector(self) -> Connector:
        return OgcFeaturesConnector()


def answers(wanted: Wanted) -> Any:
    """Three pages of two features, linked by relative addresses."""
    page = int(query(wanted).get("page", 0))
    links = [{"rel": "next", "href": f"items?page={page + 1}"}] if page < 2 else []
    return {"features": [feature(page * 2), feature(page * 2 + 1)], "links": links}


def test_recorded_pages_give_their_features(tmp_path: Path) -> None:
    answers = recorded(
        FIXTURES, {f"{ITEMS}?limit=2": "page-1.json", f"{ITEMS}?offset=2&limit=2": "page-2.json"}
    )
    settings = OgcFeaturesSettings(collection="fountains", page_rows=2)
    first, second, third = rows_of(OgcFeaturesConnector(), PORTAL, settings, answers, tmp_path / "d")
    assert first.fields == {"id": "W201", "name": "Fontana di Mezzo", "drinkable": True}
    assert second.geometry == {"type": "Point", "coordinates": [11.3512, 44.4991]}
    assert third.geometry is None and third.fields["drinkable"] is None


def test_all_pages_are_followed(tmp_path: Path) -> None:
    settings = OgcFeaturesSettings(collection="main roads", bbox=(11.0, 44.0, 12.0, 45.0))
    records = rows_of(OgcFeaturesConnector(), PORTAL, settings, answers, tmp_path / "d")
    assert [record.fields["id"] for record in records] == [0, 1, 2, 3, 4, 5]
    [first, *_] = fetched(OgcFeaturesConnector(), PORTAL, settings, answers, tmp_path)
    assert urlsplit(first.url).path == "/base/collections/main%20roads/items"
    assert query(first) == {"limit": "1000", "bbox": "11.0,44.0,12.0,45.0"}


def test_links_in_a_circle_end_the_reading(tmp_path: Path) -> None:
    def circling(wanted: Wanted) -> Any:
        return {"features": [], "links": [{"rel": "next", "href": wanted.url}]}

    with pytest.raises(errors.SourceFailed, match="circle"):
        fetched(OgcFeaturesConnector(), PORTAL, OgcFeaturesSettings(collection="x"), circling, tmp_path)


def test_a_page_without_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="no features"):
        rows_of(
            OgcFeaturesConnector(), PORTAL, OgcFeaturesSettings(collection="x"), lambda _: {}, tmp_path / "d"
        )
