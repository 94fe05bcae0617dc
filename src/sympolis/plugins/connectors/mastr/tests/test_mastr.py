"""The MaStR connector keeps the contract, and makes the same row of both exports.

Fixtures are composed after the web page's CSV and the documentation of the bulk export (Gesamtdatenexport, UTF-16 XML).
"""

import zipfile
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.mastr import MastrConnector
from sympolis.plugins.connectors.mastr.settings import MastrSettings
from sympolis.testing.connectors import RecognisingContract

FIXTURES = Path(__file__).parent / "fixtures"
WEB = (FIXTURES / "web-export.csv").read_text(encoding="utf-8-sig")
HEADER = WEB.splitlines(keepends=True)[0]
XML = (FIXTURES / "EinheitenSolar_1.xml").read_text(encoding="utf-16")
CATALOGUE = (FIXTURES / "Katalogwerte.xml").read_text(encoding="utf-16")


def _file(folder: Path, content: bytes, name: str = "export.csv") -> Origin:
    path = folder / name
    path.write_bytes(content)
    return Origin(path)


class TestContract(RecognisingContract):
    settings: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def connector(self) -> Connector:
        return MastrConnector()

    @pytest.fixture
    def sound(self) -> Origin:
        return Origin(FIXTURES / "web-export.csv")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        return _file(tmp_path, WEB.encode("cp1252"))


def rows(origin: Origin, **settings: Any) -> list[Record]:
    return list(MastrConnector().read(origin, MastrSettings(**settings)))


def bulk(folder: Path, **files: str) -> Origin:
    path = folder / "Gesamtdatenexport.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.xml", text.encode("utf-16"))
    return Origin(path)


def test_the_web_export_is_understood(tmp_path: Path) -> None:
    first, second, third = rows(_file(tmp_path, WEB.encode()))
    assert first.fields == {
        "EinheitMastrNummer": "SEE1",
        "EinheitBetriebsstatus": "In Betrieb",
        "Bruttoleistung": 1363.62,
        "Inbetriebnahmedatum": "2018-02-06",
        "Postleitzahl": "04103",
        "Gemeindeschluessel": "14713000",
        "Breitengrad": 51.3406,
        "Laengengrad": 12.3747,
        "AnlagenbetreiberMastrNummer": "ABR1",
        "Sonstiges": "x",
    }
    assert first.geometry == {"type": "Point", "coordinates": [12.3747, 51.3406]}
    assert (
        second.geometry is None and not second.faults and third.fields["AnlagenbetreiberMastrNummer"] is None
    )


def test_both_exports_give_the_same_row(tmp_path: Path) -> None:
    [web, *_] = rows(_file(tmp_path, WEB.encode()))
    [unit] = rows(bulk(tmp_path, EinheitenSolar_1=XML, Katalogwerte=CATALOGUE))
    assert unit.geometry == web.geometry
    assert {name: web.fields[name] for name in unit.fields} == unit.fields


def test_one_file_of_the_bulk_export_is_read_too() -> None:
    [unit] = rows(Origin(FIXTURES / "EinheitenSolar_1.xml"))
    assert unit.fields["EinheitBetriebsstatus"] == "35" and unit.fields["Bruttoleistung"] == 1363.62


def test_only_a_municipality_s_units(tmp_path: Path) -> None:
    found = rows(_file(tmp_path, WEB.encode()), municipality="14713")
    assert [(row.number, row.fields["EinheitMastrNummer"]) for row in found] == [(1, "SEE1"), (2, "SEE2")]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("SEE1;x;viel;1.1.2020;;;;;;\n", "'viel' is not a number"),
        ("SEE1;x;12.5;1.1.2020;;;;;;\n", "has a point"),
        ("SEE1;x;1;31.2.2020;;;;;;\n", "is not a date"),
        ("SEE1;x;1\n", "has 3 cells"),
        ("SEE1;x;1;;;;;;;;surplus\n", "has 11 cells"),
    ],
)
def test_a_bad_row_is_kept_with_its_fault(tmp_path: Path, row: str, part: str) -> None:
    [found] = rows(_file(tmp_path, (HEADER + row).encode()))
    assert part in found.faults[0]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"a;b\n1;2\n", "no export of the register"),
        (b"", "no export of the register"),
        (b"<a><b>", "not XML"),
    ],
)
def test_another_file_is_told(tmp_path: Path, content: bytes, part: str) -> None:
    with pytest.raises(errors.SourceFailed, match=part):
        rows(_file(tmp_path, content))


def test_a_bulk_export_without_the_units_names_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="it holds: EinheitenWind_1"):
        rows(bulk(tmp_path, EinheitenWind_1="<EinheitenWind/>"))
