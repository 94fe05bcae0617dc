"""Requests that nobody sends by mistake alone: made from the server's own table of routes, for ``test_fuzz``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from hypothesis import strategies as st

from sympolis.api.routing import Operation

ID = "urn:ngsi-ld:Road:1"

TEXTS = st.sampled_from(
    [
        "", " ", "a", "speed", "Road", ID, "urn:ngsi-ld:null", "@none", "@id", "*", "true", "false", "null", "-1", "0",
        "1", "9" * 30, "1e400", "NaN", "2024-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
        "2024-02-30T00:00:00Z", "P1M", "PT0S", "../..", "a,b", ",", ";", "|", "(", ")", "a;b|c", "((a", "a.b[c.d]",
        "a==1..2", 'a=="x"', "a~=(x+)+$", "!a", "a{Road}.speed==1", "near;maxDistance==10", "near;minDistance==-1",
        "within", "Point", "Polygon", "[11,44]", "[[[0,0],[1,1],[0,1],[0,0]]]", "[1e999,0]", "[" * 300, "/a/#", "/+/b",
        "#", "avg,max", "observedAt", "createdAt", "deletedAt", "keyValues,sysAttrs", "count", "concise", "flat",
        "temporalValues", "inline", "asc", "speed;!desc", "dist-asc,location", "it", "und", "\x00", "\U0001f600", "%",
        "%ff", "a" * 3000, "http://127.0.0.1:9/", "mqtt://127.0.0.1:9/t", "application/json", "Infinity", "1,2,3",
    ]
)  # fmt: skip
"""Words of every small language, whole and broken."""
WORDS = st.one_of(TEXTS, TEXTS, st.text(max_size=12), st.lists(TEXTS, max_size=3).map("".join))
NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.1, -0.0, 1e308, 181, -91, 1e-320])
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)
DEEP = st.sampled_from([msgspec.Raw(b"[" * n + b"]" * n) for n in (50, 500, 1500)])

_PROPERTY = {"type": "Property", "value": 5, "observedAt": "2024-01-01T00:00:00Z", "unitCode": "KMH"}
_POINT = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [11.3, 44.5]}}
_ENTITY: dict[str, Any] = {
    "id": ID,
    "type": "Road",
    "scope": ["/a/b"],
    "speed": [_PROPERTY, {**_PROPERTY, "datasetId": "urn:d:1", "why": {"type": "Property", "value": "x"}}],
    "location": _POINT,
    "of": {"type": "Relationship", "object": ["urn:a:1"], "objectType": "City"},
    "name": {"type": "LanguageProperty", "languageMap": {"it": "via", "de": ["Weg"]}},
    "raw": {"type": "JsonProperty", "json": {"a": [None]}},
    "kind": {"type": "VocabProperty", "vocab": "Road"},
    "list": {"type": "ListProperty", "valueList": [1, "a", None]},
    "parts": {"type": "ListRelationship", "objectList": [{"object": "urn:a:1"}]},
    "expiresAt": "2099-01-01T00:00:00Z",
}
_ENDPOINT = {"uri": "http://127.0.0.1:9/", "accept": "application/json", "timeout": 10, "cooldown": 5}
_SUBSCRIPTION: dict[str, Any] = {
    "type": "Subscription",
    "entities": [{"type": "Road|City", "idPattern": ".*", "id": ID}],
    "watchedAttributes": ["speed"],
    "q": "speed>3",
    "geoQ": {"georel": "near;maxDistance==9", "geometry": "Point", "coordinates": [1, 2], "geoproperty": "location"},
    "scopeQ": "/a/#",
    "notificationTrigger": ["entityCreated"],
    "throttling": 1,
    "lang": "it",
    "expiresAt": "2099-01-01T00:00:00Z",
    "notification": {"attributes": ["speed"], "format": "keyValues", "endpoint": _ENDPOINT, "showChanges": False},
}  # fmt: skip
_QUERY: dict[str, Any] = {
    "type": "Query",
    "entities": [{"type": "Road"}],
    "attrs": ["speed"],
    "q": "speed>3",
    "geoQ": _SUBSCRIPTION["geoQ"],
    "temporalQ": {
        "timerel": "between",
        "timeAt": "2023-01-01T00:00:00Z",
        "endTimeAt": "2025-01-01T00:00:00Z",
    },
    "scopeQ": "/a/#",
    "lang": "it",
    "ordering": {"orderBy": ["speed"], "collation": "it", "geometry": "Point", "coordinates": [1, 2]},
    "aggrParams": {"aggrMethods": ["avg"], "aggrPeriodDuration": "PT1H"},
}
_REGISTRATION: dict[str, Any] = {
    "type": "ContextSourceRegistration",
    "endpoint": "http://127.0.0.1:9",
    "mode": "inclusive",
    "operations": ["retrieveOps"],
    "information": [{"entities": [{"type": "City", "idPattern": ".*"}], "propertyNames": ["speed"]}],
    "location": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
    "observationInterval": {"startAt": "2024-01-01T00:00:00Z"},
    "contextSourceInfo": [{"key": "a", "value": "b"}],
    "management": {"timeout": 100, "localOnly": True},
}
SEEDS: Sequence[Any] = [
    _ENTITY,
    [_ENTITY],
    [ID],
    _SUBSCRIPTION,
    _QUERY,
    _REGISTRATION,
    _PROPERTY,
    {"speed": _PROPERTY, "location": _POINT},
    {"speed": 7, "name": {"it": "x"}, "location": _POINT["value"]},
    {"id": ID, "type": "Road", "speed": [_PROPERTY, {**_PROPERTY, "observedAt": "2024-01-02T00:00:00Z"}]},
    {"@context": {"speed": {"@id": "https://a.example/speed", "@context": {"x": "https://a.example/x"}}}},
    {"expiresAt": "2099-01-01T00:00:00Z", "entityMap": {ID: ["@none"]}},
]
HEADERS = {
    "link": [
        '<https://unknown.example/c>; rel="http://www.w3.org/ns/json-ld#context"',
        "<>;rel=",
        "<a",
        "x" * 3000,
    ],
    "ngsild-tenant": ["Ost", "a b", "\xff", "x" * 65, "../x", ""],
    "accept": [
        "application/json",
        "application/ld+json",
        "application/geo+json",
        "*/*;q=0",
        "q=",
        ",",
        "text/html",
    ],
    "content-type": [
        "application/json",
        "application/ld+json",
        "application/merge-patch+json",
        "text/plain",
        "",
        ";;",
    ],
    "prefer": ["body=json", "ngsi-ld=1.5", "ngsi-ld=x", "\xff"],
    "via": ["1.1 a", "1.1 a, 1.1 a", ","],
    "ngsild-entitymap": ["urn:x", "", "\x7f"],
    "content-encoding": ["gzip"],
}


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A document that is almost right, or not at all."""
    seed = draw(st.sampled_from([*SEEDS, None]))
    if seed is None:
        return draw(st.one_of(st.binary(max_size=30), JSON.map(msgspec.json.encode)))
    document = msgspec.to_builtins(seed)
    for _ in range(draw(st.integers(0, 3))):
        document = _changed(draw, document)
    return msgspec.json.encode(document)


def _changed(draw: st.DrawFn, document: Any) -> Any:
    """The document with one place of it replaced, renamed, doubled or gone."""
    places = list(_places(document, ()))
    path = draw(st.sampled_from(places))
    return _with(
        document, path, draw(st.one_of(JSON, SCALARS, DEEP)), draw(st.sampled_from(["put", "drop", "rename"]))
    )


def _places(document: Any, path: tuple[Any, ...]) -> Any:
    yield path
    if isinstance(document, Mapping):
        for key, value in document.items():
            yield from _places(value, (*path, key))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from _places(value, (*path, number))


def _with(document: Any, path: tuple[Any, ...], value: Any, how: str) -> Any:
    if not path:
        return value
    first, *rest = path
    copy = dict(document) if isinstance(document, Mapping) else list(document)
    if rest or how == "put":
        copy[first] = _with(copy[first], tuple(rest), value, how)
    elif how == "drop" or isinstance(copy, list):
        del copy[first]
    else:
        copy[str(value)[:50]] = copy.pop(first)
    return copy


@st.composite
def requests(draw: st.DrawFn, operations: Sequence[Operation]) -> tuple[str, str, dict[str, str], bytes]:
    """Method, target, headers and body for one of the operations."""
    operation = draw(st.sampled_from(operations))
    path = re.sub(
        r"{\w+}",
        lambda _: quote(draw(st.one_of(st.just(ID), st.just("speed"), WORDS)), safe=""),
        operation.path,
    )
    names = [one.name for one in operation.parameters]
    chosen = draw(st.lists(st.sampled_from(names), max_size=6, unique=True)) if names else []
    query = "&".join(f"{name}={quote(draw(WORDS), safe='')}" for name in chosen)
    given = draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=2, unique=True))
    headers = {name: draw(st.sampled_from(HEADERS[name])) for name in given}
    body = draw(bodies()) if operation.body is not None else b""
    if operation.body is not None:
        headers.setdefault("content-type", draw(st.sampled_from(["application/json", "application/ld+json"])))
    return operation.method, f"{path}?{query}" if query else path, headers, body
