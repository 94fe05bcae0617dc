"""The NeTEx connector keeps the contract, and finds objects wherever a publication puts them.

Fixtures are composed after NeTEx 1.1 (CEN/TS 16614, https://netex-cen.eu).
"""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.netex import NetexConnector
from sympolis.plugins.connectors.netex.settings import NetexSettings
from sympolis.testing.connectors import PublicationContract, published


def recording(name: str) -> str:
    """A publication as it was recorded."""
    return (Path(__file__).parent / "fixtures" / f"{name}.xml").read_text(encoding="utf-8")


class TestContract(PublicationContract):
    publication = recording("stops")
    standard = "NeTEx publication"

    @pytest.fixture
    def connector(self) -> Connector:
        return NetexConnector()


def rows(origin: Origin, objects: str) -> list[Record]:
    return list(NetexConnector().read(origin, NetexSettings(objects=objects)))


def test_stop_places_have_their_point_and_quays(tmp_path: Path) -> None:
    row, _, last = rows(published(tmp_path, recording("stops")), "stop_places")
    assert last.geometry is None and last.fields["quays"] == [] and not last.faults
    wanted = {"id": "IT:StopPlace:1", "name": "Piazza 1", "mode": "bus", "parent": "IT:StopPlace:9"}
    assert wanted.items() <= row.fields.items() and row.fields["quays"] == ["IT:Quay:1a"]
    assert row.geometry == {"type": "Point", "coordinates": [11.34, 44.5]}


def test_quays_know_their_stop_place_wherever_they_stand(tmp_path: Path) -> None:
    inside = rows(published(tmp_path, recording("stops")), "quays")
    assert [(row.fields["public_code"], row.fields["stop_place"]) for row in inside] == [
        ("A", "IT:StopPlace:1"), ("A", "IT:StopPlace:2"), ("B", "IT:StopPlace:2")
    ]  # fmt: skip
    [outside] = rows(published(tmp_path, recording("network")), "quays")
    assert (outside.fields["id"], outside.fields["stop_place"]) == ("IT:Quay:x", "IT:StopPlace:1")


@pytest.mark.parametrize(
    ("objects", "wanted"),
    [
        ("lines", {"id": "IT:Line:11", "public_code": "11", "operator": "IT:Operator:T", "colour": "E2001A"}),
        ("operators", {"id": "IT:Operator:T", "name": "Trasporti", "url": "https://t.example"}),
        ("stop_points", {"id": "IT:SSP:1", "name": "Via"}),
    ],
)
def test_other_objects(tmp_path: Path, objects: str, wanted: dict[str, Any]) -> None:
    [row] = rows(published(tmp_path, recording("network")), objects)
    assert wanted.items() <= row.fields.items() and row.geometry is None and not row.faults


def test_a_zip_of_files_is_read_by_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as archive:
        archive.writestr("b.xml", recording("stops"))
        archive.writestr("a.xml", recording("network"))
    found = rows(Origin(tmp_path / "n.zip"), "quays")
    assert NetexConnector().recognise(tmp_path / "n.zip").confidence == 1.0
    assert [(row.number, row.fields["id"]) for row in found] == [
        (1, "IT:Quay:x"), (2, "IT:Quay:1a"), (3, "IT:Quay:2a"), (4, "IT:Quay:2b")
    ]  # fmt: skip


def test_an_object_that_is_wrong_is_kept_with_its_fault(tmp_path: Path) -> None:
    whole = recording("stops").replace('<StopPlace id="IT:StopPlace:1" ', "<StopPlace ")
    row = rows(published(tmp_path, whole.replace("<Latitude>44.5<", "<Latitude>north<", 1)), "stop_places")[0]
    assert len(row.faults) == 2 and "north" in row.faults[1]
