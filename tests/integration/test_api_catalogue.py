"""The catalogue over HTTP: for programs as RDF and JSON, for people as pages."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from sympolis.governance.interfaces import INTERFACES
from sympolis.testing.small_twin import SmallTwin, small_twin


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("catalogue")) as found:
        yield found


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name == "href" and value and value.startswith("/")]


def test_a_browser_gets_a_page_and_a_program_turtle(twin: SmallTwin) -> None:
    page = twin.client.get("/catalogue", accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert (page.header("content-type") or "").startswith("text/html")
    assert (twin.client.get("/catalogue", accept="*/*").header("content-type") or "").startswith(
        "text/turtle"
    )
    assert twin.client.get("/catalogue", accept="image/png").status == 406


def test_every_link_of_the_pages_leads_somewhere(twin: SmallTwin) -> None:
    pages = ["/catalogue?f=html", "/catalogue/datasets/loops?f=html"]
    pages += ["/catalogue/models/toy?f=html", "/catalogue/services/ogc?f=html"]
    for path in pages:
        text = twin.client.get(path).body.decode()
        links = [link for link in Links(text).found if link != "/"]
        assert links
        assert {link: twin.client.get(link).status for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize(("language", "word"), [("it", "Cerca"), ("de", "Suchen"), ("en", "Search")])
def test_pages_speak_the_reader_s_language(twin: SmallTwin, language: str, word: str) -> None:
    header = {"accept_language": f"{language}-XX,fr;q=0.5"}
    asked = twin.client.get("/catalogue?f=html", **header).body.decode()
    assert f'<html lang="{language}">' in asked and word in asked
    assert twin.client.get(f"/catalogue?f=html&lang={language}").body.decode() == asked


@pytest.mark.parametrize(("language", "word"), [("it", "storia"), ("de", "Geschichte"), ("en", "history")])
def test_ways_to_the_data_are_named_in_the_reader_s_language(
    twin: SmallTwin, language: str, word: str
) -> None:
    page = twin.client.get(f"/catalogue/datasets/loops?f=html&lang={language}").body.decode()
    assert word in page


def test_what_a_reader_types_is_shown_as_text(twin: SmallTwin) -> None:
    text = twin.client.get("/catalogue?f=html&q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").body.decode()
    assert "<script" not in text


def test_datasets_can_be_searched_and_narrowed(twin: SmallTwin) -> None:
    found = twin.client.get("/api/datasets?limit=2").json
    assert found["total"] == 4 and len(found["datasets"]) == 2
    assert twin.client.get("/api/datasets?q=loops").json["total"] == 1
    assert twin.client.get("/api/datasets?type=RoadSegment").json["datasets"][0]["id"] == "streets"
    assert twin.client.get("/api/datasets?colour=red").status == 400


def test_a_dataset_says_how_to_use_it(twin: SmallTwin) -> None:
    dataset = twin.client.get("/api/datasets/loops").json
    assert dataset["accepted_share"] == 1.0 and dataset["licence_url"].startswith("https://")
    assert {one["tool"] for one in dataset["snippets"]} >= {"curl", "Python", "R", "QGIS"}
    assert twin.client.get("/api/datasets/unheard-of").status == 404
    assert twin.client.get("/catalogue/datasets/unheard-of").status == 404


def test_addresses_are_those_by_which_the_reader_came(twin: SmallTwin) -> None:
    body = twin.client.get("/catalogue?f=ttl", host="localhost:9999").body.decode()
    assert "http://localhost:9999/catalogue" in body and "127.0.0.1" not in body


def test_everything_that_runs_is_found_with_facets(twin: SmallTwin) -> None:
    found = twin.client.get("/api/catalogue?limit=100").json
    services = len(INTERFACES) + len(twin.client.get("/api/services").json["services"])
    assert found["facets"]["kind"] == {"dataset": 4, "service": services, "model": 1}
    assert {one["kind"] for one in found["things"]} == {"dataset", "service", "model"}
    models = twin.client.get("/api/catalogue?kind=model").json
    assert models["total"] == 1 and models["things"][0]["needs"][0]["datasets"]
    assert [one["id"] for one in twin.client.get("/api/catalogue?q=sensorthings").json["things"]] == [
        "sensorthings"
    ]
    assert twin.client.get("/api/catalogue?colour=red").status == 400


@pytest.mark.parametrize("path", ["/catalogue/services/ogc", "/catalogue/models/toy"])
def test_a_service_and_a_model_are_there_by_name(twin: SmallTwin, path: str) -> None:
    answer = twin.client.get(path, accept="text/turtle")
    assert answer.status == 200 and b"dcat:DataService" in answer.body
    assert twin.client.get(path + "x").status == 404


def test_the_page_lists_models_and_interfaces(twin: SmallTwin) -> None:
    text = twin.client.get("/catalogue?f=html&lang=de").body.decode()
    assert "Modelle" in text and "Schnittstellen" in text and "/catalogue/models/toy" in text


def test_every_way_to_a_dataset_gives_that_dataset(twin: SmallTwin) -> None:
    """Loops and counts share a type: what each is had by gives its own values, not the other's."""
    asked = {}
    for name in ("loops", "counts"):
        ways = {
            one["iri"].rpartition("#")[2]: one
            for one in twin.client.get(f"/api/datasets/{name}").json["distributions"]
        }
        assert set(ways) == {"entities", "geojson", "parquet", "csv"}
        link = f'<{ways["entities"]["context"]}>; rel="http://www.w3.org/ns/json-ld#context"'
        address = ways["entities"]["access_url"].partition("8400")[2]
        asked[name] = twin.client.get(f"{address}&options=keyValues", link=link).json
    assert asked["loops"] and all(
        {"name", "location"} < set(one) and "intensity" not in one for one in asked["loops"]
    )
    assert asked["counts"] and all(
        set(one) - {"@context"} == {"id", "type", "intensity"} for one in asked["counts"]
    )
    alone = twin.client.get("/api/datasets/streets").json["distributions"]
    assert [one["iri"].rpartition("#")[2] for one in alone] == ["entities", "features", "parquet", "csv"]
    assert "q=" not in alone[0]["access_url"]


def test_a_file_is_opened_in_a_map_by_its_address(twin: SmallTwin) -> None:
    snippets = {one["tool"]: one["text"] for one in twin.client.get("/api/datasets/loops").json["snippets"]}
    assert snippets["QGIS"].endswith("/api/datasets/loops/download?f=geojson")
    assert (
        "read_file('http" in snippets["Python (GeoPandas)"]
        and "f=geojson')" in snippets["Python (GeoPandas)"]
    )


@pytest.mark.parametrize(
    ("language", "heading"), [("it", "Le prime righe"), ("de", "Die ersten Zeilen"), ("en", "The first rows")]
)
def test_a_datasets_page_shows_its_first_rows(twin: SmallTwin, language: str, heading: str) -> None:
    page = twin.client.get(f"/catalogue/datasets/streets?f=html&lang={language}").body.decode()
    assert f"<h2>{heading}</h2>" in page and "Street 3" in page
    assert 'length <span class="muted">(MTR)</span>' in page and "<td>LineString</td>" in page
