"""The city's buildings as 3D Tiles: a tileset that any viewer of city models opens, made from what the map shows.

The tree of tiles is made once and kept until a building changes; a tile's bytes when it is first asked for. Both are
made of what whoever asks may see.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from sympolis.api.asking import may
from sympolis.api.http import JSON, Reply, Request, encode, weak_tag
from sympolis.api.parameters import IntegerParameter, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT
from sympolis.api.twin.building_stock import BuildingStock, Gathered
from sympolis.api.twin.layers import Layers
from sympolis.api.twin.run_columns import run_columns
from sympolis.api.type_index import TypeIndex
from sympolis.context import gated
from sympolis.context.terms import Terms
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.city.schema import City

GLB: Final = "model/gltf-binary"
_BASE: Final = "/api/scene/3dtiles"
_MOST_BYTES: Final = 64 * 1024 * 1024
_NAME: Final = re.compile(r"(\d{1,2}-\d{1,6}-\d{1,6})\.glb")

RUN = Parameter(
    name="run", text="A finished run: its results become figures of the buildings.", max_length=128
)
HOUR = IntegerParameter(
    name="hour", text="Hour of the run's results; its first unless given.", low=0, high=8784
)
GROUND = IntegerParameter(
    name="ground",
    text="Metres above the ellipsoid at which all buildings stand.",
    low=-500,
    high=9000,
    default=0,
)
_TAG, _ASKED = "Map", (RUN, HOUR, GROUND)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the parameters say."""

    run: str | None
    hour: int | None
    ground: int

    @property
    def query(self) -> str:
        """The same as it stands behind the contents' addresses."""
        given = {"run": self.run, "hour": self.hour, "ground": self.ground or None}
        told = urlencode({name: value for name, value in given.items() if value is not None})
        return f"?{told}" if told else ""


class Tilesets:
    """Handlers of ``/api/scene/3dtiles``."""

    def __init__(self, parts: ApiParts, city: City, layers: Layers, terms: Terms, index: TypeIndex) -> None:
        self._parts = parts
        self._city = city
        self._stock = BuildingStock(city, parts.broker, layers, terms, index)
        self._kept: OrderedDict[object, Reply] = OrderedDict()
        self._bytes = 0

    async def tileset(self, request: Request) -> Reply:
        """``tileset.json``: every tile with what it encloses, explicitly."""
        from sympolis.analysis.scene.quadtree import tileset

        asked, gathered = self._asked(request), await self._stock.current()
        if asked.run is not None:
            await run_columns(self._desk(), asked.run, asked.hour, [])
        document = tileset(
            gathered.root,
            transform=gathered.frame(asked.ground).matrix(),
            ground=float(asked.ground),
            query=asked.query,
            extras=self._credits(gathered),
        )
        body = encode(document)
        return Reply(body=body, media=JSON, etag=weak_tag(body))

    async def content(self, request: Request) -> Reply:
        """One tile as binary glTF."""
        asked, gathered = self._asked(request), await self._stock.current()
        named = _NAME.fullmatch(request.arguments["content"])
        node = gathered.nodes.get(named.group(1)) if named else None
        if node is None:
            raise errors.NotFound("there is no such tile", where="content", hint=f"see {_BASE}/tileset.json")
        key = (node.name, asked, gathered.newest, gated.mark())
        if key not in self._kept:
            self._keep(key, await self._made(gathered, node, asked))
        self._kept.move_to_end(key)
        return self._kept[key]

    async def _made(self, gathered: Gathered, node: Any, asked: _Asked) -> Reply:
        from sympolis.analysis.scene import glb, solids

        shown = await self._stock.shown(gathered, node.members)
        columns = shown.columns()
        if asked.run is not None:
            columns |= await run_columns(self._desk(), asked.run, asked.hour, shown.keys)
        frame, credit = gathered.frame(asked.ground), self._credits(gathered)["attribution"]

        def draw() -> bytes:
            made = [solids.Solid(one, height, asked.ground) for one, height in shown.outlines()]
            return glb.content(solids.mesh(made, frame), columns, credit=credit)

        body = await asyncio.to_thread(draw)
        return Reply(body=body, media=GLB, etag=weak_tag(body))

    def _keep(self, key: object, reply: Reply) -> None:
        self._kept[key] = reply
        self._bytes += len(reply.body)
        while self._bytes > _MOST_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone.body)

    def _asked(self, request: Request) -> _Asked:
        run, hour = RUN.raw(request), HOUR.raw(request)
        if run is None and hour is not None:
            raise errors.InvalidRequest(
                "an hour is one of a run's", where="hour", hint="name the run as well"
            )
        if run is not None and not may(request, "results.read", self._parts.governed):
            raise errors.Forbidden("a run's results need the right results.read", where="run")
        return _Asked(run, None if hour is None else HOUR.of(request), GROUND.of(request))

    def _desk(self) -> Any:
        if self._parts.desk is None:
            raise errors.NotFound("this twin runs no models", where="run")
        return self._parts.desk

    def _credits(self, gathered: Gathered) -> Mapping[str, str]:
        source = self._city.sources.get(gathered.layer.source)
        named = (("attribution", "attribution"), ("licence", "licence"))
        return {name: str(getattr(source, member, "") or "") for name, member in named}


def operations(
    parts: ApiParts, city: City, layers: Layers, terms: Terms, index: TypeIndex
) -> tuple[Operation, ...]:
    """The routes; none in a city without buildings."""
    if not any(one.kind == "extrusion" for one in city.layers):
        return ()
    pages = Tilesets(parts, city, layers, terms, index)
    return (
        Operation(
            method="GET", path=f"{_BASE}/tileset.json", handle=pages.tileset, name="getSceneTileset",
            title="The buildings as 3D Tiles 1.1", tag=_TAG, parameters=_ASKED,
            text="For viewers of city models. With `run` each building has the results of the run at its place.",
            answers={200: Answer("The tileset.", {JSON: OBJECT}), 304: Answer("Unchanged.")},
        ),
        Operation(
            method="GET", path=f"{_BASE}/content/{{content}}", handle=pages.content, name="getSceneTile",
            title="A tile of the buildings", tag=_TAG, parameters=_ASKED,
            path_texts={"content": "A name in the tileset, such as `0-0-0.glb`."},
            answers={200: Answer("Binary glTF 2.0.", {GLB: {"type": "string", "format": "binary"}}),
                     304: Answer("Unchanged.")},
        ),
    )  # fmt: skip
