"""Our own term expansion and compaction against PyLD, a complete JSON-LD processor."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pyld import jsonld

from sympolis.context import core_context
from sympolis.context.terms import Contexts
from sympolis.domain.errors import SympolisError

CONTEXTS = Contexts()
CORE_TERMS = [
    term for term in core_context.document() if not term.startswith("@") and term not in ("id", "type")
]


def core_only(url, _options):
    assert core_context.is_core_url(url), url
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": {"@context": core_context.document()},
    }


OPTIONS = {"documentLoader": core_only, "processingMode": "json-ld-1.1"}


def by_pyld(context, name):
    """What a name expands to as an attribute and as a type, None where it is dropped."""
    document = {"@context": [*context, core_context.CORE_URL], "@type": name, name: {"@id": "urn:x:1"}}
    [node] = jsonld.expand(document, OPTIONS) or [{}]
    attributes = [key for key in node if not key.startswith("@")]
    return (attributes or [None])[0], (node.get("@type") or [None])[0]


def ours(context, name):
    return CONTEXTS.resolve_local([*context, core_context.CORE_URL]).find(name)


locals_ = st.sampled_from(
    ["a", "b", "speed", "name", "Road", "ex", "v", "x1", "location", "observedAt", "status"]
)
namespaces = st.sampled_from(
    ["https://example.org/", "https://example.org/v#", "urn:ex:", "https://example.com/a"]
)
compact = st.builds("{}:{}".format, st.sampled_from(["ex", "v", "ngsi-ld", "none"]), locals_)
iris = st.builds("{}{}".format, namespaces, locals_)
coercions = st.sampled_from(["@id", "@vocab", "DateTime"])
values = (
    namespaces
    | iris
    | compact
    | st.none()
    | st.builds(lambda iri, kind: {"@id": iri, "@type": kind}, iris | compact, coercions)
    | st.builds(lambda iri: {"@id": iri, "@container": "@set"}, iris)
    | st.builds(lambda iri, prefix: {"@id": iri, "@prefix": prefix}, namespaces, st.booleans())
)  # fmt: skip
vocabularies = st.sampled_from(["https://voc.example/", "https://voc.example/t#"])
contexts = st.lists(
    st.dictionaries(locals_, values, max_size=5)
    | st.builds(
        lambda terms, vocab: {**terms, "@vocab": vocab},
        st.dictionaries(locals_, values, max_size=4),
        vocabularies,
    ),
    max_size=3,
)  # fmt: skip


@given(contexts, locals_ | compact | iris)
@example([{"ex": "https://example.org/", "speed": "ex:speed"}], "speed")
@example([{"@vocab": "https://voc.example/", "speed": {"@type": "@id"}}], "speed")
@example([{"name": None}], "name")
@settings(max_examples=150, deadline=None)
def test_expansion_is_pylds(context, name):
    try:
        wanted = by_pyld(context, name)
    except jsonld.JsonLdError:
        with pytest.raises(SympolisError):
            ours(context, name)
            assume(False)  # PyLD also refuses documents for reasons that are not about names
        return
    found = ours(context, name)
    if found is not None and ":" not in found:
        assume(False)
    assert (found, found) == wanted


simple = st.dictionaries(locals_, namespaces | iris, max_size=6)


@given(simple, iris | st.sampled_from([core_context.NGSI_LD + term for term in CORE_TERMS[:40]]))
@settings(max_examples=150, deadline=None)
def test_compaction_is_pylds(context, iri):
    whole = [context, core_context.CORE_URL]
    [node] = jsonld.expand({iri: {"@id": "urn:x:1"}}, OPTIONS)
    document = jsonld.compact(node, {"@context": whole}, OPTIONS)
    [wanted] = [key for key in document if key != "@context"]
    assert CONTEXTS.resolve_local(whole).compact(iri) == wanted


@given(contexts, iris)
@settings(max_examples=150, deadline=None)
def test_compacted_names_lead_back(context, iri):
    try:
        terms = CONTEXTS.resolve_local([*context, core_context.CORE_URL])
    except SympolisError:
        assume(False)
    assert terms.expand(terms.compact(iri)) == iri


@pytest.mark.parametrize("term", CORE_TERMS)
def test_core_terms_are_what_pyld_makes_of_them(term):
    assert ours([], term) == by_pyld([], term)[0]
    assert CONTEXTS.core().expand(CONTEXTS.core().compact(ours([], term))) == ours([], term)
