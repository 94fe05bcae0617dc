"""Reading the rows of a search: doubtful ones are looked at, points measured, and a page taken from what remains."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import apsw
import msgspec

from sympolis.context.evaluate import matcher
from sympolis.context.geometry import GeoTest
from sympolis.context.nearness import Verdict, certain
from sympolis.context.ordering import Foremost
from sympolis.context.query import Query
from sympolis.domain.entity import Entity
from sympolis.domain.errors import TooComplexQuery
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, search
from sympolis.stores.embedded.catalog import Catalog
from sympolis.stores.embedded.files import Reading, fetch_all, fetch_value

_SQL: Final = sql.load("sympolis.stores.embedded", "store.sql")
_LONGEST_S: Final = 10.0
"""How long one query may look at entities that SQL could not decide."""
_MANY_LOOKS: Final = 300
"""So many entities looked at for one query are worth a column for what was asked."""
_AT_ONCE: Final = 64
"""Points measured together; at first no more than the page is likely to take, as the circle in its box, then a few."""
_FEW: Final = 6

_Row = tuple[str, int, int, float | None, float | None]
"""Id, entity key, doubt, longitude, latitude."""


@dataclass(frozen=True, slots=True)
class BodyPage:
    """Like ``Page``, with the entities as they are stored."""

    bodies: tuple[bytes, ...]
    total: int | None = None


def page(db: apsw.Connection, wanted: Query, catalog: Catalog) -> BodyPage:
    """The page that a query asks for."""
    plan = search.plan(db, wanted, catalog)
    reading = _Rows(db, plan, expected=wanted.offset + wanted.limit)
    if wanted.ordering is not None:
        return _page_in_order(db, wanted, reading)
    total = _total(db, plan) if wanted.count else None
    last = wanted.offset + wanted.limit
    if wanted.count and total is None:
        keys = [key for _, key in reading.chosen()]
        total = len(keys)
    else:
        keys = [key for _, key in islice(reading.chosen(), last)]
    if len(keys) < last:
        reading.walked_to_the_end()
    return BodyPage(_bodies(db, keys[wanted.offset : last]), total)


def quick_page(db: apsw.Connection, wanted: Query, catalog: Catalog) -> BodyPage | None:
    """The page in one statement, which is a snapshot by itself, where nothing has to be looked at or measured."""
    if wanted.geo is not None or wanted.count or wanted.ordering is not None:
        return None
    plan = search.plan(db, wanted, catalog)
    if not plan.single:
        return None
    statement = (
        f"SELECT found.doubt, entity.body FROM ({plan.sql} LIMIT ? OFFSET ?) AS found"  # noqa: S608
        " CROSS JOIN entity ON entity.key = found.entity ORDER BY found.id"
    )
    rows = fetch_all(db, statement, (*plan.parameters, wanted.limit, wanted.offset))
    if any([doubt for doubt, _ in rows]):
        return None
    if len(rows) < wanted.limit:
        _Rows(db, plan).walked_to_the_end()
    return BodyPage(tuple([body for _, body in rows]))


def selected_ids(db: apsw.Connection, wanted: Query, catalog: Catalog) -> set[str]:
    """The ids of all entities that a query selects."""
    return {entity_id for entity_id, _ in _Rows(db, search.plan(db, wanted, catalog)).chosen()}


def _page_in_order(db: apsw.Connection, wanted: Query, reading: _Rows) -> BodyPage:
    assert wanted.ordering is not None
    found = Foremost(wanted.ordering, wanted.offset + wanted.limit)
    for _, key in reading.chosen():
        found.add(bodies.decode_entity(_body(db, key)), key)
    shown = _bodies(db, found.items()[wanted.offset :])
    return BodyPage(shown, found.total if wanted.count else None)


def _total(db: apsw.Connection, plan: search.Plan) -> int | None:
    """How many there are, where SQL can tell."""
    if not plan.single or plan.geo is not None:
        return None
    counting = f"SELECT count(*), total(doubt) FROM ({plan.sql})"  # noqa: S608
    [(count, doubtful)] = fetch_all(db, counting, plan.parameters)
    return None if doubtful else count


def _bodies(db: apsw.Connection, keys: Sequence[int]) -> tuple[bytes, ...]:
    if not keys:
        return ()
    listed = msgspec.json.encode(keys).decode()
    found = dict(fetch_all(db, _SQL["bodies"], (listed,)))
    return tuple([found[key] for key in keys])


def _body(db: apsw.Connection, key: int) -> bytes:
    found: bytes = fetch_value(db, _SQL["body_by_key"], (key,))
    return found


class _Rows:
    """The rows of a search, as far as they hold."""

    def __init__(self, db: apsw.Connection, plan: search.Plan, *, expected: int = _AT_ONCE) -> None:
        self._db = db
        self._plan = plan
        self._first = min(_AT_ONCE, expected + expected // 3 + 1)
        self._holds: Callable[[Entity], bool] | None = None
        self._looks = self._given = 0
        self._deadline = 0.0
        if plan.wishes and plan.geo is not None and isinstance(db, Reading):
            db.miss(plan.wishes)

    def chosen(self) -> Iterator[tuple[str, int]]:
        """Id and entity key of all that are selected, in the order of ids. Raises ``TooComplexQuery``."""
        last = ""
        with _cursor(self._db) as cursor:
            for parameters in self._plan.turns(lambda: self._given):
                for entity_id, key, doubt, _, _ in self._fitting(cursor.execute(self._plan.sql, parameters)):
                    if entity_id != last and not (doubt and not self._look(key)):
                        last = entity_id
                        self._given += 1
                        yield entity_id, key

    def _fitting(self, rows: Iterator[_Row]) -> Iterator[_Row]:
        """Those rows whose point fits; the ones without have been measured before."""
        geo = self._plan.geo
        if geo is None or geo.verdict is certain:
            return rows
        return self._measured(rows) if geo.verdict is None else self._judged(rows, geo, geo.verdict)

    def _judged(self, rows: Iterator[_Row], geo: GeoTest, verdict: Verdict) -> Iterator[_Row]:
        for row in rows:
            _, _, _, longitude, latitude = row
            if longitude is not None and latitude is not None:
                fits = verdict(longitude, latitude)
                if fits is None:
                    fits = geo.select_points([(longitude, latitude)])[0]
                if not fits:
                    continue
            yield row

    def _measured(self, rows: Iterator[_Row]) -> Iterator[_Row]:
        assert self._plan.geo is not None
        at_once = self._first
        more = _FEW
        while some := list(islice(rows, at_once)):
            at_once, more = more, min(2 * more, _AT_ONCE)
            points: list[Any] = [row[3:] for row in some if row[3] is not None]
            fits = iter(self._plan.geo.select_points(points).tolist() if points else ())
            for row in some:
                if row[3] is None or next(fits):
                    yield row

    def _look(self, key: int) -> bool:
        """Whether the evaluator agrees."""
        holds = self._holds
        if holds is None:
            wanted = self._plan.wanted
            holds = self._holds = matcher(replace(wanted, geo=None) if self._plan.measured else wanted)
            self._deadline = time.monotonic() + _LONGEST_S
        self._looks += 1
        if self._looks == _MANY_LOOKS:
            self._wish(self._plan.wishes)
        if time.monotonic() > self._deadline:
            raise TooComplexQuery(
                f"this query was looking for more than {_LONGEST_S:.0f} seconds",
                where="q",
                hint="narrow it by type or by a comparison of a number or a text",
            )
        return holds(bodies.decode_entity(_body(self._db, key)))

    def walked_to_the_end(self) -> None:
        """The page was not filled: an index would have found the same at once."""
        if self._plan.longer and search.is_long_walk(self._db):
            self._wish([wish for one in self._plan.longer for wish in one.wishes(self._plan.wanted)])

    def _wish(self, wishes: Sequence[Any]) -> None:
        if wishes and isinstance(self._db, Reading):
            self._db.wish(wishes)


@contextmanager
def _cursor(db: apsw.Connection) -> Iterator[apsw.Cursor]:
    """A cursor that lets go of its statement, finished or not."""
    cursor = db.cursor()
    try:
        yield cursor
    finally:
        cursor.close(True)
