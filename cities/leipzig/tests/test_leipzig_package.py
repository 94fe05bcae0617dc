"""Leipzig's package is whole: nothing to mend, small, attributed, reproducible, every row accounted for."""

import asyncio
import csv
import shutil
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet
import pytest

from sympolis.acquisition.ledger import MemoryLedger, RunSummary
from sympolis.analysis.atlas.things import Selection
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.query import Aggregation, HistoryQuery, Query, TypeIs
from sympolis.context.terms import Contexts, Terms
from sympolis.domain import errors
from sympolis.orchestration.atlases.desk import AtlasDesk
from sympolis.orchestration.dashboard_desk import DashboardDesk
from sympolis.plugins import loader
from sympolis.plugins.connector import Origin
from sympolis.stores.memory import MemoryStore
from sympolis.testing.city_packages import CityPackageContract, Runs

FOLDER = Path(__file__).parents[1]
PACK = FOLDER.parents[1].parent / "shared" / "data" / "leipzig"
OUTLINES = "samples/buildings/outlines.parquet"
ALTLINDENAU = "70"
GERMANY_MW = {"pv_mw": 81925.4, "wind_mw": 60927.8, "biomass_mw": 9053.3, "hydro_mw": 4695.0}
"""The register's own sums for Germany, 2024, which the pipeline leaves out of the table."""


class Twin:
    """Leipzig's samples in a memory store; of the buildings only those of one Ortsteil, for there are 103,856."""

    def __init__(self, folder: Path) -> None:
        city = package.load(few_buildings(folder))
        self.terms: Terms = Contexts().resolve_local(city.context["@context"])
        self.broker = Broker(MemoryStore())
        self.coordinator = acquiring.coordinator(
            city, self.broker, self.terms, connectors=loader.connectors(), ledger=MemoryLedger()
        )
        self.runs: dict[str, RunSummary] = {
            run.source: run for run in asyncio.run(self.coordinator.run_all())
        }

    def entities(self, kind: str) -> list[Any]:
        """The entities of a type, a thousand at most."""
        query = Query(types=TypeIs(self.terms.expand(kind)), limit=1000)
        return list(asyncio.run(self.broker.query(query)).entities)

    def values(self, kind: str, name: str) -> dict[str, Any]:
        """An attribute by the local part of the entity's id; None where an entity has none."""
        term = self.terms.expand(name)
        return {entity.id.rpartition(":")[2]: entity.value(term) for entity in self.entities(kind)}


def few_buildings(folder: Path) -> Path:
    """A copy of the package that has the buildings of Altlindenau."""
    copy = folder / "leipzig"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("tests", "pipeline", "__pycache__"))
    table = pyarrow.parquet.read_table(FOLDER / OUTLINES, filters=[("area", "=", ALTLINDENAU)])
    pyarrow.parquet.write_table(table, copy / OUTLINES)
    declared = copy / "sources" / "buildings.toml"
    declared.write_text(declared.read_text(encoding="utf-8").replace("min_rows = 100000", "min_rows = 1"))
    return copy


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    return Twin(tmp_path_factory.mktemp("city"))


class TestLeipzig(CityPackageContract):
    """The contract of every package; of the buildings only those of one Ortsteil are taken in."""

    folder = FOLDER
    pack = PACK
    held: ClassVar[dict[str, int]] = {"building-outlines": 1, "register-agreement": 2}

    @pytest.fixture
    def runs(self, twin: Twin) -> Runs:
        return twin.runs


def test_every_source_is_under_a_licence_that_was_read() -> None:
    for source in package.load(FOLDER).sources.values():
        assert source.licence in ("CC-BY-4.0", "ODbL-1.0", "DL-DE-BY-2.0")
        assert set(source.title) == {"de", "en", "it"}


def test_what_is_held_is_what_the_data_lack_or_contradict(twin: Twin) -> None:
    """Zentrum's missing outlines; wind and hydro, of which the register has far more than the city publishes."""
    held = {
        source: [row.reasons[0].rule for row in twin.coordinator.quarantine(source, limit=100)[1]]
        for source, run in twin.runs.items()
        if run.quarantined
    }
    assert held == {"building-outlines": ["range"], "register-agreement": ["range", "range"]}


def test_sixty_three_areas_cover_the_city_and_know_who_lives_there(twin: Twin) -> None:
    people = twin.values("StatisticalArea", "population")
    assert len(people) == 63
    assert 600_000 < sum(people.values()) < 650_000
    assert sum(twin.values("District", "area").values()) == pytest.approx(
        sum(twin.values("StatisticalArea", "area").values()), rel=0.005
    )


def test_estimated_ages_leave_room_for_everybody_else(twin: Twin) -> None:
    people = twin.values("StatisticalArea", "population")
    young = twin.values("StatisticalArea", "populationUnder15")
    old = twin.values("StatisticalArea", "populationOver65")
    assert all(0.4 < 1 - (young[area] + old[area]) / people[area] < 0.9 for area in people)
    assert 0.11 < sum(young.values()) / sum(people.values()) < 0.15


def test_zentrum_says_that_its_outlines_are_unknown(twin: Twin) -> None:
    outlines = twin.values("StatisticalArea", "buildingOutlines")
    assert [area for area, number in outlines.items() if number is None] == ["00"]
    assert sum(number for number in outlines.values() if number is not None) == 103_856
    [zentrum] = [one for one in twin.entities("StatisticalArea") if one.id.endswith(":00")]
    assert set(zentrum.value(twin.terms.expand("dataNote"))) == {"de", "en", "it"}


def test_buildings_say_where_their_height_is_from(twin: Twin) -> None:
    height, origin = twin.values("Building", "height"), twin.values("Building", "heightFrom")
    assert len(height) == 896
    assert set(origin.values()) == {"measured", "storeys", "typical"}
    assert all(2 <= metres <= 210 for metres in height.values())


def test_the_table_of_outlines_covers_what_the_sums_cover() -> None:
    """Each building once, in sixty-two Ortsteile, on the same ground as the sums by Ortsteil say."""
    table = pyarrow.parquet.read_table(
        FOLDER / OUTLINES, columns=["id", "area", "footprint_m2", "height_from"]
    )
    assert len(set(table["id"].to_pylist())) == table.num_rows == 103_856
    areas = set(table["area"].to_pylist())
    assert len(areas) == 62
    assert "00" not in areas
    with (FOLDER / "samples/buildings/by_area.csv").open(encoding="utf-8") as stream:
        covered = sum(float(row["covered_m2"] or 0) for row in csv.DictReader(stream))
    assert sum(table["footprint_m2"].to_pylist()) == pytest.approx(covered, rel=1e-4)
    assert table["height_from"].to_pylist().count("typical") / table.num_rows == pytest.approx(0.72, abs=0.01)


def test_places_of_childcare_are_known_or_unknown_never_zero(twin: Twin) -> None:
    places = list(twin.values("ChildcareSite", "capacity").values())
    known = [number for number in places if number is not None]
    assert (len(places), len(known), sum(known)) == (311, 71, 9_599)


def test_the_register_is_read_in_its_own_format(twin: Twin) -> None:
    """7347,6 kW and 29.12.2011; the county's units, which the sample has too, are left aside."""
    power = twin.values("EnergyUnit", "grossPower")
    assert sorted(power.values()) == [5499.74, 6325.1, 7347.6]
    assert min(twin.values("EnergyUnit", "commissioningDate").values()) == "2011-12-29"
    with (FOLDER / "samples/energy/units.csv").open(encoding="utf-8") as stream:
        assert sum(1 for _ in stream) > 20


def test_who_runs_a_plant_is_said_where_the_register_says_it(twin: Twin) -> None:
    assert sorted(twin.values("EnergyUnit", "operator").values()) == [
        "ENERPARC Solar Invest 25 GmbH",
        "Enerparc Solar Invest 24 GmbH",
        "RE. source Huggy Shark GmbH & Co. KG",
    ]


def test_register_and_published_figures_stand_side_by_side(twin: Twin) -> None:
    installed = twin.values("EnergyCarrier", "installedCapacity")
    published = twin.values("EnergyCarrier", "publishedCapacity")
    ratio = {carrier: mw / published[carrier] for carrier, mw in installed.items() if mw is not None}
    assert ratio == pytest.approx({"pv": 1.02, "wind": 2.10, "biomass": 1.05, "hydro": 2.675}, abs=0.006)
    assert published["conventional"] == 385.2
    assert installed["conventional"] is None


def test_the_register_agrees_only_within_ten_per_cent(twin: Twin) -> None:
    agreeing = twin.values("EnergyCarrier", "registerDifference")
    assert {carrier for carrier, percent in agreeing.items() if percent is not None} == {"pv", "biomass"}


def test_municipalities_add_up_to_the_country() -> None:
    """So none is counted twice and none is lost where sums of states and counties were left out."""
    with (FOLDER / "samples/energy/municipalities.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    sums = {name: sum(float(row[name] or 0) for row in rows) for name in GERMANY_MW}
    assert sums == pytest.approx(GERMANY_MW, abs=0.1)


def test_the_reference_year_has_every_hour_in_central_european_time(twin: Twin) -> None:
    query = HistoryQuery(
        Query(types=TypeIs(twin.terms.expand("ReferenceWeather"))),
        names=(twin.terms.expand("temperature"),),
        methods=(Aggregation.TOTAL_COUNT, Aggregation.AVG),
    )
    [series] = asyncio.run(twin.broker.history(query)).series
    figures = series.buckets[0].figures
    assert figures[Aggregation.TOTAL_COUNT] == 8_760
    mean = figures[Aggregation.AVG]
    assert mean is not None
    assert 8 < mean < 11


def test_a_whole_export_of_the_register_would_be_read_by_the_same_source() -> None:
    city = package.load(FOLDER)
    source = city.sources["register-units"]
    connector = loader.connectors()[source.connector]
    records = list(connector.read(Origin(FOLDER / source.path), city.settings[source.id]))
    assert [record.faults for record in records] == [(), (), ()]


OFFICIAL = {
    "capacity-pv": (182.25, 0.05), "production-pv": (175.62, 0.05),
    "capacity-biomass": (13.82, 0.06), "production-biomass": (96.83, 0.06),
    "capacity-conventional": (385.20, 1e-9), "production-conventional": (2_024.62, 1e-4),
}  # fmt: skip
"""The city's card, and how near our figure comes."""
CONTRADICTED = {"capacity-wind", "production-wind", "capacity-hydro", "production-hydro"}


class NoModels:
    """What models compute is tested with the models."""

    async def latest(self, model: str) -> None:  # noqa: ARG002
        return None

    async def ensure(self, model: str) -> None:  # noqa: ARG002
        return None


def test_the_dashboard_meets_the_official_figures_or_says_that_it_does_not(twin: Twin) -> None:
    plans = package.load(FOLDER).dashboards
    desk = DashboardDesk(twin.broker, twin.terms, plans, city="leipzig", baselines=NoModels())
    found = asyncio.run(desk.get("energy-transition"))
    figures = {one["id"]: one for one in found["figures"]}
    for name, (official, share) in OFFICIAL.items():
        assert figures[name]["official"]["value"] == official
        assert figures[name]["value"] == pytest.approx(official, rel=share)
    contradictions = {one["figure"] for one in found["findings"] if one["kind"] == "contradiction"}
    assert contradictions == CONTRADICTED
    assert all(set(one["text"]) == {"de", "en", "it"} for one in found["findings"])
    wind = figures["capacity-wind"]
    assert (wind["interval"]["low"], wind["interval"]["high"]) == (20.8, pytest.approx(43.77, abs=0.01))
    assert figures["units-pv"]["count"] == 3


def test_on_an_earlier_day_the_register_had_less(twin: Twin) -> None:
    plans = package.load(FOLDER).dashboards
    desk = DashboardDesk(twin.broker, twin.terms, plans, city="leipzig", baselines=NoModels())
    found = asyncio.run(desk.get("energy-transition", date(2022, 6, 1)))
    by_id = {one["id"]: one["value"] for one in found["figures"]}
    assert by_id["capacity-pv"] == pytest.approx(120.2, abs=0.05)


def test_the_city_is_compared_with_any_municipality(twin: Twin) -> None:
    plans = package.load(FOLDER).dashboards
    desk = DashboardDesk(twin.broker, twin.terms, plans, city="leipzig", baselines=NoModels())
    found = asyncio.run(desk.peers("energy-transition", ["14612000"]))
    pv = found["fields"][0]
    assert pv["count"] > 10_700
    assert (pv["values"][0]["rank"], pv["values"][1]["value"]) == (6, pytest.approx(73.36, abs=0.01))


class NoTables:
    """The roofs are tested with their model."""

    async def model_table(self, model_id: str, table: str) -> Path:
        raise errors.ModelFailed("not here", where=f"{model_id} {table}")

    async def work(self, task: Any) -> Any:  # noqa: ARG002
        raise AssertionError("no files are made here")


def test_the_atlas_shows_what_the_data_have_and_names_what_they_lack(twin: Twin) -> None:
    plans = package.load(FOLDER).atlases
    desk = AtlasDesk(twin.broker, twin.terms, plans, models=NoTables(), credits={})
    found = asyncio.run(desk.describe("energy"))
    counts = {one["id"]: one["count"] for one in found["layers"]}
    assert counts == {
        "plants": 3,
        "planned": 0,
        "roofs": None,
        "charging": 78,
        "listed": 1,
        "heat-network": 1,
    }
    assert {"heat-lines", "ownership", "geothermal", "solar-cadastre"} <= {
        one["id"] for one in found["missing"]
    }
    summary = asyncio.run(desk.summary("energy", Selection(layers=("plants",))))
    assert summary["layers"][0]["capacity"] == pytest.approx(19_172.44)
