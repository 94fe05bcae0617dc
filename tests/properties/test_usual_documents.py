"""Usual documents, read in one pass, are what the parser makes of them; all others are left to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sympolis.context.parsing import parse_entity
from sympolis.context.patching import Patch, parse_fragment
from sympolis.context.terms import Contexts, Terms, core_terms
from sympolis.context.usual import usual_document, usual_documents, usual_entity, usual_fragment
from sympolis.domain.entity import NULL, Entity
from sympolis.domain.errors import BadRequestData
from sympolis.stores.bodies import encode_entity
from sympolis.testing import strategies

CITY: Any = {
    "Road": {"@id": "https://city.example/Road", "@context": {"speed": "https://city.example/roadSpeed"}},
    "speed": "https://city.example/speed",
    "pace": "https://city.example/speed",
    "void": None,
}
TERMS = (core_terms(), Contexts().resolve_local(CITY))

times = st.sampled_from(["2026-05-08T07:00:00Z", "2026-05-08T07:00:00.125Z", "2026-05-08T09:00:00+02:00"])
odd_times = st.sampled_from(["2026-05-08 07:00:00Z", "2026-05-08T07:00:00", "yesterday", NULL, "", None, 5])
values = strategies.few_scalars | strategies.texts | strategies.numbers | st.integers(2**63, 2**70)
odd_values: st.SearchStrategy[Any] = st.sampled_from([NULL, None, [], {}, {"type": "Point"}, float("inf")])
names = st.sampled_from(
    ["speed", "pace", "name", "location", "https://x.example/a", "https://city.example/speed"]
)
odd_names = st.sampled_from(["scope", "@context", "void", "a b", "id", "@type", "expiresAt", "datasetId", ""])


def with_members(kind: str, member: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"type": st.just(kind), member: value},
        optional={"observedAt": times, **({"unitCode": st.just("KMH")} if kind == "Property" else {})},
    )


points = st.fixed_dictionaries({"type": st.just("Point"), "coordinates": strategies.positions})
usual = (
    with_members("Property", "value", values)
    | with_members("Relationship", "object", strategies.uris)
    | with_members("GeoProperty", "value", points)
)
odd = st.one_of(
    st.builds(lambda one, value: {**one, "value": value}, usual, odd_values | values),
    st.builds(lambda one, value: {**one, "observedAt": value}, usual, odd_times),
    st.builds(lambda one, value: {**one, "unitCode": value}, usual, st.sampled_from(["", None, NULL, 1])),
    st.builds(lambda one, inner: {**one, "about": inner}, usual, usual),
    st.builds(lambda one: {**one, "datasetId": "urn:d:1"}, usual),
    st.builds(lambda one: [one], usual),
    with_members("Property", "value", strategies.json_values),
    with_members("Relationship", "object", st.sampled_from(["no uri", NULL, ["urn:a:b"], 5])),
    with_members(
        "GeoProperty", "value", strategies.geometries() | points.map(lambda one: {**one, "type": "Dot"})
    ),
    values,
)
ids = strategies.uris | st.sampled_from(["no uri", "", None, 5, NULL])
types = st.sampled_from(["Road", "Street", "a b", "", NULL]) | st.just(["Road", "Street"])
documents = st.builds(
    lambda own, more: {**own, **more},
    st.fixed_dictionaries({}, optional={"id": ids, "type": types}),
    st.dictionaries(names | odd_names, usual | odd, max_size=4),
)


def written(document: Any, ascii_only: bool) -> bytes:
    return json.dumps(document, ensure_ascii=ascii_only).encode()


def parsed(document: Any, terms: Terms) -> bytes | None:
    try:
        return encode_entity(parse_entity(document, terms))
    except BadRequestData:
        return None


@pytest.mark.parametrize("terms", TERMS, ids=["core", "city"])
@given(own=strategies.uris, more=st.dictionaries(names, usual, max_size=5), ascii_only=st.booleans())
def test_usual_ones_are_read(own: str, more: dict[str, Any], ascii_only: bool, terms: Terms) -> None:
    document = {"id": own, "type": "Road", **more}
    expected = parsed(document, terms)
    found = usual_document(written(document, ascii_only))
    assert found is not None
    entity = usual_entity(found, terms)
    twice = {terms.for_types(["Road"]).expand(name) for name in more}
    assert (entity is None) == (len(twice) < len(more))
    if entity is not None:
        assert encode_entity(entity) == expected


@pytest.mark.parametrize("terms", TERMS, ids=["core", "city"])
@given(document=documents, ascii_only=st.booleans())
@example(
    document={"id": "urn:a:b", "type": "Road", "speed": {"type": "Property", "value": NULL}}, ascii_only=True
)
def test_nothing_is_read_otherwise_than_by_the_parser(
    document: dict[str, Any], ascii_only: bool, terms: Terms
) -> None:
    raw = written(document, ascii_only)
    found = usual_document(raw)
    assert (found is None) == (usual_documents(b"[" + raw + b"]") is None)
    if found is None:
        return
    entity = usual_entity(found, terms)
    if entity is not None:
        assert encode_entity(entity) == parsed(document, terms)
    fragment = usual_fragment(found, terms)
    if fragment is not None:
        expected = parse_fragment(document, terms)
        assert fragment == expected
        assert _content(fragment.attributes) == _content(expected.attributes)


def _content(patches: Any) -> bytes:
    """Their JSON: equality does not tell 1 from 1.0."""
    return encode_entity(Entity("urn:a:b", ("T",), {name: _instances(one) for name, one in patches.items()}))


def _instances(patches: tuple[Patch, ...]) -> Any:
    return tuple(one.attribute for one in patches)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"{", b'"a"', b'{"a": NaN}', b'{"a": "\xff"}', b'{"a": "\\ud800"}',
        b'{"id": "urn:a:b", "type": "T", "a": {"value": 1}}',
        b'{"id": "urn:a:b", "type": "T", "a": {"type": "Property", "type": "Relationship", "value": 1}}',
        b'{"id": "urn:a:b", "type": "T", "a": {"type": "Property", "value": 1e400}}',
        b'{"id": "urn:a:b", "type": "T", "a": ' + b"[" * 5000,
    ],
)  # fmt: skip
def test_what_is_unusual_is_left_to_others(raw: bytes) -> None:
    assert usual_document(raw) is None
    assert usual_documents(b"[" + raw + b"]") is None or raw == b""


def test_names_are_remembered_within_bounds() -> None:
    terms = Contexts().resolve_local({"a": "https://city.example/a"})
    for number in range(200):
        document = {f"n{number}": {"type": "Property", "value": number}}
        found = usual_document(written(document, True))
        assert found is not None
        assert usual_fragment(found, terms) == parse_fragment(document, terms)
    assert len(terms._made) <= 64
    many = {f"n{number}": {"type": "Property", "value": number} for number in range(100)}
    found = usual_document(written(many, True))
    assert found is not None
    assert usual_fragment(found, terms) is None
