"""`sympolis atlas`: what the city's atlases hold, what it adds up to, and all of it as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, show, text

app = typer.Typer(help="Atlases: list, show, export.", no_args_is_help=True)
Atlas = Annotated[str, typer.Argument(help="An atlas's id.")]
Layers = Annotated[list[str] | None, typer.Option("--layer", help="Only this layer; may be repeated.")]
Carriers = Annotated[list[str] | None, typer.Option("--carrier", help="Only this carrier; may be repeated.")]
States = Annotated[list[str] | None, typer.Option("--status", help="Only in this state; may be repeated.")]
Areas = Annotated[list[str] | None, typer.Option("--area", help="Only in this area (id); may be repeated.")]
Low = Annotated[float | None, typer.Option("--from", help="Least capacity.")]
High = Annotated[float | None, typer.Option("--to", help="Largest capacity.")]


@app.command("list")
@reports_errors
def list_atlases(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every atlas and the question it answers."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/atlases")["atlases"]
    show(found, form, lambda rows: draw(["id", "title", "question"], [
        [one["id"], text(one["title"]), text(one["question"])] for one in rows
    ]))  # fmt: skip


@app.command("show")
@reports_errors
def show_atlas(
    atlas: Atlas,
    layers: Layers = None,
    carriers: Carriers = None,
    states: States = None,
    areas: Areas = None,
    low: Low = None,
    high: High = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Numbers and sums of what is selected, by layer, and what the atlas lacks."""
    asked = _asked(layers, carriers, states, areas, low, high)
    with connect(settings.read({"city": city, "data": data})) as twin:
        about = twin.get(f"/api/atlases/{quote(atlas)}")
        found = twin.get(f"/api/atlases/{quote(atlas)}/summary?{asked}")
    show({"atlas": about, "summary": found}, form, _draw)


@app.command("export")
@reports_errors
def export(
    atlas: Atlas,
    to: Annotated[
        Path, typer.Argument(help="The file: its ending (.gpkg, .xlsx, .csv, .pdf) says the kind.")
    ],
    layers: Layers = None,
    carriers: Carriers = None,
    states: States = None,
    areas: Areas = None,
    low: Low = None,
    high: High = None,
    language: Annotated[str, typer.Option("--lang", help="en, de or it.")] = "en",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write everything selected to a file."""
    kind = to.suffix.lower().lstrip(".")
    asked = _asked(layers, carriers, states, areas, low, high, format=kind, lang=language)
    with connect(settings.read({"city": city, "data": data})) as twin:
        content = twin.raw("GET", f"/api/atlases/{quote(atlas)}/export?{asked}").body
    to.write_bytes(content)
    show(
        {"file": str(to), "bytes": len(content)},
        form,
        lambda one: draw(["file", "bytes"], [[one["file"], one["bytes"]]]),
    )


def _asked(
    layers: list[str] | None,
    carriers: list[str] | None,
    states: list[str] | None,
    areas: list[str] | None,
    low: float | None,
    high: float | None,
    **more: Any,
) -> str:
    lists = {"layers": layers, "carriers": carriers, "states": states, "areas": areas}
    given = {name: ",".join(values) for name, values in lists.items() if values}
    bounds = {name: value for name, value in (("from", low), ("to", high)) if value is not None}
    return urlencode({**given, **bounds, **more})


def _draw(found: dict[str, Any]) -> None:
    about, sums = found["atlas"], {one["layer"]: one for one in found["summary"]["layers"]}
    rows = [
        [text(one["title"]), one["kind"], sum_["count"], sum_["capacity"], one["attribution"], one["problem"]]
        for one in about["layers"]
        if (sum_ := sums.get(one["id"], {"count": None, "capacity": None}))
    ]
    draw(["layer", "kind", "number", f"capacity [{about['unit']}]", "source", "problem"], rows)
    draw(
        ["missing", "where to connect it"],
        [[text(one["title"]), text(one["connect"])] for one in about["missing"]],
    )
