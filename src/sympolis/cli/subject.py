"""`sympolis subject`: requests of people whom data are about."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, screen, show, text

app = typer.Typer(
    help="People whom data are about: what is held of them, and erasing it.", no_args_is_help=True
)

Entity = Annotated[str, typer.Argument(metavar="ENTITY", help="The id of the entity that stands for them.")]


@app.command()
@reports_errors
def report(entity: Entity, city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """What is held of an entity: attributes, history, and every row of a delivery that it came from."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/admin/subjects", {"id": entity})
    show(found, form, _draw_report)


def _draw_report(found: dict[str, Any]) -> None:
    screen.print(f"{text(found['id'])}: {len(found['attributes'])} attributes")
    draw(("history of", "instances"), [[text(name), count] for name, count in found["history"].items()])
    rows = [[text(one["source"]), text(one["delivery"]), len(one["rows"])] for one in found["rows"]]
    draw(("source", "delivery", "rows"), rows)


@app.command()
@reports_errors
def erase(
    entity: Entity,
    why: Annotated[str, typer.Option("--why", help="The reason, such as the file of the request.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Erase an entity everywhere: with its history, rows, deliveries, and from what exports restore.

    Exit code 1 if something is left to do by hand.
    """
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/admin/erasures", {"id": entity, "why": why})
    show(found, form, _draw_erasure)
    if found["left"]:
        raise typer.Exit(1)


def _draw_erasure(found: dict[str, Any]) -> None:
    counts = f"{found['instances']} instances, {found['held_rows']} held rows, {len(found['deliveries'])} deliveries"
    screen.print(f"{text(found['id'])} erased: {counts}, {len(found['backups'])} backups")
    for one in found["left"]:
        screen.print(f"left to do: {text(one)}")
