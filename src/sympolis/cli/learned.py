"""`sympolis model submit|stage|export`: learned models, from their package to their deployment and out again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.analysis.learned.life import Stage
from sympolis.cli.client import connect
from sympolis.cli.computing import document_of, learnt, say_learnt
from sympolis.cli.model import app
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, screen, show, text
from sympolis.domain import errors

__all__ = ["app"]

Name = Annotated[str, typer.Argument(help="A learned model's name.")]
Version = Annotated[str, typer.Argument(help="One of its versions.")]


@app.command("learned")
@reports_errors
def list_learned(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every version of every learned model, and where it is in its life."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/ai-models")["models"]
    show(found, form, _draw_list)


def _draw_list(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["name"], one["version"], text(one["title"]), one["stage"], one["risk"], one["usage"]["requests"]]
        for one in found
    ]
    draw(["name", "version", "title", "stage", "risk", "asked"], rows)


@app.command()
@reports_errors
def submit(
    package: Annotated[
        Path, typer.Argument(help="A zip: model.toml, the model, examples.json.", exists=True)
    ],
    why: Annotated[str, typer.Option("--why", help="The reason, for those who will wonder.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Hand in a version of a learned model; it is a draft until its examples were reproduced."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.upload(f"/api/ai-models?why={quote(why)}", package.read_bytes(), "application/zip")
    show(found, form, _draw_life)


@app.command()
@reports_errors
def train(
    plan: Annotated[
        Path, typer.Argument(help="What is to be learnt, as TOML or JSON.", exists=True, dir_okay=False)
    ],
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is learnt.")] = True,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Learn a model of the city's own data; it is a draft until people take it on. Exit code 1 where it fails.

    A plan that names partners is learnt without them.
    """
    document = document_of(plan)
    document["members"] = [one for one in document.get("members", ()) if not one.get("partner")]
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = learnt(twin, document, wait=wait)
    show(found, form, say_learnt)
    if found["state"] == "failed":
        raise typer.Exit(NO)


@app.command()
@reports_errors
def stage(
    name: Name,
    version: Version,
    to: Annotated[Stage | None, typer.Option("--to", help="Take it there.")] = None,
    why: Annotated[str, typer.Option("--why", help="The reason, for those who will wonder.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show where a version is in its life and how it came there, or take it on."""
    place = _place(name, version)
    with connect(settings.read({"city": city, "data": data})) as twin:
        if to is None:
            found = twin.get(place)
        elif to is Stage.DEPLOYED:
            found = twin.post(f"{place}/deployment", {"why": why})
        else:
            found = twin.post(f"{place}/stage", {"stage": to, "why": why})
    show(found, form, _draw_life)


def _draw_life(found: dict[str, Any]) -> None:
    after = ", ".join(found["next"]) or "nothing"
    screen.print(f"{found['name']} {found['version']}: {found['stage']}; next: {after}")
    names = ("at", "stage", "by", "why")
    draw(names, [[text(one[name]) for name in names] for one in found["steps"]])


@app.command("export")
@reports_errors
def export_package(
    name: Name,
    version: Version,
    out: Annotated[Path, typer.Option("--out", help="The zip to write.", dir_okay=False)],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write a version as a folder that KServe serves, with card and bill of materials, zipped."""
    if not out.parent.is_dir():
        raise errors.NotFound("there is no such folder", where=str(out.parent), hint="make it first")
    with connect(settings.read({"city": city, "data": data})) as twin:
        content = twin.raw("GET", f"{_place(name, version)}/package").body
    out.write_bytes(content)
    found = {"file": str(out), "bytes": len(content)}
    show(found, form, lambda one: screen.print(f"{one['file']}: {one['bytes']:,} bytes"))


def _place(name: str, version: str) -> str:
    return f"/api/ai-models/{quote(name, safe='')}/versions/{quote(version, safe='')}"
