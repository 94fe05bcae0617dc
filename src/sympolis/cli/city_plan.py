"""`sympolis plan`: plans that laws ask of the city, their steps, figures against targets, measures, files."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
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
    notes,
    reports_errors,
    screen,
    show,
    text,
    unit_text,
)
from sympolis.domain import errors

app = typer.Typer(help="Plans that laws ask for: list, show, run, measure, export.", no_args_is_help=True)

_POLL_S = 0.5
_BUSY = ("queued", "running")
Plan = Annotated[str, typer.Argument(help="A plan's id.")]


class File(StrEnum):
    """What a plan is exported as."""

    PDF = "pdf"
    DOCX = "docx"
    HTML = "html"
    XLSX = "xlsx"
    GPKG = "gpkg"
    PARQUET = "parquet"
    CSV = "csv"


@app.command("list")
@reports_errors
def list_plans(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every plan with the law that asks for it."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/plans")["plans"]
    show(
        found,
        form,
        lambda plans: draw(
            ["id", "title", "law", "target year"],
            [[one["id"], text(one["title"]), one["law"], one["target_year"]] for one in plans],
        ),
    )


@app.command("show")
@reports_errors
def show_plan(plan: Plan, city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """A plan: how far its steps are, its figures beside official ones, measures, missing data."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/plans/{quote(plan)}")
    show(found, form, _draw_plan)


@app.command()
@reports_errors
def run(
    plan: Plan,
    step: Annotated[
        list[str] | None, typer.Option(help="A step; may be repeated.", show_default="all that are computed")
    ] = None,
    members: Annotated[
        int | None, typer.Option(min=2, max=64, help="Ensemble size.", show_default="the plan's")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the whole ensemble.")] = 1,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Run steps of a plan and show what came out; a step that was run on the same data is found again."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        path = f"/api/plans/{quote(plan)}"
        found = twin.post(f"{path}/runs", {"steps": step or [], "members": members, "seed": seed})
        found = _finished(twin, path, found)
    show(found, form, _draw_plan)


@app.command()
@reports_errors
def measure(
    plan: Plan,
    measure_id: Annotated[str, typer.Argument(metavar="MEASURE", help="A measure's id.")],
    progress: Annotated[float | None, typer.Option(min=0, max=100, help="Per cent.")] = None,
    status: Annotated[
        str | None, typer.Option(help="proposed, decided, under way, done or given up.")
    ] = None,
    cost_meur: Annotated[float | None, typer.Option(min=0, help="Cost in millions of euros.")] = None,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """A measure with its progress over time; with options: change it."""
    given = {"progress": progress, "status": status, "cost_meur": cost_meur}
    changed = {name: value for name, value in given.items() if value is not None}
    with connect(settings.read({"city": city, "data": data})) as twin:
        path = f"/api/plans/{quote(plan)}/measures/{quote(measure_id)}"
        if changed:
            twin.call("PATCH", path, changed)
        found = twin.get(path)
    show(found, form, _draw_measure)


@app.command()
@reports_errors
def export(
    plan: Plan,
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    kind: Annotated[
        File,
        typer.Option(
            help="A report (pdf, docx, html), all tables (xlsx, gpkg), or a step's single things (parquet, csv)."
        ),
    ] = File.PDF,
    step: Annotated[str, typer.Option(help="The step whose single things are meant.")] = "stock",
    language: Annotated[str, typer.Option(help="it, de or en.")] = "en",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write a plan as a report, with all its tables, or what a step says of single buildings."""
    part = _PARTS.get(kind, f"steps/{quote(step)}/details")
    spoken = f"&lang={quote(language)}" if kind in _PARTS else ""
    with connect(settings.read({"city": city, "data": data})) as twin:
        reply = twin.raw("GET", f"/api/plans/{quote(plan)}/{part}?f={kind}{spoken}")
    target.write_bytes(reply.body)
    made = {"file": str(target), "bytes": len(reply.body)}
    show(made, form, lambda one: screen.print(f"{one['file']}: {one['bytes']} bytes"))


_PARTS = {
    **dict.fromkeys((File.PDF, File.DOCX, File.HTML), "report"),
    **dict.fromkeys((File.XLSX, File.GPKG), "tables"),
}


def _finished(twin: Client, path: str, found: dict[str, Any]) -> dict[str, Any]:
    with notes.status(f"plan {found['id']}"):
        while any(step["status"] in _BUSY for step in found["steps"]):
            time.sleep(_POLL_S)
            found = twin.get(path)
    for step in found["steps"]:
        if step["status"] == "failed":
            detail = (step["error"] or {}).get("detail", "the run failed")
            raise errors.ModelFailed(detail, where=f"plan {found['id']}: {step['id']}")
    return found


def _draw_plan(found: dict[str, Any]) -> None:
    draw(["step", "clause", "status", "run"],
         [[text(s["title"]), s["clause"], s["status"], s["run"] or ""] for s in found["steps"]],
         title=f"{text(found['title'])}: {found['law']}")  # fmt: skip
    draw(["official figure", "year", "official", "ours", "90 %", "residual", "unit", "inside"],
         [_target(one) for one in found["targets"]])  # fmt: skip
    if found["zones"]:
        draw(["zone", "blocks", f"network heat {found['zones']['unit'] or ''}"],
             [[text(z["title"]), z["places"], z["sum"]] for z in found["zones"]["levels"]])  # fmt: skip
    draw(["measure", "responsible", "years", "M€", "status", "%"],
         [[text(m["title"]), m["responsible"], f"{m['start']}-{m['end']}", m["cost_meur"], m["status"],
           m["progress"]] for m in found["measures"]])  # fmt: skip
    draw(["missing", "who has it"], [[text(gap["title"]), gap["holder"]] for gap in found["gaps"]])


def _target(one: dict[str, Any]) -> list[Any]:
    row = [text(one["title"]), str(one["year"]), one["value"]]
    if one["ours"] is None:
        return [*row, "", "", "", unit_text(one["unit"]), ""]
    interval = one["ours"]["interval"]
    return [*row, one["ours"]["value"], f"{cell(interval['low'])} … {cell(interval['high'])}", one["residual"],
            unit_text(one["unit"]), "yes" if one["inside"] else "no"]  # fmt: skip


def _draw_measure(found: dict[str, Any]) -> None:
    screen.print(f"{text(found['title'])}: {found['status']}, {found['progress']:.0f} %")
    draw(["at", "progress %"], [[one["at"], one["progress"]] for one in found["history"]])
