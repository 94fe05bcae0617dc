"""A plan over HTTP: steps run and found again, targets and zones, measures with their history, files, refusals."""

from __future__ import annotations

import asyncio
import csv
import io
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiSettings
from sympolis.context.terms import Contexts
from sympolis.orchestration.planning.desk import PlanDesk
from sympolis.orchestration.planning.plan import (
    GapPlan,
    LevelPlan,
    MeasurePlan,
    Plan,
    StepPlan,
    TargetPlan,
    ZonesPlan,
)
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_twin import open_small_twin

TEXT = {"en": "=Traffic", "it": "Traffico"}
PLAN = Plan(
    id="traffic", title=TEXT, law="Traffic Act", responsible="Town", target_year=2030, members=4,
    steps=(StepPlan(id="count", clause="§ 1", title=TEXT, service="entry-charge", indicators=("nox",)),
           StepPlan(id="words", clause="§ 2", title=TEXT, text=TEXT)),
    targets=(TargetPlan(id="air", title=TEXT, step="count", indicator="nox", year=2030, value=1.0, unit="kg",
                        source="Town"),),
    zones=ZonesPlan(step="count", field="flow", weight="flow",
                    levels=(LevelPlan(id="busy", title=TEXT, at_least=300.0),
                            LevelPlan(id="calm", title=TEXT, at_least=0.0))),
    measures=(MeasurePlan(id="trees", title=TEXT, responsible="Town", start=2026, end=2028),),
    gaps=(GapPlan(id="lorries", step="count", title=TEXT, holder="State"),),
)  # fmt: skip
PATH = "/api/plans/traffic"
NEW = {"id": "bridge", "title": "Bridge", "responsible": "Town", "start": 2027, "end": 2029, "cost_meur": 3.5}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("plans")
    loop = asyncio.new_event_loop()
    _, parts = loop.run_until_complete(open_small_twin(folder, MemoryStore(), ApiSettings()))
    assert parts.desk is not None and parts.city is not None
    terms = loop.run_until_complete(Contexts().resolve(parts.city.context["@context"]))
    desk = PlanDesk(parts.broker, terms, parts.desk, [PLAN], folder / "plans", city="smallville")
    found = Client(create_api(replace(parts, plans=desk)), loop)
    yield found
    loop.run_until_complete(parts.desk.close())
    found.close()


@pytest.fixture(scope="module")
def plan(client: Client) -> Any:
    """The plan after all its steps have run."""
    started = client.post(f"{PATH}/runs", {})
    assert started.status in (200, 202), started.json
    until = time.monotonic() + 300
    found = started.json
    while found["steps"][0]["status"] not in ("done", "failed"):
        assert time.monotonic() < until
        found = client.get(PATH).json
    assert found["steps"][0]["status"] == "done", found["steps"][0]["error"]
    return found


def test_a_plan_that_was_never_run_says_what_is_open(client: Client) -> None:
    found = client.get(PATH).json
    if found["steps"][0]["status"] == "open":
        assert found["targets"][0]["ours"] is None
        assert found["zones"]["levels"][0]["places"] is None
        assert client.get(f"{PATH}/zones").status == 409
        assert client.get(f"{PATH}/report?f=html&lang=en").status == 200
    assert client.get("/api/plans").json["plans"][0]["law"] == "Traffic Act"


def test_a_step_has_its_figures_and_every_assumption_behind_them(plan: Any) -> None:
    step = plan["steps"][0]
    assert [one["name"] for one in step["indicators"]] == ["nox"]
    assert step["indicators"][0]["interval"]["level"] == 0.9
    assert step["members"] == 4
    assert all(one["source"] for one in step["assumptions"] if one["range"])
    assert plan["steps"][1]["status"] == "described"


def test_the_residual_is_ours_less_theirs(plan: Any) -> None:
    [target] = plan["targets"]
    assert target["residual"] == pytest.approx(target["ours"]["value"] - 1.0, rel=1e-4)


def test_every_place_is_in_a_zone_and_zones_add_up(client: Client, plan: Any) -> None:
    features = client.get(f"{PATH}/zones").json["features"]
    assert {one["properties"]["zone"] for one in features} <= {"busy", "calm"}
    assert sum(level["places"] for level in plan["zones"]["levels"]) == len(features)
    total = sum(one["properties"]["flow"] for one in features)
    assert sum(level["sum"] for level in plan["zones"]["levels"]) == pytest.approx(total, rel=1e-3)


def test_the_same_steps_again_are_found_not_computed(client: Client, plan: Any) -> None:
    again = client.post(f"{PATH}/runs", {"steps": ["count"]})
    assert again.status == 200
    assert again.json["steps"][0]["run"] == plan["steps"][0]["run"]


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [({"steps": ["nothing"]}, 404, "steps"), ({"steps": ["words"]}, 400, "steps"), ({"steps": "count"}, 400, "steps"),
     ({"members": "many"}, 400, "members"), ({"members": 100_000}, 400, "members"), ({"seed": 1.5}, 400, "seed")],
)  # fmt: skip
def test_what_cannot_be_run_is_refused(client: Client, body: Any, status: int, where: str) -> None:
    refused = client.post(f"{PATH}/runs", body)
    assert (refused.status, refused.json["where"]) == (status, where)


def test_a_measure_is_made_changed_followed_and_given_up(client: Client) -> None:
    assert client.post(f"{PATH}/measures", NEW).status == 201
    assert client.post(f"{PATH}/measures", NEW).status == 409
    for progress in (10, 40):
        changed = client.request(
            "PATCH", f"{PATH}/measures/bridge", json={"progress": progress, "status": "under way"}
        )
        assert changed.json["progress"] == progress
    found = client.get(f"{PATH}/measures/bridge").json
    assert [one["progress"] for one in found["history"]] == [0, 10, 40]
    assert (found["cost_meur"], found["title"]) == (3.5, {"en": "Bridge"})
    assert client.request("DELETE", f"{PATH}/measures/bridge").status == 204
    assert client.get(f"{PATH}/measures/bridge").status == 404


def test_a_measure_that_the_city_declares_is_given_up_not_deleted(client: Client) -> None:
    assert client.get(f"{PATH}/measures/trees").json["declared"] is True
    assert client.request("DELETE", f"{PATH}/measures/trees").status == 204
    [kept] = [one for one in client.get(f"{PATH}/measures").json["measures"] if one["id"] == "trees"]
    assert kept["status"] == "given up"


def test_a_measure_is_an_entity_that_anybody_can_read(client: Client) -> None:
    client.request("PATCH", f"{PATH}/measures/trees", json={"progress": 5})
    found = client.get(
        "/ngsi-ld/v1/entities/urn:ngsi-ld:PlanMeasure:smallville:traffic-trees?options=keyValues"
    )
    assert found.status == 200


@pytest.mark.parametrize("body", [{"id": "other"}, {"progress": 200}, {"unknown": 1}])
def test_a_change_that_cannot_be_is_refused(client: Client, body: Any) -> None:
    assert client.request("PATCH", f"{PATH}/measures/trees", json=body).status == 400


def test_tables_come_as_csv_that_no_spreadsheet_takes_for_formulas(client: Client, plan: Any) -> None:
    text = client.get(f"{PATH}/tables/gaps?f=csv&lang=en").body.decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["title"], row["holder"]) == ("'=Traffic", "State")


def test_all_tables_come_in_one_workbook(client: Client, plan: Any) -> None:
    found = client.get(f"{PATH}/tables?f=xlsx")
    assert "traffic.xlsx" in (found.header("content-disposition") or "")
    names = zipfile.ZipFile(io.BytesIO(found.body)).namelist()
    assert sum(name.startswith("xl/worksheets/sheet") for name in names) >= 6


def test_the_geopackage_has_shapes_and_tables(client: Client, plan: Any, tmp_path: Path) -> None:
    file = tmp_path / "plan.gpkg"
    file.write_bytes(client.get(f"{PATH}/tables?f=gpkg").body)
    with sqlite3.connect(file) as base:
        kinds = dict(base.execute("SELECT table_name, data_type FROM gpkg_contents"))
        assert kinds["places"] == "features" and kinds["targets"] == "attributes"
        [(blob,)] = base.execute("SELECT geom FROM places LIMIT 1")
        assert blob[:2] == b"GP"
        [(count,)] = base.execute("SELECT COUNT(*) FROM places")
    base.close()
    assert count == len(client.get(f"{PATH}/zones").json["features"])


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/plans/none", 404), (f"{PATH}/steps/count/details", 404), (f"{PATH}/steps/words/details", 400),
     (f"{PATH}/tables/none", 404), (f"{PATH}/tables?f=csv", 400),
     (f"{PATH}/tables/gaps?f=geojson", 400), (f"{PATH}/tables/gaps?f=exe", 400), (f"{PATH}/report?f=odt", 400),
     (f"{PATH}/measures/none", 404)],
)  # fmt: skip
def test_what_is_not_there_says_so(client: Client, plan: Any, path: str, status: int) -> None:
    assert client.get(path).status == status


def test_the_report_is_a_page_in_the_readers_language(client: Client, plan: Any) -> None:
    found = client.get(f"{PATH}/report?lang=it")
    text = found.body.decode()
    assert 'lang="it"' in text and "Rispetto ai dati ufficiali" in text and "Traffico" in text
