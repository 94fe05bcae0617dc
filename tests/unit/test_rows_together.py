"""Rows that are inserted together are those that were given, in their order, however many there are."""

import apsw
import pytest

from sympolis.stores.embedded.together import insert


@pytest.fixture
def db():
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, text TEXT)")
    yield connection
    connection.close()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 31, 32, 33, 63, 64, 100])
def test_all_of_them(db, count):
    rows = [(number, f"row {number}?") for number in reversed(range(count))]
    insert(db, "INSERT INTO t (number, text) VALUES (?, ?)", rows)
    assert db.execute("SELECT number, text FROM t ORDER BY number DESC").fetchall() == rows
    assert db.total_changes() == count


def test_the_first_stays_and_the_last_stands_in_its_place(db):
    rows = [(1, "first"), (2, "other"), (1, "last")]
    insert(db, "INSERT INTO t (number, text) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)
    assert db.total_changes() == 2
    assert db.execute("SELECT text FROM t WHERE number = 1").fetchone() == ("first",)
    insert(db, "REPLACE INTO t (number, text) VALUES (?, ?)", rows)
    assert db.execute("SELECT text FROM t WHERE number = 1").fetchone() == ("last",)
