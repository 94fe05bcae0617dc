"""Dashboards that people put together: kept with their versions, seen by whom their owner lets see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.analysis.dashboards.composed import (
    COLUMNS,
    ROWS,
    Composition,
    Draft,
    Known,
    TileKind,
    Visibility,
)
from sympolis.analysis.dashboards.composing import Compositions, Reader
from sympolis.api.asking import may, subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.parameters import IntegerParameter
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import BOOLEAN, NUMBER, TEXT, TEXTS, TIME, Schema, optional, several, structure
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts

BASE: Final = "/api/dashboards/composed"
VERSION: Final = IntegerParameter(
    name="version", text="An earlier version; its owner's to see.", low=1, high=1_000_000
)
_TAG: Final = "Dashboards"
_PATH: Final = {"composition": "A composed dashboard's id."}
TILE: Final = structure(
    {
        "id": TEXT, "kind": {"enum": [str(kind) for kind in TileKind]}, "title": TEXTS,
        "width": {"type": "integer", "minimum": 1, "maximum": COLUMNS},
        "height": {"type": "integer", "minimum": 1, "maximum": ROWS},
        "indicator": TEXT, "dashboard": TEXT, "figure": TEXT, "layer": TEXT, "field": TEXT, "feature": TEXT,
        "days": NUMBER, "forecast": TEXT, "text": TEXTS,
    },
    required=("id", "kind"),
)  # fmt: skip
_WRITTEN: Final[dict[str, Schema]] = {
    "title": TEXTS,
    "question": TEXTS,
    "visibility": {"enum": [str(one) for one in Visibility]},
    "tiles": several(TILE),
}
COMPOSED: Final = structure(
    {
        **_WRITTEN, "id": TEXT, "version": NUMBER, "mine": BOOLEAN, "owner": optional(TEXT), "modified_at": TIME,
        "created_at": TIME,
    },
    required=("id", "version", "title", "visibility", "tiles", "mine", "modified_at"),
)  # fmt: skip
_EXAMPLE: Final = {
    "title": {"en": "Heat this week"},
    "visibility": "shared",
    "tiles": [{"id": "warmest", "kind": "indicator", "indicator": "temperature", "width": 2}],
}
_DRAFT: Final = Body(structure(_WRITTEN, required=("title",)), example=_EXAMPLE)
_CHANGE: Final = Body(
    structure({**_WRITTEN, "version": NUMBER}, required=("title", "version")),
    example={**_EXAMPLE, "version": 1},
)


class CompositionPages:
    """Handlers of ``/api/dashboards/composed``."""

    def __init__(self, parts: ApiParts, compositions: Compositions) -> None:
        self._parts = parts
        self._kept = compositions

    async def list(self, request: Request) -> Reply:
        """Those that whoever asks may see, without their tiles."""
        reader = self._reader(request)
        found = [_document(one, reader) for one in self._kept.list(reader)]
        return json_reply({"dashboards": [{**one, "tiles": []} for one in found]})

    async def get(self, request: Request) -> Reply:
        """One with its tiles."""
        reader = self._reader(request)
        version = None if VERSION.raw(request) is None else VERSION.of(request)
        return json_reply(_document(self._kept.get(_asked(request), reader, version=version), reader))

    async def versions(self, request: Request) -> Reply:
        """What it was before."""
        reader = self._reader(request)
        found = self._kept.versions(_asked(request), reader)
        return json_reply({"versions": [_document(one, reader) for one in found]})

    async def create(self, request: Request) -> Reply:
        """Make one."""
        reader = self._reader(request)
        made = self._kept.create(_draft(await read_object(request)), reader, await self._known())
        location = f"{BASE}/{made.id}".encode()
        return json_reply(_document(made, reader), status=201, headers=((b"location", location),))

    async def change(self, request: Request) -> Reply:
        """Put a next version in the place of the one that the body names."""
        reader, body = self._reader(request), await read_object(request)
        version = body.pop("version", None)
        if not isinstance(version, int) or isinstance(version, bool):
            raise errors.BadRequestData("name the version that you changed", where="version")
        changed = self._kept.change(
            _asked(request), _draft(body), reader, await self._known(), version=version
        )
        return json_reply(_document(changed, reader))

    async def drop(self, request: Request) -> Reply:
        """Let go of it with all its versions."""
        self._kept.drop(_asked(request), self._reader(request))
        return Reply(status=204)

    def _reader(self, request: Request) -> Reader:
        governed = self._parts.governed if self._parts.access is not None else None
        return Reader(
            id=subject_of(request).id,
            reads_results=may(request, "results.read", governed),
            composes=may(request, "dashboards.compose", governed),
            administers=may(request, "users.manage", governed),
        )

    async def _known(self) -> Known:
        """What tiles can be bound to in this city."""
        city, desk, dashboards = self._parts.city, self._parts.desk, self._parts.dashboards
        return Known(
            indicators=frozenset(one["name"] for one in (await desk.indicators() if desk else [])),
            figures=frozenset(
                (plan.id, one.id) for plan in (dashboards.plans if dashboards else ()) for one in plan.figures
            ),
            layers={
                layer.id: frozenset(one.name for one in layer.fields)
                for layer in (city.layers if city else ())
            },
            forecasts=frozenset(one.id for one in (city.forecasts if city else ())),
        )


def _asked(request: Request) -> str:
    return request.arguments["composition"]


def _draft(body: dict[str, Any]) -> Draft:
    try:
        return msgspec.convert(body, Draft)
    except msgspec.ValidationError as wrong:
        raise errors.BadRequestData(str(wrong)[:300], where="dashboard", hint="see /docs") from wrong


def _document(one: Composition, reader: Reader) -> dict[str, Any]:
    """Accounts are nobody's business but theirs who may change the dashboard."""
    found: dict[str, Any] = msgspec.to_builtins(one)
    owner = found.pop("owner")
    found.pop("modified_by")
    mine = reader.owns(one)
    return {**found, "mine": mine, "owner": owner if mine else None}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where nothing is kept."""
    if parts.compositions is None:
        return ()
    pages = CompositionPages(parts, parts.compositions)
    return (*_reading(pages), *_writing(pages))


def _operation(method: str, path: str, handle: Any, name: str, title: str, **more: Any) -> Operation:
    return Operation(method=method, path=path, handle=handle, name=name, title=title, tag=_TAG, **more)


def _gives(schema: Schema, status: int = 200) -> dict[int, Answer]:
    return {status: Answer("The answer.", {JSON: schema})}


def _reading(pages: CompositionPages) -> tuple[Operation, ...]:
    one = f"{BASE}/{{composition}}"
    return (
        _operation(
            "GET", BASE, pages.list, "listCompositions", "Dashboards that people put together",
            text="Those that you may see: public ones, with the right results.read shared ones, and your own.",
            answers=_gives(structure({"dashboards": several(COMPOSED)})),
        ),
        _operation(
            "GET", one, pages.get, "getComposition", "A composed dashboard", path_texts=_PATH, parameters=(VERSION,),
            text="It says what its tiles are bound to; their values come from the APIs of these things, with the "
            "rights of whoever asks.",
            answers=_gives(COMPOSED),
        ),
        _operation(
            "GET", f"{one}/versions", pages.versions, "listCompositionVersions", "What a dashboard was before",
            path_texts=_PATH, answers=_gives(structure({"versions": several(COMPOSED)})),
        ),
    )  # fmt: skip


def _writing(pages: CompositionPages) -> tuple[Operation, ...]:
    one = f"{BASE}/{{composition}}"
    return (
        _operation(
            "POST", BASE, pages.create, "createComposition", "Put a dashboard together", body=_DRAFT,
            answers=_gives(COMPOSED, 201),
        ),
        _operation(
            "PUT", one, pages.change, "changeComposition", "Change a composed dashboard", body=_CHANGE,
            path_texts=_PATH, answers=_gives(COMPOSED),
        ),
        _operation(
            "DELETE", one, pages.drop, "dropComposition", "Remove a composed dashboard", path_texts=_PATH,
            answers={204: Answer("It is gone.")},
        ),
    )  # fmt: skip
