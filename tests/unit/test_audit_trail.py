"""The audit log: whatever is done to its files is found, by the number of the first entry concerned."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from sympolis.domain.errors import InvalidRequest, StoreUnavailable
from sympolis.governance.audit.log import AuditLog
from sympolis.governance.audit.record import Act, Event, Head
from sympolis.governance.audit.verification import verify
from sympolis.stores.embedded.audit import EmbeddedTrail

AT = datetime(2026, 1, 1, tzinfo=UTC)
FREE = "DROP TRIGGER entry_stays; DROP TRIGGER entry_remains;"


def events(*names: str) -> list[tuple[Event, datetime]]:
    return [(Event(Act.DONE, name, "createEntity"), AT) for name in names]


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[EmbeddedTrail]:
    found = EmbeddedTrail.open(tmp_path, most_entries=4)
    for number in range(5):
        found.append(events(f"a{number}", f"b{number}"))
    yield found
    found.close()


def tamper(tmp_path: Path, file: int, statements: str) -> None:
    connection = apsw.Connection(str(tmp_path / "audit" / f"audit-{file:06d}.sqlite"))
    for statement in statements.split(";"):
        connection.execute(statement)
    connection.close()


def test_files_follow_each_other_in_one_chain(trail: EmbeddedTrail) -> None:
    found = [(file, entry.event.act) for file, entry in trail.entries()]
    assert [file for file, act in found if act is Act.ANCHORED] == [
        "audit-000002.sqlite",
        "audit-000003.sqlite",
    ]
    assert verify(trail.entries()).whole
    assert verify(trail.entries()).entries == 12


@pytest.mark.parametrize(
    ("file", "statements", "broken"),
    [
        (1, "UPDATE entry SET body = replace(body, 'b0', 'c0') WHERE number = 2", 2),
        (1, "UPDATE entry SET hash = replace(hash, substr(hash, 1, 8), '00000000') WHERE number = 2", 2),
        (1, "UPDATE entry SET body = 'not JSON' WHERE number = 3", 3),
        (1, "DELETE FROM entry WHERE number = 1", 2),
        (2, "DELETE FROM entry WHERE number = 6", 7),
        (2, "DELETE FROM entry", 10),
        (2, "UPDATE entry SET number = 100 WHERE number = 8", 9),
        (
            1,
            "INSERT INTO entry SELECT 4, subject, act, body, hash FROM entry WHERE number = 4 - 1 AND 0",
            None,
        ),
    ],
)
def test_what_was_done_to_it_is_found(
    trail: EmbeddedTrail, tmp_path: Path, file: int, statements: str, broken: int | None
) -> None:
    tamper(tmp_path, file, FREE + statements)
    assert verify(trail.entries()).broken == broken


def test_newest_entries_that_were_cut_off_are_missed(trail: EmbeddedTrail, tmp_path: Path) -> None:
    head = trail.head()
    assert head == Head(12, list(trail.entries())[-1][1].hash)
    tamper(tmp_path, 3, FREE + "DELETE FROM entry WHERE number > 10")
    assert verify(trail.entries()).whole, "the chain alone does not show it"
    found = verify(trail.entries(), [head])
    assert (found.broken, found.entries) == (11, 10) and "cut off" in found.reason


def test_a_log_that_was_written_anew_does_not_fit_what_was_noted(
    trail: EmbeddedTrail, tmp_path: Path
) -> None:
    noted = Head.parse(str(trail.head()))
    forged = EmbeddedTrail.open(tmp_path / "forged", most_entries=4)
    for number in range(9):
        forged.append(events(f"a{number}", f"x{number}"))
    assert verify(forged.entries(), [head for head in [forged.head()] if head]).whole
    assert verify(forged.entries(), [noted]).broken == 12
    forged.close()


def test_the_head_never_runs_ahead_of_the_log(trail: EmbeddedTrail, tmp_path: Path) -> None:
    other = EmbeddedTrail.open(tmp_path, most_entries=4)
    for number in range(5):
        (other if number % 2 else trail).append(events(f"e{number}"))
        head = trail.head()
        assert head is not None and verify(trail.entries(), [head]).whole
    other.close()


@pytest.mark.parametrize("text", ["", "12", "12:xyz", "-1:" + "0" * 64, "1:" + "A" * 64])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        Head.parse(text)


def test_entries_are_not_changed_by_accident(trail: EmbeddedTrail, tmp_path: Path) -> None:
    for statement in ("UPDATE entry SET subject = 'x'", "DELETE FROM entry"):
        with pytest.raises(apsw.ConstraintError):
            tamper(tmp_path, 1, statement)


def test_two_processes_write_one_chain(trail: EmbeddedTrail, tmp_path: Path) -> None:
    other = EmbeddedTrail.open(tmp_path, most_entries=4)
    for number in range(4):
        trail.append(events(f"c{number}"))
        other.append(events(f"d{number}"))
    assert verify(trail.entries()) == verify(other.entries())
    assert verify(other.entries()).whole
    subjects = [entry.event.subject for _, entry in other.entries() if entry.event.subject[:1] in ("c", "d")]
    assert subjects == ["c0", "d0", "c1", "d1", "c2", "d2", "c3", "d3"]
    other.close()


def test_a_page_is_newest_first_and_filtered(trail: EmbeddedTrail) -> None:
    trail.append([(Event(Act.DENIED, "eve", "listSources"), AT)])
    assert [one.event.subject for one in trail.page(before=None, limit=2)] == ["eve", "b4"]
    assert [one.event.subject for one in trail.page(before=None, limit=5, act="denied")] == ["eve"]
    assert trail.page(before=None, limit=5, subject="nobody") == []


def test_entries_of_a_moment_are_written_together_and_waited_for() -> None:
    class Counting:
        def __init__(self) -> None:
            self.groups: list[int] = []

        def append(self, found: list[tuple[Event, datetime]]) -> None:
            self.groups.append(len(found))

        def close(self) -> None:
            pass

    async def work() -> list[int]:
        trail = Counting()
        log = AuditLog(trail, clock=lambda: AT)  # type: ignore[arg-type]
        await asyncio.gather(*(log.keep(Event(Act.DONE, str(number), "x")) for number in range(50)))
        log.note(Event(Act.READ, "a", "x"))
        await log.close()
        return trail.groups

    groups = asyncio.run(work())
    assert sum(groups) == 51 and len(groups) <= 4


def test_what_cannot_be_written_down_is_not_done_quietly() -> None:
    class Full:
        def append(self, _found: object) -> None:
            raise StoreUnavailable("the disk is full")

        def close(self) -> None:
            pass

    async def work() -> None:
        log = AuditLog(Full(), clock=lambda: AT)  # type: ignore[arg-type]
        with pytest.raises(StoreUnavailable):
            await log.keep(Event(Act.DONE, "a", "x"))
        await log.close()

    asyncio.run(work())
