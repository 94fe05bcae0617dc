"""From records to the documents that clients get: properties, links, what was expanded (OGC 18-088, 8 and 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from sympolis.api.sensorthings import model
from sympolis.api.sensorthings.observing import Observing, Page
from sympolis.api.sensorthings.options import Expansion, Options
from sympolis.api.sensorthings.selecting import Selecting
from sympolis.api.sensorthings.sensing import Record, Sensing
from sympolis.domain import errors

ROOT: Final = "/sta/v1.1"
_MOST: Final = 20_000
"""So many records are in one answer at most, those expanded included."""
_FEW: Final = 20
"""Of so many Datastreams on a page it is also told how far they reach."""
_COMPONENTS: Final = ("id", "phenomenonTime", "resultTime", "result")


class Documents:
    """Writes documents for a server at ``base``."""

    def __init__(self, sensing: Sensing, observing: Observing, selecting: Selecting, base: str) -> None:
        self._sensing = sensing
        self._observing = observing
        self._selecting = selecting
        self._base = f"{base}{ROOT}"
        self._written = 0

    def self_link(self, record: Record) -> str:
        """Where a record is found."""
        key = record.id.replace("'", "''")
        return f"{self._base}/{record.kind.name}('{quote(key, safe=':~@,;')}')"

    async def several(self, page: Page, options: Options, address: str) -> dict[str, Any]:
        """A page of a set, asked for at ``address`` (without its query)."""
        detailed = len(page.records) <= _FEW
        shown = [await self.one(record, options, detailed=detailed) for record in page.records]
        document: dict[str, Any] = {} if page.count is None else {"@iot.count": page.count}
        if page.more:
            document["@iot.nextLink"] = _next(address, options)
        return {**document, "value": shown}

    async def one(self, record: Record, options: Options, *, detailed: bool = True) -> dict[str, Any]:
        """One record."""
        self._written += 1
        if self._written > _MOST:
            raise errors.TooManyResults(
                f"more than {_MOST} things", where="$expand", hint="ask for less with $top"
            )
        own = self.self_link(record)
        document = {"@iot.id": record.id, "@iot.selfLink": own, **(await self._values(record, detailed))}
        expanded = {one.navigation for one in options.expand}
        for name in record.kind.navigation:
            if name not in expanded:
                document[f"{name}@iot.navigationLink"] = f"{own}/{name}"
        shown = document if options.select is None else _picked(document, options.select)
        for expansion in options.expand:
            shown.update(await self._expanded(record, expansion, own))
        return shown

    async def _values(self, record: Record, detailed: bool) -> dict[str, Any]:
        values = {name: record.values[name] for name in record.kind.properties if name in record.values}
        if record.kind is model.SENSORS:
            values["metadata"] = self._base.removesuffix(ROOT) + values["metadata"]
        if record.kind is model.DATASTREAMS and detailed:
            extent = await self._observing.extent(record)
            if extent is not None:
                values["phenomenonTime"] = values["resultTime"] = extent
        return {name: value for name, value in values.items() if value is not None or name == "result"}

    async def _expanded(self, record: Record, expansion: Expansion, own: str) -> dict[str, Any]:
        name, options = expansion.navigation, expansion.options
        way = record.kind.navigation[name]
        page = await self.related(record, way.kind, options)
        if not way.many:
            return {name: await self.one(page.records[0], options) if page.records else None}
        inner = await self.several(page, options, f"{own}/{name}")
        document = {name: inner.pop("value")}
        return {**document, **{f"{name}{key}": value for key, value in inner.items()}}

    async def related(self, record: Record, kind: model.Kind, options: Options) -> Page:
        """What a record leads to."""
        if kind is model.OBSERVATIONS:
            return await self._selecting.observations(self._streams(record), options)
        return await self._selecting.among(await self._sensing.related(record, kind), options)

    def _streams(self, record: Record) -> Sequence[Record]:
        return (
            [record] if record.kind is model.DATASTREAMS else list(self._sensing.datastreams(record.subject))
        )

    def data_array(self, page: Page, options: Options, address: str) -> dict[str, Any]:
        """Observations as tables, one for each Datastream (section 12.1)."""
        names = [one for one in _COMPONENTS if options.select is None or one in options.select]
        tables: dict[str, dict[str, Any]] = {}
        for record in page.records:
            stream = record.id.rpartition("~")[0]
            table = tables.get(stream)
            if table is None:
                link = self.self_link(Record(model.DATASTREAMS, stream, {}, record.subject))
                table = tables[stream] = {
                    "Datastream@iot.navigationLink": link,
                    "components": names,
                    "dataArray@iot.count": 0,
                    "dataArray": [],
                }
            table["dataArray"].append([record.id if name == "id" else record.values[name] for name in names])
            table["dataArray@iot.count"] += 1
        document: dict[str, Any] = {} if page.count is None else {"@iot.count": page.count}
        if page.more:
            document["@iot.nextLink"] = _next(address, options)
        return {**document, "value": list(tables.values())}


def _picked(document: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    wanted = {"@iot.id" if name == "id" else name for name in names}
    wanted |= {f"{name}@iot.navigationLink" for name in names}
    return {name: value for name, value in document.items() if name in wanted}


def _next(address: str, options: Options) -> str:
    given = {**options.given, "$top": str(options.top), "$skip": str(options.skip + options.top)}
    return f"{address}?{urlencode(given, safe='$', quote_via=quote)}"
