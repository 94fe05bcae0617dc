"""The catalogue's values: what sources become, how they are found, how they may be used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sympolis.governance.catalogue.building import Twin, build_catalogue, frequency_of
from sympolis.governance.catalogue.graph import catalogue_graph, serialise
from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.search import search, search_all
from sympolis.governance.catalogue.snippets import snippets_of

TWIN = Twin(
    base_url="https://twin.example",
    title={"it": "Gemello"},
    description={},
    operator="Comune",
    languages=("it",),
    bbox=(11.0, 44.0, 12.0, 45.0),
    collections=frozenset({"Loop"}),
)


def source(id: str, **members: Any) -> dict[str, Any]:
    return {
        "id": id,
        "title": {"it": f"Città {id}", "en": f"City {id}"},
        "owner": "Arpae",
        "licence": "CC-BY-4.0",
        "attribution": "Arpae",
        "url": "https://portal.example/x",
        "schedule": "once",
        "entity_type": "Loop",
        "status": "never",
        **members,
    }


RUN = {"read": 8, "quarantined": 2, "finished_at": "2026-01-02T03:04:05Z", "data_version": "v7"}


def test_a_dataset_tells_of_its_newest_delivery() -> None:
    [dataset] = build_catalogue(TWIN, [source("air", last_run=RUN, status="fresh")]).datasets
    assert dataset.quality is not None and (dataset.quality.accepted, dataset.quality.read) == (0.75, 8)
    assert dataset.version == "v7" and dataset.modified is not None and dataset.modified.year == 2026


def test_only_what_has_a_place_is_offered_as_features() -> None:
    with_place, without = build_catalogue(TWIN, [source("a"), source("b", entity_type="Budget")]).datasets
    ways = [[way.iri.rpartition("#")[2] for way in one.distributions] for one in (with_place, without)]
    assert ways == [["entities", "features", "parquet", "csv"], ["entities", "parquet", "csv"]]
    services = {one.id: one.serves for one in build_catalogue(TWIN, [source("a")]).services}
    assert services["ogc"] == services["tiles"] == services["ngsi-ld"] == (with_place.iri,)


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        ("once", "NEVER"),
        ("PT10M", "CONT"),
        ("PT1H", "HOURLY"),
        ("P1D", "DAILY"),
        ("P7D", "WEEKLY"),
        ("P400D", "IRREG"),
    ],
)
def test_schedules_have_a_frequency(schedule: str, code: str) -> None:
    assert frequency_of(schedule) == code


def test_words_are_found_without_accents_and_titles_count_more() -> None:
    sources = [source("rain", description={"en": "not air"}), source("air")]
    datasets = build_catalogue(TWIN, sources).datasets
    assert [one.id for one in search(datasets, "CITTA air").datasets] == ["air", "rain"]
    assert search(datasets, "nothing of the kind").datasets == ()


def test_facets_count_what_was_found_and_choose() -> None:
    sources = [source("a"), source("b", licence="ODbL-1.0"), source("c", licence="ODbL-1.0", owner="OSM")]
    datasets = build_catalogue(TWIN, sources).datasets
    assert search(datasets).facets["licence"] == {"ODbL-1.0": 2, "CC-BY-4.0": 1}
    chosen = search(datasets, chosen={"licence": "ODbL-1.0", "owner": "OSM"})
    assert [one.id for one in chosen.datasets] == ["c"]


def test_snippets_name_the_twin_and_the_type() -> None:
    [dataset] = build_catalogue(TWIN, [source("a")]).datasets
    snippets = {one.tool: one.text for one in snippets_of(dataset)}
    assert "https://twin.example/ngsi-ld/v1/entities?type=Loop" in snippets["curl"]
    assert snippets["QGIS"].endswith("https://twin.example/ogc")
    compile(snippets["Python"], "snippet", "exec")


def test_snippets_ask_in_the_words_of_the_city() -> None:
    twin = replace(
        TWIN, types={"Loop": "https://vocab.example/Loop"}, context="https://twin.example/contexts/x.jsonld"
    )
    [dataset] = build_catalogue(twin, [source("a")]).datasets
    snippets = {one.tool: one.text for one in snippets_of(dataset)}
    assert "type=https%3A%2F%2Fvocab.example%2FLoop&" in snippets["curl"]
    assert "-H 'Link: <https://twin.example/contexts/x.jsonld>; rel=" in snippets["curl"]
    assert "add_headers(Link = '<https://twin.example/contexts/x.jsonld>" in snippets["R"]
    compile(snippets["Python"], "snippet", "exec")


def test_an_unknown_licence_asks_for_attribution() -> None:
    assert licence_of("XYZ").attribution and "XYZ" in licence_of("XYZ").iri
    assert licence_of("ODbL-1.0").share_alike and not licence_of("CC0-1.0").attribution


def test_data_that_nobody_renews_say_so() -> None:
    [closed, daily] = build_catalogue(
        TWIN, [source("a", status="closed"), source("b", status="unjudged", refresh_every="P1D")]
    ).datasets
    assert (closed.frequency, daily.frequency) == ("NEVER", "DAILY")
    text = serialise(catalogue_graph(build_catalogue(TWIN, [source("a", status="closed")])), "text/turtle")
    assert "adms:versionNotes" in text.decode()
    assert "closed collection" in text.decode()


def test_services_that_answer_questions_are_offered_with_their_models() -> None:
    service = {
        "id": "entry-charge",
        "title": {"en": "Entry charge"},
        "question": {"en": "What would a charge change?"},
        "model": "policy",
        "chain": [{"model": "policy"}, {"model": "noise"}],
    }
    catalogue = build_catalogue(TWIN, [source("a")], services=[service])
    [found] = [one for one in catalogue.services if one.answers]
    assert found.requires == tuple(
        f"https://twin.example/catalogue/models/{name}" for name in ("policy", "noise")
    )
    assert [one.id for one in search_all(catalogue, "charge", chosen={"kind": "service"}).things] == [
        "entry-charge"
    ]
    text = serialise(catalogue_graph(catalogue), "text/turtle").decode()
    assert "catalogue#service" in text and "What would a charge change?" in text
