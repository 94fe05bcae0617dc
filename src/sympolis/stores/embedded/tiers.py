"""Points of both tiers as if they were in one: the table, and the archived months under it.

What the table has of an archived month lies over it: a point there wins over an archived one of the same time, and one
of kind ``GONE`` hides it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary, ref

import apsw

from sympolis.domain.errors import StoreUnavailable
from sympolis.later import later
from sympolis.stores import sql
from sympolis.stores.embedded import months
from sympolis.stores.embedded.bodies import decode_value
from sympolis.stores.embedded.files import fetch_all, fetch_value
from sympolis.stores.embedded.points import GONE, TIMES, Line, Row

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sympolis.context.buckets import Instants
    from sympolis.stores.embedded.parquet import Shelf

    Values = Sequence[Any] | npt.NDArray[Any]
else:
    np = later("numpy")

_SQL: Final = {
    **sql.load("sympolis.stores.embedded", "timeline.sql"),
    **{f"archive.{name}": text for name, text in sql.load("sympolis.stores.embedded", "archive.sql").items()},
}
_ALL: Final = 2**62
_FEW: Final = 129
_MOST_NAMES_KEPT: Final = 1024
EVER: Final = (-(2**62), 2**62)
_DTYPES: Final = {"real": "f8", "integer": "i8"}


@cache
def shelf() -> Shelf:
    """The open files of this process, made when the first month has been archived: only then is pyarrow needed.

    Raises ``StoreUnavailable`` where it is not installed.
    """
    try:
        from sympolis.stores.embedded.parquet import Shelf
    except ImportError as problem:
        raise StoreUnavailable(
            "this store has an archive of Parquet files, and pyarrow is not installed",
            where="history",
            hint="pip install 'sympolis[parquet]'",
        ) from problem
    return Shelf()


Place = tuple[int, int]
"""A subject and a line."""
Times = tuple[int, int]
"""[low, high) in microseconds."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a month of a series is."""

    month: int
    file: int
    start: int
    count: int
    first: int
    last: int


def archive_of(path: Path) -> Path:
    """Where the archive of a database file is."""
    return path.parent / "archive"


def file_name(month: int, file: int) -> str:
    """What the file of this number is called."""
    return f"{months.spell(month)}.{file}.parquet"


def path_of(db: apsw.Connection, month: int, file: int) -> Path:
    """Where the file of this number is."""
    return archive_of(Path(db.filename)) / file_name(month, file)


def line_of(db: apsw.Connection, key: int) -> Line:
    """What stands behind the number of a line, which never changes."""
    return lines(db)[key]


class Lines(dict[int, Line]):
    """The lines that a connection has met."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = ref(db)
        self._observed: dict[str, tuple[int, list[tuple[int, Line]]]] = {}

    def __missing__(self, key: int) -> Line:
        db = self._db()
        assert db is not None
        [(iri, dataset, time)] = db.execute(_SQL["line"], (key,))
        found = self[key] = Line(iri, dataset, TIMES[time])
        return found

    def observed(self, name: str, newest: int) -> list[tuple[int, Line]]:
        """The lines of what was observed under a name, as long as there is none newer than this one: some of many."""
        known = self._observed.get(name)
        if known is None or known[0] != newest:
            db = self._db()
            assert db is not None
            if len(self._observed) >= _MOST_NAMES_KEPT:
                self._observed.clear()
            keys = fetch_all(db, _SQL["observed_lines"], (name, _FEW))
            known = self._observed[name] = (newest, [(key, self[key]) for (key,) in keys])
        return known[1]


def lines(db: apsw.Connection) -> Lines:
    """What stands behind the numbers of lines."""
    known = _known_lines.get(db)
    if known is None:
        known = _known_lines[db] = Lines(db)
    return known


_known_lines: WeakKeyDictionary[apsw.Connection, Lines] = WeakKeyDictionary()


def pieces(db: apsw.Connection, place: Place, times: Times) -> list[Piece]:
    """The archived months of a series that touch a time, in order."""
    if not has_archive(db):
        return []
    return [Piece(*row) for row in fetch_all(db, _SQL["archive.pieces"], (*place, *times))]


def lines_of(db: apsw.Connection, subject: int) -> list[int]:
    """The lines of a subject in both tiers."""
    hot = [key for (key,) in fetch_all(db, _SQL["lines_of"], {"subject": subject})]
    if not has_archive(db):
        return hot
    cold = [key for (key,) in fetch_all(db, _SQL["archive.lines_of"], (subject,))]
    return list(dict.fromkeys([*hot, *cold]))


def has_archive(db: apsw.Connection) -> bool:
    """Whether anything was ever archived."""
    return bool(fetch_value(db, _SQL["archive.any"]))


# --- points


def few_points(db: apsw.Connection, subject: int) -> dict[int, list[Row]] | None:
    """All points of a subject by line, where they are few and all in the table; None where that is not so.

    Reading them at once costs less than looking for the subject's lines.
    """
    if fetch_value(db, _SQL["count_up_to"], (subject, _FEW)) == _FEW:
        return None
    if has_archive(db) and fetch_value(db, _SQL["archive.has_subject"], (subject,)):
        return None
    found: dict[int, list[Row]] = {}
    for row in db.execute(_SQL["all_points"], (subject,)):
        found.setdefault(row[0], []).append(row[1:])
    return found or None


def among(rows: Sequence[Row], times: Times, last_n: int | None, most: int) -> list[Row]:
    """What ``read_points`` would give of these points."""
    low, high = times
    found = [row for row in rows if low <= row[0] < high and row[3] != GONE]
    return found[:most] if last_n is None else found[max(len(found) - last_n, 0) :]


def read_points(
    db: apsw.Connection, place: Place, times: Times, last_n: int | None = None, most: int = _ALL
) -> list[Row]:
    """The points of a series in a time, in order: at most so many, the first ones or the newest."""
    cold = pieces(db, place, times)
    wanted = most if last_n is None else last_n
    if not cold:
        return table_points(db, place, times, last_n, most)
    bound = min(max(piece.last for piece in cold) + 1, times[1])
    later = (max(times[0], bound), times[1])
    if last_n is None:
        old = _under(db, place, (times[0], bound), cold, wanted)[:wanted]
        return old + _hot(db, place, later, wanted - len(old), newest=False)
    recent = _hot(db, place, later, wanted, newest=True)
    rest = wanted - len(recent)
    if not rest:
        return recent
    return _under(db, place, (times[0], bound), cold[::-1], rest)[-rest:] + recent


def table_points(
    db: apsw.Connection, place: Place, times: Times, last_n: int | None = None, most: int = _ALL
) -> list[Row]:
    """What ``read_points`` gives where nothing of the series is archived."""
    return _hot(db, place, times, most if last_n is None else last_n, newest=last_n is not None)


def _hot(db: apsw.Connection, place: Place, times: Times, most: int, *, newest: bool) -> list[Row]:
    if newest:
        return fetch_all(db, _SQL["latest_points"], (*place, *times, most))[::-1]
    return fetch_all(db, _SQL["points"], (*place, *times, most))


def _under(db: apsw.Connection, place: Place, times: Times, cold: Iterable[Piece], wanted: int) -> list[Row]:
    """Points of the time of the archive, in order; of its months, taken in their given order, as many as are needed."""
    over = fetch_all(db, _SQL["archive.overlay"], (*place, *times))
    found: list[Row] = []
    for piece in cold:
        if len(found) >= wanted + len(over):
            break
        rows = shelf().rows(path_of(db, piece.month, piece.file), piece.start, piece.count)
        found += rows if _within(piece, times) else [row for row in rows if times[0] <= row[0] < times[1]]
    return merged(found, over)


def merged(cold: Iterable[Row], over: Iterable[Row]) -> list[Row]:
    """Archived points under those of the table, in order of time."""
    by_time = {row[0]: row for row in cold}
    by_time |= {row[0]: row for row in over}
    return [by_time[at] for at in sorted(by_time) if by_time[at][3] != GONE]


def _within(piece: Piece, times: Times) -> bool:
    return times[0] <= piece.first and piece.last < times[1]


def archived_at(db: apsw.Connection, place: Place, at: int) -> Row | None:
    """What the archive has at a time, whatever lies over it."""
    for piece in pieces(db, place, (at, at + 1)):
        path = path_of(db, piece.month, piece.file)
        times, _ = shelf().values(path, piece.start, piece.count)
        where = int(np.searchsorted(times, at))
        if where < len(times) and times[where] == at:
            return shelf().rows(path, piece.start + where, 1)[0]
    return None


def has_points(db: apsw.Connection, place: Place, times: Times) -> bool:
    """Whether a series has points in a time."""
    if fetch_value(db, _SQL["has_points"], (*place, *times)):
        return True
    return bool(pieces(db, place, times)) and bool(read_points(db, place, times, None, 1))


def count(db: apsw.Connection, place: Place) -> int:
    """How many points a series has."""
    cold = pieces(db, place, EVER)
    hot = fetch_all(db, _SQL["points_there"], place)
    found = sum(piece.count for piece in cold)
    for at, kind in hot:
        under = bool(cold) and archived_at(db, place, at) is not None
        found += (kind != GONE) - under
    return found


# --- values


def read_values(db: apsw.Connection, place: Place, times: Times) -> tuple[Instants, Values, int]:
    """The times and values of a series in a time, and the kind of the newest point.

    Numbers of one type come as an array, straight from the table or the file: objects for a year of them would take
    several times as long.
    """
    cold = pieces(db, place, times)
    if not cold:
        return _hot_values(db, place, times)
    bound = min(max(piece.last for piece in cold) + 1, times[1])
    if fetch_all(db, _SQL["archive.overlay"], (*place, times[0], bound)):
        rows = read_points(db, place, times)
        instants = np.array([row[0] for row in rows], dtype=np.int64)
        return instants, plain([row[1] for row in rows]), rows[-1][3] if rows else 0
    found = [_cold_values(db, piece, times) for piece in cold]
    instants, values, kind = _hot_values(db, place, (max(times[0], bound), times[1]))
    if len(instants):
        found.append((instants, values))
    else:
        kind = _newest_kind(db, cold, times)
    return np.concatenate([at for at, _ in found]), _joined([values for _, values in found]), kind


def _cold_values(db: apsw.Connection, piece: Piece, times: Times) -> tuple[Instants, Values]:
    instants, values = shelf().values(path_of(db, piece.month, piece.file), piece.start, piece.count)
    first, after = 0, piece.count
    if not _within(piece, times):
        first, after = (int(place) for place in np.searchsorted(instants, times))
    chosen = values[first:after]
    return instants[first:after], chosen if isinstance(chosen, np.ndarray) else plain(chosen)


def _newest_kind(db: apsw.Connection, cold: Iterable[Piece], times: Times) -> int:
    """The kind of the newest archived point in a time; 0 where there is none."""
    for piece in sorted(cold, key=lambda piece: piece.last, reverse=True):
        path = path_of(db, piece.month, piece.file)
        instants, _ = shelf().values(path, piece.start, piece.count)
        after = int(np.searchsorted(instants, times[1]))
        if after and instants[after - 1] >= times[0]:
            return shelf().kind(path, piece.start + after - 1)
    return 0


def _joined(columns: Sequence[Values]) -> Values:
    """One array where all are of one type, else one list."""
    arrays = [column for column in columns if isinstance(column, np.ndarray)]
    if len(arrays) == len(columns) and len({array.dtype for array in arrays}) == 1:
        return np.concatenate(arrays)
    return [
        value
        for column in columns
        for value in (column.tolist() if isinstance(column, np.ndarray) else column)
    ]


def _hot_values(db: apsw.Connection, place: Place, times: Times) -> tuple[Instants, Values, int]:
    where = (*place, *times)
    [(least, most, kind, other)] = db.execute(_SQL["kinds_of_values"], where)
    if least is None:
        return np.empty(0, dtype=np.int64), (), 0
    newest = kind if kind == other else fetch_value(db, _SQL["kind_of_latest"], where)
    rows = db.execute(_SQL["values"], where)
    if least == most and least in _DTYPES:
        table = np.fromiter(rows, dtype=[("at", np.int64), ("value", _DTYPES[least])])
        return np.ascontiguousarray(table["at"]), np.ascontiguousarray(table["value"]), newest
    instants, values = zip(*rows, strict=True)
    return np.array(instants, dtype=np.int64), plain(values), newest


def plain(values: Sequence[Any]) -> Sequence[Any]:
    """Values as they were observed."""
    if bytes not in set(map(type, values)):
        return values
    return [decode_value(value) for value in values]
