"""`source new` on a fresh city, for every file format: what it proposes passes the check and takes the sample in."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import Point

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.city import acquiring, check, package, scaffold
from sympolis.city.proposing import propose, write_into
from sympolis.city.proposing.proposal import Proposal, Wish
from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query, TypeIs
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.governance.datamodels.registry import Registry
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore

BBOX = (11.05, 46.0, 11.2, 46.15)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
WISH = Wish(owner="Comune", licence="CC-BY-4.0", url="https://data.trento.example/x")


def town(tmp_path: Path) -> Path:
    folder = tmp_path / "trento"
    scaffold.new(folder, name="Trento", bbox=BBOX)
    return folder


def proposed(folder: Path, file: Path, wish: Wish = WISH) -> Proposal:
    return propose(file, package.load(folder), Registry(), wish)


class Result:
    """What came of a run."""

    def __init__(self, folder: Path, source: str) -> None:
        city = package.load(folder)
        terms = Contexts().resolve_local(city.context["@context"])
        broker = Broker(MemoryStore())
        coordinator = acquiring.coordinator(
            city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger(), clock=lambda: NOW
        )

        async def work() -> tuple[Any, Any, Any]:
            summary = await coordinator.run(source)
            kind = coordinator.planned(source).mapping.entity_type
            wanted = Query(types=TypeIs(terms.expand(kind)), limit=1000)
            found = await broker.query(wanted)
            history = await broker.history(HistoryQuery(wanted))
            return summary, found.entities, history.series

        self.summary, entities, series = asyncio.run(work())
        self.expand = terms.expand
        self.entities: dict[str, Entity] = {one.id.rpartition(":")[2]: one for one in entities}
        self.points = sum(len(one.observations) for one in series)
        held = coordinator.quarantine(source)[1]
        self.reasons = [reason for row in held for reason in row.reasons]

    def value(self, local: str, name: str) -> Any:
        attribute = self.entities[local].attribute(self.expand(name))
        assert attribute is not None, name
        return attribute.value


def parking_csv(path: Path) -> None:
    """As a German town exports it: semicolons, decimal commas, cp1252, a title line, points between thousands."""
    rows = ["Parkhäuser der Stadt;;;;;;", "Kennung;Bezeichnung;Stellplätze;Freie Plätze;Auslastung;lat;lon"]
    for n in range(40):
        share = f"{n / 40 * 100:.1f}".replace(".", ",")
        rows.append(f"P{n:03d};Parkhaus Süd {n};1.{200 + n};{n};{share};46.{10 + n % 4};11.1{n % 7}")
    path.write_bytes("\r\n".join(rows).encode("cp1252"))


def weather_json(path: Path) -> None:
    """A portal's answer: rows deep inside, degrees Fahrenheit, three stations by the hour."""
    rows = [
        {"station": f"S{n}", "timestamp": f"2024-03-{day:02d}T{hour:02d}:00:00Z",
         "temperature (°F)": 50 + n + hour / 10, "humidity": 40 + hour, "wind_speed_kmh": 3.6 * n}
        for n in range(3) for day in (4, 5) for hour in range(12)
    ]  # fmt: skip
    path.write_text(json.dumps({"success": True, "result": {"records": rows}}))


def trees_geojson(path: Path) -> None:
    """Trees in metres of UTM 32, without saying so."""
    features = [
        {"type": "Feature", "properties": {"matricola": f"T{n}", "specie": ["Acer", "Tilia"][n % 2],
         "altezza_m": 5 + n / 10, "anno impianto": 1950 + n},
         "geometry": {"type": "Point", "coordinates": [662000 + 10 * n, 5104000 + 10 * n]}}
        for n in range(60)
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def schools_xlsx(path: Path) -> None:
    import openpyxl

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Scuole 2024"])
    sheet.append([])
    sheet.append(["Codice", "Nome", "Alunni", "Piani", "Latitudine", "Longitudine"])
    for n in range(25):
        sheet.append([f"SC{n}", f"Scuola {n}", 100 + 7 * n, 1 + n % 4, 46.01 + n / 1000, 11.1 + n / 1000])
    workbook.save(path)


def green_gpkg(path: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript("""
        CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT, identifier TEXT, srs_id INTEGER);
        CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER,
            z INTEGER, m INTEGER);
        CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER, organization TEXT,
            organization_coordsys_id INTEGER, definition TEXT);
        INSERT INTO gpkg_contents VALUES ('verde', 'features', 'verde', 25832);
        INSERT INTO gpkg_geometry_columns VALUES ('verde', 'geom', 'POINT', 25832, 0, 0);
        INSERT INTO gpkg_spatial_ref_sys VALUES ('UTM', 25832, 'EPSG', 25832, '');
        CREATE TABLE verde (fid INTEGER PRIMARY KEY, nome TEXT, "superficie_ha" REAL, geom BLOB);
    """)
    for n in range(20):
        head = b"GP\x00\x01" + (25832).to_bytes(4, "little")
        blob = head + shapely.to_wkb(Point(662000 + n, 5104000 + n))
        database.execute("INSERT INTO verde VALUES (?, ?, ?, ?)", (n + 1, f"Parco {n}", 0.5 + n, blob))
    database.commit()
    database.close()


def counts_parquet(path: Path) -> None:
    import subprocess
    import sys

    script = """
import sys, datetime, pyarrow as pa, pyarrow.parquet as pq
hours = [datetime.datetime(2024, 3, 4, h, tzinfo=datetime.timezone.utc) for h in range(24)]
table = pa.table({
    "spira": [f"L{n}" for n in range(4) for _ in hours],
    "data": [h for _ in range(4) for h in hours],
    "veicoli": [100 * n + h.hour for n in range(4) for h in hours],
    "vuota": pa.array([None] * 96, pa.string()),
})
pq.write_table(table, sys.argv[1])
"""
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


def test_csv(tmp_path: Path) -> None:
    result, proposal = taken(tmp_path, "parkhaeuser.csv", parking_csv)
    assert proposal.source["settings"] == {"delimiter": ";", "encoding": "cp1252", "skip_lines": 1}
    assert proposal.models[0].model.name == "OffStreetParking"
    assert result.value("P003", "totalSpotNumber") == 1203
    assert result.value("P003", "occupancy") == pytest.approx(0.075)
    assert result.value("P003", "name") == "Parkhaus Süd 3"
    assert result.value("P003", "location")["coordinates"] == [11.13, 46.13]


def test_json(tmp_path: Path) -> None:
    result, proposal = taken(tmp_path, "weather.json", weather_json)
    assert proposal.source["settings"] == {"rows": "/result/records"}
    assert proposal.mapping["time"] == {"fields": ["timestamp"], "format": "iso"}
    assert len(result.entities) == 3
    assert result.points == 3 * 24 * 3
    assert result.value("S0", "temperature") == pytest.approx((51.1 - 32) / 1.8)
    assert result.value("S0", "relativeHumidity") == pytest.approx(0.51)
    assert result.value("S2", "windSpeed") == pytest.approx(2.0)


def test_geojson_in_metres(tmp_path: Path) -> None:
    result, proposal = taken(tmp_path, "alberi.geojson", trees_geojson)
    assert proposal.source["crs"] in ("EPSG:25832", "EPSG:32632")
    assert proposal.models[0].model.name == "Tree"
    assert "time" not in proposal.mapping
    assert result.value("T7", "plantedYear") == 1957
    assert proposal.source["expectations"]["attributes"]["species"]["codes"] == ["Acer", "Tilia"]


def test_excel(tmp_path: Path) -> None:
    result, proposal = taken(tmp_path, "scuole.xlsx", schools_xlsx)
    assert proposal.source["settings"] == {"header_row": 3}
    assert proposal.mapping["entity_type"] == "Building"
    assert result.value("SC1", "peopleOccupancy") == 107


def test_geopackage(tmp_path: Path) -> None:
    result, proposal = taken(tmp_path, "aree_verdi.gpkg", green_gpkg)
    assert proposal.source["crs"] == "EPSG:25832"
    assert proposal.mapping["entity_type"] == "GreenSpace"
    assert len(result.entities) == 20


def test_parquet(tmp_path: Path) -> None:
    result, proposal = taken(tmp_path, "spire.parquet", counts_parquet)
    assert proposal.mapping["ignore"] == ["vuota"]
    assert result.points == 96
    assert result.value("L3", "intensity") == 323


def taken(tmp_path: Path, name: str, make: Callable[[Path], None]) -> tuple[Result, Proposal]:
    """The proposal for a file, written and run: the check finds nothing, every row comes in."""
    folder, file = town(tmp_path), tmp_path / name
    make(file)
    proposal = proposed(folder, file)
    assert proposal.findings == () or all("confidence" not in one for one in proposal.findings)
    write_into(folder, proposal, file)
    assert [str(one) for one in check.check(folder)] == []
    result = Result(folder, proposal.id)
    assert result.summary.error is None
    assert result.reasons == []
    assert result.summary.accepted == result.summary.read == len(proposal_rows(proposal))
    return result, proposal


def proposal_rows(proposal: Proposal) -> range:
    return range(proposal.columns[0].rows)


def test_axes_that_are_swapped(tmp_path: Path) -> None:
    folder, file = town(tmp_path), tmp_path / "fontane.geojson"
    features = [
        {"type": "Feature", "properties": {"id": n},
         "geometry": {"type": "Point", "coordinates": [46.1, 11.1 + n / 999]}}
        for n in range(9)
    ]  # fmt: skip
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    proposal = proposed(folder, file)
    assert proposal.mapping["geometry"] == {"form": "record", "repair": ["axes"]}
    assert any("swapped" in why for why in proposal.notes.values())
    write_into(folder, proposal, file)
    assert Result(folder, "fontane").summary.accepted == 9


def test_what_is_not_sure_is_told(tmp_path: Path) -> None:
    folder, file = town(tmp_path), tmp_path / "conteggi.csv"
    rows = ["giorno,sensore,passaggi", *(f"0{d}/03/2024,A,{d}" for d in range(1, 9))]
    file.write_text("\n".join(rows))
    proposal = proposed(folder, file, Wish())
    told = " ".join(proposal.findings)
    assert "the other way round" in told
    assert "licence" in told and "url" in told


@pytest.mark.parametrize("title", ["", "Scuole, elenco, anno 2024\n"])
def test_stray_commas_do_not_make_a_row_the_header(tmp_path: Path, title: str) -> None:
    file = tmp_path / "scuole.csv"
    rows = "Alfa, nord,11.12,46.07\nBeta, sud,11.13,46.08\nGamma,11.11,46.05\nDelta, est,11.14,46.06\n"
    file.write_text(f"name,lon,lat\n{rows}" if not title else f"{title}name,note,lon,lat\n{rows}")
    proposal = proposed(town(tmp_path), file)
    assert proposal.source.get("settings", {}) == ({"skip_lines": 1} if title else {})
    assert proposal.mapping["geometry"] == {"form": "xy", "fields": ["lon", "lat"]}


def test_where_every_row_is_shifted_it_says_so(tmp_path: Path) -> None:
    file = tmp_path / "scuole.csv"
    file.write_text("name,lon,lat\nAlfa, nord,11.12,46.07\nBeta, sud,11.13,46.08\n")
    with pytest.raises(errors.SourceFailed, match="every row has 4 cells where the header has 3"):
        proposed(town(tmp_path), file)


def test_a_source_is_not_overwritten(tmp_path: Path) -> None:
    folder, file = town(tmp_path), tmp_path / "alberi.geojson"
    trees_geojson(file)
    proposal = proposed(folder, file)
    write_into(folder, proposal, file)
    with pytest.raises(errors.AlreadyExists, match=r"alberi\.toml"):
        write_into(folder, proposal, file)
    write_into(folder, proposal, file, force=True)


@pytest.mark.parametrize(("name", "content"), [
    ("a.bin", b"\0\1\2"), ("empty.csv", b""), ("one.csv", b"just words"), ("b.json", b"[1, 2"), ("c.json", b"[]"),
    ("d.zip", b"PK\x05\x06" + bytes(18)),
])  # fmt: skip
def test_what_nobody_can_read_is_a_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    folder, file = town(tmp_path), tmp_path / name
    file.write_bytes(content)
    with pytest.raises(errors.SourceFailed):
        proposed(folder, file)


def test_a_series_of_one_thing_has_a_constant_id(tmp_path: Path) -> None:
    """As weather services give it: one row a day, minima that are no minutes, ranges that hold the sample."""
    folder, file = town(tmp_path), tmp_path / "wetter.csv"
    rows = [f"2024-03-{day:02d},{5 + day / 10},{day / 10},{1004 + day / 100:.2f}" for day in range(1, 29)]
    file.write_text("date,temperature_mean,temperature_min,surface_pressure\n" + "\n".join(rows))
    proposal = proposed(folder, file)
    assert proposal.mapping["entity_id"] == "wetter"
    assert proposal.mapping["time"] == {"fields": ["date"], "format": "iso"}
    by_field = {rule["field"]: rule for rule in proposal.mapping["attributes"]}
    assert by_field["temperature_min"].get("unit") != "MIN"
    write_into(folder, proposal, file)
    result = Result(folder, "wetter")
    assert (result.summary.accepted, len(result.entities), result.points) == (28, 1, 3 * 28)


@pytest.mark.parametrize(
    ("name", "label", "unit"),
    [
        ("Velocità media (km/h)", "velocita media", "KMH"),
        ("altezza_m", "altezza", "MTR"),
        ("temperature_min", "temperature min", None),
        ("Anschlussleistung [kW]", "anschlussleistung", "KWT"),
        ("freeSpaces", "free spaces", None),
        ("pm2.5 (µg/m³)", "pm 2.5", "GQ"),
    ],
)
def test_names_and_the_units_in_them(name: str, label: str, unit: str | None) -> None:
    from sympolis.city.proposing.columns import named

    assert named(name) == (label, unit)
