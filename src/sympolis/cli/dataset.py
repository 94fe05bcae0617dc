"""`sympolis dataset`: the datasets of a twin, and where each is in its life."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, screen, show, text
from sympolis.domain import errors
from sympolis.governance.lifecycle.stages import Stage

app = typer.Typer(help="Datasets: what there is, and where it is in its life.", no_args_is_help=True)


@app.command("list")
@reports_errors
def list_datasets(
    words: Annotated[str, typer.Argument(help="Words that a dataset must have.")] = "",
    stage: Annotated[Stage | None, typer.Option("--stage", help="Only those in this stage.")] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the datasets with stage, owner and licence."""
    chosen = "" if stage is None else f"&stage={stage}"
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/datasets?limit=1000&q={quote(words)}{chosen}")["datasets"]
    show(found, form, _draw)


def _draw(found: list[dict[str, Any]]) -> None:
    names = ("id", "stage", "status", "owner", "licence")
    draw(names, [[text(one[name]) for name in names] for one in found])


@app.command("stage")
@reports_errors
def stage(
    dataset: Annotated[str, typer.Argument(help="A dataset's id.")],
    to: Annotated[Stage | None, typer.Option("--to", help="Take it there.")] = None,
    why: Annotated[str, typer.Option("--why", help="The reason, for those who will wonder.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show where a dataset is in its life and how it came there, or take it on."""
    path = f"/api/datasets/{quote(dataset, safe='')}/stage"
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(path) if to is None else twin.post(path, {"stage": to, "why": why})
    show(found, form, _draw_stage)


def _draw_stage(found: dict[str, Any]) -> None:
    known, after = "public" if found["public"] else "not public", ", ".join(found["next"]) or "nothing"
    screen.print(f"{text(found['dataset'])}: {found['stage']} ({known}); next: {after}")
    names = ("at", "stage", "by", "why")
    draw(names, [[text(one[name]) for name in names] for one in found["steps"]])


@app.command("tiles")
@reports_errors
def tiles(
    dataset: Annotated[str, typer.Argument(help="A dataset's id.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write: NAME.pmtiles.", dir_okay=False)],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write a dataset's map, all its vector tiles, into one file (PMTiles 3) that any web server can hand out.

    What is drawn is the collection of the dataset's entity type, as far as whoever asks may see it.
    """
    if not out.parent.is_dir():
        raise errors.NotFound("there is no such folder", where=str(out.parent), hint="make it first")
    with connect(settings.read({"city": city, "data": data})) as twin:
        collection = twin.get(f"/api/datasets/{quote(dataset, safe='')}")["entity_type"]
        body = twin.raw("GET", f"/ogc/collections/{quote(collection, safe='')}/tiles.pmtiles").body
    out.write_bytes(body)
    found = {"dataset": dataset, "collection": collection, "file": str(out), "bytes": len(body)}
    show(found, form, lambda one: screen.print(f"{text(one['file'])}: {one['bytes']} bytes"))
