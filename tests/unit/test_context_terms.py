"""Terms: what the core context, a city's context and scoped contexts make of names."""

import asyncio

import pytest

from sympolis.context.core_context import CORE_URL, DEFAULT_VOCAB, NGSI_LD
from sympolis.context.terms import Contexts
from sympolis.domain.errors import BadRequestData, ContextNotAvailable

CITY = "https://city.example/context.jsonld"


def terms(*context):
    return Contexts().resolve_local(list(context))


@pytest.mark.parametrize("edition", ["", "-v1", "-v1.3", "-v1.6", "-v1.8", "-v1.9", "-v1.9.1"])
def test_core_context_is_here_under_every_published_address(edition):
    url = f"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context{edition}.jsonld"
    found = Contexts().resolve_local(url)
    assert found.expand("observedAt") == NGSI_LD + "observedAt"
    assert found.document == CORE_URL


def test_unknown_terms_get_the_default_vocabulary():
    core = Contexts().core()
    assert core.expand("speed") == DEFAULT_VOCAB + "speed"
    assert core.compact(DEFAULT_VOCAB + "speed") == "speed"
    assert core.compact("https://elsewhere.example/speed") == "https://elsewhere.example/speed"


def test_core_terms_cannot_be_redefined():
    found = terms({"location": "https://evil.example/location", "speed": "https://city.example/speed"})
    assert found.expand("location") == NGSI_LD + "location"
    assert found.expand("speed") == "https://city.example/speed"
    assert found.compact("https://city.example/speed") == "speed"


def test_core_context_first_in_the_list_still_stands_last():
    assert terms(CORE_URL, {"value": "https://evil.example/v"}).expand("value") == NGSI_LD + "hasValue"


def test_document_and_links_name_the_context_again():
    contexts = Contexts()
    contexts.register(CITY, {"@context": {"speed": "https://city.example/speed"}})
    found = contexts.resolve_local(CITY)
    assert found.document == [CITY, CORE_URL]
    assert found.links == (CITY, CORE_URL)
    inline = contexts.resolve_local([CITY, {"a": "https://a.example/"}])
    assert inline.links == ()
    assert contexts.resolve_local(CITY) is found


def test_compact_iris_and_prefixes():
    found = terms({"ex": "https://example.org/", "no": {"@id": "https://no.example/"}})
    assert found.expand("ex:speed") == "https://example.org/speed"
    assert found.compact("https://example.org/speed") == "ex:speed"
    assert found.expand("no:speed") == "no:speed"


def test_attribute_scoped_context_holds_inside_the_attribute():
    found = terms(
        {"lane": {"@id": "https://e.example/lane", "@context": {"index": "https://e.example/index"}}}
    )
    assert found.within("lane").expand("index") == "https://e.example/index"
    assert found.expand("index") == DEFAULT_VOCAB + "index"
    assert found.within("other") is found


def test_type_scoped_context_holds_for_entities_of_the_type():
    found = terms(
        {"Road": {"@id": "https://e.example/Road", "@context": {"width": "https://e.example/width"}}}
    )
    assert found.for_types(["Road"]).expand("width") == "https://e.example/width"
    assert found.for_types(["Street"]) is found


def test_imported_and_relative_contexts():
    contexts = Contexts()
    contexts.register("https://c.example/base.jsonld", {"@context": {"a": "https://e.example/a"}})
    contexts.register(
        "https://c.example/city.jsonld", {"@context": ["base.jsonld", {"b": "https://e.example/b"}]}
    )
    found = contexts.resolve_local("https://c.example/city.jsonld")
    assert (found.expand("a"), found.expand("b")) == ("https://e.example/a", "https://e.example/b")
    imported = contexts.resolve_local(
        {"@import": "https://c.example/base.jsonld", "b": "https://e.example/b"}
    )
    assert imported.expand("a") == "https://e.example/a"


def test_without_permission_to_call_out_a_context_is_not_available():
    with pytest.raises(ContextNotAvailable, match=r"city\.example"):
        asyncio.run(Contexts().resolve(CITY))


def test_contexts_are_fetched_once():
    asked = []

    async def fetch(url):
        asked.append(url)
        return b'{"@context": {"speed": "https://city.example/speed"}}'

    async def run():
        contexts = Contexts(fetch=fetch)
        for _ in range(2):
            assert (await contexts.resolve([CITY])).expand("speed") == "https://city.example/speed"

    asyncio.run(run())
    assert asked == [CITY]


@pytest.mark.parametrize(
    "context",
    [
        {"a": 5},
        {"a": {"@id": 5}},
        {"a": "b:c", "b": "a:d"},
        {"": "https://e.example/"},
        {"@vocab": 5},
        {"a": {"@type": 5, "@id": "https://e.example/a"}},
        [{"@protected": True, "a": "https://e.example/a"}, {"a": "https://e.example/b"}],
        17,
        [["https://a.example", [["x", 5]]]],
    ],
)
def test_malformed_contexts_are_refused_and_say_where(context):
    with pytest.raises((BadRequestData, ContextNotAvailable)) as caught:
        Contexts().resolve_local(context)
    assert caught.value.where


def test_a_context_that_includes_itself_is_refused():
    contexts = Contexts()
    contexts.register(CITY, {"@context": [CITY, {"a": "https://e.example/a"}]})
    with pytest.raises(BadRequestData, match="refers to itself"):
        contexts.resolve_local(CITY)


@pytest.mark.parametrize("name", ["", "a b", 'a"b', "a<b", "x" * 3000, "@unknown"])
def test_impossible_names_are_refused(name):
    with pytest.raises(BadRequestData):
        Contexts().core().expand(name)


def test_lookups_stay_bounded():
    core = Contexts().core()
    for number in range(20_000):
        core.expand(f"term{number}")
    assert len(core._expanded) <= 8192
