"""Entities that are looked up together, and subjects that are added together, leave what one after the other would."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sympolis.context import merge
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import Retraction, Write
from sympolis.domain.errors import AlreadyExists
from sympolis.stores.embedded import files
from sympolis.stores.embedded.history import history
from sympolis.stores.embedded.reader import get
from sympolis.stores.embedded.recorder import Recorder
from sympolis.testing.stores import NODE, ROAD, SPEED, START, creating, observation, observed, road

FIRST, SECOND, THIRD = (road(number, speed=observed(30 + number), name="x") for number in (1, 2, 3))
LATER = START + timedelta(minutes=1)
IDS = [one.id for one in (FIRST, SECOND, THIRD)]


def replacing(entity):
    return [Write(entity.id, merge.upsert_replace(entity))]


def as_node(recorder):
    """A type that it did not have when it was created, in the same group."""
    return recorder.write(replacing(replace(FIRST, types=(ROAD, NODE))), LATER, "")


GROUPS = {
    "create": [lambda recorder: recorder.write(creating(FIRST, SECOND), START, "")],
    "again": [
        lambda recorder: recorder.write(creating(FIRST), START, ""),
        lambda recorder: recorder.write(creating(FIRST, THIRD), START, ""),
    ],
    "types": [lambda recorder: recorder.write(creating(FIRST, SECOND), START, ""), as_node],
    "types, then its history": [
        lambda recorder: recorder.write(creating(FIRST), START, ""),
        as_node,
        lambda recorder: recorder.observe([observation(FIRST, 7, 1), observation(SECOND, 7, 2)], LATER, ""),
    ],
    "gone, and there again": [
        lambda recorder: recorder.write(creating(FIRST, SECOND), START, ""),
        lambda recorder: recorder.write([Write(FIRST.id, merge.delete)], LATER, ""),
        lambda recorder: recorder.retract(Retraction(FIRST.id), LATER, ""),
        lambda recorder: recorder.write(creating(FIRST), LATER, ""),
    ],
}


def left_by(folder, jobs, *, expected, kept=5_000):
    """What the jobs tell and leave behind, in one transaction, with or without looking ahead."""
    connection = files.open_writer(folder / f"{expected}.sqlite")
    recorder = Recorder(connection)
    for group in ([lambda recorder: recorder.write(creating(THIRD), START, "")], jobs):
        connection.execute("BEGIN IMMEDIATE")
        if expected:
            recorder.expect(IDS)
        told = [job(recorder) for job in group]
        recorder.flush()
        connection.execute("COMMIT")
    series = history(connection, HistoryQuery(Query())).series
    entities = [get(connection, entity_id) for entity_id in IDS]
    log = list(
        connection.execute("SELECT number, kind, entity, types, attributes FROM change ORDER BY number")
    )
    subjects = list(connection.execute("SELECT id, typing FROM subject ORDER BY id"))
    orphans = list(connection.execute("SELECT 1 FROM point WHERE subject NOT IN (SELECT key FROM subject)"))
    connection.close()
    assert orphans == []
    return [repr(one) for one in told], repr(series), repr(entities), log, subjects


@pytest.mark.parametrize("jobs", GROUPS.values(), ids=GROUPS)
def test_looking_ahead_changes_nothing(tmp_path, jobs):
    assert left_by(tmp_path, jobs, expected=True) == left_by(tmp_path, jobs, expected=False)


@pytest.mark.parametrize("jobs", GROUPS.values(), ids=GROUPS)
def test_nor_does_forgetting_subjects_within_a_group(tmp_path, jobs, monkeypatch):
    monkeypatch.setattr("sympolis.stores.embedded.timeline._MOST_SUBJECTS_KEPT", 1)
    assert left_by(tmp_path, jobs, expected=True) == left_by(tmp_path, jobs, expected=False)


def test_what_a_group_refuses_is_refused_after_looking_ahead(tmp_path):
    connection = files.open_writer(tmp_path / "twin.sqlite")
    recorder = Recorder(connection)
    recorder.expect(IDS)
    assert [one.error for one in recorder.write(creating(FIRST), START, "")] == [None]
    [again] = recorder.write(creating(FIRST), START, "")
    assert isinstance(again.error, AlreadyExists)
    recorder.flush()
    assert [one.name for one in history(connection, HistoryQuery(Query())).series] == [SPEED]
    connection.close()
