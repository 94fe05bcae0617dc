"""Histories of earlier schemas move into the present one with all their points."""

import apsw

from sympolis.context.query import HistoryQuery, Query
from sympolis.domain.entity import AttributeKind
from sympolis.stores import sql
from sympolis.stores.embedded import files
from sympolis.stores.embedded.history import history
from sympolis.stores.embedded.recorder import Recorder
from sympolis.testing.stores import NAME, ROAD, SPEED, START, observation, road

MICROSECONDS = int(START.timestamp()) * 1_000_000
SERIES = (
    (1, road(2).id, 1, "", "Property", f'["{ROAD}"]'),
    (2, road(1).id, 1, "urn:d:1", "Property", '["https://example.org/Old"]'),
    (3, road(1).id, 2, "", "Relationship", f'["{ROAD}"]'),
)
POINTS = ((1, 0, 30, "KMH"), (1, 1, 31.5, None), (2, 0, "wet", None), (3, 2, b"true", None))


def of_schema(last):
    """A file as it was when this was the last migration, with a history."""
    connection = apsw.Connection(":memory:")
    for number, script in sql.migrations("sympolis.stores.embedded"):
        if number <= last:
            files.fetch_all(connection, script)
            connection.execute(f"PRAGMA user_version = {number}")
    connection.executemany("INSERT INTO name VALUES (?, ?)", [(1, SPEED), (2, NAME)])
    connection.executemany("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)", SERIES)
    rows = [(key, MICROSECONDS + hour * 3_600_000_000, value, unit) for key, hour, value, unit in POINTS]
    connection.executemany("INSERT INTO observation VALUES (?, ?, ?, ?)", rows)
    connection.execute("UPDATE tally SET count = 4 WHERE what = 'observations'")
    return connection


def test_points_of_the_first_schema_are_found_in_the_present_one():
    connection = of_schema(5)
    files.migrate(connection, ":memory:")
    first, second, third = history(connection, HistoryQuery(Query())).series
    assert [(one.entity_id, one.name, one.dataset_id) for one in (first, second, third)] == [
        (road(1).id, NAME, None),
        (road(1).id, SPEED, "urn:d:1"),
        (road(2).id, SPEED, None),
    ]
    assert first.types == second.types == (ROAD,)
    assert (first.kind, first.observations[0].value) == (AttributeKind.RELATIONSHIP, True)
    assert [(point.value, point.unit_code) for point in third.observations] == [(30, "KMH"), (31.5, None)]
    assert third.observations[1].created_at is None
    connection.close()


def test_a_moved_history_goes_on():
    connection = of_schema(5)
    files.migrate(connection, ":memory:")
    recorder = Recorder(connection)
    known = observation(road(2), 0, 30, unit_code="KMH")
    assert recorder.observe([known, observation(road(2), 5, 1), observation(road(3), 0, 2)], START, "") == 2
    recorder.flush()
    assert [len(one.observations) for one in history(connection, HistoryQuery(Query())).series] == [
        1,
        1,
        3,
        1,
    ]
    assert dict(connection.execute("SELECT what, count FROM tally"))["observations"] == 6
    connection.close()
