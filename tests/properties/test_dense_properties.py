"""Figures that SQLite makes of dense series are those that plain Python makes of the points, but for rounding."""

import asyncio
from datetime import UTC, datetime, timedelta

import apsw
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.domain.changes import Observation
from sympolis.domain.entity import AttributeKind
from sympolis.stores.embedded import dense, files
from sympolis.stores.embedded.history import history
from sympolis.stores.embedded.recorder import Recorder
from sympolis.stores.memory import MemoryStore
from sympolis.testing.strategies import NAMES

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
WHO = "urn:ngsi-ld:Road:1"
METHODS = [method for method in Aggregation if method in dense.WALKS]
odd_values = st.sampled_from(["a", True, [1], {"a": 1}, 2**70])
ranges = st.none() | st.builds(
    lambda relation, start, length: TimeRange(
        relation,
        NOW + timedelta(minutes=start),
        NOW + timedelta(minutes=start + length) if relation is TimeRelation.BETWEEN else None,
    ),
    st.sampled_from(TimeRelation),
    st.integers(-150, 150),
    st.integers(100, 5000),
)


@st.composite
def series(draw):
    """Points every few minutes, some left out, mostly numbers."""
    many, step = draw(st.integers(250, 330)), draw(st.integers(1, 9))
    chance = draw(st.randoms(use_true_random=False))
    number = draw(st.sampled_from([lambda: chance.uniform(-9, 9), lambda: chance.randrange(-9, 9)]))
    odd = dict(draw(st.lists(st.tuples(st.integers(0, 329), odd_values | st.integers(-5, 5)), max_size=2)))
    gone = range(*sorted(draw(st.tuples(st.integers(0, 400), st.integers(0, 400)))))
    kind = draw(st.sampled_from([AttributeKind.PROPERTY, AttributeKind.JSON_PROPERTY]))
    return [
        Observation(
            WHO, ("urn:t",), NAMES[0], NOW + timedelta(minutes=place * step), odd.get(place, number())
        )
        for place in range(many)
        if place not in gone
    ] + [Observation(WHO, ("urn:t",), NAMES[0], NOW + timedelta(days=9), 1, kind=kind)]


@given(series(), ranges, st.sampled_from(METHODS), st.sampled_from([600, 3600, 7000, 86_400]))
@settings(max_examples=120, deadline=None)
def test_as_from_the_points(points, wanted, method, period_s):
    connection = apsw.Connection(":memory:")
    files.migrate(connection, ":memory:")
    recorder, memory = Recorder(connection), MemoryStore()
    recorder.observe(points, NOW, "")
    recorder.flush()
    asyncio.run(memory.observe(points))
    query = HistoryQuery(Query(), wanted, methods=(method,), period_s=period_s)
    found, expected = history(connection, query), asyncio.run(memory.history(query))
    event(f"of {len(found.series)} series")
    assert len(found.series) == len(expected.series)
    for one, other in zip(found.series, expected.series, strict=True):
        assert (one.kind, len(one.buckets)) == (other.kind, len(other.buckets))
        for bucket, same in zip(one.buckets, other.buckets, strict=True):
            assert (bucket.start, bucket.end) == (same.start, same.end)
            figure, plain = bucket.figures[method], same.figures[method]
            assert type(figure) is type(plain)
            if isinstance(plain, int | float):
                plain = pytest.approx(plain, rel=1e-12, abs=1e-9)
            assert figure == plain
    connection.close()


def test_dense_series_are_not_fetched(monkeypatch):
    connection = apsw.Connection(":memory:")
    files.migrate(connection, ":memory:")
    recorder = Recorder(connection)
    points = [
        Observation(WHO, ("urn:t",), NAMES[0], NOW + timedelta(minutes=n), float(n % 60)) for n in range(600)
    ]
    recorder.observe(points, NOW, "")
    recorder.flush()
    monkeypatch.setattr("sympolis.stores.embedded.tiers.read_values", None)
    query = HistoryQuery(Query(), methods=(Aggregation.AVG,), period_s=3600)
    [one] = history(connection, query).series
    assert [bucket.figures for bucket in one.buckets] == [{Aggregation.AVG: 29.5}] * 10
    connection.close()
