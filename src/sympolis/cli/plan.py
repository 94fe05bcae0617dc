"""`sympolis service plan`: joint plans of several departments, their edits, and what they mean to each."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import Client, connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import (
    Format,
    FormatOption,
    cell,
    draw,
    reports_errors,
    screen,
    show,
    text,
    unit_text,
)
from sympolis.cli.scenario import wait_for
from sympolis.cli.values import given_value

app = typer.Typer(help="Joint plans: list, new, change, effects.", no_args_is_help=True)

Service = Annotated[str, typer.Argument(help="A service's id.")]
Plan = Annotated[str, typer.Argument(help="A plan's id.")]
Levers = Annotated[
    list[str] | None,
    typer.Option(help="A lever and its value, e.g. sites=2; null takes it back; may be repeated."),
]
Department = Annotated[str, typer.Option(help="For which of the service's departments.")]
Note = Annotated[str, typer.Option(help="Why, in a few words.")]


@app.command("list")
@reports_errors
def list_plans(
    service: Service, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Every joint plan of a service, with who changed what."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(_path(service))["plans"]
    show(found, form, _draw_plans)


@app.command()
@reports_errors
def new(
    service: Service,
    title: Annotated[str, typer.Argument(help="What it is called.")],
    lever: Levers = None,
    department: Department = "",
    note: Note = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make a plan, wait for its run and show what it means to each department."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        asked = {
            "title": title,
            "levers": dict(given_value(one) for one in lever or ()),
            **_said(department, note),
        }
        made = twin.post(_path(service), asked)
        found = _effects(twin, service, made)
    show(found, form, _draw_effects)


@app.command()
@reports_errors
def change(
    service: Service,
    plan: Plan,
    lever: Levers = None,
    department: Department = "",
    note: Note = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Move levers of a plan as it stands now, wait for its run and show what it means to each department."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        path = f"{_path(service)}/{quote(plan)}"
        before = twin.get(path)
        moved = before["levers"] | dict(given_value(one) for one in lever or ())
        asked = {"version": before["version"], "levers": moved, **_said(department, note)}
        found = _effects(twin, service, twin.call("PATCH", path, asked))
    show(found, form, _draw_effects)


@app.command()
@reports_errors
def effects(
    service: Service,
    plan: Plan,
    version: Annotated[
        int, typer.Option(help="One edit's effects alone.", show_default="the whole plan")
    ] = 0,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What a plan, or one edit of it, means to each department, and where they disagree."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_path(service)}/{quote(plan)}/effects?version={version}")
    show(found, form, _draw_effects)


def _path(service: str) -> str:
    return f"/api/services/{quote(service)}/plans"


def _said(department: str, note: str) -> dict[str, str]:
    return {name: value for name, value in (("department", department), ("note", note)) if value}


def _effects(twin: Client, service: str, plan: dict[str, Any]) -> dict[str, Any]:
    wait_for(twin, twin.get(f"/api/runs/{quote(plan['run'])}"))
    found: dict[str, Any] = twin.get(f"{_path(service)}/{quote(plan['id'])}/effects")
    return found


def _draw_plans(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            one["id"],
            text(one["title"]),
            edit["version"],
            edit["at"],
            edit["by"],
            edit["department"],
            _moves(edit),
        ]
        for one in found
        for edit in one["edits"]
    ]
    draw(["id", "title", "version", "at", "by", "for", "what"], rows)


def _moves(edit: dict[str, Any]) -> str:
    return "; ".join(
        f"{one['lever']}: {cell(one['before'])} → {cell(one['after'])}"
        if one["lever"]
        else f"{'+' if one['after'] else '−'} {(one['after'] or one['before'])['measure']}"
        for one in edit["moves"]
    )


def _draw_effects(found: dict[str, Any]) -> None:
    for department in found["departments"]:
        rows = [
            [
                text(one["title"]),
                unit_text(one["unit"]),
                cell(one["base"]["value"]),
                cell(one["with"]["value"]),
                one["verdict"],
            ]
            for one in department["indicators"]
        ]
        draw(["figure", "unit", "before", "after", "verdict"], rows, title=text(department["title"]))
    for conflict in found["conflicts"]:
        screen.print(f"! {text(conflict['text'])}", soft_wrap=True)
