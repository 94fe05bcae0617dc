"""What we decode is what the protocol's schemas take: its messages, altered at random, judged by both."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.test_dsp_vectors import EXAMPLES, SHAPES, SUITE

from sympolis.dataspace.dsp.shapes import read
from sympolis.domain.errors import BadRequestData

jsonschema_rs = pytest.importorskip("jsonschema_rs")
pytestmark = pytest.mark.skipif(
    not SUITE.is_dir(), reason="the protocol's schemas are not beside the project"
)

VALUES: list[Any] = [
    None,
    0,
    1.5,
    True,
    "",
    "x",
    "Offer",
    "eq",
    [],
    ["x"],
    [{}],
    {},
    {"@id": "x"},
    "2026-01-01T00:00:00Z",
]


def documents() -> dict[str, Any]:
    found = {}
    for path in (SUITE / "schemas").rglob("*.json"):
        document = json.loads(path.read_text().replace(".json#definitions/", ".json#/definitions/"))
        found[document["$id"]] = document
    return found


def starts() -> list[tuple[str, Any]]:
    found = []
    for path in sorted((SUITE / "examples").rglob("*.json")) if SUITE.is_dir() else ():
        name = EXAMPLES.get(path.stem, path.stem)
        if name is not None:
            found.append((f"{path.parent.name}/{name}-schema.json", json.loads(path.read_text())))
    return found


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(found for key, one in members for found in places(one, (*path, key)))]


def altered(document: Any, path: tuple[Any, ...], value: Any, *, drop: bool) -> Any:
    changed = deepcopy(document)
    at = changed
    for key in path[:-1]:
        at = at[key]
    if drop and path[-1] != "more":
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


VALIDATORS: dict[str, Any] = {}


def takes_by_schema(name: str, document: Any) -> bool:
    if not VALIDATORS:
        known = documents()
        registry = jsonschema_rs.Registry(list(known.items()))
        for schema in SHAPES:
            root = known[f"https://w3id.org/dspace/2025/1/{schema}"]
            VALIDATORS[schema] = jsonschema_rs.validator_for(root, registry=registry)
    return bool(VALIDATORS[name].is_valid(document))


def takes_by_shape(name: str, document: Any) -> bool:
    try:
        read(document, SHAPES[name])
    except BadRequestData:
        return False
    return True


@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_what_we_take_the_schemas_take(data: st.DataObject) -> None:
    """Never the other way round: we may be stricter, and where we are is listed here."""
    name, document = data.draw(st.sampled_from(starts()))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([one for one in places(document) if one] or [("more",)]))
        drop = data.draw(st.booleans())
        document = altered(document, path, data.draw(st.sampled_from(VALUES)), drop=drop)
    ours, theirs = takes_by_shape(name, document), takes_by_schema(name, document)
    if ours != theirs:
        assert theirs and takes_by_shape(name, without_what_we_mind(document)), (name, document)


def without_what_we_mind(node: Any, *, rule: bool = False) -> Any:
    """The document without what the schemas let pass and we do not: empty names, message ids that are no texts, rules
    with targets of their own, timestamps that only contain an instant."""
    if isinstance(node, list):
        return [without_what_we_mind(one, rule=rule) for one in node]
    if not isinstance(node, dict):
        return "x" if node == "" else node
    kept = {}
    for key, one in node.items():
        if key == "timestamp" or (rule and key == "target") or (key == "@id" and not isinstance(one, str)):
            continue
        kept[key] = without_what_we_mind(one, rule=key in ("permission", "prohibition"))
    return kept
