"""`sympolis asset`: what this twin publishes for others, what partners publish, and taking it after a report."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.judged import draw_judged
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, cell, draw, reports_errors, screen, show, text
from sympolis.domain import errors

app = typer.Typer(help="Assets: list, show, publish, install, export, check.", no_args_is_help=True)

Asset = Annotated[str, typer.Argument(help="An asset's id: kind, dot, name, e.g. service.heat-waves.")]
Partner = Annotated[str, typer.Option("--from", help="The partner that publishes it, by its DID.")]
Version = Annotated[str, typer.Option("--version", help="Three numbers.", show_default="the newest")]
Licences = Annotated[
    list[str] | None, typer.Option("--accept-licence", help="A licence to accept by name; may be repeated.")
]
_CANNOT = "cannot"
_SINCE = {
    "kept": "it is kept for people",
    "holds": "it holds at once",
    "next-start": "it holds from the next start of the twin on",
}


@app.command("list")
@reports_errors
def list_assets(
    words: Annotated[str, typer.Argument(help="Words to be found.")] = "",
    kind: Annotated[str, typer.Option(help="Only this kind.")] = "",
    scope: Annotated[str, typer.Option(help="own, partners or all.")] = "all",
    tier: Annotated[str, typer.Option(help="Only this tier.")] = "",
    publishable: Annotated[bool, typer.Option(help="What this twin could publish.")] = False,
    installed: Annotated[bool, typer.Option(help="What was installed here.")] = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Assets of this twin and of its partners; who did not answer is named."""
    asked = {"q": words, "kind": kind, "scope": scope, "tier": tier}
    query = urlencode({name: value for name, value in asked.items() if value})
    with connect(settings.read({"city": city, "data": data})) as twin:
        if publishable:
            show(twin.get("/api/assets/publishable")["things"], form, _draw_things)
        elif installed:
            show(twin.get("/api/assets/installed")["installed"], form, _draw_installed)
        else:
            show(twin.get(f"/api/assets?{query}&limit=1000"), form, _draw_found)


def _draw_found(found: dict[str, Any]) -> None:
    rows = [
        [one["id"], one["version"], text(one["title"]), one["publisher_name"], one["tier"], one["licence"],
         one["adoptions"], _success(one["rating"])]
        for one in found["assets"]
    ]  # fmt: skip
    draw(["asset", "version", "title", "of", "tier", "licence", "adopted", "succeeds"], rows)
    for one in found["partners"]:
        if one["state"] != "fresh":
            screen.print(f"- {one['name']}: {one['state']}, {one['reason']}", soft_wrap=True)


def _success(rating: dict[str, Any] | None) -> str:
    return f"{rating['success']:.0%} of {rating['runs']}" if rating and rating["runs"] else "–"


def _draw_things(found: list[dict[str, Any]]) -> None:
    rows = [[one["kind"], one["name"], text(one["title"]), one["published"]] for one in found]
    draw(["kind", "name", "title", "published"], rows)


def _draw_installed(found: list[dict[str, Any]]) -> None:
    rows = [[one["id"], one["version"], text(one["title"]), one["partner"], one["state"]] for one in found]
    draw(["installation", "version", "title", "of", "state"], rows)


@app.command("show")
@reports_errors
def show_asset(
    asset: Asset,
    version: Version = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """One of this twin's assets with its checks, versions and files."""
    query = f"?{urlencode({'version': version})}" if version else ""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/assets/published/{quote(asset)}{query}")
    show(found, form, _draw_asset)


def _draw_asset(found: dict[str, Any]) -> None:
    screen.print(f"{found['id']} {found['version']}: {text(found['title'])}", soft_wrap=True)
    screen.print(text(found["description"]), soft_wrap=True)
    screen.print(
        f"{found['licence']}; {found['tier']}; adopted by {found['adoptions']}; succeeds: {_success(found['rating'])}"
    )
    met = {True: "yes", False: "no", None: "–"}
    rows = [
        [one["tier"], text(one["title"]), met[one["met"]], "" if one["met"] else text(one["todo"])]
        for one in found["checks"]
    ]
    draw(["tier", "check", "met", "to do"], rows)
    for one in found["mistakes"]:
        screen.print(f"- {one}", soft_wrap=True)


@app.command()
@reports_errors
def publish(
    kind: Annotated[str, typer.Argument(help="Its kind, e.g. service.")],
    name: Annotated[str, typer.Argument(help="Its name in this twin.")],
    version: Version = "",
    licence: Annotated[str, typer.Option(help="SPDX code.", show_default="the city's")] = "",
    note: Annotated[str, typer.Option(help="What is new.")] = "",
    file: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file to hand in (notebook, pipeline, contract-template, learning-material).", exists=True
        ),
    ] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Publish something that the twin has, or files of yours. What is published is public."""
    asked: dict[str, Any] = {"kind": kind, "name": name, "version": version, "licence": licence, "note": note}
    if file:
        asked["files"] = {path.name: base64.b64encode(path.read_bytes()).decode() for path in file}
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post("/api/assets/published", asked)
    show(found, form, _draw_asset)


@app.command()
@reports_errors
def withdraw(
    asset: Asset,
    version: Annotated[str, typer.Argument(help="Three numbers.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Offer a version no longer; who has it keeps it."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        twin.call("DELETE", f"/api/assets/published/{quote(asset)}/versions/{quote(version)}")
    show(
        {"withdrawn": asset, "version": version},
        form,
        lambda one: screen.print(f"{one['withdrawn']} {one['version']}"),
    )


@app.command()
@reports_errors
def check(
    asset: Asset,
    partner: Partner,
    version: Version = "",
    accept_licence: Licences = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Whether a partner's asset runs here (exit code 0, with adaptations too) or cannot (1), and why."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        asked = _wanted(twin, asset, partner, version, accept_licence)
        found = twin.post("/api/assets/report", asked)
    show(found, form, _draw_report)
    if found["verdict"] == _CANNOT:
        raise typer.Exit(1)


def _draw_report(found: dict[str, Any]) -> None:
    draw_judged(found)
    low, high = found["effort_days"]
    screen.print(
        f"{found['licence']['code']}, {found['tier']}; {cell(low)} to {cell(high)} days of work;"
        f" {_SINCE[found['holds']]}",
        soft_wrap=True,
    )


@app.command()
@reports_errors
def install(
    asset: Asset,
    partner: Partner,
    version: Version = "",
    accept_licence: Licences = None,
    anyway: Annotated[bool, typer.Option(help="Though its data are not here yet.")] = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Install a partner's asset; views hold at once, what runs from the next start on (`asset check` says which)."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        asked = {**_wanted(twin, asset, partner, version, accept_licence), "anyway": anyway}
        found = twin.post("/api/assets/installed", asked)
    show(found, form, lambda one: _draw_installed([one]))


@app.command()
@reports_errors
def uninstall(
    installation: Annotated[str, typer.Argument(help="As `asset list --installed` shows it.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Let an installed asset go."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        twin.call("DELETE", f"/api/assets/installed/{quote(installation)}")
    show({"uninstalled": installation}, form, lambda one: screen.print(one["uninstalled"]))


@app.command()
@reports_errors
def export(
    asset: Asset,
    out: Annotated[Path, typer.Option("--out", help="The zip to write.", dir_okay=False)],
    version: Version = "",
    kserve: Annotated[bool, typer.Option(help="As KServe serves it: learned models.")] = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write the signed package of one of this twin's assets, or a learned model's KServe folder."""
    if not out.parent.is_dir():
        raise errors.NotFound("there is no such folder", where=str(out.parent), hint="make it first")
    place = f"/api/assets/published/{quote(asset)}"
    with connect(settings.read({"city": city, "data": data})) as twin:
        version = version or twin.get(place)["version"]
        content = twin.raw(
            "GET", f"{place}/versions/{quote(version)}/{'kserve' if kserve else 'package'}"
        ).body
    out.write_bytes(content)
    found = {"file": str(out), "version": version, "bytes": len(content)}
    show(found, form, lambda one: screen.print(f"{one['file']}: {one['bytes']:,} bytes"))


def _wanted(twin: Any, asset: str, partner: str, version: str, licences: list[str] | None) -> dict[str, Any]:
    """Whose asset in which version; the newest that the partner lists where none is named."""
    if not version:
        listed = twin.get(
            f"/api/assets?{urlencode({'partner': partner, 'scope': 'partners', 'limit': 1000})}"
        )
        versions = [one["version"] for one in listed["assets"] if one["id"] == asset]
        if not versions:
            raise errors.NotFound("the partner lists no such asset", where=asset, hint="sympolis asset list")
        [version] = versions
    return {"partner": partner, "asset": asset, "version": version, "licences": licences or []}
