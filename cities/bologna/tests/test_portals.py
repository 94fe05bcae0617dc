"""Every source that names a portal's download reads what that portal documents: another form than the sample's.

The portals themselves cannot be asked in a test. What they answer is written here in the form that they document and
that others have published of them, with figures of the samples.
"""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.ledger import MemoryLedger, RunState, RunSummary
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.acquisition.tracing import Wanted
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.terms import Contexts
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore

FOLDER = Path(__file__).parents[1]
SAMPLES = FOLDER / "samples"
CITY = package.load(FOLDER)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Json = dict[str, Any]


@dataclass
class Origin:
    """A twin of the city's package whose portals answer ``sent``, and what they were asked."""

    coordinator: Coordinator
    broker: Broker
    terms: Any
    asked: list[str]
    sent: bytes = b""

    def read(self, source: str, sent: str | list[Json], *before: str) -> RunSummary:
        """Run ``before`` and the source from their samples, then the source from its portal."""
        self.sent = (sent if isinstance(sent, str) else json.dumps(sent)).encode()
        for name in (*before, source):
            first = asyncio.run(self.coordinator.run(name))
            assert first.state is RunState.DONE, first.error
        return asyncio.run(self.coordinator.run(source, retrieve=True))

    def at(self, entity: str, attribute: str, moment: datetime) -> Any:
        """The observed value."""
        wanted = HistoryQuery(Query(ids=(entity,), limit=1), time=None, max_instances=100_000)
        found = asyncio.run(self.broker.history(wanted))
        points = [one for one in found.series if one.name == self.terms.expand(attribute)]
        return next((one.value for series in points for one in series.observations if one.at == moment), None)

    def value(self, entity: str, attribute: str) -> Any:
        found = asyncio.run(self.broker.find(entity))
        assert found is not None, entity
        return found.attributes[self.terms.expand(attribute)][0].value


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    asked: list[str] = []

    async def download(url: str, *, to: Path, **_: Any) -> Downloaded:
        asked.append(url)
        await asyncio.to_thread(to.write_bytes, found.sent)
        return Downloaded(200, {})

    broker, terms = Broker(MemoryStore()), Contexts().resolve_local(CITY.context["@context"])
    coordinator = acquiring.coordinator(
        CITY,
        broker,
        terms,
        connectors=loader.connectors(),
        ledger=MemoryLedger(),
        retriever=Retriever(download, Deliveries(tmp_path)),
        clock=lambda: NOW,
    )
    found = Origin(coordinator, broker, terms, asked)
    return found


def urn(kind: str, local: str) -> str:
    return f"urn:ngsi-ld:{kind}:bologna:{local}"


def sample(name: str) -> list[dict[str, str]]:
    with (SAMPLES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def table(rows: list[Json]) -> str:
    """CSV as the portal exports it: a mark at its start, semicolons."""
    names = list(rows[0])
    lines = [";".join(names), *(";".join(str(row[name]) for name in names) for row in rows)]
    return "\ufeff" + "\n".join(lines) + "\n"


def test_no_source_with_a_download_of_its_own_is_left_untried() -> None:
    own = {name for name, source in CITY.sources.items() if source.refresh is not None}
    tried = {
        name.removeprefix("test_portal_").replace("_", "-") for name in globals() if "test_portal_" in name
    }
    assert own - {"temperature-daily"} == tried  # that one has its test in test_package


def test_portal_loop_counts(origin: Origin) -> None:
    """All loops of the city, of which this network has some; the code has blanks, hours name both their ends."""
    codes = {
        one["id"]: one["properties"]["code"]
        for one in json.loads((SAMPLES / "traffic/loops.geojson").read_text())["features"]
    }
    rows: list[Json] = [
        {
            "data": row["date"],
            "codice_spira": codes[row["loop"]],
            **{f"{hour:02d}:00-{hour + 1:02d}:00": row[f"h{hour:02d}"] for hour in range(24)},
            "id_uni": 1,
            "Livello": 1,
        }
        for row in sample("traffic/loop_counts.csv")
    ]
    newer = {**rows[0], "data": "2024-05-06", "08:00-09:00": 77}
    elsewhere = [{**rows[0], "codice_spira": f"9.{number} 9.9 1 1"} for number in range(3000)]
    run = origin.read("loop-counts", table([*rows, newer, *elsewhere]), "traffic-loops")
    assert (run.state, run.error) == (RunState.DONE, None)
    assert run.read == len(rows) + 1 + 3000
    loop = urn(
        "ItemFlowObserved", next(name for name, code in codes.items() if code == rows[0]["codice_spira"])
    )
    assert origin.at(loop, "intensity", datetime(2024, 5, 6, 6, tzinfo=UTC)) == 77
    first = asyncio.run(origin.coordinator.run("loop-counts", dry_run=True)).quarantined
    assert run.quarantined == first < 20, "what is elsewhere is passed over, not held"
    intensity = origin.terms.expand("intensity")
    trace = asyncio.run(
        origin.coordinator.trace(
            "loop-counts",
            Wanted(entity=loop, attribute=intensity, at=datetime(2024, 5, 6, 6, tzinfo=UTC)),
        )
    )
    assert trace is not None and trace.delivery["portal"], (
        "a number leads to the row of the portal's own delivery"
    )


def test_portal_ring_road_counts(origin: Origin) -> None:
    codes = {
        one["id"]: one["properties"]["code"]
        for one in json.loads((SAMPLES / "ring_road/loops.geojson").read_text())["features"]
    }

    def cells(row: dict[str, str]) -> Json:
        ends = [(half // 2, "00", half // 2, "30") if half % 2 == 0 else (half // 2, "30", half // 2 + 1, "00")
                for half in range(48)]  # fmt: skip
        return {f"{a}.{b} - {c}.{d}": row[f"t{half:02d}"] for half, (a, b, c, d) in enumerate(ends)}

    rows: list[Json] = [
        {"data": row["date"], "VIA_SPIRA": "Viale", "Codice": codes[row["loop"]], **cells(row), "tot": 0}
        for row in sample("ring_road/counts.csv")
    ]
    newer = {**rows[0], "data": "2026-02-03", "7.30 - 8.00": 812}
    nameless = {**rows[0], "Codice": ""}
    run = origin.read("ring-road-counts", table([*rows, newer, nameless]), "ring-road-loops")
    assert (run.state, run.error, run.read) == (RunState.DONE, None, len(rows) + 2)
    loop = urn("TrafficFlowObserved", sample("ring_road/counts.csv")[0]["loop"])
    assert origin.at(loop, "intensity", datetime(2026, 2, 3, 6, 30, tzinfo=UTC)) == 812


def test_portal_fragility(origin: Origin) -> None:
    names = {
        "overall": "Indice complessivo fragilità",
        "demographic": "Indice potenziale fragilità demografica",
        "social": "Indice potenziale fragilità sociale",
        "economic": "Indice potenziale fragilità economica",
    }
    rows: list[Json] = [
        {
            "Area statistica": "x",
            "Anno": row["date"][:4],
            "Cod Area Statistica": int(row["area"]),
            **{name: row[own] for own, name in names.items()},
        }
        for row in sample("areas/fragility.csv")
    ]
    newer = {**rows[0], "Anno": "2024", names["overall"]: 101}
    run = origin.read("fragility", table([*rows, newer]), "statistical-areas")
    assert (run.state, run.error, run.read) == (RunState.DONE, None, len(rows) + 1)
    area = urn("StatisticalArea", sample("areas/fragility.csv")[0]["area"])
    assert origin.at(area, "fragilityIndex", datetime(2024, 12, 30, 23, tzinfo=UTC)) == 101


def export(path: str, fields: Callable[[str, Json], Json]) -> list[Json]:
    """The portal's JSON export: names of its own, outlines wrapped into features."""
    return [
        {
            **fields(one["id"], one["properties"]),
            "geo_shape": {"type": "Feature", "geometry": one["geometry"]},
        }
        for one in json.loads((SAMPLES / path).read_text())["features"]
    ]


def test_portal_statistical_areas(origin: Origin) -> None:
    def fields(key: str, known: Json) -> Json:
        return {
            "codice_area_statistica": int(key),
            "area_statistica": known["name"].upper(),
            "cod_quar": 11,
            "quartiere": known["district"],
            "cod_zona": "C",
            "zona": known["zone"],
        }

    rows = export("areas/areas.geojson", fields)
    rows[0]["zona"] = "Another Zone"
    run = origin.read("statistical-areas", rows)
    assert (run.state, run.error, run.read, run.quarantined) == (RunState.DONE, None, 90, 0)
    area = urn("StatisticalArea", "01")
    assert origin.value(area, "zone") == "Another Zone"
    assert origin.value(area, "name") == "Lavino Di Mezzo" and origin.value(area, "area") == 0.9233
    assert origin.asked == [
        "https://opendata.comune.bologna.it/api/explore/v2.1/catalog/datasets/aree-statistiche/exports/json"
    ]


def test_portal_low_traffic_zones(origin: Origin) -> None:
    rows = export(
        "areas/low_traffic_zones.geojson",
        lambda key, known: {
            "codice": key,
            "ente": "01",
            "stato": "A",
            "area": str(known["area_published_m2"]),
        },
    )
    run = origin.read("low-traffic-zones", rows)
    assert (run.state, run.error, run.quarantined) == (RunState.DONE, None, 0)
    assert origin.value(urn("RestrictedTrafficZone", "25"), "area") == 0.0202


def parked(name: str, free: int, places: int, at: str = "2026-11-22T09:30:00+00:00") -> Json:
    where = {"lon": 11.346514, "lat": 44.504422}
    return {
        "parcheggio": name, "data": at, "posti_liberi": free, "posti_occupati": places - free,
        "posti_totali": places, "occupazione": 50.0, "guid": "g", "coordinate": where,
    }  # fmt: skip


def test_portal_parking(origin: Origin) -> None:
    """Three rows of this moment in place of three days; the portal's clock says UTC and is the city's."""
    rows = [parked("Autostazione", 84, 257), parked("VIII Agosto", 5, 625), parked("Test", 1, 2)]
    run = origin.read("parking", rows, "car-parks")
    assert (run.state, run.error, run.read) == (RunState.DONE, None, 3)
    park = urn("OffStreetParking", "autostazione")
    assert origin.at(park, "availableSpotNumber", datetime(2026, 11, 22, 8, 30, tzinfo=UTC)) == 84
    assert origin.value(urn("OffStreetParking", "viii-agosto"), "availableSpotNumber") == 5


def test_portal_car_parks(origin: Origin) -> None:
    places = {"Autostazione": 260, "Riva Reno": 470, "VIII Agosto": 625}
    run = origin.read("car-parks", [parked(name, 1, number) for name, number in places.items()])
    assert (run.state, run.error, run.quarantined) == (RunState.DONE, None, 0)
    assert origin.value(urn("OffStreetParking", "autostazione"), "totalSpotNumber") == 260


def test_portal_air_quality_hourly(origin: Origin) -> None:
    """A row for each quantity, station and hour; what is not asked for here, and what is wrong, is told apart."""

    def row(station: str, agent: str, value: float, at: str = "2026-02-15T09:00:00+00:00") -> Json:
        return {"_id": 1, "reftime": at, "stazione": station, "value": value, "agente_atm": agent}

    chiarini = "VIA CHIARINI, BOLOGNA VIA CHIARINI"
    rows = [
        row(chiarini, "O3 (Ozono)", 49.0),
        row(chiarini, "NO2 (Biossido di azoto)", 31.0),
        row(chiarini, "C6H6 (Benzene)", 0.7),
        row("PORTA SAN FELICE, BOLOGNA PORTA SAN FELICE", "CO (Monossido di carbonio)", 0.6),
        row("GIARDINI MARGHERITA, BOLOGNA GIARDINI MARGHERITA", "NO2 (Biossido di azoto)", 14.0),
        *(
            row(chiarini, "NO2 (Biossido di azoto)", 20.0, f"2026-02-16T{hour:02d}:00:00+00:00")
            for hour in range(24)
        ),
        row(chiarini, "NO2 (Biossido di azoto)", -3.0, "2026-02-17T00:00:00+00:00"),
    ]
    run = origin.read("air-quality-hourly", rows, "air-quality-stations")
    assert (run.state, run.error, run.quarantined) == (RunState.DONE, None, 1)
    moment = datetime(2026, 2, 15, 9, tzinfo=UTC)
    station = urn("AirQualityObserved", "via-chiarini")
    assert (origin.at(station, "no2", moment), origin.at(station, "o3", moment)) == (31.0, 49.0)
    assert origin.at(urn("AirQualityObserved", "porta-san-felice"), "co", moment) == 0.6
    again = asyncio.run(origin.coordinator.run("air-quality-hourly", force=True))
    assert (again.accepted, again.quarantined) == (0, 1), (
        "each quantity is a row of its own, none contradicts another"
    )
    _, [held] = origin.coordinator.quarantine("air-quality-hourly")
    mended = asyncio.run(origin.coordinator.replay("air-quality-hourly", held.id, {"value": 3.0}))
    assert str(mended.state) == "replayed", "a held row is mended in the form in which it came"


def test_portal_weather_daily(origin: Origin) -> None:
    head = (
        "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n"
        "44.5,11.34,55.0,3600,Europe/Rome,GMT+1\n\n"
        "time,temperature_2m_mean (°C),temperature_2m_min (°C),temperature_2m_max (°C),apparent_temperature_max (°C),"
        "precipitation_sum (mm),wind_speed_10m_max (km/h),relative_humidity_2m_mean (%),"
        "shortwave_radiation_sum (MJ/m²),sunshine_duration (s)\n"
    )
    days = [f"2026-0{8 + number // 31}-{number % 31 + 1:02d}" for number in range(61)]
    days += [f"2026-10-{number + 1:02d}" for number in range(31)]
    body = "".join(f"{day},18.2,12.1,24.9,26.0,0.40,14.4,61,17.25,36000.00\n" for day in days)
    run = origin.read("weather-daily", head + body, "weather-places")
    assert (run.state, run.error, run.read, run.quarantined) == (RunState.DONE, None, 92, 0)
    moment = datetime(2026, 10, 2, 22, tzinfo=UTC)
    place = urn("WeatherObserved", "open-meteo")
    names = ("temperature", "windSpeed", "relativeHumidity", "solarExposure", "sunshineDuration")
    assert [origin.at(place, name, moment) for name in names] == [18.2, 4.0, 0.61, 17_250_000, 10.0]
