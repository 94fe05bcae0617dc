"""The Opendatasoft connector keeps the contract, and takes the portal's own shapes apart."""

from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector
from sympolis.plugins.connectors.opendatasoft import OpendatasoftConnector
from sympolis.plugins.connectors.opendatasoft.settings import OpendatasoftSettings
from sympolis.testing.connectors import PagedContract
from sympolis.testing.paging import PORTAL, fetched, query, rows_of


class TestContract(PagedContract):
    settings: ClassVar[dict[str, Any]] = {"dataset": "loops"}
    page: ClassVar[Any] = [{"id": n} for n in range(3)]

    @pytest.fixture
    def connector(self) -> Connector:
        return OpendatasoftConnector()


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
    answer = {"error_code": "ODSQLError", "message": "Unknown field: dya"}
    with pytest.raises(errors.SourceFailed, match="Unknown field: dya"):
        rows_of(
            OpendatasoftConnector(),
            PORTAL,
            OpendatasoftSettings(dataset="x"),
            lambda _: answer,
            tmp_path / "d",
        )
