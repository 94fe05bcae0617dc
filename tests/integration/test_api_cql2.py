"""CQL2 filters, reference systems and queryables over HTTP, in memory and in SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.api.ogc.cql2 import TEXT, parse_filter
from sympolis.api.ogc.predicates import selects
from sympolis.api.ogc.reference_systems import WORLD
from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.small_city import STREETS
from sympolis.testing.small_twin import SmallTwin, small_twin

ITEMS = "/ogc/collections/RoadSegment/items"


@pytest.fixture(scope="module", params=["memory", "embedded"])
def twin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    folder = tmp_path_factory.mktemp(f"cql2-{request.param}")
    store = EmbeddedStore.open(folder / "data") if request.param == "embedded" else None
    with small_twin(folder, store=store) as found:
        yield found


def items(twin: SmallTwin, filter_text: str = "", **parameters: str) -> Any:
    asked = {"limit": "100", **parameters}
    if filter_text:
        asked["filter"] = filter_text
    query = "&".join(f"{name.replace('_', '-')}={quote(value)}" for name, value in asked.items())
    answer = twin.client.get(f"{ITEMS}?{query}")
    assert answer.status == 200, answer.body
    return answer.json


def test_filters_select_and_count(twin: SmallTwin) -> None:
    everything = items(twin)["features"]
    lengths = sorted(feature["properties"]["length"] for feature in everything)
    middle = lengths[len(lengths) // 2]
    assert items(twin, f"length > {middle}")["numberMatched"] == sum(one > middle for one in lengths)
    some = items(twin, "name LIKE '%3'")
    assert some["numberMatched"] == 1 and some["features"][0]["properties"]["name"] == "Street 3"


def test_pages_of_what_no_index_decides_fit_together(twin: SmallTwin) -> None:
    wanted = "name LIKE 'Street%' AND name <> 'Street 0'"
    whole = [feature["id"] for feature in items(twin, wanted)["features"]]
    pages = [items(twin, wanted, limit="3", offset=str(first)) for first in (0, 3, 6)]
    assert [feature["id"] for page in pages for feature in page["features"]] == whole
    assert {page["numberMatched"] for page in pages} == {STREETS - 1}
    assert [any(link["rel"] == "next" for link in page["links"]) for page in pages] == [True, True, False]


def test_a_link_asks_the_same_however_blanks_were_written(twin: SmallTwin) -> None:
    first = twin.client.get(f"{ITEMS}?filter=name+LIKE+%27Street%25%27&limit=3").json
    links = {one["rel"]: one["href"] for one in first["links"]}
    following = twin.client.get(links["next"].partition("8400")[2] or links["next"])
    assert following.status == 200 and following.json["numberMatched"] == first["numberMatched"] == STREETS


TESTS = st.sampled_from(
    [
        *("name = 'Street 3'", "name <> 'Street 3'", "name LIKE '%1'", "CASEI(name) = CASEI('STREET 2')"),
        *(
            "length > 100",
            "length <= 100",
            "length BETWEEN 50 AND 150",
            "length + 1 > capacity",
            "name IS NULL",
        ),
        *("roadClass = 'residential'", "roadClass IN ('primary', 'residential')", "id LIKE '%2'"),
        *("S_INTERSECTS(location, BBOX(11.3,44.4,11.33,44.6))", "S_DISJOINT(geometry, POINT(11.3 44.5))"),
    ]
)
FILTERS = st.recursive(
    TESTS,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
        | inner.map(lambda one: f"NOT ({one})")
    ),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None)
@given(text=FILTERS)
def test_indexes_and_predicates_agree(twin: SmallTwin, text: str) -> None:
    expression = parse_filter(text, TEXT, WORLD)
    expected = [one["id"] for one in items(twin)["features"] if selects(expression, one)]
    assert [one["id"] for one in items(twin, text)["features"]] == expected


def test_answers_come_in_the_system_asked_for(twin: SmallTwin) -> None:
    epsg = "http://www.opengis.net/def/crs/EPSG/0/4326"
    answer = twin.client.get(f"{ITEMS}?limit=1&crs={quote(epsg)}")
    assert answer.header("content-crs") == f"<{epsg}>"
    [first] = items(twin, limit="1")["features"]
    x, y = first["geometry"]["coordinates"][0]
    assert answer.json["features"][0]["geometry"]["coordinates"][0] == pytest.approx([y, x])
    one = twin.client.get(f"{ITEMS}/{first['id']}?crs={quote(epsg)}").json
    assert one["geometry"]["coordinates"][0] == pytest.approx([y, x])


def test_a_box_may_come_in_another_system(twin: SmallTwin) -> None:
    epsg = "http://www.opengis.net/def/crs/EPSG/0/4326"
    plain = items(twin, bbox="11.3,44.4,11.33,44.6")["numberMatched"]
    assert 0 < plain < STREETS
    assert items(twin, bbox="44.4,11.3,44.6,11.33", bbox_crs=epsg)["numberMatched"] == plain


def test_queryables_name_what_a_filter_may_name(twin: SmallTwin) -> None:
    answer = twin.client.get("/ogc/collections/RoadSegment/queryables")
    assert answer.header("content-type") == "application/schema+json"
    properties = answer.json["properties"]
    assert {"id", "name", "length", "location"} <= properties.keys()
    assert properties["location"]["x-ogc-role"] == "primary-geometry"
    for name in properties:
        items(twin, f"{name} IS NULL")


@pytest.mark.parametrize(
    "query",
    [
        "filter=colour%20%3D%203",
        "filter=length%20%3E",
        "filter=length%3E1&filter-lang=sql",
        "crs=EPSG:9",
        "filter=length%3E1&filter-crs=x",
        "bbox=1,2,3,4&bbox-crs=x",
    ],
)
def test_what_cannot_be_meant_is_400(twin: SmallTwin, query: str) -> None:
    assert twin.client.get(f"{ITEMS}?{query}").status == 400


def test_conformance_and_collections_say_so(twin: SmallTwin) -> None:
    classes = twin.client.get("/ogc/conformance").json["conformsTo"]
    assert any(name.endswith("cql2/1.0/conf/basic-cql2") for name in classes)
    collection = twin.client.get("/ogc/collections/RoadSegment").json
    assert collection["storageCrs"] in collection["crs"] and len(collection["crs"]) == 4
