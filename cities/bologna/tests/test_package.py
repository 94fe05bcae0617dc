"""Bologna's package is whole: nothing to mend, small, attributed, reproducible, every row accounted for."""

import asyncio
import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.ledger import MemoryLedger, RunState, RunSummary
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.city import acquiring, check, grids, package, samples
from sympolis.context.broker import Broker
from sympolis.context.query import Aggregation, HistoryQuery, Query, TypeIs
from sympolis.context.terms import Contexts, Terms
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore

FOLDER = Path(__file__).parents[1]
PACK = FOLDER.parents[1].parent / "shared" / "data" / "bologna"
LARGEST_MB = 8


class Twin:
    """Bologna's samples in a memory store."""

    def __init__(self) -> None:
        city = package.load(FOLDER)
        self.terms: Terms = Contexts().resolve_local(city.context["@context"])
        self.broker = Broker(MemoryStore())
        self.coordinator = acquiring.coordinator(
            city, self.broker, self.terms, connectors=loader.connectors(), ledger=MemoryLedger()
        )
        self.runs: dict[str, RunSummary] = {
            run.source: run for run in asyncio.run(self.coordinator.run_all())
        }

    def entities(self, kind: str) -> list[Any]:
        """Every entity of a type, by short name."""
        query = Query(types=TypeIs(self.terms.expand(kind)), limit=2000)
        return list(asyncio.run(self.broker.query(query)).entities)


@pytest.fixture(scope="module")
def twin() -> Twin:
    return Twin()


def test_there_is_nothing_to_mend() -> None:
    assert [str(finding) for finding in check.check(FOLDER)] == []


def test_samples_are_small() -> None:
    total = sum(path.stat().st_size for path in (FOLDER / "samples").rglob("*") if path.is_file())
    assert total <= LARGEST_MB * 1e6


def test_every_table_has_its_licence() -> None:
    text = (FOLDER / "samples" / "LICENSES.md").read_text(encoding="utf-8")
    tables = (
        path for path in (FOLDER / "samples").rglob("*.*") if path.suffix in (".csv", ".geojson", ".parquet")
    )
    assert [str(path) for path in tables if f"`{path.relative_to(FOLDER / 'samples')}`" not in text] == []


def test_every_source_names_its_portal_owner_and_licence() -> None:
    for source in package.load(FOLDER).sources.values():
        assert source.url.startswith("https://")
        assert source.owner
        assert source.licence in ("CC-BY-4.0", "ODbL-1.0", "EPL-2.0", "MIT", "Apache-2.0")
        assert set(source.title) == {"it", "de", "en"}


def test_every_source_is_ingested_and_every_row_accounted_for(twin: Twin) -> None:
    assert {run.source: run.error for run in twin.runs.values() if run.state is not RunState.DONE} == {}
    assert all(run.reconciles for run in twin.runs.values())


def test_no_source_loses_more_than_two_in_a_hundred_rows_but_one(twin: Twin) -> None:
    """The fragility table holds zeros for areas too small to have an index."""
    lost = {run.source for run in twin.runs.values() if run.quarantined > 0.02 * run.read}
    assert lost == {"fragility"}


def test_real_bad_rows_are_in_quarantine_with_their_reasons(twin: Twin) -> None:
    found = {}
    for source in ("population", "fragility", "loop-counts"):
        _, rows = twin.coordinator.quarantine(source, limit=100)
        found[source] = {reason.rule for row in rows for reason in row.reasons}
    assert found == {"population": {"reference"}, "fragility": {"range"}, "loop-counts": {"range"}}


def test_gates_and_loops_stand_on_streets_of_the_register(twin: Twin) -> None:
    """Names that one street alone has are joined; the others are questions, with what they may mean."""
    street = twin.terms.expand("streetId")
    gates = [one.value(street) for one in twin.entities("TrafficGate")]
    assert len(gates) == 79 and sum(one is not None for one in gates) > 60
    loops = {
        one.value(twin.terms.expand("name")): one.value(street)
        for one in twin.entities("TrafficFlowObserved")
    }
    assert loops["Viale Pepoli"] == "viale-carlo-pepoli"
    known = twin.coordinator.planned("ztl-gates").identities
    assert known is not None
    total, questions = known.matches("", limit=50, offset=0)
    told = [one.to_json() for one in questions]
    asked = {one["words"]: [candidate["id"] for candidate in one["candidates"]] for one in told}
    assert total == len(asked) > 5 and "99" in asked
    assert "piazza-malpighi" in asked["PIAZZA MARCELLO MALPIGHI"]


def test_ninety_areas_cover_the_city_and_know_who_lives_there(twin: Twin) -> None:
    areas = twin.entities("StatisticalArea")
    population = twin.terms.expand("population")
    assert len(areas) == 90
    assert 380_000 < sum(area.value(population) for area in areas) < 400_000
    index = [area.value(twin.terms.expand("fragilityIndex")) for area in areas]
    assert sum(value is not None for value in index) >= 80


def test_five_stations_have_a_year_of_hours(twin: Twin) -> None:
    query = HistoryQuery(
        Query(types=TypeIs(twin.terms.expand("AirQualityObserved"))),
        names=(twin.terms.expand("no2"),),
        methods=(Aggregation.TOTAL_COUNT, Aggregation.AVG),
    )
    series = asyncio.run(twin.broker.history(query)).series
    counts = [one.buckets[0].figures[Aggregation.TOTAL_COUNT] for one in series]
    means = [one.buckets[0].figures[Aggregation.AVG] for one in series]
    assert len(counts) == 5
    assert all(count is not None and count > 8_600 for count in counts)
    assert all(mean is not None and 5 < mean < 60 for mean in means)


def test_arpae_hours_are_solar_time(twin: Twin) -> None:
    """The file has an hour 02:00 on 31 March 2024, which the civil clock skips: it is 01:00 UTC."""
    entity = "urn:ngsi-ld:AirQualityObserved:bologna:porta-san-felice"
    query = HistoryQuery(Query(ids=(entity,)), names=(twin.terms.expand("no2"),))
    [series] = asyncio.run(twin.broker.history(query)).series
    values = {point.at: point.value for point in series.observations}
    assert values[datetime(2024, 3, 31, 1, tzinfo=UTC)] == 28


def test_coverages_are_described_and_their_grids_can_be_read(twin: Twin) -> None:
    coverages = {entity.id.rpartition(":")[2]: entity for entity in twin.entities("Coverage")}
    assert len(coverages) == 19
    years = [name for name in coverages if name.startswith("surface-temperature-")]
    assert len(years) == 11
    for name in ("surface-temperature-2013", "surface-temperature-2025"):
        grid = grids.read(FOLDER, described(twin, coverages[name]))
        centre, hills = grid.at(11.3426, 44.4939), grid.at(11.0, 44.0)
        assert centre is not None and 35 < centre < 50, "Piazza Maggiore on a summer's noon"
        assert hills is None, "not in the city"
        known = [value for line in grid.values for value in line if value is not None]
        assert len(known) == coverages[name].value(twin.terms.expand("validCells"))


def test_trees_of_the_grid_are_those_of_the_areas(twin: Twin) -> None:
    """86,099 positions; a tree on the city's edge may lie in a cell whose centre is outside."""
    [coverage] = [one for one in twin.entities("Coverage") if one.id.endswith("public-trees")]
    grid = grids.read(FOLDER, described(twin, coverage))
    in_cells = sum(value for line in grid.values for value in line if value is not None)
    of_areas = sum(area.value(twin.terms.expand("publicTrees")) for area in twin.entities("StatisticalArea"))
    assert 84_000 < of_areas <= 86_099
    assert abs(in_cells - of_areas) < 0.02 * of_areas


def test_the_ring_road_has_eleven_loops_with_half_hours(twin: Twin) -> None:
    loops = twin.entities("TrafficFlowObserved")
    query = HistoryQuery(
        Query(types=TypeIs(twin.terms.expand("TrafficFlowObserved"))),
        names=(twin.terms.expand("intensity"),),
        methods=(Aggregation.TOTAL_COUNT, Aggregation.MAX),
    )
    series = asyncio.run(twin.broker.history(query)).series
    assert len(loops) == len(series) == 11
    most = [one.buckets[0].figures[Aggregation.MAX] for one in series]
    assert all(value is not None and 500 < value < 3000 for value in most)


def test_gates_and_car_parks_stand_in_the_city(twin: Twin) -> None:
    assert len(twin.entities("TrafficGate")) == 79
    spots = twin.terms.expand("totalSpotNumber")
    assert sorted(park.value(spots) for park in twin.entities("OffStreetParking")) == [257, 470, 625]


def described(twin: Twin, coverage: Any) -> dict[str, Any]:
    """A coverage's attributes by short name."""
    return {twin.terms.compact(name): one.value for name, one in coverage.instances()}


def test_daily_temperatures_are_read_anew_from_the_portal_s_own_export(tmp_path: Path) -> None:
    """What the portal sends has a column more (the season), other order, and a newer day; a mark at its start."""
    sent = "\ufeffData,Temperatura media,Temperatura massima,Temperatura minima,Stagione\n"
    with (FOLDER / "samples/weather/temperature.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            figures = [row["Temperatura media"], row["Temperatura massima"], row["Temperatura minima"]]
            sent += ",".join([row["Data"], *figures, "Inverno"]) + "\n"
    sent += "2026-01-31,3.1,6.0,0.4,Inverno\n"
    asked: list[str] = []

    async def download(url: str, *, to: Path, **_: Any) -> Downloaded:
        asked.append(url)
        await asyncio.to_thread(to.write_text, sent, encoding="utf-8")
        return Downloaded(200, {})

    city = package.load(FOLDER)
    broker = Broker(MemoryStore())
    coordinator = acquiring.coordinator(
        city,
        broker,
        Contexts().resolve_local(city.context["@context"]),
        connectors=loader.connectors(),
        ledger=MemoryLedger(),
        retriever=Retriever(download, Deliveries(tmp_path)),
    )
    asyncio.run(coordinator.run("weather-places"))
    first = asyncio.run(coordinator.run("temperature-daily"))
    second = asyncio.run(coordinator.run("temperature-daily", retrieve=True))
    assert asked == [city.sources["temperature-daily"].refresh.url]  # type: ignore[union-attr]
    assert (second.state, second.read, second.error) == (RunState.DONE, first.read + 1, None)
    assert second.newest_observation == datetime(2026, 1, 30, 23, tzinfo=UTC)


def test_scenarios_touch_segments_that_exist(twin: Twin) -> None:
    known = {entity.id for kind in ("RoadSegment", "StreetSection") for entity in twin.entities(kind)}
    for scenario in package.load(FOLDER).scenarios:
        for override in scenario.overrides:
            assert known.issuperset(override.where.get("segments", ()))


@pytest.mark.pack
@pytest.mark.skipif(not PACK.is_dir(), reason="the data pack is not beside the project")
def test_the_pipeline_gives_the_committed_tables(tmp_path: Path) -> None:
    samples.build(FOLDER, PACK, tmp_path)
    committed = FOLDER / "samples"
    built = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(committed) for path in committed.rglob("*") if path.is_file()}
    assert kept - built == {Path("LICENSES.md")}
    assert [
        str(name)
        for name in sorted(built)
        if (tmp_path / name).read_bytes() != (committed / name).read_bytes()
    ] == []


def test_the_context_defines_each_term_once() -> None:
    text = (FOLDER / "contexts" / "bologna.jsonld").read_text(encoding="utf-8")
    pairs = json.loads(text, object_pairs_hook=list)
    names = [name for name, _ in dict(pairs)["@context"]]
    assert len(names) == len(set(names))
