"""Evolutions written straight from rows are those that rendering gives, byte for byte."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.context.codec import TemporalForm, render_history
from sympolis.context.effects import SCOPE
from sympolis.context.instants import format_instant, format_microseconds
from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeProperty, TimeRange, TimeRelation
from sympolis.context.terms import Contexts, core_terms
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Attribute, AttributeKind
from sympolis.stores.embedded import EmbeddedStore, files
from sympolis.stores.embedded.evolutions import evolution
from sympolis.stores.embedded.history import history
from sympolis.stores.embedded.instances import EvolutionWriter
from sympolis.stores.embedded.recorder import Recorder
from sympolis.testing.clocks import SteppingClock
from sympolis.testing.strategies import NAMES

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
WHO = "urn:ngsi-ld:Road:é"
CITY = {
    "Road": {"@id": "https://city.example/Road", "@context": {"speed": NAMES[0]}},
    "flow": {"@id": NAMES[1], "@context": {"inside": NAMES[0]}},
}
TERMS = (core_terms(), Contexts().resolve_local(CITY))
FORMS = (TemporalForm.NORMALIZED, TemporalForm.TEMPORAL_VALUES)
RESERVED = "https://uri.etsi.org/ngsi-ld/default-context/type"

values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-5, 2**53),
    st.sampled_from(["a", 'b"\u2028', True, None, [1, 2.5], {"a": {"b": "é"}}]),
)
of_kinds = st.one_of(
    st.tuples(st.just(AttributeKind.PROPERTY), values),
    st.tuples(st.just(AttributeKind.PROPERTY), st.floats(-50, 50)),
    st.tuples(st.just(AttributeKind.RELATIONSHIP), st.sampled_from(["urn:a:b", ["urn:a:b", "urn:a:c"]])),
    st.tuples(st.just(AttributeKind.LANGUAGE_PROPERTY), st.just({"it": "Via", "de": ["Straße"]})),
    st.tuples(st.just(AttributeKind.VOCAB_PROPERTY), st.sampled_from([NAMES[0], [NAMES[1], "urn:x"]])),
    st.tuples(st.just(AttributeKind.JSON_PROPERTY), st.just({"@id": 1})),
    st.tuples(st.just(AttributeKind.LIST_RELATIONSHIP), st.just(["urn:a:b"])),
    st.tuples(st.just(AttributeKind.GEO_PROPERTY), st.just({"type": "Point", "coordinates": [11.0, 44.5]})),
)
points = st.builds(
    lambda name, minutes, of_kind, unit, dataset, time, more, instance_id: Observation(
        WHO, (CITY["Road"]["@id"],), name, NOW + minutes, of_kind[1], unit, dataset, of_kind[0], time,
        attributes=more, instance_id=instance_id,
    ),
    st.sampled_from([NAMES[0]] * 3 + [NAMES[1]] * 3 + [SCOPE, RESERVED]),
    st.one_of(
        st.builds(lambda minutes: timedelta(minutes=minutes), st.integers(-120, 120)),
        st.sampled_from([timedelta(microseconds=1), timedelta(days=-365_000, milliseconds=5)]),
    ),
    of_kinds,
    st.sampled_from([None, "KMH", 'K"']),
    st.sampled_from([None, None, "urn:d:1"]),
    st.sampled_from([TimeKind.OBSERVED] * 5 + [TimeKind.RECORDED]),
    st.sampled_from([{}] * 4 + [{NAMES[0]: (Attribute(AttributeKind.PROPERTY, "x"),)}]),
    st.sampled_from([None] * 5 + ["urn:ngsi-ld:Instance:moved"]),
)  # fmt: skip
ranges = st.none() | st.builds(
    lambda relation, start, length: TimeRange(
        relation,
        NOW + timedelta(minutes=start),
        NOW + timedelta(minutes=start + length) if relation is TimeRelation.BETWEEN else None,
    ),
    st.sampled_from(TimeRelation),
    st.integers(-150, 150),
    st.integers(0, 200),
)
queries = st.builds(
    HistoryQuery,
    st.just(Query(ids=(WHO,), limit=1)),
    range=ranges,
    names=st.sampled_from([(), (NAMES[0],), (NAMES[1], "urn:unknown", NAMES[1])]),
    last_n=st.none() | st.integers(1, 5),
    max_instances=st.sampled_from([3, 40]),
)


def plainly(found, terms, form):
    """What the long way gives; None where it gives nothing or not all."""
    if not found.series or not found.complete:
        return None
    return msgspec.json.encode(render_history(found, terms, form=form)[0])


def is_usual(found):
    return not {SCOPE, RESERVED} & {one.name for one in found.series}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("terms", TERMS, ids=["core", "city"])
@given(
    st.lists(st.lists(points, max_size=15), max_size=3),
    st.integers(0, 140),
    st.lists(queries, min_size=1, max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_as_rendered(form, terms, batches, many, asked):
    connection = apsw.Connection(":memory:")
    files.migrate(connection, ":memory:")
    recorder = Recorder(connection)
    writer = EvolutionWriter(terms, form)
    crowd = [
        Observation(WHO, ("urn:t",), NAMES[1], NOW + timedelta(days=1, seconds=n), n) for n in range(many)
    ]
    for batch in [*batches, crowd[:70], crowd[70:]]:
        recorder.observe(batch, NOW, "")
        recorder.flush()
        for query in asked:
            found = history(connection, query)
            written = evolution(connection, WHO, query, writer)
            if written is not None or is_usual(found):
                assert written == plainly(found, terms, form), query
    connection.close()


@given(st.lists(st.lists(points, min_size=1, max_size=8), max_size=3), queries, st.sampled_from(FORMS))
@settings(max_examples=25, deadline=None)
def test_as_rendered_from_the_archive(tmp_path_factory, batches, query, form):
    async def run():
        store = EmbeddedStore.open(tmp_path_factory.mktemp("archive"), now=SteppingClock())
        for batch in batches:
            await store.observe(batch)
            await store.roll(NOW + timedelta(days=40))
        found = await store.history(query)
        written = await store.evolution(WHO, query, TERMS[0], form)
        await store.close()
        if written is not None or is_usual(found):
            assert written == plainly(found, TERMS[0], form)

    asyncio.run(run())


@pytest.mark.parametrize(
    "query",
    [
        HistoryQuery(Query(), time=None),
        HistoryQuery(Query(), time=TimeProperty.CREATED_AT),
        HistoryQuery(Query(), methods=(Aggregation.AVG,)),
    ],
)
def test_what_is_left_to_rendering(query):
    connection = apsw.Connection(":memory:")
    files.migrate(connection, ":memory:")
    recorder = Recorder(connection)
    recorder.observe([Observation(WHO, ("urn:t",), NAMES[0], NOW, 1)], NOW, "")
    recorder.flush()
    writer = EvolutionWriter(TERMS[0], FORMS[0])
    assert evolution(connection, WHO, query, writer) is None
    assert evolution(connection, WHO, replace(query, methods=(), time=TimeProperty.OBSERVED_AT), writer)
    connection.close()


@given(st.datetimes(timezones=st.just(UTC)), st.booleans())
def test_times_are_spelt_alike(at, whole):
    at = at.replace(microsecond=0) if whole else at
    stored = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert format_microseconds(stored) == format_instant(at)
