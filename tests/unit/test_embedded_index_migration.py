"""Files from before indexes came on demand open, answer and go on (migration 7)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from sympolis.context import geometry, merge
from sympolis.context.query import Comparison, GeoQuery, GeoRelation, Query, Term, TypeIs
from sympolis.context.store import Write
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, files, reader
from sympolis.stores.embedded.recorder import Recorder
from sympolis.testing.stores import LOCATION, ROAD, SPEED, START, point, road

AREA = {
    "type": "Polygon",
    "coordinates": [[[11.0, 44.0], [11.1, 44.0], [11.1, 44.1], [11.0, 44.1], [11.0, 44.0]]],
}
ROADS = 40
KILLED = """
import os, signal, sys
from pathlib import Path
from sympolis.stores.embedded import files, steps
steps.take = lambda number, connection: os.kill(os.getpid(), signal.SIGKILL)
files.open_writer(Path(sys.argv[1]))
"""


def road_of(number):
    """Points with a speed; the first one is an area."""
    found = road(number, speed=number)
    place = point(11.3 + number / 1000, 44.4)
    if number == 0:
        place = type(place)(place.kind, AREA)
    return type(found)(found.id, found.types, {**found.attributes, LOCATION: (place,)}, created_at=START)


def of_schema_6(path):
    """A file as it was before, with forty entities and all their indexes."""
    db = apsw.Connection(str(path))
    for number, script in sql.migrations("sympolis.stores.embedded"):
        if number <= 6:
            files.fetch_all(db, script)
    db.execute("PRAGMA user_version = 6")
    db.executemany("INSERT INTO name VALUES (?, ?)", [(1, ROAD), (2, SPEED), (3, LOCATION)])
    for number in range(ROADS):
        entity = road_of(number)
        key = 100 + number
        wkb, (west, south, east, north) = geometry.to_wkb(entity.value(LOCATION))
        db.execute("INSERT INTO entity VALUES (?, ?, ?)", (key, entity.id, bodies.encode_entity(entity)))
        db.execute("INSERT INTO entity_type VALUES (1, ?, ?)", (entity.id, key))
        db.execute("INSERT INTO fact VALUES (2, ?, ?)", (number, key))
        db.execute("INSERT INTO shape VALUES (?, ?, 3, ?)", (number + 1, key, wkb))
        db.execute("INSERT INTO place VALUES (?, ?, ?, ?, ?)", (number + 1, west, east, south, north))
    db.execute("UPDATE tally SET count = ? WHERE what = 'entities'", (ROADS,))
    db.close()


def near(number, metres=100):
    place = road_of(number).value(LOCATION)
    return Query(geo=GeoQuery(GeoRelation.NEAR, place, LOCATION, max_distance_m=metres), types=TypeIs(ROAD))


def ids(db, query):
    return [one.id for one in reader.query(db, query).entities]


def check(db):
    """What was found before is found now."""
    assert ids(db, Query(types=TypeIs(ROAD), limit=100)) == [road(number).id for number in range(ROADS)]
    fast = Query(types=TypeIs(ROAD), q=Term((SPEED,), Comparison.GREATER, 37))
    assert ids(db, fast) == [road(38).id, road(39).id]
    assert ids(db, near(7)) == [road(6).id, road(7).id, road(8).id]
    inside = GeoQuery(GeoRelation.CONTAINS, {"type": "Point", "coordinates": [11.05, 44.05]}, LOCATION)
    assert ids(db, Query(geo=inside)) == [road(0).id]


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "twin.sqlite"
    of_schema_6(found)
    return found


def test_an_old_file_answers_as_before(path):
    db = files.open_writer(path)
    check(db)
    assert files.fetch_value(db, "SELECT count(*) FROM shape") == 1
    assert files.fetch_value(db, "SELECT count(*) FROM spot") == ROADS - 1
    db.close()


def test_an_old_file_is_changed_as_if_it_were_new(path):
    db = files.open_writer(path)
    recorder = Recorder(db)
    moved = type(road(7))(road(7).id, (ROAD,), {LOCATION: (point(12.0, 45.0),)})
    writes = [Write(road(8).id, merge.delete), Write(moved.id, merge.upsert_replace(moved))]
    recorder.write([*writes, Write(road(0).id, merge.delete)], START, "")
    recorder.flush()
    assert ids(db, near(7)) == [road(6).id]
    assert files.fetch_value(db, "SELECT count(*) FROM shape") == 0
    db.close()


def test_a_migration_that_was_killed_begins_anew(path):
    """Killed after the statements, before their commit: the file is still of the old schema, and opens."""
    child = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=_environment(), check=False)
    assert child.returncode == -signal.SIGKILL
    db = files.open_writer(path)
    check(db)
    db.close()


def test_a_migration_that_fails_half_way_leaves_the_old_file(path, monkeypatch):
    from sympolis.stores.embedded import steps

    def broken(_number, _connection):
        raise OSError("the disk is gone")

    monkeypatch.setattr(steps, "take", broken)
    with pytest.raises(OSError, match="the disk is gone"):
        files.open_writer(path)
    monkeypatch.undo()
    db = files.open_writer(path)
    check(db)
    db.close()


def _environment():
    import sympolis

    return {**os.environ, "PYTHONPATH": str(Path(sympolis.__file__).parents[1])}
