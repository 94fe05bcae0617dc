"""Reading Observations: as much of a request as the history can answer is asked of it, the rest is looked at here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sympolis.api.sensorthings import model
from sympolis.api.sensorthings.evaluation import holds, sort_key
from sympolis.api.sensorthings.odata import Call, Expression, Literal, Path
from sympolis.api.sensorthings.options import Options, OrderKey
from sympolis.api.sensorthings.sensing import Record, Sensing, observation_record, split_observation
from sympolis.context.broker import Broker
from sympolis.context.instants import format_instant
from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.domain import errors

MOST: Final = 100_000
"""So many observations are looked through for one request."""
_TIMES: Final = ("phenomenonTime", "resultTime")
_MIRRORED: Final = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge", "eq": "eq"}
_STEP: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Times from ``start`` on and before ``end``, and what a filter asks besides."""

    start: datetime | None = None
    end: datetime | None = None
    rest: Expression | None = None

    @property
    def range(self) -> TimeRange | None:
        """The same for the history."""
        if self.start is not None and self.end is not None:
            return TimeRange(TimeRelation.BETWEEN, self.start, max(self.start, self.end))
        if self.start is not None:
            return TimeRange(TimeRelation.AFTER, self.start)
        return None if self.end is None else TimeRange(TimeRelation.BEFORE, self.end)


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, how many there are where that was asked, and whether more follow."""

    records: Sequence[Record]
    count: int | None = None
    more: bool = False


class Observing:
    """Reads Observations of Datastreams."""

    def __init__(self, broker: Broker, sensing: Sensing) -> None:
        self._broker = broker
        self._sensing = sensing

    async def get(self, record_id: str) -> Record | None:
        """One observation by id."""
        parts = split_observation(record_id)
        stream = None if parts is None else await self._sensing.get(model.DATASTREAMS, parts[0])
        if parts is None or stream is None:
            return None
        at = parts[1]
        found = await self._points([stream], Span(at, at + _STEP), newest=1)
        return found[0] if found else None

    async def page(self, streams: Sequence[Record], options: Options) -> Page:
        """The observations wanted of these Datastreams; the newest first unless said otherwise.

        Raises ``TooComplexQuery`` where too many would have to be looked at.
        """
        span = split(options.filter)
        if not streams or (span.start is not None and span.end is not None and span.start >= span.end):
            return Page((), 0 if options.count else None)
        key = _time_order(options.order)
        last = options.skip + options.top
        if span.rest is None and key is not None:
            found = await self._in_time(streams, span, last + 1, descending=key.descending)
            count = await self._count(streams, span) if options.count else None
        else:
            found = await self._selected(streams, span, options)
            count = len(found) if options.count else None
        return Page(found[options.skip : last], count, len(found) > last)

    async def extent(self, stream: Record) -> str | None:
        """From the first to the last time that a Datastream has something for; None where that is dear to find."""
        if not _is_only(stream) or stream.series is None:
            return None
        first = await self._points([stream], Span(), most=1)
        last = format_instant(stream.series.observations[-1].at)
        return f"{first[0].values['phenomenonTime']}/{last}" if first else None

    async def _in_time(
        self, streams: Sequence[Record], span: Span, most: int, *, descending: bool
    ) -> list[Record]:
        found = await self._points(streams, span, newest=most if descending else None, most=most)
        return sorted(found, key=lambda one: one.values["phenomenonTime"], reverse=descending)

    async def _selected(self, streams: Sequence[Record], span: Span, options: Options) -> list[Record]:
        found = await self._points(streams, span)
        if span.rest is not None:
            rest = span.rest
            found = [one for one in found if holds(rest, partial(_values, one))]
        for key in reversed(options.order or (OrderKey(("phenomenonTime",), True),)):
            found.sort(key=lambda one: sort_key(_value(one, key.names)), reverse=key.descending)
        return found

    async def _points(
        self, streams: Sequence[Record], span: Span, *, newest: int | None = None, most: int | None = None
    ) -> list[Record]:
        by_series = {
            (one.series.entity_id, one.series.name, one.series.dataset_id): one
            for one in streams
            if one.series
        }
        alone = newest is None and most is not None and len(by_series) == 1 and _is_only(streams[0])
        query = HistoryQuery(
            self._entities(streams),
            range=span.range,
            names=tuple({key[1] for key in by_series}),
            last_n=newest,
            max_instances=most if alone and most is not None else MOST,
        )
        history = await self._broker.history(query)
        if not history.complete and not alone:
            raise errors.TooComplexQuery(
                f"more than {MOST} observations would have to be looked at",
                where="$filter",
                hint="ask one Datastream, or a shorter time: phenomenonTime ge …",
            )
        return [
            observation_record(stream, point)
            for one in history.series
            if (stream := by_series.get((one.entity_id, one.name, one.dataset_id))) is not None
            for point in one.observations
        ]

    async def _count(self, streams: Sequence[Record], span: Span) -> int:
        names = tuple({one.series.name for one in streams if one.series})
        query = HistoryQuery(
            self._entities(streams), range=span.range, names=names, methods=(Aggregation.TOTAL_COUNT,)
        )
        wanted = {
            (one.series.entity_id, one.series.name, one.series.dataset_id) for one in streams if one.series
        }
        return sum(
            int(bucket.figures[Aggregation.TOTAL_COUNT] or 0)
            for one in (await self._broker.history(query)).series
            if (one.entity_id, one.name, one.dataset_id) in wanted
            for bucket in one.buckets
        )

    def _entities(self, streams: Sequence[Record]) -> Query:
        ids = tuple(dict.fromkeys(one.subject.entity.id for one in streams))
        return Query(ids=ids, limit=len(ids))


def _is_only(stream: Record) -> bool:
    """Whether the property has no other dataset."""
    own = stream.series
    return own is not None and sum(one.name == own.name for one in stream.subject.series) == 1


def _time_order(order: tuple[OrderKey, ...]) -> OrderKey | None:
    """The order if it is one in time, which the history knows."""
    if not order:
        return OrderKey(("phenomenonTime",), True)
    return order[0] if len(order) == 1 and order[0].names[0] in _TIMES else None


def _value(record: Record, names: tuple[str, ...]) -> Any:
    found = _values(record, names)
    return found[0] if found else None


def _values(record: Record, names: tuple[str, ...]) -> list[Any]:
    if names[0] in ("id", "@iot.id"):
        return [record.id]
    found: Any = record.values.get(names[0])
    for name in names[1:]:
        found = found.get(name) if isinstance(found, dict) else None
    return [found]


# --- the part of a filter that is about time


def split(expression: Expression | None) -> Span:
    """The span of time that a filter asks for, exactly, and what remains to be looked at."""
    span = Span()
    rest: list[Expression] = []
    for part in [] if expression is None else _conjuncts(expression):
        bounds = _bounds(part)
        if bounds is None:
            rest.append(part)
        else:
            start, end = bounds
            span = Span(_later(span.start, start), _earlier(span.end, end))
    joined: Expression | None = None
    for part in rest:
        joined = part if joined is None else Call("and", (joined, part))
    return Span(span.start, span.end, joined)


def _conjuncts(expression: Expression) -> list[Expression]:
    if isinstance(expression, Call) and expression.name == "and":
        return [one for part in expression.arguments for one in _conjuncts(part)]
    return [expression]


def _bounds(expression: Expression) -> tuple[datetime | None, datetime | None] | None:
    if not isinstance(expression, Call) or expression.name not in _MIRRORED:
        return None
    name, (left, right) = expression.name, expression.arguments
    if isinstance(left, Literal):
        name, left, right = _MIRRORED[name], right, left
    if not isinstance(left, Path) or left.names[0] not in _TIMES or not isinstance(right, Literal):
        return None
    at = right.value
    if not isinstance(at, datetime):
        return None
    starts = {"gt": at + _STEP, "ge": at, "eq": at}
    ends = {"lt": at, "le": at + _STEP, "eq": at + _STEP}
    return starts.get(name), ends.get(name)


def _later(left: datetime | None, right: datetime | None) -> datetime | None:
    return right if left is None else left if right is None else max(left, right)


def _earlier(left: datetime | None, right: datetime | None) -> datetime | None:
    return right if left is None else left if right is None else min(left, right)
