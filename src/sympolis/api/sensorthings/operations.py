"""The routes of ``/sta/v1.1``: from a path like ``Things('urn:…')/Datastreams`` to its document (OGC 18-088, 9.2)."""

from __future__ import annotations

import re
from typing import Any, Final

from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.parameters import Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, Schema
from sympolis.api.sensorthings import model, options
from sympolis.api.sensorthings.documents import ROOT, Documents
from sympolis.api.sensorthings.model import KINDS, Kind
from sympolis.api.sensorthings.observing import Observing, Page
from sympolis.api.sensorthings.options import Options
from sympolis.api.sensorthings.selecting import Selecting
from sympolis.api.sensorthings.sensing import Record, Sensing
from sympolis.api.vocabulary import city_terms
from sympolis.domain import errors

SCHEMAS: dict[str, Schema] = {}
_SPEC: Final = "http://www.opengis.net/spec/iot_sensing/1.1/req"
CONFORMANCE: Final = (
    f"{_SPEC}/datamodel",
    *(f"{_SPEC}/resource-path/{name}" for name in ("resource-path-to-entities",)),
    *(
        f"{_SPEC}/request-data/{name}"
        for name in (
            *("status-codes", "query-status-code", "expand", "select", "orderby", "top", "skip", "count"),
            *("filter", "built-in-filter-operations", "built-in-query-functions", "pagination"),
        )
    ),
    f"{_SPEC}/data-array/data-array",
)
_STEP: Final = re.compile(r"(?P<name>[A-Za-z]+)(?:\((?P<key>.*)\))?", re.DOTALL)
_STEPS: Final = ("first", "second", "third", "fourth", "fifth")
_TAG: Final = "SensorThings"


class SensorThings:
    """Handlers of the service."""

    def __init__(self, parts: ApiParts) -> None:
        self._sensing = Sensing(parts.broker, city_terms(parts))
        self._observing = Observing(parts.broker, self._sensing)
        self._selecting = Selecting(self._sensing, self._observing)

    async def root(self, request: Request) -> Reply:
        """The service root, section 9.2.1."""
        _check_accept(request)
        base = f"{request.base_url}{ROOT}"
        sets = [{"name": name, "url": f"{base}/{name}"} for name in KINDS]
        return json_reply({"value": sets, "serverSettings": {"conformance": CONFORMANCE}})

    async def read(self, request: Request) -> Reply:
        """Whatever a path leads to."""
        _check_accept(request)
        steps = [request.arguments[name] for name in _STEPS if name in request.arguments]
        documents = Documents(self._sensing, self._observing, self._selecting, request.base_url)
        return await _Walk(self._sensing, self._selecting, documents, request).to_end(steps)


class _Walk:
    """One way along a path: at each step there is a record, or a set that is read at the end."""

    def __init__(
        self, sensing: Sensing, selecting: Selecting, documents: Documents, request: Request
    ) -> None:
        self._sensing = sensing
        self._selecting = selecting
        self._documents = documents
        self._request = request
        self._record: Record | None = None
        self._kind: Kind | None = None
        """Of the set that was reached last; None: a record was."""

    async def to_end(self, steps: list[str]) -> Reply:
        """The document at the end of the path. Raises ``NotFound``, ``InvalidRequest``."""
        for place, step in enumerate(steps):
            if step == "$ref" or (
                self._record is not None and self._kind is None and self._is_property(step)
            ):
                return await self._detail(steps[place:])
            await self._go(step)
        if self._kind is None:
            assert self._record is not None
            asked = options.read(self._request.parameters, self._record.kind)
            return json_reply(await self._documents.one(self._record, asked))
        asked = options.read(self._request.parameters, self._kind)
        page = await self._page(self._kind, asked)
        address = f"{self._request.base_url}{self._request.path}"
        if asked.data_array:
            return json_reply(self._documents.data_array(page, asked, address))
        return json_reply(await self._documents.several(page, asked, address))

    async def _go(self, step: str) -> None:
        match = _STEP.fullmatch(step)
        if match is None or (self._kind is not None):
            raise _nowhere(step)
        name, key = match["name"], match["key"]
        if self._record is None:
            kind, many = KINDS.get(name), True
        else:
            way = self._record.kind.navigation.get(name)
            kind, many = (None, True) if way is None else (way.kind, way.many)
        if kind is None or (key is not None and not many):
            raise _nowhere(step)
        if key is not None:
            self._record = await self._keyed(kind, _key(key))
        elif many:
            self._kind = kind
        else:
            self._record = await self._single(kind)

    async def _keyed(self, kind: Kind, key: str) -> Record:
        found = await self._record_of(kind, key)
        if found is not None and self._record is not None and kind is not model.OBSERVATIONS:
            related = await self._sensing.related(self._record, kind)
            found = next((one for one in related if one.id == key), None)
        if found is None:
            raise errors.NotFound(f"there is no such thing among the {kind.name}", where="path")
        return found

    async def _record_of(self, kind: Kind, key: str) -> Record | None:
        if kind is not model.OBSERVATIONS:
            return await self._sensing.get(kind, key)
        found = await self._selecting.observing.get(key)
        own = None if self._record is None else self._record
        if found is not None and own is not None and own.subject.entity.id != found.subject.entity.id:
            return None
        return found

    async def _single(self, kind: Kind) -> Record:
        assert self._record is not None
        found = await self._sensing.related(self._record, kind)
        if not found:
            raise errors.NotFound(f"there is none of the {kind.name} here", where="path")
        return found[0]

    async def _page(self, kind: Kind, asked: Options) -> Page:
        if self._record is not None:
            return await self._documents.related(self._record, kind, asked)
        if kind is model.OBSERVATIONS:
            streams = await self._sensing.all(model.DATASTREAMS)
            return await self._selecting.observations(streams, asked)
        return await self._selecting.among(await self._sensing.all(kind), asked)

    def _is_property(self, step: str) -> bool:
        return self._record is not None and step in (*self._record.kind.properties, "id")

    async def _detail(self, steps: list[str]) -> Reply:
        """``$ref``, a property, or its ``$value`` (sections 9.2.4, 9.2.5, 9.2.7)."""
        if steps == ["$ref"]:
            return await self._references()
        record, name = self._record, steps[0]
        if record is None or steps[1:] not in ([], ["$value"]):
            raise _nowhere("/".join(steps))
        shown = await self._documents.one(record, Options())
        value = record.id if name == "id" else shown.get(name)
        if value is None:
            return Reply(status=204, media="")
        if len(steps) == 1:
            return json_reply({name: value})
        text = value if isinstance(value, str) else json_reply(value).body.decode()
        return Reply(body=text.encode(), media="text/plain; charset=utf-8")

    async def _references(self) -> Reply:
        if self._kind is None:
            if self._record is None:
                raise _nowhere("$ref")
            return json_reply({"@iot.selfLink": self._documents.self_link(self._record)})
        page = await self._page(self._kind, options.read(self._request.parameters, self._kind))
        links = [{"@iot.selfLink": self._documents.self_link(one)} for one in page.records]
        return json_reply({"value": links})


def _key(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] == "'"
    return text[1:-1].replace("''", "'") if quoted else text


def _nowhere(step: str) -> errors.NotFound:
    return errors.NotFound(f"{step[:200]!r} leads nowhere from here", where="path", hint=", ".join(KINDS))


def _check_accept(request: Request) -> None:
    preferred(request.header(b"accept"), (JSON,))


_TEXTS: Final = {
    "$filter": "A condition, e.g. result gt 20 and phenomenonTime ge 2024-05-01T00:00:00Z.",
    "$expand": "Related things to show in place, e.g. Datastreams($expand=Observations($top=1)).",
    "$select": "Properties to show, separated by commas.",
    "$orderby": "What to order by, e.g. phenomenonTime desc.",
    "$top": f"How many to give, {options.MOST} at most.",
    "$skip": "How many to leave out first.",
    "$count": "Whether to say how many there are: true or false.",
    "$resultFormat": "dataArray: observations as tables.",
}
PARAMETERS: Final = tuple(Parameter(name=name, text=_TEXTS[name], max_length=4096) for name in options.NAMES)


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of the service: one for each length of a path."""
    service = SensorThings(parts)
    read = [
        _get("/" + "/".join(f"{{{name}}}" for name in _STEPS[: length + 1]), service.read, length)
        for length in range(len(_STEPS))
    ]
    return (
        Operation(
            method="GET",
            path=ROOT,
            handle=service.root,
            name="getSensorThings",
            title="What the SensorThings service has",
            tag=_TAG,
            text="OGC 18-088, section 9.2.1.",
            answers={200: Answer("The sets, and what the service conforms to.", {JSON: OBJECT})},
        ),
        *read,
    )


def _get(path: str, handle: Any, length: int) -> Operation:
    return Operation(
        method="GET",
        path=ROOT + path,
        handle=handle,
        name=f"readSensorThings{length + 1}",
        title=f"SensorThings along a path of {length + 1}",
        tag=_TAG,
        text="OGC 18-088, sections 9.2 and 9.3: a set, a thing by its id, a property, or what they lead to.",
        parameters=PARAMETERS,
        later=("$search", "$apply", "$compute", "$format"),
        path_texts={
            name: "A step of the path, e.g. Things('urn:ngsi-ld:X:1')." for name in _STEPS[: length + 1]
        },
        answers={
            200: Answer("What is there.", {JSON: OBJECT}),
            204: Answer("The property has no value."),
        },
    )
