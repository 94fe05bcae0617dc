"""What is rendered can be read again, and means the same."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.context import codec, merge
from sympolis.context.codec import Form
from sympolis.context.terms import Contexts
from sympolis.domain.errors import SympolisError
from sympolis.testing.strategies import NAMES, TYPES, entities

CONTEXTS = {
    "core": Contexts().core(),
    "named": Contexts().resolve_local(
        {"velocity": NAMES[0], "Segment": TYPES[0], "v": "https://example.org/v#"}
    ),
}


@given(entities(), st.sampled_from(sorted(CONTEXTS)), st.sampled_from([Form.NORMALIZED, Form.CONCISE]))
@settings(max_examples=60, deadline=None)
def test_rendered_entities_parse_to_themselves(entity, context, form):
    terms = CONTEXTS[context]
    wire = msgspec.json.encode(codec.render_entity(entity, terms, form=form))
    assert codec.parse_entity(msgspec.json.decode(wire), terms) == entity


@given(entities(), st.sampled_from(Form), st.sampled_from([None, "it", "de-AT,en;q=0.5,*;q=0.1"]))
@settings(max_examples=40, deadline=None)
def test_every_form_is_json(entity, form, lang):
    terms = CONTEXTS["named"]
    msgspec.json.encode(codec.render_entity(entity, terms, form=form, sys_attrs=True, lang=lang))
    feature = codec.render_feature(entity, terms, form=form, lang=lang)
    assert feature["type"] == "Feature" and "id" not in feature["properties"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["Property", "GeoProperty", "Point", "urn:a:b", "urn:ngsi-ld:null", "2024-05-08T07:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.text(max_size=4)
        | st.sampled_from(
            ["id", "type", "value", "object", "languageMap", "json", "vocab", "valueList", "objectList", "scope",
             "observedAt", "unitCode", "datasetId", "coordinates", "expiresAt", "valueType", "@context", "@type"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=5), anything, max_size=3), anything)
@settings(max_examples=100, deadline=None)
def test_no_document_breaks_the_parser(attributes, other):
    """Anything that is JSON either becomes an entity or is refused with a reason."""
    document = {"id": "urn:ngsi-ld:T:1", "type": "T", "attribute": other, **attributes}
    for given_document in (document, attributes, other):
        try:
            entity = codec.parse_entity(given_document, CONTEXTS["core"])
        except SympolisError as error:
            assert error.message
        else:
            for form in Form:
                codec.render_entity(entity, CONTEXTS["core"], form=form, sys_attrs=True, lang="en")


@given(entities(), entities())
@settings(max_examples=50, deadline=None)
def test_replacing_is_what_was_sent(before, after):
    first = datetime(2024, 1, 1, tzinfo=UTC)
    state = merge.create(before)(None, first)
    replaced = merge.upsert_replace(after)(state, first + timedelta(hours=1))
    terms = CONTEXTS["core"]
    assert {**codec.render_entity(replaced, terms), "id": after.id} == codec.render_entity(after, terms)
    assert merge.upsert_replace(after)(replaced, first + timedelta(hours=2)) is replaced
    assert replaced.created_at == first
