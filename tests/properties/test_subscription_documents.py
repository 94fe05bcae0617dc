"""Whatever a Subscription document holds, it is refused with a reason, or kept so that it can be built again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.context.subscriptions import document as documents
from sympolis.context.subscriptions import parsing
from sympolis.context.subscriptions.subscription import Record
from sympolis.context.terms import core_terms
from sympolis.domain.errors import SympolisError

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
GEO = {"georel": "near;maxDistance==1", "geometry": "Point", "coordinates": [1, 2]}
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([None, 1, -1, 0, 1.5, "", True, [], [1], {}, {"a": 1}, GEO]),
    st.sampled_from(
        ["a", "T", "inline", "flat", "1.6", "9.9", "simplified", "urn:x:1", "mqtt://h/t", "/a/#"]
    ),
    st.sampled_from(["2030-01-01T00:00:00Z", "a{T:b}>1", "a==b", "x>5;y<3"]),
    st.sampled_from([["a"], ["id", "a{b}"], ["a{"], ["x,y"], ["a{b,c{d}}", "a{e}"], ["entityCreated"]]),
    st.sampled_from([[{"type": "T"}], [{"type": 1}]]),
)
MEMBERS = st.sampled_from(
    "id entities watchedAttributes q geoQ scopeQ csf isActive expiresAt throttling timeInterval lang datasetId "  # noqa: SIM905
    "jsonldContext localOnly splitEntities expandValues jsonKeys ngsildConformance notificationTrigger".split()
)
NOTIFICATION = st.sampled_from(
    "attributes pick omit format sysAttrs showChanges join joinLevel".split()  # noqa: SIM905
)
ENDPOINT = st.sampled_from("accept receiverInfo notifierInfo timeout cooldown uri".split())  # noqa: SIM905


@st.composite
def given_documents(draw: st.DrawFn) -> dict[str, Any]:
    endpoint = draw(st.dictionaries(ENDPOINT, VALUES, max_size=1))
    notification = draw(st.dictionaries(NOTIFICATION, VALUES, max_size=3))
    return {
        "type": "Subscription",
        "entities": [{"type": "T"}],
        "notification": {"endpoint": {"uri": "http://receiver.example/", **endpoint}, **notification},
        **draw(st.dictionaries(MEMBERS, VALUES, max_size=3)),
    }


@given(given_documents(), st.dictionaries(MEMBERS, VALUES, max_size=2))
@settings(max_examples=150, deadline=None)
def test_a_document_is_refused_or_survives(document: dict[str, Any], fragment: dict[str, Any]) -> None:
    terms = core_terms()
    try:
        found = parsing.parse(document, terms, subscription_id="urn:s:1", context=None, now=NOW)
        changed = parsing.change(found, fragment, terms, now=NOW)
    except SympolisError:
        return
    for one in (found, changed):
        documents.render(one, Record(), terms, now=NOW)
        again = parsing.build(
            id=one.id,
            document=one.document,
            names=one.names,
            context=one.context,
            created_at=one.created_at,
            modified_at=one.modified_at,
            since=one.since,
        )
        assert again == one
