"""`sympolis ecosystem`: who makes this twin live, who is missing, how the map moves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, screen, show, text
from sympolis.domain import errors

app = typer.Typer(
    help="The ecosystem map: actors, flows, who is missing; versions and comparison.", no_args_is_help=True
)
_BASE = "/api/ecosystem"

View = Annotated[str, typer.Option(help="current or target.")]
Layers = Annotated[
    str, typer.Option("--layer", help="Only these layers, parted by commas.", show_default="all")
]
Domains = Annotated[
    str, typer.Option("--domain", help="Only these data themes, parted by commas.", show_default="all")
]


@app.command("show")
@reports_errors
def show_map(
    view: View = "current",
    layer: Layers = "",
    domain: Domains = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Actors with their roles, and who is missing."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_BASE}?{_asked(view, layer, domain)}")
    show(found, form, _draw_map)


def _asked(view: str, layer: str, domain: str, **more: str) -> str:
    asked = {"view": view, "layer": layer, "domain": domain, **more}
    return urlencode({name: value for name, value in asked.items() if value})


def _draw_map(found: dict[str, Any]) -> None:
    rows = [
        [one["layer"], text(one["name"]), ", ".join(one["roles"]), one["helix"], one["origin"], one["state"]]
        for one in found["actors"]
    ]
    draw(["layer", "actor", "roles", "helix", "origin", "state"], rows)
    screen.print(f"{len(found['flows'])} flows")
    for hint in found["hints"]:
        screen.print(f"- {text(hint['text'])} {text(hint['todo'])}", markup=False)


@app.command("export")
@reports_errors
def export(
    to: Annotated[Path, typer.Option(help="Where it is written: .svg, .png or .json.")],
    view: View = "current",
    layer: Layers = "",
    domain: Domains = "",
    language: Annotated[str, typer.Option(help="it, de or en.")] = "en",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write the map as a picture or as data."""
    kind = to.suffix.lower().lstrip(".")
    if kind not in ("svg", "png", "json"):
        raise errors.InvalidRequest("ends in none of .svg, .png, .json", where="--to")
    asked = _asked(view, layer, domain, lang=language)
    with connect(settings.read({"city": city, "data": data})) as twin:
        reply = twin.raw("GET", f"{_BASE}/pictures/{kind}?{asked}", headers={"accept": "*/*"})
    to.write_bytes(reply.body)
    show({"file": str(to), "bytes": len(reply.body)}, form, lambda one: screen.print(one["file"]))


@app.command("snapshot")
@reports_errors
def snapshot(
    title: Annotated[str, typer.Argument(help="What the version is for.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Keep the map as it is now, to compare with later."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post(f"{_BASE}/snapshots", {"title": title})
    show(found, form, lambda one: screen.print(one["id"]))


@app.command("compare")
@reports_errors
def compare(
    before: Annotated[str, typer.Argument(help="current, target, or a version's id.")] = "current",
    after: Annotated[str, typer.Argument(help="current, target, or a version's id.")] = "target",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What came, what went, what is another. Exit code 1 where something differs."""
    asked = urlencode({"from": before, "to": after})
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_BASE}/comparison?{asked}")
    show(found, form, _draw_comparison)
    if not found["same"]:
        raise typer.Exit(1)


def _draw_comparison(found: dict[str, Any]) -> None:
    rows = []
    for what in ("actors", "flows"):
        for change in ("added", "removed", "changed"):
            for one in found[what][change]:
                fields = ", ".join(it["field"] for it in one.get("changes", ()))
                rows.append([change, what[:-1], one["id"], text(one.get("name") or one.get("title")), fields])
    draw(["", "what", "id", "", "fields"], rows)


@app.command("gaps")
@reports_errors
def gaps(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """What this twin lacks, and which network or programme helps with it. Exit code 1 where a gap is open."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_BASE}/initiatives")
    show(found, form, _draw_gaps)
    if any(not one["closed_by"] for one in found["gaps"]):
        raise typer.Exit(1)


def _draw_gaps(found: dict[str, Any]) -> None:
    helping: dict[str, list[str]] = {}
    for one in found["initiatives"]:
        for helped in one["helps"]:
            helping.setdefault(helped["gap"], []).append(one["name"])
    rows = [
        [text(one["title"]), ", ".join(helping.get(one["id"], [])), "closed" if one["closed_by"] else ""]
        for one in found["gaps"]
    ]
    draw(["gap", "who can help", ""], rows)
