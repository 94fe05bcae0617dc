"""`sympolis participation`: projects, what waits to be looked at, links to speak with, everything as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, screen, show

app = typer.Typer(
    help="Participation: projects, moderation, links, statistics, retention.", no_args_is_help=True
)

Project = Annotated[str, typer.Argument(help="A project's id.")]
_API = "/api/participation"


def _of(project: str, what: str = "") -> str:
    return f"{_API}/projects/{quote(project, safe='')}{what}"


@app.command("list")
@reports_errors
def list_projects(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every project, those under way first."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_API}/projects")["projects"]
    show(found, form, _draw_projects)


def _draw_projects(found: list[dict[str, Any]]) -> None:
    rows = [[one["id"], one["status"], one["since"], one["until"], one["contributions"]] for one in found]
    draw(["id", "status", "since", "until", "contributions"], rows)


@app.command("queue")
@reports_errors
def list_queue(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """What waits to be looked at, oldest first; exit code 1 where something does."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_API}/queue")["queue"]
    show(found, form, _draw_queue)
    if found:
        raise typer.Exit(1)


def _draw_queue(found: list[dict[str, Any]]) -> None:
    rows = [
        [one["id"], one["project"], one["state"], one["reports"], one["at"], one["text"][:60]]
        for one in found
    ]
    draw(["id", "project", "state", "reports", "at", "text"], rows)


@app.command("moderate")
@reports_errors
def moderate(
    contribution: Annotated[str, typer.Argument(help="The id of a contribution or a comment.")],
    act: Annotated[str, typer.Argument(help="publish or hide.")],
    reason: Annotated[str, typer.Option(help="Why; its author reads it. Needed to hide.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Publish or hide what somebody said."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        body = {"act": act, "reason": reason}
        found = twin.post(f"{_API}/said/{quote(contribution, safe='')}/moderation", body)
    show(found, form, lambda one: screen.print(f"{one['id']}: {one['state']}"))


@app.command("links")
@reports_errors
def make_links(
    project: Project,
    count: Annotated[int, typer.Option(min=1, max=1000, help="For so many people.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=366, help="Valid for so many days.")] = 60,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make links with which people take part without an account: one each, shown once."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post(_of(project, "/invitations"), {"count": count, "days": days})
    show(found, form, _draw_links)


def _draw_links(found: dict[str, Any]) -> None:
    for link in found["links"]:
        screen.print(link, soft_wrap=True)


@app.command("statistics")
@reports_errors
def show_statistics(
    project: Project, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """How much was said, and how those who spoke compare with those who live here."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(_of(project, "/statistics"))
    show(found, form, _draw_statistics)


def _draw_statistics(found: dict[str, Any]) -> None:
    screen.print(
        ", ".join(f"{found[name]} {name}" for name in ("contributions", "comments", "ratings", "voices"))
    )
    for split in ("age", "area"):
        compared = found["representativeness"][split]
        rows = [
            [
                one["id"],
                one["voices"],
                f"{one['share']:.0%}",
                f"{one['population_share']:.0%}",
                one["verdict"],
            ]
            for one in compared
            if one["voices"]
        ]
        draw([split, "voices", "of voices", "of people", "verdict"], rows)


@app.command("export")
@reports_errors
def export(
    project: Project,
    target: Annotated[
        Path, typer.Argument(help="A .json file to write: project, contributions, comments, answers.")
    ],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write everything that everybody may read into a file. CSV and GeoJSON: the API's `export?format=`."""
    import msgspec

    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(_of(project, "/export"))
    target.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    written = {"file": str(target), "contributions": len(found["contributions"])}
    show(written, form, lambda one: screen.print(f"{one['file']}: {one['contributions']} contributions"))


@app.command("retain")
@reports_errors
def retain(
    dry_run: Annotated[bool, typer.Option(help="Only tell.")] = False,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Unlink what was said from whoever said it, in projects whose time is over."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.post(f"{_API}/retention", {"dry_run": dry_run})["projects"]
    show(found, form, _draw_retained)


def _draw_retained(found: list[dict[str, Any]]) -> None:
    draw(
        ["project", "kept until", "unlinked"],
        [[one["project"], one["kept_until"], one["unlinked"]] for one in found],
    )
