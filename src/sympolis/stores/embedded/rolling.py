"""Months that are over move from the table into Parquet files, while everyone reads and writes.

A file is written from one snapshot, made durable, and only then named valid by one small transaction; its points leave
the table afterwards, in slices. At every moment each point is in the table or in a valid file (or, for a while, in
both, where they are the same), so a crash loses and doubles nothing: what is unfinished is put right at the next start.
Points that come or change meanwhile stay in the table, over the archived ones; who takes points back meanwhile
(``spoil``) makes the month be written anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import apsw

from sympolis.domain.errors import StoreUnavailable
from sympolis.stores import sql
from sympolis.stores.embedded import files, months, tiers
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.embedded.points import GONE, Row
from sympolis.stores.embedded.recorder import Recorder

if TYPE_CHECKING:
    from sympolis.stores.embedded.parquet import Writing

log = logging.getLogger(__name__)
_SQL = sql.load("sympolis.stores.embedded", "archive.sql")
_SLICE: Final = 2_000
"""Rows that are handled without letting others have their turn."""
_BREATH_S: Final = 0.001

Write = Callable[[Callable[[Recorder], Any]], Awaitable[Any]]
"""Runs a job in the writer's thread; durable when it returns."""
Watch = Callable[[str], None]
"""Is told each step that is done."""
_Place = tuple[int, int, int]
_Series = tuple[str, int, int, list[Row]]
"""Entity, subject, line, points."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """What one run has moved."""

    months: tuple[str, ...] = ()
    """Like 2024-05."""
    points: int = 0


@dataclass(slots=True)
class _Written:
    """How much a new file holds, and which points were hidden when it was written."""

    hidden: list[_Place] = field(default_factory=list)
    count: int = 0


class Roller:
    """Rolls the history of one database file."""

    def __init__(self, path: Path, write: Write, watch: Watch = lambda _step: None) -> None:
        self._path = path
        self._write = write
        self._watch = watch
        self._loop: asyncio.AbstractEventLoop | None = None
        self._given_up = False

    async def roll(self, before: datetime) -> Rolled:
        """Archive every month that ended by then, and write anew what has changed since it was archived."""
        return await self._run(partial(self._due, months.month_at(before)))

    async def renew(self) -> Rolled:
        """Write anew what has changed since it was archived, and remove what that replaces: it was to be forgotten."""
        done = await self._run(self._stale)
        await self.tidy()
        return done

    async def _run(self, due: Callable[[], list[int]]) -> Rolled:
        self._loop = asyncio.get_running_loop()
        try:
            return await self._roll_all(due)
        except asyncio.CancelledError:
            self._given_up = True
            raise

    async def _roll_all(self, due: Callable[[], list[int]]) -> Rolled:
        await self.tidy()
        if find_spec("pyarrow") is None:
            log.info("pyarrow is not installed: the whole history stays in the table")
            return Rolled()
        done: list[str] = []
        points = 0
        for month in await asyncio.to_thread(due):
            moved = await self._roll_month(month)
            done.append(months.spell(month))
            points += moved
        return Rolled(tuple(done), points)

    async def tidy(self) -> None:
        """Put right what an earlier run left unfinished, and remove files that nobody needs any more."""
        for file, month, state in await asyncio.to_thread(self._read, "unfinished"):
            await self._write(partial(_reopen, month=month, state=state))
            while await self._write(partial(_unlist, file=file)):
                pass
            await asyncio.to_thread(self._remove, month, file)
            await self._write(partial(_forget, file=file))
        await asyncio.to_thread(self._remove_orphans)
        for file, month in await asyncio.to_thread(self._read, "unpurged"):
            await self._purge(file, month, await asyncio.to_thread(self._hiding_nothing, month))

    def _read(self, statement: str, *parameters: Any) -> list[Any]:
        with closing(files.open_reader(self._path)) as db:
            return fetch_all(db, _SQL[statement], parameters)

    def _hiding_nothing(self, month: int) -> list[_Place]:
        """What hides points of this month that are in no file: the run that wrote it without them was cut off."""
        low, high = months.bounds(month)
        with closing(files.open_reader(self._path)) as db:
            hidden = fetch_all(db, _SQL["hidden"], {"low": low, "high": high})
            return [place for place in hidden if tiers.archived_at(db, place[:2], place[2]) is None]

    def _due(self, bound: int) -> list[int]:
        """The months to write: of which the table has points, or whose file has points that were taken back."""
        hot = {month for (month,) in self._read("hot_months")}
        return sorted(month for month in hot.union(self._stale()) if month < bound)

    def _stale(self) -> list[int]:
        """The months whose file has points that were taken back."""
        return sorted(month for (month,) in self._read("stale_months"))

    async def _roll_month(self, month: int) -> int:
        file = await self._write(partial(_begin, month=month))
        self._watch("begun")
        written = await asyncio.to_thread(self._write_file, month, file)
        self._watch("written")
        valid = await self._write(partial(_adopt, month=month, file=file, count=written.count))
        self._watch("valid")
        if not valid:
            log.info("points of %s were taken back while it was archived: again, later", months.spell(month))
            return 0
        await self._purge(file, month, written.hidden)
        return written.count

    # --- writing a file

    def _write_file(self, month: int, file: int) -> _Written:
        from sympolis.stores.embedded.parquet import Writing  # with pyarrow, which most processes never need

        with closing(files.open_reader(self._path)) as db:
            db.execute("BEGIN")
            written = _Written()
            valid = db.execute(_SQL["valid_file"], (month,)).fetchone()
            series = _hot(db, month, written) if valid is None else _both(db, month, valid[0], written)
            writing = Writing(tiers.path_of(db, month, file))
            try:
                self._copy(db, series, writing, written, (month, file))
                writing.close()
            except BaseException:
                writing.give_up()
                raise
            return written

    def _copy(
        self,
        db: apsw.Connection,
        series: Iterator[_Series],
        writing: Writing,
        written: _Written,
        place: tuple[int, int],
    ) -> None:
        entries: list[tuple[int, ...]] = []
        since = 0
        for entity_id, subject, key, rows in series:
            start = writing.add(entity_id, tiers.line_of(db, key), rows)
            entries.append((subject, key, *place, start, len(rows), rows[0][0], rows[-1][0]))
            written.count += len(rows)
            since += len(rows)
            if since >= _SLICE:
                self._list(entries)
                since = 0
                self._watch("slice written")
                time.sleep(_BREATH_S)
        self._list(entries)

    def _list(self, entries: list[tuple[int, ...]]) -> None:
        """Have entries written down by the writer; the file is not valid yet. Called from the thread that copies."""
        if self._given_up or self._loop is None:
            raise StoreUnavailable("archiving was given up")
        job = self._write(partial(_list, entries=tuple(entries)))
        asyncio.run_coroutine_threadsafe(_done(job), self._loop).result()
        entries.clear()
        self._watch("listed")

    # --- leaving the table

    async def _purge(self, file: int, month: int, hidden: Sequence[_Place]) -> None:
        """Points that the file has leave the table, as far as they are still the same."""
        start = -1
        while entries := await asyncio.to_thread(self._read, "listed", file, start, _SLICE):
            start = entries[-1][2]
            for group in _by_rows(entries):
                rows = await asyncio.to_thread(self._rows_of, month, file, group)
                await self._write(partial(_purge, rows=rows))
                self._watch("slice purged")
        for places in _sliced(hidden):
            await self._write(partial(_purge_hidden, places=places))
        await self._write(partial(_purged, file=file))
        self._watch("purged")

    def _rows_of(self, month: int, file: int, entries: Sequence[tuple[int, ...]]) -> list[tuple[Any, ...]]:
        path = tiers.archive_of(self._path) / tiers.file_name(month, file)
        found = []
        for subject, line, start, count in entries:
            found += [(subject, line, *row) for row in tiers.shelf().rows(path, start, count)]
        return found

    # --- removing

    def _remove(self, month: int, file: int) -> None:
        path = tiers.archive_of(self._path) / tiers.file_name(month, file)
        tiers.shelf().let_go(path)
        path.unlink(missing_ok=True)

    def _remove_orphans(self) -> None:
        """Files of runs that ended before they were named, whatever became of them."""
        folder = tiers.archive_of(self._path)
        known = {tiers.file_name(month, file) for file, month in self._read("files")}
        for path in folder.glob("*") if folder.exists() else ():
            if path.suffix == ".part" or (path.suffix == ".parquet" and path.name not in known):
                tiers.shelf().let_go(path)
                path.unlink(missing_ok=True)


async def _done(waited: Awaitable[Any]) -> Any:
    return await waited


# --- what is read


def _hot(db: apsw.Connection, month: int, written: _Written) -> Iterator[_Series]:
    """The points of a month that has no file yet, series by series."""
    low, high = months.bounds(month)
    rows = db.execute(_SQL["month_points"], {"low": low, "high": high})
    for (entity_id, subject, line), group in groupby(rows, key=lambda row: row[:3]):
        points = [row[3:] for row in group]
        written.hidden += [(subject, line, row[0]) for row in points if row[3] == GONE]
        if shown := [row for row in points if row[3] != GONE]:
            yield entity_id, subject, line, shown


def _both(db: apsw.Connection, month: int, file: int, written: _Written) -> Iterator[_Series]:
    """The points of a month, of its file and of the table."""
    low, high = months.bounds(month)
    names: set[tuple[str, int, int]] = set()
    for row in db.execute(_SQL["month_points"], {"low": low, "high": high}):
        names.add(row[:3])
        if row[6] == GONE:
            written.hidden.append(row[1:4])
    names.update(db.execute(_SQL["month_series"], (file,)))
    for entity_id, subject, line in sorted(names):
        if points := tiers.read_points(db, (subject, line), (low, high)):
            yield entity_id, subject, line, points


def _sliced(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(items), _SLICE):
        yield items[first : first + _SLICE]


def _by_rows(entries: Sequence[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
    """Entries of a file in groups that have about so many rows; long series in pieces."""
    pieces = iter(_pieces(entries))
    while group := list(_up_to(pieces)):
        yield group


def _pieces(entries: Sequence[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    for subject, line, start, count in entries:
        for first in range(0, count, _SLICE):
            yield subject, line, start + first, min(_SLICE, count - first)


def _up_to(pieces: Iterator[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    total = 0
    for piece in islice(pieces, _SLICE):
        yield piece
        total += piece[3]
        if total >= _SLICE:
            return


# --- what is written: jobs of the writer's thread


def _begin(recorder: Recorder, month: int) -> int:
    recorder.flush()
    recorder.timeline.db.execute(_SQL["drop_hot_month"], (month,))
    recorder.timeline.reload_months()
    file: int = fetch_value(recorder.timeline.db, _SQL["begin_file"], (month,))
    return file


def _list(recorder: Recorder, entries: Sequence[tuple[int, ...]]) -> None:
    recorder.timeline.db.executemany(_SQL["list_series"], entries)


def _adopt(recorder: Recorder, month: int, file: int, count: int) -> bool:
    """Let the file be the month's; False where it has become wrong meanwhile."""
    recorder.flush()
    if fetch_value(recorder.timeline.db, _SQL["state"], (file,)) != 0:
        return False
    recorder.timeline.db.execute(_SQL["replace_file"], (month,))
    recorder.timeline.db.execute(_SQL["adopt_file"], (count, file))
    recorder.timeline.reload_months()
    return True


def _purge(recorder: Recorder, rows: Sequence[tuple[Any, ...]]) -> None:
    recorder.flush()
    recorder.timeline.db.executemany(_SQL["purge_point"], rows)


def _purge_hidden(recorder: Recorder, places: Sequence[_Place]) -> None:
    recorder.flush()
    recorder.timeline.db.executemany(_SQL["purge_gone"], places)


def _purged(recorder: Recorder, file: int) -> None:
    recorder.timeline.db.execute(_SQL["purged"], (file,))


def _reopen(recorder: Recorder, month: int, state: int) -> None:
    """The month of a file that never became valid is still to be archived."""
    if state != _REPLACED:
        recorder.timeline.db.execute(_SQL["add_hot_month"], (month,))
        recorder.timeline.reload_months()


_REPLACED: Final = 2


def _unlist(recorder: Recorder, file: int) -> bool:
    before = recorder.timeline.db.total_changes()
    recorder.timeline.db.execute(_SQL["unlist"], {"file": file, "most": _SLICE})
    return recorder.timeline.db.total_changes() > before


def _forget(recorder: Recorder, file: int) -> None:
    recorder.timeline.db.execute(_SQL["drop_file"], (file,))
