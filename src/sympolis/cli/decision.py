"""`sympolis decision`: decision files, read and verified."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, reports_errors, screen, show

app = typer.Typer(help="Decision files: list, show, verify.", no_args_is_help=True)

Decision = Annotated[str, typer.Argument(help="A decision file's id.")]


@app.command("list")
@reports_errors
def list_decisions(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Every decision file, newest first."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/decisions")["decisions"]
    show(found, form, _draw_list)


def _draw_list(found: list[dict[str, Any]]) -> None:
    rows = [[one["id"], one["title"], one["status"], one["decided_by"], one["decided_at"]] for one in found]
    draw(["id", "title", "status", "decided by", "at"], rows)


@app.command("show")
@reports_errors
def show_decision(
    decision: Decision, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """One decision file: its question, what was decided and why. All of it: --format json."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/decisions/{quote(decision, safe='')}")
    show(found, form, _draw_one)


def _draw_one(found: dict[str, Any]) -> None:
    screen.print(f"{found['title']}\n{found['question']}\n{found['status']}")
    for seal in found["seals"]:
        reasons = seal["content"].get("decision", {}).get("reasons", "")
        screen.print(f"{seal['at']} {seal['by']} {seal['kind']} {seal['digest']} {reasons}".rstrip())


@app.command("verify")
@reports_errors
def verify_decision(
    decision: Decision, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Whether every seal holds and the runs still say what they said; exit code 1 where not."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"/api/decisions/{quote(decision, safe='')}/verification")
    show(found, form, _draw_verdict)
    if not found["intact"]:
        raise typer.Exit(1)


def _draw_verdict(found: dict[str, Any]) -> None:
    state = (
        "a draft, nothing is sealed" if not found["sealed"] else "intact" if found["intact"] else "NOT intact"
    )
    screen.print(f"{found['decision']}: {state}")
    for fault in found["faults"]:
        screen.print(f"- {fault}")
    for run in found["runs"]:
        screen.print(f"  {run['run']}: {run['results']}")
