"""`sympolis learn`: tutorials in one's own twin, which notice by themselves what is done."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, screen, show, text

app = typer.Typer(help="Tutorials in your own twin that notice what is done.", no_args_is_help=True)

_API = "/api/help/tutorials"
Tutorial = Annotated[str, typer.Argument(metavar="TUTORIAL", help="A tutorial's id.")]


def _one(tutorial: str, what: str = "") -> str:
    return f"{_API}/{quote(tutorial, safe='')}{what}"


@app.command("list")
@reports_errors
def list_tutorials(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every tutorial, and how far you are."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(_API)["tutorials"]
    show(found, form, _draw_list)


def _draw_list(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["id"], text(one["title"]), one["minutes"], f"{one['done']}/{len(one['steps'])}"] for one in found
    ]
    draw(["id", "tutorial", "minutes", "done"], rows)


@app.command("begin")
@reports_errors
def begin(
    tutorial: Tutorial, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Begin a tutorial, or begin it anew."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.call("PUT", _one(tutorial, "/progress"), {})
    show(found, form, _draw)


@app.command("show")
@reports_errors
def show_tutorial(
    tutorial: Tutorial, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Its steps, and which are done; exit code 1 while some are not."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(_one(tutorial))
    show(found, form, _draw)
    if not found["complete"]:
        raise typer.Exit(NO)


def _draw(found: dict[str, Any]) -> None:
    screen.print(f"{text(found['title'])} (docs/{found['page']}.md)", markup=False)
    for at, step in enumerate(found["steps"], 1):
        screen.print(f"{'x' if step['done_at'] else ' '} {at}. {text(step['title'])}", markup=False)
        screen.print(f"     {step['command'] or '#/' + (step['view'] or '')}", markup=False)


@app.command("leave")
@reports_errors
def leave(
    tutorial: Tutorial, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Have your progress forgotten."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        twin.call("DELETE", _one(tutorial, "/progress"))
    show({"left": tutorial}, form, lambda one: screen.print(f"{one['left']}: forgotten"))
