"""The Opendatasoft connector keeps the contract, and takes the portal's own shapes apart.

Fixtures are composed after the Explore API v2.1 (https://help.opendatasoft.com/apis/ods-explore-v2/).
"""

from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector
from sympolis.plugins.connectors.opendatasoft import OpendatasoftConnector
from sympolis.plugins.connectors.opendatasoft.settings import OpendatasoftSettings
from sympolis.testing.connectors import PagedContract
from sympolis.testing.paging import PORTAL, fetched, query, recorded, rows_of

FIXTURES = Path(__file__).parent / "fixtures"
EXPORT = "https://portal.example/base/api/explore/v2.1/catalog/datasets/loops/exports/json"


class TestContract(PagedContract):
    settings: ClassVar[dict[str, Any]] = {"dataset": "loops"}
    page: ClassVar[Any] = (FIXTURES / "export.json").read_bytes()

    @pytest.fixture
    def connector(self) -> Connector:
        return OpendatasoftConnector()


def test_a_recorded_export_gives_its_rows(tmp_path: Path) -> None:
    answers = recorded(FIXTURES, {EXPORT: "export.json"})
    settings = OpendatasoftSettings(dataset="loops")
    first, second, third = rows_of(OpendatasoftConnector(), PORTAL, settings, answers, tmp_path / "d")
    assert first.fields["codice_spira"] == "0.127 3.88 1 1" and first.fields["00_00_01_00"] == 41
    assert first.geometry == {"type": "Point", "coordinates": [11.3214, 44.5081]}
    assert second.geometry == {"type": "Point", "coordinates": [11.3215, 44.5082]}, (
        "the point, as there is no shape"
    )
    assert third.geometry is None and third.fields["direzione"] is None and not third.faults


def test_one_export_is_wanted_with_its_condition(tmp_path: Path) -> None:
    settings = OpendatasoftSettings(dataset="loops", where="day >= date'2024-01-01'")
    [wanted] = fetched(OpendatasoftConnector(), PORTAL, settings, lambda _: [], tmp_path)
    assert urlsplit(wanted.url).path == "/base/api/explore/v2.1/catalog/datasets/loops/exports/json"
    assert query(wanted) == {"where": "day >= date'2024-01-01'"}


def test_shapes_are_unwrapped_and_points_are_the_second_choice(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[11.3, 44.5], [11.4, 44.5]]}
    rows = [
        {"geo_shape": {"type": "Feature", "geometry": line, "properties": {}}},
        {"geo_shape": line},
        {"geo_point_2d": {"lon": 11.3, "lat": 44.5}},
        {"name": "nowhere"},
        7,
    ]
    records = rows_of(
        OpendatasoftConnector(), PORTAL, OpendatasoftSettings(dataset="x"), lambda _: rows, tmp_path / "d"
    )
    assert [record.geometry for record in records] == [
        line,
        line,
        {"type": "Point", "coordinates": [11.3, 44.5]},
        None,
        None,
    ]
    assert [bool(record.faults) for record in records] == [False, False, False, False, True]


def test_the_portal_s_error_is_told(tmp_path: Path) -> None:
    answer = (FIXTURES / "unknown-field.json").read_bytes()
    with pytest.raises(errors.SourceFailed, match="Unknown field: dya"):
        rows_of(
            OpendatasoftConnector(),
            PORTAL,
            OpendatasoftSettings(dataset="x"),
            lambda _: answer,
            tmp_path / "d",
        )
