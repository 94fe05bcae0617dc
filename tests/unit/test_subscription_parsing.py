"""Reading Subscription documents: what is taken, what is refused, and what comes back (clauses 5.2.12-5.2.15, 5.8)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sympolis.context import scopes
from sympolis.context.linked import Join
from sympolis.context.rendering import Form
from sympolis.context.subscriptions import document as documents
from sympolis.context.subscriptions import parsing
from sympolis.context.subscriptions.subscription import Record, Status, Subscription, Trigger
from sympolis.context.terms import Contexts, Terms
from sympolis.domain.errors import BadRequestData, SympolisError

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
CITY = "https://city.example/"
URL = "https://city.example/context.jsonld"
NAMES = ("Road", "Tree", "Lake", "speed", "place")
ENDPOINT = {"uri": "http://receiver.example/notify"}


@pytest.fixture
def terms() -> Terms:
    contexts = Contexts()
    contexts.register(URL, {"@context": {name: CITY + name for name in NAMES}})
    return contexts.resolve_local(URL)


def document(**more: Any) -> dict[str, Any]:
    return {
        "type": "Subscription",
        "entities": [{"type": "Road"}],
        "notification": {"endpoint": ENDPOINT},
        **more,
    }


def endpoint(**more: Any) -> dict[str, Any]:
    return document(notification={"endpoint": {**ENDPOINT, **more}})


def notified(**more: Any) -> dict[str, Any]:
    return document(notification={"endpoint": ENDPOINT, **more})


def read(given: dict[str, Any], terms: Terms) -> Subscription:
    return parsing.parse(given, terms, subscription_id="urn:ngsi-ld:Subscription:1", context=URL, now=NOW)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({**document(), "type": "Abonnement"}, "type"),
    (document(colour="red"), "colour"),
    (document(temporalQ={}), "temporalQ"),
    ({"type": "Subscription", "notification": {"endpoint": ENDPOINT}}, "entities"),
    (document(entities=[]), "entities"),
    (document(entities={"type": "Road"}), "entities"),
    (document(entities=[{"id": "urn:x:1"}]), "entities.type"),
    (document(entities=[{"type": "Road", "name": "x"}]), "entities.name"),
    (document(entities=[{"type": "Road", "id": "no uri"}]), "entities.id"),
    (document(entities=[{"type": "Road", "idPattern": "("}]), "entities.idPattern"),
    (document(entities=[{"type": "Road;"}]), "type, position 6"),
    (document(watchedAttributes=[]), "watchedAttributes"),
    (document(watchedAttributes="speed"), "watchedAttributes"),
    (document(notificationTrigger=["entityPainted"]), "notificationTrigger"),
    (document(notificationTrigger=[]), "notificationTrigger"),
    (document(timeInterval=0), "timeInterval"),
    (document(timeInterval="5"), "timeInterval"),
    (document(timeInterval=5, throttling=5), "throttling"),
    (document(timeInterval=5, watchedAttributes=["speed"]), "watchedAttributes"),
    (document(throttling=-1), "throttling"),
    (document(q="speed>"), "q, position 7"),
    (document(q=7), "q"),
    (document(geoQ={"georel": "near"}), "geometry"),
    (document(geoQ={}), "geoQ"),
    (document(geoQ={"georel": 4, "geometry": "Point", "coordinates": [1, 2]}), "georel"),
    (document(scopeQ="/a//b"), "scopeQ, position 3"),
    (document(isActive="yes"), "isActive"),
    (document(expiresAt="2024-05-08T06:59:59Z"), "expiresAt"),
    (document(expiresAt="tomorrow"), "expiresAt"),
    (document(jsonldContext=["x"]), "jsonldContext"),
    (document(description=5), "description"),
    ({"type": "Subscription", "entities": [{"type": "Road"}]}, "notification"),
    (document(notification={}), "notification.endpoint"),
    (notified(format="fancy"), "notification.format"),
    (notified(format="keyValues", showChanges=True), "notification.showChanges"),
    (notified(showChanges=1), "showChanges"),
    (notified(attributes=["speed"], pick=["speed"]), "notification.attributes"),
    (notified(attributes=["speed"], omit=["speed"]), "notification.attributes"),
    (notified(pick=["id"], omit=["id"]), "notification.pick"),
    (notified(format=["normalized"]), "notification.format"),
    (notified(join="inward"), "notification.join"),
    (notified(joinLevel=2), "notification.joinLevel"),
    (notified(join="flat", joinLevel=0), "notification.joinLevel"),
    (document(ngsildConformance="new"), "ngsildConformance"),
    (document(ngsildConformance="7.1"), "ngsildConformance"),
    (notified(colour="red"), "notification.colour"),
    (endpoint(uri="ftp://x.example/"), "notification.endpoint.uri"),
    (endpoint(uri="http:///path"), "notification.endpoint.uri"),
    (endpoint(uri="http://x.example:99999/"), "notification.endpoint.uri"),
    (endpoint(uri="http://x.example/a b"), "notification.endpoint.uri"),
    (endpoint(uri="mqtt://x.example"), "notification.endpoint.uri"),
    (endpoint(uri="mqtt://x.example/a/#"), "notification.endpoint.uri"),
    (endpoint(accept="text/csv"), "notification.endpoint.accept"),
    (endpoint(receiverInfo={"a": "b"}), "notification.endpoint.receiverInfo"),
    (endpoint(receiverInfo=[{"key": "A b", "value": "c"}]), "notification.endpoint.receiverInfo"),
    (endpoint(receiverInfo=[{"key": "A", "value": "b\r\nHost: c"}]), "notification.endpoint.receiverInfo"),
    (endpoint(receiverInfo=[{"key": "Host", "value": "b"}]), "notification.endpoint.receiverInfo"),
    (endpoint(notifierInfo=[{"key": "MQTT-QoS", "value": "3"}]), "notification.endpoint.notifierInfo"),
    (endpoint(notifierInfo=[{"key": "Retain", "value": "1"}]), "notification.endpoint.notifierInfo"),
    (endpoint(timeout="1"), "notification.endpoint.timeout"),
    (endpoint(cooldown=-1), "notification.endpoint.cooldown"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "where"), REFUSED, ids=[where for _, where in REFUSED])
def test_what_breaks_the_data_type_is_refused_with_its_place(
    given: dict[str, Any], where: str, terms: Terms
) -> None:
    with pytest.raises(BadRequestData) as problem:
        read(given, terms)
    assert problem.value.where == where


def test_linked_entities_nested_names_and_older_editions(terms: Terms) -> None:
    more = notified(join="inline", joinLevel=2, pick=["id", "place{speed,id}"])
    found = read({**more, "ngsildConformance": "1.6.1", "jsonKeys": ["speed"]}, terms)
    assert found.shape.join == Join(inline=True, level=2)
    assert found.edition == (1, 6)
    [below] = found.shape.projection.below.values()
    assert below.pick == {"id", CITY + "speed"}
    shown = documents.render(found, Record(), terms, now=NOW)
    assert shown["notification"]["pick"] == ["id", "place{speed,id}"]
    assert shown["jsonKeys"] == ["speed"]


def test_values_of_q_are_expanded_where_asked(terms: Terms) -> None:
    found = read(document(q="state==speed", expandValues=["state"]), terms)
    assert found.q.operand == CITY + "speed"
    again = parsing.build(
        id=found.id,
        document=found.document,
        names=found.names,
        context=found.context,
        created_at=found.created_at,
        modified_at=found.modified_at,
        since=0,
    )
    assert again.q == found.q


def test_defaults(terms: Terms) -> None:
    found = read(document(), terms)
    assert found.triggers == {Trigger.ATTRIBUTE_CREATED, Trigger.ATTRIBUTE_UPDATED}
    assert (found.shape.form, found.endpoint.accept) == (Form.NORMALIZED, "application/json")
    assert (found.interval_s, found.throttling_s, found.active) == (None, 0.0, True)


def test_names_are_expanded_once_and_survive_without_their_context(terms: Terms) -> None:
    given = document(
        entities=[{"type": "(Road;Tree),Lake", "id": ["urn:x:1"], "idPattern": "^urn"}],
        watchedAttributes=["speed"],
        q="speed>30;name~=\"Via\"",
        geoQ={"georel": "near;maxDistance==5", "geometry": "Point", "coordinates": [1, 2], "geoproperty": "place"},
        scopeQ="/a/+,/b/#",
        datasetId=["@none"],
        lang="it",
        notification={"endpoint": ENDPOINT, "pick": ["id", "speed"], "sysAttrs": True},
    )  # fmt: skip
    found = read(given, terms)
    assert found.document["entities"][0]["type"] == f"({CITY}Road;{CITY}Tree),{CITY}Lake"
    assert found.watched == {CITY + "speed"}
    assert found.shape.pick == {"id", CITY + "speed"}
    again = parsing.build(
        id=found.id, document=found.document, names=found.names, context=found.context,
        created_at=NOW, modified_at=NOW, since=0,
    )  # fmt: skip
    assert again == found, "the kept form alone is enough"


def test_it_comes_back_in_the_readers_words(terms: Terms) -> None:
    given = document(
        watchedAttributes=["speed"],
        notification={"endpoint": ENDPOINT, "attributes": ["speed"], "format": "concise"},
        description="slow roads",
    )
    found = read(given, terms)
    shown = documents.render(found, Record(), terms, now=NOW)
    assert {name: shown[name] for name in given} == given
    assert shown["status"] == "active"
    bare = documents.render(found, Record(), Contexts().core(), now=NOW, sys_attrs=True)
    assert bare["entities"] == [{"type": CITY + "Road"}]
    assert bare["createdAt"] == "2024-05-08T07:00:00Z"


def test_counters_appear_with_the_first_attempt(terms: Terms) -> None:
    record = Record(times_sent=3, times_failed=1, last_notification=NOW, last_failure=NOW, failed=True)
    shown = documents.render(read(document(), terms), record, terms, now=NOW)["notification"]
    assert (shown["timesSent"], shown["timesFailed"], shown["status"]) == (3, 1, "failed")
    assert shown["lastFailure"] == "2024-05-08T07:00:00Z"
    assert "lastSuccess" not in shown


def test_status_follows_time_and_isactive(terms: Terms) -> None:
    found = read(document(expiresAt="2024-05-08T08:00:00Z", isActive=False), terms)
    assert found.status(NOW) is Status.PAUSED
    assert found.status(datetime(2024, 5, 8, 8, tzinfo=UTC)) is Status.EXPIRED


def test_a_fragment_replaces_members_and_null_takes_them_away(terms: Terms) -> None:
    found = read(document(q="speed>30", throttling=5, expiresAt="2024-05-08T08:00:00Z"), terms)
    core = Contexts().core()
    changed = parsing.change(found, {"throttling": None, "watchedAttributes": ["name"]}, core, now=NOW)
    assert changed.throttling_s == 0
    assert changed.watched == {core.expand("name")}
    assert changed.q == found.q, "what the fragment does not name keeps its own terms"
    later = parsing.change(changed, {"expiresAt": "urn:ngsi-ld:null", "q": "speed<3"}, core, now=NOW)
    assert later.expires_at is None
    assert later.q != found.q


@pytest.mark.parametrize(
    ("fragment", "where"),
    [
        ({"notification": None}, "notification"),
        ({"type": "urn:ngsi-ld:null"}, "type"),
        ({"id": "urn:ngsi-ld:Subscription:2"}, "id"),
        ({"notification": {"format": "keyValues"}}, "notification.endpoint"),
        ({"notification": {"endpoint": None}}, "notification.endpoint"),
        ({"expiresAt": "2024-01-01T00:00:00Z"}, "expiresAt"),
        ({"entities": None}, "entities"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_fragment_that_would_break_the_whole_is_refused(
    fragment: dict[str, Any], where: str, terms: Terms
) -> None:
    with pytest.raises(BadRequestData) as problem:
        parsing.change(read(document(), terms), fragment, terms, now=NOW)
    assert problem.value.where == where


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("/a/b", ["/a/b"], True),
        ("a/b", ["/a/b"], True),
        ("/a/b", ["/a/b/c"], False),
        ("/a/+", ["/a/b"], True),
        ("/a/+", ["/a"], False),
        ("/+/b", ["/a/b"], True),
        ("/a/#", ["/a/b/c"], True),
        ("/a/#", ["/a"], True),
        ("/a/#", ["/ab"], False),
        ("/#", ["/x/y"], True),
        ("/#", [], False),
        ("/a;/b", ["/a"], False),
        ("/a;/b", ["/a", "/b"], True),
        ("/a,/b", ["/b"], True),
        ("/c,(/a;/b)", ["/b", "/a"], True),
    ],
)
def test_scope_queries(text: str, given: list[str], expected: bool) -> None:
    assert scopes.holds(scopes.parse(text), given) is expected


@pytest.mark.parametrize("text", ["", "/", "/a/", "(/a", "/a;", "/a/#/b", "/#/#"])
def test_broken_scope_queries_are_refused(text: str) -> None:
    with pytest.raises(SympolisError):
        scopes.parse(text)
