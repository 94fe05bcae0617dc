"""The GTFS connector keeps the contract, draws lines, counts days, and is not filled by a small zip."""

import io
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.gtfs import GtfsConnector
from sympolis.plugins.connectors.gtfs.settings import GtfsSettings
from sympolis.testing.connectors import RecognisingContract

FIXTURES = Path(__file__).parent / "fixtures" / "timetable"
TABLES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*.txt"))}
"""A small timetable, composed after the GTFS Schedule reference; agencies send it zipped."""


def package(folder: Path, tables: dict[str, str] | None = None, *, inside: str = "") -> Origin:
    path = folder / "timetable.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (TABLES if tables is None else tables).items():
            archive.writestr(f"{inside}{name}.txt", text)
    return Origin(path)


class TestContract(RecognisingContract):
    settings: ClassVar[dict[str, Any]] = {"table": "stops"}

    @pytest.fixture
    def connector(self) -> Connector:
        return GtfsConnector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        return package(tmp_path)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        origin = package(tmp_path)
        assert origin.path is not None
        origin.path.write_bytes(origin.path.read_bytes()[:-200])
        return origin


def rows(origin: Origin, table: str, **more: Any) -> list[Record]:
    return list(GtfsConnector().read(origin, GtfsSettings(table=table, **more)))


def test_stops_are_points_and_empty_cells_nothing(tmp_path: Path) -> None:
    first, second, _ = rows(package(tmp_path, inside="gtfs/"), "stops")
    assert first.fields["stop_name"] == "Via Emilia, 1" and second.fields["location_type"] is None
    assert first.geometry == {"type": "Point", "coordinates": [11.342, 44.494]}


def test_a_stop_without_usable_coordinates_is_kept_with_its_fault(tmp_path: Path) -> None:
    tables = {**TABLES, "stops": "stop_id,stop_lat,stop_lon\nS1,44°,11\nN1,,\n"}
    first, second = rows(package(tmp_path, tables), "stops")
    assert "44°" in first.faults[0] and not second.faults and second.geometry is None


def test_a_route_has_the_line_that_most_trips_follow(tmp_path: Path) -> None:
    first, second, _ = rows(package(tmp_path), "routes")
    assert first.fields["agency_name"] == "Trasporti" and first.fields["shape_id"] == "A"
    assert first.geometry == {"type": "LineString", "coordinates": [[11.1, 44.1], [11.2, 44.2], [11.3, 44.3]]}
    assert second.geometry is None


def test_a_shape_of_one_point_is_no_line(tmp_path: Path) -> None:
    assert [row.fields for row in rows(package(tmp_path), "shapes")] == [{"shape_id": "A", "points": 3}]


def test_trips_have_their_route_s_name_or_a_fault(tmp_path: Path) -> None:
    first, *_, last = rows(package(tmp_path), "trips")
    assert first.fields["route_short_name"] == "11" and "'R9'" in last.faults[0]


def test_services_are_counted_with_their_exceptions(tmp_path: Path) -> None:
    regular, endless, single = rows(package(tmp_path), "services")
    assert regular.fields == {
        "service_id": "W",
        "days": 10,
        "first_day": "2026-03-03",
        "last_day": "2026-03-13",
        "weekdays": ["tuesday", "wednesday", "thursday", "friday"],
    }
    assert "29990101" in endless.faults[0] and single.fields["days"] == 1


def test_agencies_are_read_from_an_unpacked_folder_too(tmp_path: Path) -> None:
    (tmp_path / "agency.txt").write_text(TABLES["agency"])
    assert [row.fields["agency_name"] for row in rows(Origin(tmp_path), "agencies")] == ["Trasporti"]


def test_a_small_zip_cannot_fill_the_machine(tmp_path: Path) -> None:
    origin = package(tmp_path, {"stops": "stop_id,stop_lat,stop_lon\n" + "S,1,1\n" * 400_000})
    assert origin.path is not None and origin.path.stat().st_size < 50_000
    with pytest.raises(errors.SourceFailed, match=r"stops\.txt is too large"):
        rows(origin, "stops", most_mb=1)


@pytest.mark.parametrize(
    ("tables", "part"),
    [
        ({"routes": "a\n"}, r"has no stops\.txt"),
        ({"stops": ""}, "is empty"),
        ({"stops": 'stop_id\n"' + "x" * 200_000}, "line"),
    ],
)
def test_a_broken_package_is_told(tmp_path: Path, tables: dict[str, str], part: str) -> None:
    with pytest.raises(errors.SourceFailed, match=part):
        rows(package(tmp_path, tables), "stops")


def test_another_encoding_is_told(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("stops.txt", "stop_id,stop_name\n1,Città\n".encode("latin-1"))
    (tmp_path / "t.zip").write_bytes(buffer.getvalue())
    with pytest.raises(errors.SourceFailed, match="not UTF-8"):
        rows(Origin(tmp_path / "t.zip"), "stops")
