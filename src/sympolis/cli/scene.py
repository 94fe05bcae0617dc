"""`sympolis scene`: the city's buildings as files for viewers of city models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

import typer

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, show
from sympolis.domain import errors

app = typer.Typer(help="The scene: export as 3D Tiles.", no_args_is_help=True)
_BASE = "/api/scene/3dtiles"


@app.callback()
def scene() -> None:
    """The scene: export as 3D Tiles."""


@app.command("export")
@reports_errors
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty or new folder.")],
    run: Annotated[str | None, typer.Option(help="A finished run whose results the buildings carry.")] = None,
    hour: Annotated[int | None, typer.Option(help="Hour of its results; the first unless given.")] = None,
    ground: Annotated[int, typer.Option(help="Metres above the ellipsoid at which buildings stand.")] = 0,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write the buildings as 3D Tiles 1.1: `tileset.json` and a folder of binary glTF."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise errors.Conflict("is not empty", where=str(folder), hint="name a new folder")
    given = {"run": run, "hour": hour, "ground": ground or None}
    asked = urlencode({name: value for name, value in given.items() if value is not None})
    with connect(settings.read({"city": city, "data": data})) as twin:
        written = list(_write(twin, folder, f"?{asked}" if asked else ""))
    told = {"folder": str(folder), "tiles": len(written) - 1, "bytes": sum(written)}
    show(told, form, lambda one: draw([*one], [[*one.values()]]))


def _write(twin: Client, folder: Path, query: str) -> Iterator[int]:
    """Tile by tile; the size of each file. The tileset comes last: without it the folder is not whole."""
    tileset = twin.get(f"{_BASE}/tileset.json{query}")
    (folder / "content").mkdir(parents=True)
    for tile in _tiles(tileset["root"]):
        path = urlsplit(tile["content"]["uri"]).path
        body = twin.raw("GET", f"{_BASE}/{tile['content']['uri']}").body
        yield (folder / "content" / path.rpartition("/")[2]).write_bytes(body)
        tile["content"]["uri"] = path
    yield (folder / "tileset.json").write_text(json.dumps(tileset), encoding="utf-8")


def _tiles(tile: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tile
    for child in tile.get("children", ()):
        yield from _tiles(child)
