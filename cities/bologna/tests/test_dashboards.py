"""Bologna's dashboards: every figure that was measured is computed again here, from the tables themselves."""

from __future__ import annotations

import asyncio
import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.city import acquiring, package
from sympolis.city.schema import City
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.orchestration.dashboard_desk import DashboardDesk
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore

FOLDER = Path(__file__).parents[1]
SAMPLES = FOLDER / "samples"
STATIONS = ("porta-san-felice", "de-amicis", "giardini-margherita", "via-chiarini", "san-lazzaro")
LANGUAGES = {"it", "de", "en"}
READ = (
    "statistical-areas", "population", "surface-temperature", "shade", "public-trees", "osm-green", "places",
    "air-quality-stations", "air-quality-hourly", "air-quality-daily", "weather-places", "weather-daily",
    "temperature-daily", "ring-road-loops", "ring-road-counts", "traffic-loops", "loop-counts",
)  # fmt: skip


class NoModels:
    """What models compute is tested with the models."""

    async def latest(self, model: str) -> None:  # noqa: ARG002
        return None

    async def ensure(self, model: str) -> None:  # noqa: ARG002
        return None


class Boards:
    """The city's dashboards over its samples in a memory store; what no figure reads is left out."""

    def __init__(self) -> None:
        self.city: City = package.load(FOLDER)
        terms = Contexts().resolve_local(self.city.context["@context"])
        broker = Broker(MemoryStore())
        coordinator = acquiring.coordinator(
            self.city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
        )
        for source in READ:
            asyncio.run(coordinator.run(source))
        self.desk = DashboardDesk(
            broker,
            terms,
            self.city.dashboards,
            city="bologna",
            baselines=NoModels(),
            timezone=self.city.facts.timezone,
        )

    def document(self, dashboard: str, day: date | None = None) -> dict[str, Any]:
        return asyncio.run(self.desk.get(dashboard, day))

    def figures(self, dashboard: str, day: date | None = None) -> Mapping[str, Any]:
        return {one["id"]: one for one in self.document(dashboard, day)["figures"]}


@pytest.fixture(scope="module")
def boards() -> Boards:
    return Boards()


@pytest.fixture(scope="module")
def air(boards: Boards) -> Mapping[str, Any]:
    return boards.figures("mobility-and-air")


@pytest.fixture(scope="module")
def heat(boards: Boards) -> Mapping[str, Any]:
    return boards.figures("heat-in-the-city")


def rows(table: str) -> Iterator[dict[str, str]]:
    with (SAMPLES / table).open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


def hourly(station: str, quantity: str) -> dict[tuple[date, int], float]:
    """Day and hour of Arpae's clock → value."""
    return {
        (date.fromisoformat(row["date"]), hour): float(text)
        for row in rows("air/hourly.csv")
        if row["station"] == station
        for hour in range(24)
        if (text := row[f"{quantity}_{hour:02d}"])
    }


def daily(station: str, quantity: str, year: str = "2024") -> list[float]:
    return [
        float(row[quantity])
        for row in rows("air/daily.csv")
        if row["station"] == station and row["date"].startswith(year) and row[quantity]
    ]


def test_every_station_has_the_mean_of_its_hours(air: Mapping[str, Any]) -> None:
    for station in STATIONS:
        values = [value for (day, _), value in hourly(station, "no2").items() if day.year == 2024]
        assert air[f"no2-{station}"]["value"] == pytest.approx(fmean(values), abs=5e-4)


def test_every_station_has_the_mean_of_its_days(air: Mapping[str, Any]) -> None:
    for station in STATIONS:
        values = daily(station, "pm10")
        figure = air[f"pm10-{station}"]
        assert figure["value"] == pytest.approx(fmean(values), abs=5e-4)
        assert figure["days"] == {"measured": len(values), "of": 366}
    for station in ("porta-san-felice", "giardini-margherita"):
        assert air[f"pm25-{station}"]["value"] == pytest.approx(fmean(daily(station, "pm25")), abs=5e-4)


def test_days_of_dust_are_those_above_fifty(air: Mapping[str, Any]) -> None:
    for station in ("porta-san-felice", "giardini-margherita", "via-chiarini"):
        assert air[f"pm10-days-{station}"]["value"] == sum(value > 50 for value in daily(station, "pm10"))


def test_days_of_ozone_are_those_with_eight_hours_above_120(air: Mapping[str, Any]) -> None:
    """Directive 2008/50/EC, annex VII: the first eight hours of a day end at 1 o'clock, the last at midnight."""
    for station in ("giardini-margherita", "via-chiarini"):
        assert air[f"o3-days-{station}"]["value"] == days_of_ozone(hourly(station, "o3"))


def days_of_ozone(hours: Mapping[tuple[date, int], float]) -> int:
    found = 0
    for offset in range(366):
        day = date(2024, 1, 1) + timedelta(days=offset)
        if sum((day, hour) in hours for hour in range(24)) < 18:
            continue
        two_days = [
            *((day - timedelta(days=1), hour) for hour in range(24)),
            *((day, hour) for hour in range(24)),
        ]
        means = []
        for end in range(24, 48):
            eight = [hours[one] for one in two_days[end - 7 : end + 1] if one in hours]
            if len(eight) >= 6:
                means.append(fmean(eight))
        found += bool(means) and max(means) > 120
    return found


def test_limits_are_those_of_the_directives_and_of_the_who(boards: Boards) -> None:
    """Directives 2008/50/EC (annexes XI, XIV) and (EU) 2024/2881 (annex I), WHO guidelines of 2021."""
    [plan] = [one for one in boards.city.dashboards if one.id == "mobility-and-air"]
    held = {one.id: [(limit.value, limit.since) for limit in one.limits] for one in plan.figures}
    later = date(2030, 1, 1)
    assert held["no2-de-amicis"] == [(40, None), (20, later), (10, None)]
    assert held["pm10-de-amicis"] == [(40, None), (20, later), (15, None)]
    assert held["pm25-porta-san-felice"] == [(25, None), (10, later), (5, None)]
    assert held["pm10-days-via-chiarini"] == [(35, None)]
    assert held["o3-days-via-chiarini"] == [(25, None), (18, later)]
    assert all(limit.url.startswith("https://") for one in plan.figures for limit in one.limits)


def test_which_limits_are_kept_follows_from_the_figures(air: Mapping[str, Any]) -> None:
    kept = {name: [limit["exceeded"] for limit in one["limits"]] for name, one in air.items()}
    assert kept["no2-porta-san-felice"] == [False, True, True]
    assert kept["no2-giardini-margherita"] == [False, False, True]
    assert kept["o3-days-via-chiarini"] == [True, True]


def test_working_days_of_the_ring_road_are_means_of_whole_days(air: Mapping[str, Any]) -> None:
    assert traffic("ring_road/counts.csv", "viali-4.45-4.46-8-1", "t", 48) == pytest.approx(
        air["ring-panzacchi"]["value"], abs=6e-3
    )
    assert traffic("ring_road/counts.csv", "viali-4.9-4.19-8-1", "t", 48) == pytest.approx(
        air["ring-ercolani"]["value"], abs=6e-3
    )
    assert traffic("traffic/loop_counts.csv", "2.30-0.127-2-1", "h", 24) == pytest.approx(
        air["loop-pertini"]["value"], abs=6e-3
    )
    assert traffic("traffic/loop_counts.csv", "2.40-2.21-8-1", "h", 24) == pytest.approx(
        air["loop-sabotino"]["value"], abs=6e-3
    )


def traffic(table: str, loop: str, prefix: str, count: int) -> float:
    sums = []
    for row in rows(table):
        values = [row[f"{prefix}{i:02d}"] for i in range(count)]
        working = date.fromisoformat(row["date"]).weekday() < 5
        if row["loop"] == loop and row["date"].startswith("2024") and working and all(values):
            sums.append(sum(map(int, values)))
    return fmean(sums)


def test_latest_values_say_how_old_they_are(air: Mapping[str, Any]) -> None:
    hours = hourly("porta-san-felice", "no2")
    day, hour = max(hours)
    assert air["no2-now"]["value"] == hours[day, hour]
    assert air["no2-now"]["at"] == f"{day}T{hour - 1:02d}:00:00.000Z"
    assert (air["no2-now"]["fresh_hours"], air["pm10-now"]["fresh_hours"]) == (48, 72)


def test_another_key_date_gives_the_year_up_to_it(boards: Boards) -> None:
    found = boards.figures("mobility-and-air", date(2025, 12, 29))
    values = [v for (day, _), v in hourly("porta-san-felice", "no2").items() if day.year == 2025]
    assert found["no2-porta-san-felice"]["value"] == pytest.approx(fmean(values), abs=5e-4)
    assert found["no2-de-amicis"]["state"] == "missing"


def test_hot_days_and_nights_are_those_of_the_citys_series(boards: Boards, heat: Mapping[str, Any]) -> None:
    table = [row for row in rows("weather/temperature.csv") if row["Data"].startswith("2024")]
    highest = [float(row["Temperatura massima"]) for row in table]
    assert heat["hot-days"]["value"] == sum(value > 35 for value in highest) > 5
    assert heat["hottest"]["value"] == max(highest)
    assert heat["mean-year"]["value"] == pytest.approx(
        fmean(float(row["Temperatura media"]) for row in table), abs=5e-4
    )
    nights: dict[str, int] = defaultdict(int)
    for row in rows("weather/temperature.csv"):
        nights[row["Data"][:4]] += float(row["Temperatura minima"]) > 20
    del nights["2025"]  # the series ends in June: too few days for a year
    trends = {one["id"]: one["observed"] for one in boards.document("heat-in-the-city")["trends"]}
    assert {one["at"][:4]: one["value"] for one in trends["tropical-nights"]} == nights
    assert len(nights) == 24


def test_people_are_those_of_the_areas_at_the_end_of_the_year(
    boards: Boards, heat: Mapping[str, Any]
) -> None:
    """Who stands in the register without an area (code 99) is counted in no area."""
    for figure, column in (
        ("residents", "residents"),
        ("over-65", "aged_65_plus"),
        ("under-15", "aged_under_15"),
    ):
        people = [
            row for row in rows("areas/population.csv") if row["date"] == "2024-12-31" and row["area"] != "99"
        ]
        assert heat[figure]["value"] == sum(int(row[column]) for row in people)
        assert heat[figure]["count"] == 90
    earlier = [
        row for row in rows("areas/population.csv") if row["date"] == "2020-12-31" and row["area"] != "99"
    ]
    found = boards.figures("heat-in-the-city", date(2021, 6, 1))
    assert found["residents"]["value"] == sum(int(row["residents"]) for row in earlier)


def test_the_surface_is_warm_where_people_live(heat: Mapping[str, Any]) -> None:
    people = {
        row["area"]: int(row["residents"])
        for row in rows("areas/population.csv")
        if row["date"] == "2024-12-31"
    }
    warmth = {
        row["area"]: float(row["mean_c"])
        for row in rows("heat/surface_temperature.csv")
        if row["date"] == "2024-08-31"
    }
    mean = sum(warmth[area] * people[area] for area in warmth) / sum(people[area] for area in warmth)
    assert heat["surface"]["value"] == pytest.approx(mean, abs=5e-4)


def test_shade_trees_and_green_are_summed_over_the_city(heat: Mapping[str, Any]) -> None:
    shapes = json.loads((SAMPLES / "areas/areas.geojson").read_text(encoding="utf-8"))["features"]
    size = {one["id"]: one["properties"]["area_km2"] for one in shapes}
    shade = {row["area"]: float(row["ground"]) for row in rows("heat/shade.csv")}
    mean = sum(shade[area] * size[area] for area in shade) / sum(size[area] for area in shade)
    assert heat["shade"]["value"] == pytest.approx(100 * mean, abs=6e-3)
    assert heat["trees"]["value"] == sum(int(row["trees"]) for row in rows("heat/trees.csv"))
    places = json.loads((SAMPLES / "centre/places.geojson").read_text(encoding="utf-8"))["features"]
    assert heat["gardens"]["value"] == sum(one["properties"]["category"] == "garden" for one in places)


@pytest.mark.parametrize("dashboard", ["mobility-and-air", "heat-in-the-city"])
def test_every_figure_is_explained_in_three_languages_and_has_a_source_or_a_run(
    boards: Boards, dashboard: str
) -> None:
    document = boards.document(dashboard)
    [plan] = [one for one in boards.city.dashboards if one.id == dashboard]
    shown = {name for tile in plan.tiles for name in tile.figures}
    assert shown == {one.id for one in plan.figures}, "what is declared is shown"
    for one in plan.figures:
        assert set(one.title) == set(one.method) == LANGUAGES, one.id
        assert one.source or one.model, one.id
    states = {one["id"]: one["state"] for one in document["figures"]}
    modelled = {one.id for one in plan.figures if one.model is not None}
    assert {name for name, state in states.items() if state == "working"} == modelled
    assert {name for name, state in states.items() if state == "missing"} == set()
    assert all(set(one["text"]) == LANGUAGES for one in document["findings"])
    assert all(set(link["title"]) == LANGUAGES for tile in document["tiles"] for link in tile["links"])
