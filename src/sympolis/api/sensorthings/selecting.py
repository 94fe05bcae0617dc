"""Choosing among records: ``$filter`` and ``$orderby``, across navigation too, then ``$skip`` and ``$top``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sympolis.api.sensorthings import model
from sympolis.api.sensorthings.evaluation import holds, sort_key
from sympolis.api.sensorthings.observing import Observing, Page
from sympolis.api.sensorthings.odata import Call, Expression, Path, paths_in
from sympolis.api.sensorthings.options import Options
from sympolis.api.sensorthings.sensing import Record, Sensing
from sympolis.domain import errors

_Names = tuple[str, ...]
_Known = dict[tuple[model.Kind, str, str], list[Record]]
"""What is related, by kind and id of a record and the navigation."""


class Selecting:
    """Pages of records."""

    def __init__(self, sensing: Sensing, observing: Observing) -> None:
        self._sensing = sensing
        self.observing = observing

    async def among(self, records: Sequence[Record], options: Options) -> Page:
        """The page of these records (no Observations) that the options ask for."""
        paths = [] if options.filter is None else [one.names for one in paths_in(options.filter)]
        known: _Known = {}
        for names in (*paths, *[key.names for key in options.order]):
            await self._look(records, names, known)
        found = list(records)
        if options.filter is not None:
            wanted = options.filter
            found = [one for one in found if holds(wanted, partial(_values, known, one))]
        for key in reversed(options.order):
            found.sort(key=lambda one, names=key.names: _order(known, one, names), reverse=key.descending)  # type: ignore[misc]
        last = options.skip + options.top
        return Page(found[options.skip : last], len(found) if options.count else None, len(found) > last)

    async def observations(self, streams: Sequence[Record], options: Options) -> Page:
        """The page of these Datastreams' Observations that the options ask for."""
        own, of_streams = _parted(options.filter)
        for key in options.order:
            if key.names[0] in model.OBSERVATIONS.navigation:
                raise errors.NotImplementedHere(
                    "observations are ordered by what they have", where="$orderby"
                )
        if of_streams is not None:
            every = Options(filter=of_streams, top=len(streams))
            streams = (await self.among(streams, every)).records
        return await self.observing.page(streams, replace(options, filter=own))

    async def _look(self, records: Iterable[Record], names: _Names, known: _Known) -> None:
        """Have known what a path leads to from each of these."""
        for record in records:
            way = record.kind.navigation.get(names[0])
            if way is None:
                return
            if way.kind is model.OBSERVATIONS:
                raise errors.NotImplementedHere(
                    "things are not selected by their observations",
                    where="$filter",
                    hint="ask the Observations with a $filter of their own",
                )
            key = (record.kind, record.id, names[0])
            if key not in known:
                known[key] = await self._sensing.related(record, way.kind)
            if len(names) > 1:
                await self._look(known[key], names[1:], known)


def _order(known: _Known, record: Record, names: _Names) -> tuple[int, Any]:
    found = _values(known, record, names)
    return sort_key(found[0] if found else None)


def _values(known: _Known, record: Record, names: _Names) -> list[Any]:
    name = names[0]
    if name in record.kind.navigation:
        related = known[record.kind, record.id, name]
        rest = names[1:] or ("id",)
        return [value for one in related for value in _values(known, one, rest)]
    if name in ("id", "@iot.id"):
        return [record.id]
    found: Any = record.values.get(name)
    for inner in names[1:]:
        found = found.get(inner) if isinstance(found, dict) else None
    return [found]


def _parted(expression: Expression | None) -> tuple[Expression | None, Expression | None]:
    """What a filter of Observations asks of themselves, and what of their Datastreams.

    Raises ``NotImplementedHere`` where it asks of both at once, or of something else.
    """
    own: Expression | None = None
    of_streams: Expression | None = None
    for part in _conjuncts(expression):
        heads = {path.names[0] for path in paths_in(part)} & model.OBSERVATIONS.navigation.keys()
        if not heads:
            own = part if own is None else Call("and", (own, part))
        elif heads == {"Datastream"} and all(path.names[0] == "Datastream" for path in paths_in(part)):
            inner = _below(part)
            of_streams = inner if of_streams is None else Call("and", (of_streams, inner))
        else:
            raise errors.NotImplementedHere(
                "this part of the filter mixes observations with what they belong to", where="$filter"
            )
    return own, of_streams


def _conjuncts(expression: Expression | None) -> list[Expression]:
    if expression is None:
        return []
    if isinstance(expression, Call) and expression.name == "and":
        return [one for part in expression.arguments for one in _conjuncts(part)]
    return [expression]


def _below(expression: Any) -> Any:
    """The same, asked of the Datastream instead of the Observation."""
    if isinstance(expression, Path):
        return Path(expression.names[1:] or ("id",))
    if isinstance(expression, Call):
        return Call(expression.name, tuple(map(_below, expression.arguments)))
    return expression
