"""SQL answers what the plain Python evaluator means, for any entities and any query."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.context import merge
from sympolis.context.evaluate import matcher
from sympolis.context.ordering import arrange
from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.context.store import Write
from sympolis.domain.changes import Observation
from sympolis.stores.embedded import bodies, files, reader
from sympolis.stores.embedded.history import history
from sympolis.stores.embedded.recorder import Recorder
from sympolis.stores.memory import MemoryStore
from sympolis.testing.strategies import NAMES, TYPES, entities, few_scalars, queries

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)


def fresh():
    """The real schema and the real writer, in memory."""
    connection = apsw.Connection(":memory:")
    files.migrate(connection, ":memory:")
    return connection, Recorder(connection)


def expected(found, query):
    holds = matcher(query)
    chosen = arrange(filter(holds, found), query.ordering)
    return chosen[query.offset : query.offset + query.limit], len(chosen) if query.count else None


def numbered(number):
    return entities(few_scalars, number=number)


def ask(recorder, how):
    """Have columns (1) or columns and indexes (2) kept for all attributes of all types."""
    wishes = [
        (key, name, indexed) for key in recorder.catalog.types for name in NAMES for indexed in range(how)
    ]
    recorder.ask(wishes)
    while recorder.fill():
        pass
    recorder.committed()


@given(
    st.tuples(*(numbered(number) for number in range(6))),
    st.tuples(*(st.none() | numbered(number) for number in range(6))),
    st.lists(queries(), min_size=1, max_size=6),
    st.sampled_from([0, 1, 2]),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_sql_agrees_with_the_evaluator(first, second, asked, how, early, together):
    """Also after replacing and deleting: an index that keeps what is gone would show.

    Whether attributes have columns and indexes of their own, since before or after what was written, in one group or
    two, must not show.
    """
    connection, recorder = fresh()
    recorder.write([Write(one.id, merge.create(one)) for one in first], NOW, "")
    if not together:
        recorder.flush()
    if early:
        ask(recorder, how)
    later = [
        Write(old.id, merge.delete if new is None else merge.upsert_replace(new))
        for old, new in zip(first, second, strict=True)
    ]
    recorder.write(later, NOW + timedelta(seconds=1), "")
    recorder.flush()
    ask(recorder, how)
    present = [reader.get(connection, one.id) for one in first]
    present = [one for one in present if one is not None]
    for query in asked:
        page = reader.query(connection, query)
        assert (list(page.entities), page.total) == expected(present, query), query
    connection.close()


@given(entities())
@settings(max_examples=40, deadline=None)
def test_bodies_keep_everything(entity):
    full = replace(entity, created_at=NOW, modified_at=NOW, members={"expiresAt": "2030-01-01T00:00:00Z"})
    assert bodies.decode_entity(bodies.encode_entity(full)) == full


values = st.integers(-5, 5) | st.floats(-1e6, 1e6) | st.sampled_from(["a", "b", True, False, [1], {"a": 1}])
points = st.builds(
    lambda number, name, minutes, value, unit: Observation(
        f"urn:ngsi-ld:ItemFlowObserved:test:{number}",
        (TYPES[number],),
        NAMES[name],
        NOW + timedelta(minutes=minutes),
        value,
        unit,
    ),
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(-120, 120),
    values,
    st.sampled_from([None, "C62"]),
)
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
history_queries = st.builds(
    HistoryQuery,
    st.builds(Query, limit=st.integers(0, 3), count=st.booleans()),
    range=ranges,
    names=st.sampled_from([(), (NAMES[0],)]),
    last_n=st.none() | st.integers(0, 5),
    methods=st.just(()) | st.just(tuple(Aggregation)),
    period_s=st.sampled_from([0, 600, 3600, 7000]),
    max_instances=st.integers(0, 30),
)


@given(st.lists(st.lists(points, max_size=15), max_size=4), st.lists(history_queries, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_histories_are_the_same_in_both_stores(batches, asked):
    connection, recorder = fresh()
    memory = MemoryStore()
    for batch in batches:
        accepted = recorder.observe(batch, NOW, "")
        assert accepted == asyncio.run(memory.observe(batch))
    for query in asked:
        by_sql, plain = history(connection, query), asyncio.run(memory.history(query))
        assert (by_sql.total, by_sql.complete) == (plain.total, plain.complete)
        assert [without_figures(one) for one in by_sql.series] == [
            without_figures(one) for one in plain.series
        ]
        for one, other in zip(by_sql.series, plain.series, strict=True):
            for bucket, same in zip(one.buckets, other.buckets, strict=True):
                assert bucket.figures.keys() == same.figures.keys()
                for method, figure in bucket.figures.items():
                    assert close(figure, same.figures[method]), method
    connection.close()


def close(one, other):
    """Equal, but for the rounding of sums."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == pytest.approx(other, rel=1e-6, abs=1e-3)
    return one == other


def without_figures(series):
    ends = [(bucket.start, bucket.end) for bucket in series.buckets]
    bare = tuple(replace(point, created_at=None, modified_at=None) for point in series.observations)
    return replace(series, buckets=(), observations=bare), ends


@given(
    st.lists(points, min_size=1, max_size=12),
    st.builds(
        Query, types=queries().map(lambda query: query.types), limit=st.integers(0, 3), count=st.booleans()
    ),
)
@settings(max_examples=40, deadline=None)
def test_subjects_of_types_are_the_same_in_both_stores(batch, wanted):
    connection, recorder = fresh()
    memory = MemoryStore()
    recorder.observe(batch, NOW, "")
    asyncio.run(memory.observe(batch))
    asked = HistoryQuery(wanted)
    by_sql, plain = history(connection, asked), asyncio.run(memory.history(asked))
    assert by_sql.total == plain.total
    assert [one.entity_id for one in by_sql.series] == [one.entity_id for one in plain.series]
    connection.close()
