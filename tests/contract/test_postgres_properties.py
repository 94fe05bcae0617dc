"""PostgreSQL answers what the evaluator and the memory store mean, for any entities, queries and points."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sympolis.context import merge
from sympolis.context.evaluate import matcher
from sympolis.context.ordering import arrange
from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeProperty, TimeRange, TimeRelation
from sympolis.context.store import Write
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Attribute, AttributeKind
from sympolis.stores.memory import MemoryStore
from sympolis.stores.postgres import PostgresStore, bodies, facts
from sympolis.testing.postgres import server
from sympolis.testing.strategies import NAMES, TYPES, entities, few_scalars, queries

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
ACCEPTED = NOW + timedelta(minutes=30)
"""The time at which everything is accepted."""
some = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
tenants = (f"tenant {number}" for number in count())
"""Each example begins with a tenant of its own: cheaper than a schema of its own."""


@pytest.fixture(scope="module")
def at_work():
    """``run(coroutine)`` in the event loop of an open store, and the store."""
    with asyncio.Runner() as runner:
        store = runner.run(PostgresStore.open(server().fresh_url(), now=lambda: ACCEPTED))
        yield runner.run, store
        runner.run(store.close())


def numbered(number):
    return entities(few_scalars, number=number)


@given(
    st.tuples(*(numbered(number) for number in range(6))),
    st.tuples(*(st.none() | numbered(number) for number in range(6))),
    st.lists(queries(), min_size=1, max_size=6),
)
@some
def test_sql_agrees_with_the_evaluator(at_work, first, second, asked):
    """Also after replacing and deleting: an index that keeps what is gone would show."""
    run, store = at_work
    tenant = next(tenants)
    later = [
        Write(old.id, merge.delete if new is None else merge.upsert_replace(new))
        for old, new in zip(first, second, strict=True)
    ]

    async def check():
        await store.write([Write(one.id, merge.create(one)) for one in first], tenant=tenant)
        await store.write(later, tenant=tenant)
        present = [await store.get(one.id, tenant=tenant) for one in first]
        present = [one for one in present if one is not None]
        for query in asked:
            page = await store.query(query, tenant=tenant)
            assert (list(page.entities), page.total) == expected(present, query), query

    run(check())


def expected(found, query):
    holds = matcher(query)
    chosen = arrange(filter(holds, found), query.ordering)
    return chosen[query.offset : query.offset + query.limit], len(chosen) if query.count else None


values = (
    st.integers(-5, 5)
    | st.integers()
    | st.floats(-1e6, 1e6)
    | st.sampled_from(["a", "b", "a\x00", "true", True, False, [1], {"a": 1}, 2**53 + 1, 2.0**60, 2**60])
)
points = st.builds(
    lambda number, name, minutes, value, unit, more: Observation(
        f"urn:ngsi-ld:ItemFlowObserved:test:{number}",
        (TYPES[number],),
        NAMES[name],
        NOW + timedelta(minutes=minutes),
        value,
        unit,
        **more,
    ),
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(-120, 120) | st.integers(-90_000, 90_000),
    values,
    st.sampled_from([None, "C62"]),
    st.just({})
    | st.fixed_dictionaries(
        {},
        optional={
            "time": st.sampled_from(TimeKind),
            "dataset_id": st.just("urn:d:1"),
            "kind": st.just(AttributeKind.JSON_PROPERTY),
            "members": st.just({"valueType": "https://city.example/Speed"}),
            "attributes": st.just({NAMES[1]: (Attribute(AttributeKind.PROPERTY, "x"),)}),
        },
    ),
)
ranges = st.none() | st.builds(
    lambda relation, start, length, time: TimeRange(
        relation,
        NOW + timedelta(minutes=start),
        NOW + timedelta(minutes=start + length) if relation is TimeRelation.BETWEEN else None,
        time,
    ),
    st.sampled_from(TimeRelation),
    st.integers(-150, 150) | st.integers(-90_000, 90_000),
    st.integers(0, 200) | st.integers(0, 90_000),
    st.sampled_from(TimeProperty),
)
history_queries = st.builds(
    HistoryQuery,
    st.builds(
        Query,
        limit=st.integers(0, 3),
        offset=st.integers(0, 1),
        count=st.booleans(),
        id_pattern=st.sampled_from([None, "1$"]),
        ids=st.sampled_from(
            [(), tuple(f"urn:ngsi-ld:ItemFlowObserved:test:{number}" for number in (1, 0, 2))]
        ),
    )
    | st.just(Query(ids=("urn:ngsi-ld:ItemFlowObserved:test:1", "urn:ngsi-ld:ItemFlowObserved:test:0"))),
    range=ranges,
    names=st.sampled_from([(), (NAMES[0],)]),
    last_n=st.none() | st.integers(0, 5),
    methods=st.just(()) | st.just(tuple(Aggregation)),
    period_s=st.sampled_from([0, 600, 3600, 7000]),
    max_instances=st.integers(0, 30),
    time=st.none() | st.sampled_from(TimeProperty),
).map(lambda query: replace(query, entities=Query()) if query.by is TimeProperty.MODIFIED_AT else query)
"""By ``modifiedAt`` a page may be short: see ``recorded.has_others``."""


@given(st.lists(st.lists(points, max_size=15), max_size=4), st.lists(history_queries, min_size=1, max_size=4))
@some
def test_histories_are_those_of_the_memory_store(at_work, batches, asked):
    run, store = at_work
    tenant = next(tenants)
    memory = MemoryStore(now=lambda: ACCEPTED)

    async def check():
        for batch in ([], *batches):
            accepted = await store.observe(batch, tenant=tenant)
            assert accepted == await memory.observe(batch, tenant=tenant)
        log = await store.changes(0, tenant=tenant)
        said = [(one.number, one.entity_id, one.attributes) for one in log]
        assert said == [
            (one.number, one.entity_id, one.attributes) for one in await memory.changes(0, tenant=tenant)
        ]
        for query in asked:
            compare(await store.history(query, tenant=tenant), await memory.history(query, tenant=tenant))

    run(check())


def compare(by_sql, plain):
    assert (by_sql.total, by_sql.complete) == (plain.total, plain.complete)
    assert [without_figures(one) for one in by_sql.series] == [without_figures(one) for one in plain.series]
    for one, other in zip(by_sql.series, plain.series, strict=True):
        for bucket, same in zip(one.buckets, other.buckets, strict=True):
            assert bucket.figures.keys() == same.figures.keys()
            for method, figure in bucket.figures.items():
                assert close(figure, same.figures[method]), method


def close(one, other):
    """Equal, but for the rounding of sums."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == pytest.approx(other, rel=1e-6, abs=1e-3)
    return one == other


def without_figures(series):
    ends = [(bucket.start, bucket.end) for bucket in series.buckets]
    return replace(series, buckets=()), ends


numbers = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(-(2.0**62), 2.0**62)


@given(numbers | st.sampled_from([0.0, -0.0, 2**53, 2**53 + 1, 2.0**53]), numbers)
def test_encoded_numbers_compare_as_numbers(one, other):
    assert (facts.as_fact(one) < facts.as_fact(other)) == (one < other)
    assert (facts.as_fact(one) == facts.as_fact(other)) == (one == other)


@given(st.text(max_size=300), st.text(max_size=300))
def test_encoded_texts_compare_by_code_point(one, other):
    short, more = one[: facts.LONGEST_TEXT], other[: facts.LONGEST_TEXT]
    assert (facts.as_fact(one) < facts.as_fact(other)) == (short < more)


@given(values | st.floats(allow_nan=False, allow_infinity=False) | st.text())
def test_observed_values_come_back_as_they_were(value):
    found = bodies.decode_value(*bodies.encode_value(value))
    assert found == value and type(found) is type(value)
