"""Registrations as clients write them: read, refused with reasons, given back (clauses 5.2.9-5.2.11, 5.2.34, 5.9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sympolis.context.geoquery import parse as parse_geo
from sympolis.context.qlanguage import parse as parse_q
from sympolis.context.query import Selector, TimeProperty, TimeRange, TimeRelation, TypeIs
from sympolis.context.registrations import operations, parsing
from sympolis.context.registrations.document import render
from sympolis.context.registrations.matching import Wanted, matches, matching_places
from sympolis.context.registrations.registration import Fared, Mode, Registration
from sympolis.context.terms import core_terms
from sympolis.domain.errors import BadRequestData

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
ID = "urn:ngsi-ld:ContextSourceRegistration:1"
TERMS = core_terms()
BUILDING = TERMS.expand("Building")
FULL: dict[str, Any] = {
    "type": "ContextSourceRegistration",
    "registrationName": "Leipzig",
    "description": "Heat",
    "information": [
        {
            "entities": [{"type": "Building", "idPattern": "^urn:x:"}, {"type": ["Bridge", "Road"]}],
            "propertyNames": ["heat"],
            "relationshipNames": ["ownedBy"],
        },
        {"propertyNames": ["noise"]},
    ],
    "endpoint": "https://twin.leipzig.example:8443/broker",
    "mode": "redirect",
    "operations": ["retrieveOps", "queryTemporal"],
    "contextSourceInfo": [{"key": "X-Key", "value": "1"}, {"key": "accept", "value": "application/ld+json"}],
    "tenant": "heat",
    "contextSourceAlias": "leipzig.heat",
    "datasetId": ["urn:d:1", "@none"],
    "scope": ["/Leipzig"],
    "location": {"type": "Point", "coordinates": [12.37, 51.34]},
    "observationInterval": {"startAt": "2024-01-01T00:00:00Z", "endAt": "2024-02-01T00:00:00Z"},
    "expiresAt": "2030-01-01T00:00:00Z",
    "refreshRate": "PT1M",
    "management": {"localOnly": True, "timeout": 500, "cooldown": 1500, "cacheDuration": "PT10S"},
    "operator": "Stadtwerke",
}


def read(**members: Any) -> Registration:
    document = {
        "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": "Building"}]}],
        "endpoint": "http://there.example",
        **members,
    }
    return parsing.parse(document, TERMS, registration_id=ID, now=NOW)


def test_a_full_registration_is_read_and_given_back_as_it_came() -> None:
    found = parsing.parse(FULL, TERMS, registration_id=ID, now=NOW)
    assert found.mode is Mode.REDIRECT
    assert found.operations == {"retrieveEntity", "queryEntity", "queryTemporal"}
    assert found.management.timeout_s == 0.5
    assert found.management.cache_s == 10
    assert found.refresh_s == 60
    assert found.temporal
    assert found.information[1].names == {TERMS.expand("noise")}
    assert render(found, TERMS) == {"id": ID, **FULL}
    kept = parsing.build(found.document, registration_id=ID, created_at=NOW)
    assert kept == found


def test_defaults_and_what_is_read_only() -> None:
    found = read(status="failed", timesSent=7, createdAt="2020-01-01T00:00:00Z")
    assert found.mode is Mode.INCLUSIVE
    assert found.operations == operations.DEFAULT
    assert not {"status", "timesSent", "createdAt"} & found.document.keys()
    shown = render(found, TERMS, fared=Fared(2, 1, NOW, NOW, True), sys_attrs=True)
    assert (shown["status"], shown["timesSent"], shown["timesFailed"]) == ("failed", 2, 1)
    assert shown["createdAt"] == "2024-05-08T07:00:00Z"
    assert "timesSent" not in render(found, TERMS, fared=Fared())


@pytest.mark.parametrize(
    ("where", "members"),
    [
        ("type", {"type": "Registration"}),
        ("endpoint", {"endpoint": None}),
        ("endpoint", {"endpoint": "ftp://x.example"}),
        ("endpoint", {"endpoint": "http://x.example/?a=b"}),
        ("endpoint", {"endpoint": "http://x.example/\r\nX: y"}),
        ("information", {"information": []}),
        ("information", {"information": [{}]}),
        ("information.entities", {"information": [{"entities": []}]}),
        ("information.entities.id", {"information": [{"entities": [{"type": "A", "id": "no"}]}]}),
        ("information.entities.idPattern", {"information": [{"entities": [{"idPattern": "("}]}]}),
        ("information.propertyNames", {"information": [{"propertyNames": []}]}),
        ("information.more", {"information": [{"more": 1}]}),
        ("mode", {"mode": "other"}),
        ("operations", {"operations": ["everything"]}),
        ("operations", {"mode": "auxiliary", "operations": ["updateOps"]}),
        ("information", {"mode": "exclusive"}),
        ("information.entities", {"mode": "exclusive", "information": [{"propertyNames": ["a"]}]}),
        ("contextSourceInfo", {"contextSourceInfo": [{"key": "a b", "value": "c"}]}),
        ("contextSourceInfo", {"contextSourceInfo": [{"key": "accept", "value": "text/html"}]}),
        (
            "contextSourceInfo.ngsildConformance",
            {"contextSourceInfo": [{"key": "ngsildConformance", "value": "9"}]},
        ),
        ("tenant", {"tenant": "a b"}),
        ("contextSourceAlias", {"contextSourceAlias": "a, b"}),
        ("datasetId", {"datasetId": ["x"]}),
        ("scope", {"scope": "/a b"}),
        ("location", {"location": "Leipzig"}),
        ("observationInterval.startAt", {"observationInterval": {}}),
        (
            "managementInterval.endAt",
            {"managementInterval": {"startAt": "2024-02-01T00:00:00Z", "endAt": "2024-01-01T00:00:00Z"}},
        ),
        ("expiresAt", {"expiresAt": "2024-01-01T00:00:00Z"}),
        ("refreshRate", {"refreshRate": "often"}),
        ("management.timeout", {"management": {"timeout": 0}}),
        ("management.localOnly", {"management": {"localOnly": "yes"}}),
        ("registrationName", {"registrationName": ""}),
    ],
)
def test_what_is_wrong_is_refused_by_name(where: str, members: dict[str, Any]) -> None:
    with pytest.raises(BadRequestData) as refused:
        read(**members)
    assert refused.value.where.startswith(where), refused.value.where


def test_a_fragment_changes_what_it_has_and_null_takes_away() -> None:
    present = parsing.parse(FULL, TERMS, registration_id=ID, now=NOW)
    later = NOW + timedelta(hours=1)
    fragment = {"mode": "inclusive", "expiresAt": None, "operator": "urn:ngsi-ld:null", "scope": "/x"}
    found = parsing.change(present, fragment, TERMS, now=later)
    assert (found.mode, found.expires_at, found.scopes) == (Mode.INCLUSIVE, None, ("/x",))
    assert found.modified_at == later
    assert "operator" not in render(found, TERMS)
    for name in ("endpoint", "information", "type"):
        with pytest.raises(BadRequestData):
            parsing.change(present, {name: None}, TERMS, now=later)
    with pytest.raises(BadRequestData):
        parsing.change(present, {"id": "urn:other"}, TERMS, now=later)


# --- matching


def wanted(**parts: Any) -> Wanted:
    return Wanted(selectors=(Selector(TypeIs(BUILDING)),), **parts)


def test_elements_of_information_match_for_themselves() -> None:
    found = read(information=FULL["information"])
    heat, noise = TERMS.expand("heat"), TERMS.expand("noise")
    assert matching_places(found, wanted()) == [0, 1]
    assert matching_places(found, wanted(attributes=frozenset({heat}))) == [0]
    assert matching_places(found, wanted(attributes=frozenset({noise}))) == [1]
    assert matching_places(found, wanted(attributes=frozenset({"urn:none"}))) == []
    other = Wanted(selectors=(Selector(TypeIs(BUILDING), ("urn:y:1",)),))
    assert matching_places(found, other) == [1]


def test_sources_of_the_past_match_overlapping_times_only() -> None:
    january = {"startAt": "2024-01-01T00:00:00Z", "endAt": "2024-02-01T00:00:00Z"}
    found = read(observationInterval=january)
    assert not matches(found, wanted())
    cases = [
        (TimeRelation.BEFORE, datetime(2023, 12, 1, tzinfo=UTC), None, False),
        (TimeRelation.BEFORE, datetime(2024, 3, 1, tzinfo=UTC), None, True),
        (TimeRelation.AFTER, datetime(2024, 2, 1, tzinfo=UTC), None, True),
        (TimeRelation.AFTER, datetime(2024, 2, 2, tzinfo=UTC), None, False),
        (TimeRelation.BETWEEN, datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 5, tzinfo=UTC), True),
        (TimeRelation.BETWEEN, datetime(2024, 2, 2, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC), False),
    ]
    for relation, at, end, expected in cases:
        assert matches(found, wanted(range=TimeRange(relation, at, end))) is expected, (relation, at)
    modified = TimeRange(TimeRelation.AFTER, NOW - timedelta(days=900), None, TimeProperty.MODIFIED_AT)
    assert not matches(found, wanted(range=modified))
    assert not matches(read(), wanted(range=modified))


def test_a_place_matches_where_it_may_hold_what_is_looked_for() -> None:
    box = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}
    found, nowhere = read(location=box), read()
    near = parse_geo("near;maxDistance==1000", "Point", [1, 1], None, TERMS)
    far = parse_geo("near;maxDistance==1000", "Point", [9, 9], None, TERMS)
    inside = parse_geo("within", "Polygon", [[[1, 1], [1.5, 1], [1.5, 1.5], [1, 1.5], [1, 1]]], None, TERMS)
    space = parse_geo("near;maxDistance==1000", "Point", [1, 1], "operationSpace", TERMS)
    assert matches(found, wanted(geo=near, strict=True))
    assert not matches(found, wanted(geo=far))
    assert matches(found, wanted(geo=inside))
    assert not matches(found, wanted(geo=space, strict=True))
    assert matches(nowhere, wanted(geo=near))
    assert not matches(nowhere, wanted(geo=near, strict=True))


def test_filters_datasets_and_scopes() -> None:
    found = read(
        operator="Stadtwerke", quality={"type": "Property", "value": 5}, datasetId="urn:d:1", scope="/a/b"
    )
    assert matches(found, wanted(csf=parse_q('operator=="Stadtwerke";quality>4', TERMS)))
    assert matches(found, wanted(csf=parse_q('endpoint=="http://there.example"', TERMS)))
    assert not matches(found, wanted(csf=parse_q('operator=="other"', TERMS)))
    assert matches(found, wanted(datasets=frozenset({"urn:d:1", "urn:d:2"})))
    assert not matches(found, wanted(datasets=frozenset({"@none"})))
    assert matches(found, wanted(scopes="/a/#"))
    assert not matches(found, wanted(scopes="/c"))
