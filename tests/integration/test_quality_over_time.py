"""The quality of a dataset over several deliveries: figures kept, a badge with reasons, DQV for other catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph, Namespace

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.terms import Contexts
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import write_package
from sympolis.testing.steward import NOW, Desk, desk_of

DQV = Namespace("http://www.w3.org/ns/dqv#")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_of(write_package(tmp_path / "smallville"), tmp_path / "deliveries")


@pytest.fixture
def client(desk: Desk) -> Iterator[Client]:
    parts = ApiParts(broker=desk.broker, contexts=Contexts(), city=desk.city, coordinator=desk.coordinator)
    client = Client(create_api(parts))
    yield client
    client.close()


def quality(client: Client, dataset: str = "counts") -> Any:
    return client.get(f"/api/datasets/{dataset}/quality").json


def measure(shown: Any, metric: str, attribute: str | None = None) -> Any:
    [found] = [
        one for one in shown["newest"]["measures"] if (one["metric"], one["attribute"]) == (metric, attribute)
    ]
    return found


def test_figures_of_every_dimension_say_what_was_expected(client: Client) -> None:
    shown = quality(client)
    assert measure(shown, "rows")["value"] == 12
    assert measure(shown, "accepted") == {
        "metric": "accepted",
        "dimension": "validity",
        "value": pytest.approx(11 / 12),
        "unit": "1",
        "attribute": None,
        "expected": "at least 0.7",
        "passed": True,
    }
    assert measure(shown, "filled", "intensity")["value"] == 1
    assert measure(shown, "in-range")["value"] == pytest.approx(11 / 12)
    assert measure(shown, "unique")["value"] == 1
    places = quality(client, "loops")
    assert measure(places, "located")["value"] == 1
    assert measure(places, "cells-covered")["value"] == pytest.approx(0.02)
    seen = {one["dimension"] for one in shown["newest"]["measures"] + places["newest"]["measures"]}
    assert seen == set(shown["dimensions"])


def test_each_delivery_adds_a_point_to_the_trend(client: Client, desk: Desk) -> None:
    good = (desk.folder / "samples/counts.csv").read_text()
    desk.deliver("counts", good.replace(",-5,", ",305,"))
    desk.run("counts")
    desk.deliver("counts", good.replace(",", ";"))
    desk.run("counts")
    trend = quality(client)["trend"]
    assert [one["taken"] for one in trend] == [False, True, True]
    assert [one["values"]["accepted"] for one in trend[1:]] == [1.0, pytest.approx(11 / 12)]
    assert trend[1]["values"]["scale.intensity"] == pytest.approx(1.0)
    assert [one["badge"] for one in trend] == ["poor", "good", "good"]


def test_the_badge_of_a_refused_delivery_says_why_in_every_language(client: Client, desk: Desk) -> None:
    assert quality(client)["badge"]["grade"] == "good"
    desk.deliver("counts", "")
    desk.run("counts")
    badge = quality(client)["badge"]
    assert badge["grade"] == "good", "the data that are there are as good as before"
    assert [reason["it"] for reason in badge["warning"]] == [
        "L'ultima consegna è stata rifiutata.",
        "Il file è vuoto.",
    ]
    assert client.get("/api/datasets/counts/quality?limit=1").json["badge"] == badge


def test_a_list_of_sources_has_the_badge_and_the_warning(client: Client, desk: Desk) -> None:
    [before] = [one["quality"] for one in client.get("/api/sources").json if one["id"] == "counts"]
    assert (before["grade"], before["warning"]) == ("good", [])
    desk.deliver("counts", "")
    desk.run("counts")
    [shown] = [one["quality"] for one in client.get("/api/sources").json if one["id"] == "counts"]
    badge = quality(client)["badge"]
    assert shown == {"grade": "good", "reason": badge["reasons"][0], "warning": badge["warning"]}
    assert client.get("/api/sources/counts").json["quality"] == shown
    assert {one["quality"]["grade"] for one in client.get("/api/sources").json} <= {"good", "unknown", "fair"}


def test_a_closed_collection_is_not_called_current(tmp_path: Path) -> None:
    """Read once and never again: it covers a time that is over."""
    desk = desk_of(write_package(tmp_path / "smallville"), tmp_path / "deliveries", refreshed=False)
    parts = ApiParts(broker=desk.broker, contexts=Contexts(), city=desk.city, coordinator=desk.coordinator)
    client = Client(create_api(parts))
    shown, source = quality(client), client.get("/api/sources/counts").json
    client.close()
    assert shown["status"] == "closed"
    assert shown["badge"]["reasons"][-1]["de"].startswith("Es ist eine abgeschlossene Sammlung")
    assert source["covers"] == {"from": "2024-03-03T23:00:00Z", "to": "2024-03-09T22:00:00Z"}


def test_time_alone_makes_data_overdue_and_that_is_on_record(tmp_path: Path) -> None:
    """Nothing arrives any more: the next look at the clock adds a point, the one after that does not."""
    folder = write_package(tmp_path / "smallville")
    source = folder / "sources/counts.toml"
    days = (NOW - timedelta(days=84)).date()  # 2024-03-09 is 84 days before
    assert days.isoformat() == "2024-03-09"
    source.write_text(source.read_text().replace("min_rows = 1\n", 'min_rows = 1\nmax_age = "P85D"\n'))
    desk = desk_of(folder, tmp_path / "deliveries")
    assert desk.coordinator.watch() == []
    desk.wait(timedelta(days=2))
    [found] = desk.coordinator.watch()
    assert (found.source, found.occasion) == ("counts", "watch")
    [age] = [one for one in found.measures if one.metric == "age"]
    assert (age.passed, age.expected) == (False, "at most 2040 h")
    assert desk.coordinator.watch() == []
    assert desk.coordinator.source("counts")["alarm"]["it"].startswith("Da 2024-03-09")


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own JSON-LD reader
@pytest.mark.parametrize(("media", "form"), [("text/turtle", "turtle"), ("application/ld+json", "json-ld")])
def test_the_figures_are_published_in_the_words_of_dqv(client: Client, media: str, form: str) -> None:
    answer = client.get("/api/datasets/counts/quality", accept=media)
    graph = Graph().parse(data=answer.body, format=form)
    rows = graph.query(
        """
        SELECT ?value ?unit ?dimension ?at WHERE {
          ?dataset dqv:hasQualityMeasurement ?one .
          ?one a dqv:QualityMeasurement ; dqv:computedOn ?dataset ; dqv:isMeasurementOf ?metric ;
               dqv:value ?value ; sdmx:unitMeasure ?unit ; dcterms:created ?at .
          ?metric a dqv:Metric ; dqv:inDimension ?dimension ; skos:definition ?meaning .
          FILTER (STRENDS(STR(?metric), "#metric-accepted"))
        }""",
        initNs={"dqv": DQV, "sdmx": Namespace("http://purl.org/linked-data/sdmx/2009/attribute#")},
    )
    [(value, unit, dimension, at)] = rows  # type: ignore[misc]
    assert float(value) == pytest.approx(11 / 12, abs=1e-6)
    assert str(unit).endswith("UNITLESS") and str(dimension).endswith("#dimension-validity")
    assert str(at).startswith("2024-06-01T00:00")


def test_the_catalogue_carries_the_figures_and_the_page_the_badge(client: Client, desk: Desk) -> None:
    document = client.get("/catalogue", accept="text/turtle").body
    graph = Graph().parse(data=document, format="turtle")
    assert len(set(graph.subjects(DQV.isMeasurementOf, None))) > 10
    desk.deliver("counts", "")
    desk.run("counts")
    page = client.get("/catalogue/datasets/counts?lang=it", accept="text/html").body.decode()
    assert "<strong>buona</strong>" in page and "Il file è vuoto." in page


def test_nobody_asks_for_the_quality_of_nothing(client: Client) -> None:
    assert client.get("/api/datasets/count/quality").status == 404
    assert client.get("/api/datasets/counts/quality?limit=0").status == 400
